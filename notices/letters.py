"""The mails of this floor: one notice at once, or a day's notices together."""

from itertools import groupby

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.letters import Letter, absolute, compose
from accounts.models import OutgoingMail
from accounts.normalising import plain_name

from .access import may_read, readable_by
from .kinds import WHY_ALWAYS
from .models import Digest, Notice

MOST_LISTED = 50  # in one digest; the inbox holds them all


def notice_letter(mail: OutgoingMail) -> Letter | None:
    """Write one notice; None when it was read meanwhile, may not be read any more, or the address is another's now."""
    notice = Notice.objects.unread().select_related("account", "person").filter(pk=mail.about_id).first()
    if notice is None or notice.person.email != mail.address or not may_read(notice):
        return None
    account = plain_name(notice.account.name) if notice.account else ""
    words = plain_name(notice.words)
    return compose(
        "notice",
        subject=f"{words} · {account}" if account else words,
        context={
            "account": account,
            "words": words,
            "at": notice.created_at,
            "why": WHY_ALWAYS if notice.is_security else "",
            "link": absolute(notice.get_absolute_url()),
            "choices": absolute(reverse("notice_choices")),
        },
    )


def digest_letter(mail: OutgoingMail) -> Letter | None:
    """Write a day's notices, by account; None where none of them is unread, and may still be read."""
    digest = Digest.objects.select_related("person").filter(mail=mail).first()
    if digest is None or digest.person.email != mail.address or not digest.person.is_active:
        return None
    rows = readable_by(digest.person).unread().filter(digest=digest)
    many = rows.count()
    if not many:
        return None
    listed = sorted(rows.select_related("account").order_by("-pk")[:MOST_LISTED], key=_place)
    return compose(
        "notice_digest",
        subject=ngettext("%(many)d notice of the last day", "%(many)d notices of the last day", many) % {"many": many},
        context={
            "many": many,
            "more": many - len(listed),
            "accounts": [
                {
                    "name": name,
                    "rows": [
                        {"words": plain_name(row.words), "link": absolute(row.get_absolute_url()), "at": row.created_at}
                        for row in rows_of
                    ],
                }
                for name, rows_of in groupby(listed, key=_name)
            ],
            "link": absolute(reverse("inbox")),
            "choices": absolute(reverse("notice_choices")),
            "zone": digest.person.zone,
        },
    )


def _name(notice: Notice) -> str:
    return plain_name(notice.account.name) if notice.account else _("Your sign-in")


def _place(notice: Notice) -> tuple[str, int]:
    return (_name(notice), -notice.pk)

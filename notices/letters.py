"""The mails of this floor: one notice at once, or a day's notices together."""

from itertools import groupby

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.letters import Letter, absolute, compose
from accounts.models import OutgoingMail
from accounts.normalising import plain_name
from audit.querysets import kind_of
from audit.store import newest, own_keys, store

from .access import may_read, readable_by, wants_checkpoints
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


def checkpoint_letter(mail: OutgoingMail) -> Letter | None:
    """Write the checkpoint of the week: what was signed last, with this account's own line in it and no other.

    None for who owns the account no more or chose otherwise, and where the account has no checkpoint yet. What the
    store raises is a failed try: it is tried again.
    """
    account, kept, keys = mail.account, store(), own_keys()
    if account is None or kept is None or not keys:
        return None
    owner = account.owner
    if owner.email != mail.address or account.closed_at or not wants_checkpoints().filter(pk=owner.pk).exists():
        return None
    found = newest(kept)
    chain = f"{kind_of(account)}/{account.pk}"
    file = found[1].file_of(chain) if found else None
    if found is None or file is None:
        return None
    at = found[1].statement.at
    events = next(head.length for head in found[1].heads if head.chain == chain)
    return compose(
        "checkpoint",
        subject=_("Checkpoint of %(account)s, %(day)s")
        % {"account": plain_name(account.name), "day": date_format(at, "j M Y")},
        context={
            "account": plain_name(account.name),
            "at": at,
            "events": events,
            "file": file,
            "key": str(keys[0]),
            "link": absolute(reverse("activity", args=[account.slug])),
            "choices": absolute(reverse("notice_choices")),
        },
    )


def _name(notice: Notice) -> str:
    return plain_name(notice.account.name) if notice.account else _("Your sign-in")


def _place(notice: Notice) -> tuple[str, int]:
    return (_name(notice), -notice.pk)

"""The mail of this floor."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.letters import Letter, absolute, compose
from accounts.models import BusinessAccount, OutgoingMail
from accounts.normalising import plain_name

from . import policies
from .exposures import exposures_of


def exposed_letter(mail: OutgoingMail) -> Letter | None:
    """Ask the owner to change what is exposed; None when nothing is any more, or somebody else owns the account."""
    account = BusinessAccount.objects.open().select_related("owner").filter(pk=mail.about_id).first()
    if account is None or account.owner.email != mail.address:
        return None
    exposures = exposures_of(account)
    if not exposures:
        return None
    names = {"account": plain_name(account.name), "login": plain_name(str(exposures[0].login)), "count": len(exposures)}
    reminder = mail.sending != policies.FIRST_SENDING
    subject = ngettext(
        "Change the password of %(login)s (%(account)s)", "Change %(count)d passwords (%(account)s)", len(exposures)
    )
    return compose(
        "login_exposed",
        subject=(_("Still to do: %s") % (subject % names)) if reminder else subject % names,
        context={
            "account": names["account"],
            "reminder": reminder,
            "business": account.is_business,
            "exposures": [
                {
                    "login": plain_name(str(row.login)),
                    "platform": plain_name(row.login.platform),
                    "since": row.since,
                    "people": [plain_name(person.name) for person in row.people],
                    "link": absolute(reverse("shared_login", args=[account.slug, row.login.pk])),
                }
                for row in exposures
            ],
            "link": absolute(reverse("shared_logins", args=[account.slug])),
        },
    )

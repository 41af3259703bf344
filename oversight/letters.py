"""The mail of this floor: an export is ready, or could not be made."""

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.letters import Letter, absolute, compose
from accounts.models import OutgoingMail
from accounts.normalising import plain_name
from accounts.permissions import VIEW_AUDIT

from .models import LogExport

EXPORT_MAIL = "log_export"


def export_letter(mail: OutgoingMail) -> Letter | None:
    """Say that the file waits, with a link behind the sign-in; None for who may not read the log any more."""
    export = LogExport.objects.select_related("account", "person").filter(pk=mail.about_id).first()
    if export is None or export.person.email != mail.address or not export.person.has_perm(VIEW_AUDIT, export.account):
        return None
    account = plain_name(export.account.name)
    ready = export.is_ready
    subject = _("Your export of the log is ready: %(account)s") if ready else _("Your export of the log: %(account)s")
    return compose(
        "log_export",
        subject=subject % {"account": account},
        context={
            "account": account,
            "name": export.name,
            "ready": ready,
            "events": export.done,
            "problem": export.problem,
            "expires_at": export.expires_at,
            "link": absolute(reverse("log_export", args=[export.account.slug, export.pk])),
        },
    )

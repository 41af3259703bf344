"""What the portal does when an invitation runs out: it writes it down. That it can't be accepted, its time says."""

from typing import Any

from django.utils.translation import gettext as _

from accounts.errors import ChangedMeanwhile
from accounts.models import BusinessAccount
from audit.canonical import instant
from audit.recording import action, record

from ..events import RAN_OUT
from ..models import Invitation
from .sending import as_event


@action(RAN_OUT)
def note_expiry(*, invitation: Invitation, by: Any) -> Invitation:
    """Write down that an invitation ran out unanswered. Raises ChangedMeanwhile: noted already, or sent anew since."""
    account = BusinessAccount.objects.open().lock(invitation.account_id)
    invitation = Invitation.objects.expired().select_related("role", "sponsor").lock(invitation.pk)
    if invitation.expiry_noted:
        raise ChangedMeanwhile(_("This end was dealt with already."))
    invitation.expiry_noted = True
    invitation.save(update_fields=["expiry_noted"])
    before = as_event(invitation.role, invitation.offered_grants(), invitation.terms)
    before["expires_at"] = instant(invitation.expires_at)
    record(RAN_OUT, by=by, on=account, target=invitation, before=before)
    return invitation

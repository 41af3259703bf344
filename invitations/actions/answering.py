"""What the invited person does: open the link, accept, decline (rules 7 and 9)."""

from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import MissingPermission, PolicyViolation
from accounts.models import BusinessAccount, Person
from audit.models import Event
from audit.recording import action, record
from teams.actions.grants import write_grants
from teams.actions.seating import seat
from teams.models import Membership
from teams.policies import require_room

from .. import policies
from ..events import ACCEPTED, DECLINED, OPENED, OPENED_BY_OTHER
from ..models import Invitation
from . import sending


@action(ACCEPTED)
def accept(*, invitation: Invitation, by: Person) -> Membership:
    """Join the account with the role and grants of the invitation's row, and return the membership (rules 7, 9, 11).

    Everything is checked at this moment, under the locks: still open, not expired, same sending as the link's, the
    address verified, the inviter still allowed to give this, the account still business, room left. A current member
    keeps the role held. Raises PolicyViolation, ChangedMeanwhile.
    """
    account, invitation = _lock(invitation)
    _require_verified(by, invitation.address)
    if Membership.objects.current().filter(account=account, person=by).exists():
        raise PolicyViolation(_("You are a member of this account already; your role stays as it is."))
    policies.require_team(account)
    grants = sending.grants_of(invitation)
    try:
        sending.require_right(invitation.invited_by, account, invitation.role, grants)
    except (MissingPermission, PolicyViolation):
        raise PolicyViolation(
            _("%(inviter)s can no longer give this access. Ask for a new invitation.") % {"inviter": invitation.invited_by}
        ) from None
    require_room(account, invitation.role)
    membership = seat(account=account, person=by, role=invitation.role)
    for asset, codes in grants.items():
        write_grants(membership, asset, codes)
    _answer(invitation, Invitation.State.ACCEPTED, membership)
    after = {**sending.as_event(invitation.role, grants), "person": str(by), "person_id": by.pk}
    after["membership"], after["invited_by"] = membership.pk, str(invitation.invited_by)
    record(ACCEPTED, by=by, on=account, target=invitation, after=after)
    return membership


@action(DECLINED)
def decline(*, invitation: Invitation, by: Any) -> Invitation:
    """Say no to an invitation. Holding its link is enough; no sign-in is asked. Raises ChangedMeanwhile."""
    account, invitation = _lock(invitation)
    _answer(invitation, Invitation.State.DECLINED)
    record(DECLINED, by=by, on=account, target=invitation)
    return invitation


def note_opening(*, invitation: Invitation, by: Any) -> None:
    """Write down that the link was opened, once for each sending and person. The offer itself stays as it is (rule 7)."""
    act = OPENED_BY_OTHER if by.is_authenticated and by.email != invitation.address else OPENED
    seen = Event.objects.about(invitation).named(act.name).between(invitation.sent_at, None)
    if seen.filter(actor_id=by.pk if act is OPENED_BY_OTHER else None).exists() or (act is OPENED and seen.exists()):
        return
    with transaction.atomic():
        record(act, by=by, on=invitation.account, target=invitation)


def _lock(invitation: Invitation) -> tuple[BusinessAccount, Invitation]:
    """Lock account and invitation; demand that it is open and that the link is of the present sending."""
    token_hash = invitation.token_hash
    account = BusinessAccount.objects.open().lock(invitation.account_id)
    rows = Invitation.objects.open().filter(token_hash=token_hash).select_related("role", "invited_by")
    invitation = rows.lock(invitation.pk)
    invitation.account = account
    return account, invitation


def _require_verified(person: Person, address: str) -> None:
    """Demand that the person signs in with the invited address, and has proven to receive its mail (rule 7)."""
    if person.email != address:
        raise PolicyViolation(_("This invitation is for another address."))
    if not EmailAddress.objects.filter(user=person, email=address, verified=True).exists():
        raise PolicyViolation(_("Confirm your address first; then the invitation can be accepted."))


def _answer(invitation: Invitation, state: str, membership: Membership | None = None) -> None:
    invitation.state, invitation.answered_at, invitation.membership = state, timezone.now(), membership
    invitation.save(update_fields=["state", "answered_at", "membership"])


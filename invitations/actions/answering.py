"""What the invited person does: open the link, accept, decline (rules 7 and 9)."""

from typing import Any

from allauth.account.models import EmailAddress
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import post
from accounts.errors import ChangedMeanwhile, MissingPermission, PolicyViolation
from accounts.models import BusinessAccount, OutgoingMail, Person
from audit.models import Event
from audit.querysets import kind_of
from audit.recording import action, record
from teams.actions.grants import write_grants
from teams.actions.seating import seat
from teams.models import Membership
from teams.policies import require_domain, require_room, require_terms

from .. import policies
from ..errors import OfferLostItsGround
from ..events import ACCEPTED, DECLINED, OPENED, OPENED_BY_OTHER
from ..models import Invitation
from . import sending


@action(ACCEPTED)
def accept(*, invitation: Invitation, by: Person, seen: str | None = None) -> Membership:
    """Join the account with the role and grants of the invitation's row, and return the membership (rules 7, 9, 11).

    Everything is checked at this moment, under the locks: still open, not expired, same sending as the link's, the
    address verified, the inviter still allowed to give this, the account still business, room left. A current member
    keeps the role held. `seen` is the fingerprint of the offer that the person was shown, where a page showed one:
    nobody accepts what they have not seen. Raises PolicyViolation, ChangedMeanwhile.
    """
    account, invitation = lock_open(invitation)
    _require_verified(by, invitation.address)
    if Membership.objects.current().filter(account=account, person=by).exists():
        raise PolicyViolation(_("You are a member of this account already; your role stays as it is."))
    policies.require_team(account)
    grants = invitation.offered_grants()
    if seen is not None and seen != policies.fingerprint(invitation):
        raise ChangedMeanwhile(_("The offer has changed since you opened the page. Look at it again, then accept."))
    try:
        sending.require_right(invitation.invited_by, account, invitation.role, grants)
    except (MissingPermission, PolicyViolation):
        raise OfferLostItsGround(
            _("%(inviter)s can no longer give this access. The owner of the account has been told.")
            % {"inviter": invitation.invited_by}
        ) from None
    _require_room(account, invitation)
    require_terms(account, invitation.terms, of=by)
    require_domain(account, invitation.address)
    membership = seat(account=account, person=by, role=invitation.role, terms=invitation.terms)
    for asset, codes in grants.items():
        write_grants(membership, asset, codes, by=invitation.invited_by)
    _answer(invitation, Invitation.State.ACCEPTED, membership)
    after = {**sending.as_event(invitation.role, grants, invitation.terms), "person": str(by), "person_id": by.pk}
    after["membership"], after["invited_by"] = membership.pk, str(invitation.invited_by)
    record(ACCEPTED, by=by, on=account, target=invitation, after=after)
    return membership


@action(ACCEPTED)
def refuse_acceptance(*, invitation: Invitation, reason: str, by: Person) -> None:
    """Write down an acceptance that the inviter's lost right refused, and tell the owner, once a sending (rule 9).

    The door calls it after the rollback of `accept`. Raises ChangedMeanwhile when the invitation is not open any more.
    """
    account, invitation = lock_open(invitation)
    record(ACCEPTED, by=by, on=account, target=invitation, reason=reason, result=Event.Result.REFUSED)
    told = OutgoingMail.objects.about(kind_of(invitation), invitation.pk)
    if not told.filter(kind=policies.REFUSED_MAIL, sending=invitation.sending).exists():
        owner = account.owner.email
        post(kind=policies.REFUSED_MAIL, about=invitation, address=owner, account=account, sending=invitation.sending)


@action(DECLINED)
def decline(*, invitation: Invitation, by: Any) -> Invitation:
    """Say no to an invitation. Holding its link is enough; no sign-in is asked, but nobody answers under another name.

    Raises PolicyViolation, ChangedMeanwhile.
    """
    account, invitation = lock_open(invitation)
    if by.is_authenticated and by.email != invitation.address:
        raise PolicyViolation(_("This invitation is for another address."))
    _answer(invitation, Invitation.State.DECLINED)
    record(DECLINED, by=by, on=account, target=invitation)
    return invitation


@action(OPENED)
def note_opening(*, invitation: Invitation, by: Any) -> None:
    """Write down that the link was opened, once for each sending and person. The offer stays as it is (rule 7)."""
    Invitation.objects.lock(invitation.pk)  # of openings at once, each sees what the one before wrote
    other = by.is_authenticated and by.email != invitation.address
    act = OPENED_BY_OTHER if other else OPENED
    seen = Event.objects.about(invitation).named(act.name).between(invitation.sent_at, None)
    if (seen.filter(actor_id=by.pk) if other else seen).exists():
        return
    record(act, by=by, on=invitation.account, target=invitation)


def _require_room(account: BusinessAccount, invitation: Invitation) -> None:
    """Demand room for the role, in words for the one who is invited. Raises PolicyViolation (rule 5)."""
    try:
        require_room(account, invitation.role)
    except PolicyViolation:
        words = _(
            "%(account)s has as many administrators as it may have. Ask %(inviter)s to make room, then try again."
        )
        raise PolicyViolation(words % {"account": account, "inviter": invitation.invited_by}) from None


def lock_open(invitation: Invitation) -> tuple[BusinessAccount, Invitation]:
    """Lock account and invitation; demand that it is open and that the link is of the present sending."""
    token_hash = invitation.token_hash
    account = BusinessAccount.objects.open().select_related("owner", "policy").lock(invitation.account_id)
    rows = Invitation.objects.open().filter(token_hash=token_hash).select_related("role", "invited_by", "sponsor")
    invitation = rows.lock(invitation.pk)
    invitation.account = account
    return account, invitation


def _require_verified(person: Person, address: str) -> None:
    """Demand that the person signs in with the invited address, and has proven to receive its mail (rule 7)."""
    if not Person.objects.filter(pk=person.pk, email=address, is_active=True).exists():
        raise PolicyViolation(_("This invitation is for another address."))
    if not EmailAddress.objects.filter(user=person, email=address, verified=True).exists():
        raise PolicyViolation(_("Confirm your address first; then the invitation can be accepted."))


def _answer(invitation: Invitation, state: str, membership: Membership | None = None) -> None:
    invitation.state, invitation.answered_at, invitation.membership = state, timezone.now(), membership
    invitation.save(update_fields=["state", "answered_at", "membership"])

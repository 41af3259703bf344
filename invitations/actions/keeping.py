"""What an administrator does with an open invitation: send it again, hand its link over, change it, revoke it."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from audit.recording import action, record
from teams import authority
from teams.models import TERMS_FIELDS, Role, Terms
from teams.policies import require_room, require_terms
from teams.seconding import require_for_new_administrator

from .. import policies
from ..events import ADDRESS_CORRECTED, INVITATION_CHANGED, LINK_COPIED, RESENT, REVOKED
from ..models import Invitation
from . import sending


@action(RESENT)
def resend(*, invitation: Invitation, by: Person) -> Invitation:
    """Begin a new sending: a new link by mail, the old one dead, the time begun anew (rule 8). Works on an expired one.

    Raises MissingPermission, PolicyViolation (too many, a member by now), ChangedMeanwhile (answered since).
    """
    account, invitation = sending.lock(invitation, by=by)
    policies.require_team(account)
    policies.require_new(account, invitation.address)
    policies.require_within_limits(account, invitation.address)
    _take_over(invitation, by)
    sending.begin_sending(invitation, channel=Invitation.Channel.MAIL)
    record(RESENT, by=by, on=account, target=invitation, after={"sending": invitation.sending})
    return invitation


@action(LINK_COPIED)
def copy_link(*, invitation: Invitation, by: Person) -> str:
    """Begin a new sending whose link the administrator hands over; return its token, to be shown once (rule 8).

    Such a link proves no mailbox: who signs up with it confirms the address by mail. Raises as `resend` does.
    """
    account, invitation = sending.lock(invitation, by=by)
    policies.require_team(account)
    policies.require_new(account, invitation.address)
    _take_over(invitation, by)
    token = sending.begin_sending(invitation, channel=Invitation.Channel.HAND)
    record(LINK_COPIED, by=by, on=account, target=invitation, after={"sending": invitation.sending})
    return token


@action(ADDRESS_CORRECTED)
def correct_address(*, invitation: Invitation, address: str, by: Person, approval: Any = None) -> Invitation:
    """Send the invitation to another address in one step; the link to the wrong one is dead (rules 6, 8, 10).

    Raises MissingPermission, PolicyViolation (a member, an open one, too many), NeedsSecondPerson, ChangedMeanwhile
    (answered since).
    """
    account, invitation = sending.lock(invitation, by=by)
    policies.require_team(account)
    if address == by.email:
        raise PolicyViolation(_("That is your own address. You are a member already."))
    policies.require_new(account, address)
    others = Invitation.objects.unanswered().filter(account=account, address=address).exclude(pk=invitation.pk)
    if others.exists():
        raise PolicyViolation(_("%(address)s has an invitation of its own.") % {"address": address})
    policies.require_within_limits(account, address)
    require_for_new_administrator(
        account,
        invitation.role,
        by=by,
        does="correct_address",
        given={"invitation": invitation, "address": address},
        says=[_("%(address)s is invited as %(role)s") % {"address": address, "role": invitation.role}],
        approval=approval,
    )
    before, invitation.address = invitation.address, address
    _take_over(invitation, by)
    sending.begin_sending(invitation, channel=Invitation.Channel.MAIL)
    after = {"address": address, "sending": invitation.sending}
    record(ADDRESS_CORRECTED, by=by, on=account, target=invitation, before={"address": before}, after=after)
    return invitation


@action(INVITATION_CHANGED)
def change_offer(
    *, invitation: Invitation, role: Role, grants: policies.Grants, terms: Terms, by: Person, approval: Any = None
) -> Invitation:
    """Change what an unanswered invitation offers; its link stays, and shows the new offer (rules 2, 5).

    Raises MissingPermission for the old offer as for the new, PolicyViolation (no room), NeedsSecondPerson,
    ChangedMeanwhile.
    """
    account, invitation = sending.lock(invitation, by=by)
    role, grants = sending.current(account, role, grants)
    policies.require_offerable(account, role, grants)
    sending.require_right(by, account, role, grants)
    require_room(account, role)
    require_terms(account, terms)
    before = sending.as_event(invitation.role, invitation.offered_grants(), invitation.terms)
    after = sending.as_event(role, grants, terms)
    if before == after:
        return invitation
    names = {"address": invitation.address, "before": invitation.role, "after": role}
    require_for_new_administrator(
        account,
        role,
        had=invitation.role,
        by=by,
        does="change_offer",
        given={"invitation": invitation, "role": role, "grants": grants, "terms": terms},
        says=[_("The invitation of %(address)s: %(before)s → %(after)s") % names],
        approval=approval,
    )
    invitation.role, invitation.invited_by = role, by  # who changes the offer answers for it (rule 9)
    invitation.take(terms)
    invitation.save(update_fields=["role", "invited_by", *TERMS_FIELDS])
    sending.write_offer(invitation, grants)
    record(INVITATION_CHANGED, by=by, on=account, target=invitation, before=before, after=after)
    return invitation


@action(REVOKED)
def revoke(*, invitation: Invitation, by: Person) -> Invitation:
    """Take an unanswered invitation back; its link stops working at once. Reducing needs only *manage the team*.

    Raises MissingPermission, ChangedMeanwhile (answered since).
    """
    account = BusinessAccount.objects.open().lock(invitation.account_id)
    invitation = Invitation.objects.unanswered().select_related("role", "sponsor").lock(invitation.pk)
    authority.require(by, MANAGE_TEAM, on=account)
    invitation.state, invitation.answered_at = Invitation.State.REVOKED, timezone.now()
    invitation.save(update_fields=["state", "answered_at"])
    before = sending.as_event(invitation.role, invitation.offered_grants(), invitation.terms)
    record(REVOKED, by=by, on=account, target=invitation, before=before)
    return invitation


def _take_over(invitation: Invitation, by: Person) -> None:
    """A new sending is by whoever begins it: at acceptance it is their right that counts (rule 9)."""
    invitation.sending += 1
    invitation.invited_by = by

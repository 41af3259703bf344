"""What several acts share: beginning a sending, reading and describing an offer. Writes no event."""

import datetime as dt
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import post
from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from teams import authority
from teams.models import Role, Terms
from teams.policies import require_domain

from .. import policies
from ..models import Invitation, InvitationGrant
from ..tokens import hash_of, token_for


def begin_sending(invitation: Invitation, *, channel: str, expires_at: dt.datetime | None = None) -> str:
    """Begin the present sending of a saved invitation: time, end, token. Returns the token of the new link.

    It can be accepted until `expires_at`, and no longer than the policy says. Raises PolicyViolation for a past one,
    and for an address of a domain that the policy doesn't name.

    The database keeps only its hash; a mail makes the same token again when it is sent (rule 8).
    """
    require_domain(invitation.account, invitation.address)
    now = timezone.now()
    token = token_for(invitation.pk, invitation.sending)
    invitation.token_hash, invitation.channel, invitation.sent_at = hash_of(token), channel, now
    longest = now + dt.timedelta(days=invitation.account.policy.invitation_days)
    invitation.expires_at, invitation.expiry_noted = min(expires_at or longest, longest), False
    if invitation.expires_at <= now:
        raise PolicyViolation(_("The invitation would have run out already. Choose a later time."))
    invitation.save()
    if channel == Invitation.Channel.MAIL:
        post(
            kind=policies.INVITATION_MAIL,
            about=invitation,
            address=invitation.address,
            account=invitation.account,
            sending=invitation.sending,
        )
    return token


def current(account: BusinessAccount, role: Role, grants: policies.Grants) -> tuple[Role, policies.Grants]:
    """Return role and grants as they stand now, under the lock. Raises ChangedMeanwhile for what is not there."""
    found = Role.objects.of(account).filter(pk=role.pk).first()
    assets = account.assets.in_use().in_bulk([asset.pk for asset in grants])
    if found is None or len(assets) < len(grants):
        raise ChangedMeanwhile(_("The role or one of the assets is not in use any more. Choose again."))
    return found, {assets[asset.pk]: codes for asset, codes in grants.items() if codes}


def lock(invitation: Invitation, *, by: Person) -> tuple[BusinessAccount, Invitation]:
    """Lock account and unanswered invitation, and demand that `by` may give what it offers (rule 2)."""
    account = BusinessAccount.objects.open().lock(invitation.account_id)
    invitation = Invitation.objects.unanswered().select_related("role", "sponsor").lock(invitation.pk)
    invitation.account = account
    require_right(by, account, invitation.role, invitation.offered_grants())
    return account, invitation


def require_right(by: Any, account: BusinessAccount, role: Role, grants: policies.Grants) -> None:
    """Demand that `by` manages the team and holds all that the offer gives (rule 2)."""
    authority.require(by, MANAGE_TEAM, on=account, adding=role.permissions, adding_on=grants.items())


def write_offer(invitation: Invitation, grants: policies.Grants) -> None:
    """Make `grants` exactly what the invitation offers on single assets."""
    invitation.grants.all().delete()
    InvitationGrant.objects.bulk_create(
        InvitationGrant(invitation=invitation, asset=asset, code=code)
        for asset, codes in grants.items()
        for code in sorted(codes)
    )


def move_offers(role: Role, to: Role) -> None:
    """Let every unanswered invitation to a role offer another one. The page shows the new offer before it asks."""
    Invitation.objects.unanswered().filter(role=role).update(role=to)


def as_event(role: Role, grants: policies.Grants, terms: Terms) -> dict[str, Any]:
    """Return what an event keeps of an offer."""
    rows = sorted(grants.items(), key=lambda row: row[0].pk)
    on_assets = [{"id": asset.pk, "name": asset.name, "grants": sorted(codes)} for asset, codes in rows]
    return {"role": role.as_event(), "assets": on_assets, "terms": terms.as_event()}

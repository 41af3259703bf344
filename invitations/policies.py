"""What an invitation must satisfy, when it is made and again when it is accepted (rules 6 and 9)."""

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import PolicyViolation
from accounts.models import Asset, BusinessAccount, OutgoingMail
from accounts.normalising import plain_name
from accounts.permissions import ACCOUNT_PERMISSIONS, ASSET_CODES, ASSET_PERMISSIONS, MANAGE_TEAM, Permission
from accounts.querysets import OutgoingMailQuerySet
from teams.holdings import access_of
from teams.models import Membership, Role

from .errors import TooManyThisHour
from .models import Invitation
from .querysets import INVITATION_MAIL

REFUSED_MAIL = "invitation_refused"
MOST_AN_HOUR = 200  # invitations one account may send
MOST_AN_HOUR_FROM_LISTS = 150  # the rest of it is left for those that somebody sends by hand
MOST_A_DAY = 5  # invitation mails to one address, from all accounts together

Grants = Mapping[Asset, frozenset[str]]


def require_team(account: BusinessAccount) -> None:
    """Demand an account that can have a team. Raises PolicyViolation, which says how to get there (rule 6)."""
    if not account.is_business:
        raise PolicyViolation(_("A standard account has no team. The owner can upgrade it to a business account."))


def require_new(account: BusinessAccount, address: str) -> None:
    """Demand an address that is no member of the account. Raises PolicyViolation (rule 6)."""
    members = Membership.objects.current().filter(account=account, person__email=address)
    if members.exists():
        raise PolicyViolation(
            _("%(address)s is a member already. Change the role on the member’s page.") % {"address": address}
        )


def require_offerable(account: BusinessAccount, role: Role, grants: Grants) -> None:
    """Demand a role that can be offered, and grants on assets of this very account. Raises PolicyViolation."""
    if role.is_owner:
        raise PolicyViolation(_("Ownership can’t be offered by an invitation. It moves by a transfer."))
    for asset, codes in grants.items():
        if asset.account_id != account.pk or asset.archived_at or not codes <= ASSET_CODES:
            raise PolicyViolation(_("One of the chosen assets is not in use any more. Choose again."))


def require_within_limits(account: BusinessAccount, address: str) -> None:
    """Demand that neither the account nor the address has had too many invitation mails. Raises PolicyViolation."""
    if sent_this_hour(account).count() >= MOST_AN_HOUR:
        raise TooManyThisHour(_("This account has sent very many invitations within an hour. Try again later."))
    mails, now = OutgoingMail.objects.filter(kind=INVITATION_MAIL), timezone.now()
    if mails.filter(address=address, created_at__gt=now - dt.timedelta(days=1)).count() >= MOST_A_DAY:
        raise PolicyViolation(
            _("%(address)s has been sent several invitations today. Try again tomorrow.") % {"address": address}
        )


def sent_this_hour(account: BusinessAccount) -> OutgoingMailQuerySet:
    """Return the mails that count for the account's limit."""
    since = timezone.now() - dt.timedelta(hours=1)
    return OutgoingMail.objects.filter(kind=INVITATION_MAIL, account=account, created_at__gt=since)


def fingerprint(invitation: Invitation) -> str:
    """Return a short name of exactly what is offered, so that what was shown can be compared with what is accepted."""
    role, grants = invitation.role, invitation.offered_grants()
    on_assets = sorted((asset.pk, sorted(codes)) for asset, codes in grants.items())
    text = repr((role.pk, sorted(role.permissions), on_assets, invitation.terms.as_event()))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Powers:
    """What an offer lets a person do in one place: the account itself, all its assets, or one asset."""

    place: str
    permissions: list[Permission]


def summary(role: Role, grants: Grants) -> list[Powers]:
    """Return every permission that an offer gives, place by place, for the page and the mail that show it (rule 7)."""
    places = [
        Powers(_("In the account"), _among(ACCOUNT_PERMISSIONS, role.permissions)),
        Powers(_("On every asset"), _among(ASSET_PERMISSIONS, role.permissions)),
    ]
    for asset, codes in sorted(grants.items(), key=lambda row: (row[0].name, row[0].pk)):
        on_asset = _("On %(asset)s only") % {"asset": plain_name(asset.name)}
        places.append(Powers(on_asset, _among(ASSET_PERMISSIONS, codes - role.permissions)))
    return [place for place in places if place.permissions]


def _among(table: list[Permission], codes: Collection[str]) -> list[Permission]:
    return [permission for permission in table if permission.code in codes]


def offerable_roles(account: BusinessAccount, by: Any) -> list[Role]:
    """Return the roles that `by` may offer: nobody gives a power they lack, and ownership is not offered (rule 2)."""
    held = _held(account, by)
    return [role for role in Role.objects.of(account) if not role.is_owner and role.permissions <= held]


def may_give(account: BusinessAccount, by: Any, role: Role) -> bool:
    """Say whether `by` may give what a role holds: who may not, may revoke such an invitation but not send it."""
    held = _held(account, by)
    return MANAGE_TEAM in held and role.permissions <= held


def _held(account: BusinessAccount, by: Any) -> frozenset[str]:
    access = access_of(by, account.pk)
    return access.role_permissions if access else frozenset()

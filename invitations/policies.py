"""What an invitation must satisfy, when it is made and again when it is accepted (rules 6 and 9)."""

import datetime as dt
from collections.abc import Mapping

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import PolicyViolation
from accounts.models import Asset, BusinessAccount, OutgoingMail
from accounts.permissions import ASSET_CODES
from teams.models import Membership, Role

INVITATION_MAIL = "invitation"
MOST_AN_HOUR = 200  # invitations one account may send
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
        raise PolicyViolation(_("%(address)s is a member already. Change the role on the member’s page.") % {"address": address})


def require_offerable(account: BusinessAccount, role: Role, grants: Grants) -> None:
    """Demand a role that can be offered, and grants on assets of this very account. Raises PolicyViolation."""
    if role.is_owner:
        raise PolicyViolation(_("Ownership can’t be offered by an invitation. It moves by a transfer."))
    for asset, codes in grants.items():
        if asset.account_id != account.pk or asset.archived_at or not codes <= ASSET_CODES:
            raise PolicyViolation(_("One of the chosen assets is not in use any more. Choose again."))


def require_within_limits(account: BusinessAccount, address: str) -> None:
    """Demand that neither the account nor the address has had too many invitation mails. Raises PolicyViolation."""
    mails, now = OutgoingMail.objects.filter(kind=INVITATION_MAIL), timezone.now()
    if mails.filter(account=account, created_at__gt=now - dt.timedelta(hours=1)).count() >= MOST_AN_HOUR:
        raise PolicyViolation(_("This account has sent very many invitations within an hour. Try again later."))
    if mails.filter(address=address, created_at__gt=now - dt.timedelta(days=1)).count() >= MOST_A_DAY:
        raise PolicyViolation(
            _("%(address)s has been sent several invitations today. Try again tomorrow.") % {"address": address}
        )

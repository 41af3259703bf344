"""When somebody is locked out of their second factor: for whom its reset can be asked, and why not."""

from django.utils.translation import gettext as _

from accounts.access import Standing
from accounts.errors import PolicyViolation

from .holdings import access_of
from .models import Membership


def asks_second_factor(membership: Membership) -> bool:
    """Say whether the account's policy asks this member for a second factor."""
    access = access_of(membership.person, membership.account_id)
    return access is not None and access.asks_second_factor


def no_reset(membership: Membership) -> PolicyViolation | None:
    """Return why nobody in this account can ask that the member's second factor ends, or None."""
    access = access_of(membership.person, membership.account_id)
    if access is None or access.standing[0] is not Standing.ACTIVE:
        return PolicyViolation(_("This is for active members only."))
    if not access.asks_second_factor:
        return PolicyViolation(_("The policy of this account doesn’t ask this person for a second factor."))
    if not access.has_second_factor:
        return PolicyViolation(_("This person has no second factor."))
    return None

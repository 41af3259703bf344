"""What an account's policy allows. Each check is asked under the lock on the account."""

from django.utils.translation import ngettext

from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount

from .models import Membership, Role

PASSWORD_RESET, PASSWORD_KEPT = "reset", "kept"  # what an offboarding does with the password
ENDED_MAIL, BACK_MAIL = "access_ended", "access_back"  # the kinds of the mails of an offboarding, and of its undoing


def require_room(account: BusinessAccount, role: Role, *, freed: int = 0) -> None:
    """Demand that the account may have one more holder of `role` (rule 5). `freed` seats become free by the same act.

    The owner counts as no administrator. Raises PolicyViolation with the limit in words.
    """
    if role.administers and not role.is_owner and seats_left(account) + freed <= 0:
        raise no_seat_left(account)


def seats_left(account: BusinessAccount) -> int:
    """Return how many more administrators the account may have (rule 5)."""
    rows = Membership.objects.current().filter(account=account).administering()
    return account.policy.most_administrators - rows.exclude(person_id=account.owner_id).count()


def no_seat_left(account: BusinessAccount) -> PolicyViolation:
    """Return the refusal of one administrator too many."""
    limit = account.policy.most_administrators
    return PolicyViolation(
        ngettext(
            "This account may have %(limit)d administrator, and has one. Change the policy or another role first.",
            "This account may have %(limit)d administrators, and has that many. "
            "Change the policy or another role first.",
            limit,
        )
        % {"limit": limit}
    )

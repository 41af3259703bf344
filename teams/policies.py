"""What an account's policy allows. Each check is asked under the lock on the account."""

from django.utils.translation import ngettext

from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount

from .models import Membership, Role

PASSWORD_RESET, PASSWORD_KEPT = "reset", "kept"  # what an offboarding does with the password
ENDED_MAIL, BACK_MAIL = "access_ended", "access_back"  # the kinds of the mails of an offboarding, and of its undoing
CLAIM_MAIL, CLAIM_REMINDER, CLAIM_TOLD, CLAIM_ENDED = "claim", "claim_reminder", "claim_told", "claim_ended"


def require_room(account: BusinessAccount, role: Role, *, freed: int = 0) -> None:
    """Demand that the account may have one more holder of `role` (rule 5). `freed` seats become free by the same act.

    The owner counts as no administrator. Raises PolicyViolation with the limit in words.
    """
    limit = account.policy.most_administrators
    if not has_room(account, role, freed=freed):
        raise PolicyViolation(
            ngettext(
                "This account may have %(limit)d administrator, and has one. Change the policy or another role first.",
                "This account may have %(limit)d administrators, and has that many. "
                "Change the policy or another role first.",
                limit,
            )
            % {"limit": limit}
        )


def has_room(account: BusinessAccount, role: Role, *, freed: int = 0) -> bool:
    """Say whether the account may have one more holder of `role`; `require_room` demands it."""
    if not role.administers or role.is_owner:
        return True
    rows = Membership.objects.current().filter(account=account).administering()
    return rows.exclude(person_id=account.owner_id).count() - freed < account.policy.most_administrators

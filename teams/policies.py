"""What an account's policy allows. Each check is asked under the lock on the account."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount

from .models import Membership, Role

PASSWORD_RESET, PASSWORD_KEPT = "reset", "kept"  # what an offboarding does with the password
ENDED_MAIL, BACK_MAIL = "access_ended", "access_back"  # the kinds of the mails of an offboarding, and of its undoing


def require_room(account: BusinessAccount, role: Role, *, seats: int = 1, freed: int = 0) -> None:
    """Demand that the account may have one more holder of `role`, or `seats` more (rule 5).

    `freed` seats become free by the same act.

    The owner counts as no administrator. Raises PolicyViolation with the limit in words.
    """
    if not role.administers or role.is_owner or not seats:
        return
    rows = Membership.objects.current().filter(account=account).administering()
    taken = rows.exclude(person_id=account.owner_id).count() - freed
    limit = account.policy.most_administrators
    if seats > 1 and taken + seats > limit:
        words = _("This account may have %(limit)d administrators. It has %(taken)d, and would get %(seats)d more.")
        raise PolicyViolation(words % {"limit": limit, "taken": taken, "seats": seats})
    if taken >= limit:
        raise PolicyViolation(
            ngettext(
                "This account may have %(limit)d administrator, and has one. Change the policy or another role first.",
                "This account may have %(limit)d administrators, and has that many. "
                "Change the policy or another role first.",
                limit,
            )
            % {"limit": limit}
        )

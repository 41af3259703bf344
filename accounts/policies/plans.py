"""What an account's plan allows. Each check is asked under the lock on the account."""

from collections.abc import Callable, Collection, Iterable

from django.utils.translation import gettext as _

from ..errors import PolicyViolation
from ..models import Billing, BusinessAccount
from ..plans import Plan

Counter = Callable[[Collection[BusinessAccount]], dict[int, int]]  # people by account, in one query
_people: list[Counter] = []


def register_counter(counter: Counter) -> None:
    """Say how the people of an account are counted: the floor above knows who is one."""
    _people.append(counter)


def people_in(account: BusinessAccount) -> int:
    """Return how many people are in an account."""
    return sum(counter([account])[account.pk] for counter in _people)


def people_left_in_each(accounts: Iterable[BusinessAccount]) -> dict[int, int | None]:
    """Return how many more people the plan of each account allows, by account; None where it sets no limit.

    The number of queries is the same for any number of accounts.
    """
    asked = list(accounts)
    billings = Billing.objects.in_bulk([account.pk for account in asked])
    plans = {account.pk: (billings.get(account.pk) or Billing(account=account)).plan for account in asked}
    limited = [account for account in asked if plans[account.pk].most_people is not None]
    counts = [counter(limited) for counter in _people] if limited else []
    left: dict[int, int | None] = dict.fromkeys(plans)
    for account in limited:
        left[account.pk] = (plans[account.pk].most_people or 0) - sum(count[account.pk] for count in counts)
    return left


def require_asset_room(account: BusinessAccount) -> None:
    """Demand that the plan allows one more asset in use. Raises PolicyViolation."""
    plan = Billing.of(account).plan
    if plan.most_assets is not None and account.assets.in_use().count() >= plan.most_assets:
        words = _("The plan %(plan)s allows %(most)d assets in use. Archive one, or let the plan be changed.")
        raise PolicyViolation(words % {"plan": plan.name, "most": plan.most_assets})


def require_person_room(account: BusinessAccount) -> None:
    """Demand that the plan allows one more person. Raises PolicyViolation."""
    left = people_left_in_each([account])[account.pk]
    if left is not None and left <= 0:
        raise no_person_room(account)


def no_person_room(account: BusinessAccount) -> PolicyViolation:
    """Return the refusal of one person too many."""
    plan = Billing.of(account).plan
    words = _("The plan %(plan)s of this account allows %(most)d people. Who manages its billing can change that.")
    return PolicyViolation(words % {"plan": plan.name, "most": plan.most_people})


def require_fits(account: BusinessAccount, plan: Plan) -> None:
    """Demand that an account has no more than a plan allows. Raises PolicyViolation, which says what is too much."""
    used = [
        (people_in(account), plan.most_people, _("%(used)d people; the plan %(plan)s allows %(most)d.")),
        (account.assets.in_use().count(), plan.most_assets, _("%(used)d assets; the plan %(plan)s allows %(most)d.")),
    ]
    wrong = [
        words % {"used": count, "plan": plan.name, "most": most}
        for count, most, words in used
        if most is not None and count > most
    ]
    if wrong:
        raise PolicyViolation(_("The account has more than this plan allows: %(what)s") % {"what": " ".join(wrong)})

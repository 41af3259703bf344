"""The freeze of an account: nobody's access changes until the owner or a second administrator lifts it."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from accounts.access import explain
from accounts.errors import Frozen, MissingPermission, PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from audit.events import Act
from audit.recording import SYSTEM, Refused

from .events import CHANGES_UNDONE, ENGAGEMENT_ENDED, OFFBOARDED, SUSPENDED
from .probation import kept_by_probation

# What the owner, who could lift the freeze as well, need not lift it for: taking power, and undoing changes.
LEFT_TO_THE_OWNER = {SUSPENDED, OFFBOARDED, ENGAGEMENT_ENDED, CHANGES_UNDONE}


def refuse_in_a_freeze(act: Act, by: Any, places: Sequence[Any]) -> None:
    """Refuse an act that changes anybody's access in an account that is frozen. Asked of every act. Raises Frozen.

    The portal itself goes on: what has an end ends.
    """
    if by is SYSTEM or not act.changes_access:
        return
    ids = [place.pk for place in places if isinstance(place, BusinessAccount)]
    for account in BusinessAccount.objects.frozen().filter(pk__in=ids) if ids else ():
        if not (act in LEFT_TO_THE_OWNER and getattr(by, "pk", None) == account.owner_id):
            raise Frozen(account)


def hindrance_to_lift(account: BusinessAccount, by: Person) -> Refused | None:
    """Return why `by` can't lift the freeze now, or None: the owner can, and whoever else manages the team."""
    if by.pk == account.owner_id:
        return None
    if not explain(by, MANAGE_TEAM, account).allowed:
        return MissingPermission(MANAGE_TEAM, account)
    if account.frozen_by_id == by.pk:
        return PolicyViolation(_("You froze the account. The owner lifts it, or somebody else who manages the team."))
    return kept_by_probation(by, account)

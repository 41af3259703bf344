"""One person across the accounts that somebody administers: the one way to see over the walls between accounts."""

from accounts.models import Person
from accounts.permissions import MANAGE_TEAM

from .holdings import accesses_of
from .models import Membership


def seats_of(person: Person, *, seen_by: Person) -> list[Membership]:
    """Return the newest membership of `person` in each open account whose team `seen_by` manages, by account name.

    Ended ones are among them. What lies in any other account is not told, not even that it is there (rule 4).
    """
    rows = Membership.objects.filter(person=person, account__closed_at=None).select_related("account", "role", "person")
    newest = {row.account_id: row for row in rows.order_by("pk")}
    accesses_of(seen_by, newest)  # all at once; each question below is answered from it
    mine = [row for row in newest.values() if seen_by.has_perm(MANAGE_TEAM, row.account)]
    return sorted(mine, key=lambda row: (row.account.name.casefold(), row.account_id))

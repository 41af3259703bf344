"""One person across the accounts that somebody administers: the one way to see over the walls between accounts."""

from dataclasses import dataclass

from accounts.models import Person
from accounts.permissions import MANAGE_TEAM

from .authority import obstacle
from .holdings import accesses_of
from .models import Membership


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A person's other memberships: those that somebody may end, and those that stay, each with the reason."""

    endable: list[Membership]
    staying: list[tuple[Membership, str]]


def seats_of(person: Person, *, seen_by: Person) -> list[Membership]:
    """Return the newest membership of `person` in each open account whose team `seen_by` manages, by account name.

    Ended ones are among them. What lies in any other account is not told, not even that it is there (rule 4).
    """
    rows = Membership.objects.filter(person=person, account__closed_at=None).select_related("account", "role", "person")
    newest = {row.account_id: row for row in rows.order_by("pk")}
    accesses_of(seen_by, newest)  # all at once; each question below is answered from it
    mine = [row for row in newest.values() if seen_by.has_perm(MANAGE_TEAM, row.account)]
    return sorted(mine, key=lambda row: (row.account.name.casefold(), row.account_id))


def elsewhere(member: Membership, *, seen_by: Person) -> Elsewhere:
    """Return what the person of `member` holds beside it in the accounts that `seen_by` administers."""
    found = Elsewhere([], [])
    for row in seats_of(member.person, seen_by=seen_by):
        if not row.is_current or row.account_id == member.account_id:
            continue
        if refusal := obstacle(seen_by, row.account, row):
            found.staying.append((row, refusal.words))
        else:
            found.endable.append(row)
    return found

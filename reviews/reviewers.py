"""Who reviews which access: by the campaign's rule, never the person themselves; where nobody fits, the owner."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from accounts.models import BusinessAccount, Person
from teams.models import Membership
from teams.policies import may_answer

from .models import Item, Rule


@dataclass
class Panel:
    """Those who can review in one account, read once: the administrators with power, and who can answer for others."""

    owner: Person
    administrators: list[Person]  # without the owner
    answering: set[int]
    owner_can: bool
    load: Counter[int] = field(default_factory=Counter)

    @classmethod
    def of(cls, account: BusinessAccount) -> "Panel":
        """Read those of an account, which comes with its policy and owner."""
        rows = Membership.objects.filter(account=account).with_power(account.policy).administering()
        people = [row.person for row in rows.select_related("person").order_by("person__name", "pk")]
        answering = may_answer(account).with_power(account.policy).values_list("person_id", flat=True)
        return cls(
            owner=account.owner,
            administrators=[person for person in people if person.pk != account.owner_id],
            answering=set(answering),
            owner_can=any(person.pk == account.owner_id for person in people),
        )

    def pick(self, membership: Membership, rule: str, *, without: Collection[int] = ()) -> Person | None:
        """Return who reviews an access next, leaving out `without`; None where nobody else is left."""
        for person in self._in_order(membership, rule):
            if person.pk != membership.person_id and person.pk not in without:
                self.load[person.pk] += 1
                return person
        return None

    def _in_order(self, membership: Membership, rule: str) -> Iterator[Person]:
        """Yield those who fit, the best first. Only the owner can act on who manages the team, so decides first."""
        owner_first = rule == Rule.OWNER or membership.role.administers
        if owner_first and self.owner_can:
            yield self.owner
        sponsor = membership.sponsor
        if rule == Rule.SPONSOR and sponsor is not None and sponsor.pk in self.answering:
            yield sponsor
        yield from sorted(self.administrators, key=lambda person: self.load[person.pk])
        yield self.owner


def duties_of(people: Collection[Person], account_ids: Collection[int]) -> list[Item]:
    """Return what these people still have to review in these accounts."""
    rows = Item.objects.running().filter(
        reviewer__in=people, decision="", must_decide=True, campaign__account__in=account_ids
    )
    rows = rows.select_related(
        "campaign__account__policy",
        "campaign__account__owner",
        "membership__person",
        "membership__sponsor",
        "membership__lasting_role",
        "membership__raised_to",
    )
    return list(rows.order_by("pk"))

"""Telling people of an act, in its own transaction."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, FilteredRelation, OuterRef, Q

from accounts.actions import post_many
from accounts.models import BusinessAccount, Person
from audit.events import filled
from audit.recording import Recorded
from teams.models import Membership

from ..kinds import NOTICE_MAIL, Channel, channel_of
from ..models import Notice
from ..policies import Group, Telling, tellings_of


def tell(done: Recorded) -> None:
    """Write the notices of an act, and post the mails of those who want them at once.

    Three statements, however many are told: one finds them with what they chose, two insert. It writes no event and
    takes no lock: it belongs to the act that it tells of, and fails with it (rule 12).
    """
    tellings = tellings_of(done)
    if not tellings:
        return
    account = done.on if isinstance(done.on, BusinessAccount) else None
    lines = [Line(line, frozenset(line.named(done)), frozenset(line.addresses(done))) for line in tellings]
    notices: list[Notice] = []
    posted: list[tuple[Notice, str]] = []
    for reader in _readers(account, lines):
        line = next((line for line in lines if line.tells(reader, actor_id=done.actor_id)), None)
        if line is None:
            continue
        channel = channel_of(line.telling.kind, reader["chosen"].get(line.telling.kind.code))
        notice = _notice(done, account, line.telling, person_id=reader["pk"], channel=channel)
        notices.append(notice)
        if channel == Channel.AT_ONCE and not line.telling.mailed(done):
            posted.append((notice, reader["email"]))
    if notices:
        Notice.objects.bulk_create(notices)
    if posted:
        post_many(kind=NOTICE_MAIL, to=posted, account=account)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table, with whom it names for the act at hand."""

    telling: Telling
    named: frozenset[int | None]
    addresses: frozenset[str]

    def tells(self, reader: dict[str, Any], *, actor_id: int | None) -> bool:
        """Say whether it tells a reader."""
        if reader["pk"] == actor_id and not self.telling.tells_actor:
            return False
        groups = {Group.MANAGERS: reader["manages"], Group.MEMBERS: reader["belongs"], Group.NOBODY: False}
        return groups[self.telling.group] or reader["pk"] in self.named or reader["email"] in self.addresses


def _readers(account: BusinessAccount | None, lines: list[Line]) -> list[dict[str, Any]]:
    """Return whom the lines may tell, each with what they chose about the kinds of these lines.

    The people are found by a union of ids: an "or" over memberships would walk through everybody on the portal.
    """
    named = frozenset[int | None]().union(*(line.named for line in lines)) - {None}
    addresses = frozenset[str]().union(*(line.addresses for line in lines))
    groups = {line.telling.group for line in lines}
    ids = Person.objects.filter(Q(pk__in=named) | Q(email__in=addresses)).values("pk")
    here = Membership.objects.active().filter(account=account)
    if Group.MEMBERS in groups:
        ids = ids.union(here.values("person"))
    elif Group.MANAGERS in groups:
        ids = ids.union(here.administering().values("person"))
    seats = here.filter(person=OuterRef("pk"))
    kinds = {line.telling.kind.code for line in lines}
    chosen = FilteredRelation("notice_choices", condition=Q(notice_choices__kind__in=kinds))
    rows = Person.objects.filter(pk__in=ids, is_active=True).annotate(
        chosen=chosen, manages=Exists(seats.administering()), belongs=Exists(seats)
    )
    readers: dict[int, dict[str, Any]] = {}
    for row in rows.values("pk", "email", "manages", "belongs", "chosen__kind", "chosen__channel").order_by("pk"):
        reader = readers.setdefault(row["pk"], {**row, "chosen": {}})
        reader["chosen"][row["chosen__kind"]] = row["chosen__channel"]
    return list(readers.values())


def _notice(done: Recorded, account: BusinessAccount | None, line: Telling, **of_reader: Any) -> Notice:
    return Notice(
        account=account,
        kind=line.kind.code,
        event=done.of.name,
        number=done.number,
        words=filled(line.words or done.of.sentence, done.parts)[:400],
        needs=line.needs,
        page=line.page,
        subject_id=line.subject(done),
        **of_reader,
    )

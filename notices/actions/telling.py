"""Telling people of an act, in its own transaction."""

from collections.abc import Sequence
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


def tell(events: Sequence[Recorded]) -> None:
    """Write the notices of an act, and post the mails of those who want them at once.

    Four statements at most, however many are told and in however many accounts: two find them with what they chose, two
    insert. It writes no event and takes no lock: it belongs to the act that it tells of, and fails with it (rule 12).
    """
    told = [(done, _lines(done)) for done in events]
    told = [(done, lines) for done, lines in told if lines]
    if not told:
        return
    lines_of_all = [line for _done, lines in told for line in lines]
    seats = _seats({account.pk for done, _lines in told if (account := _account(done))}, lines_of_all)
    readers = _readers(seats, lines_of_all)
    notices: list[Notice] = []
    mails: list[tuple[Notice, str, BusinessAccount | None]] = []
    for done, lines in told:
        account = _account(done)
        for reader in readers:
            seat = seats.get((account.pk, reader["pk"])) if account else None
            line = next((line for line in lines if line.tells(reader, seat, actor_id=done.actor_id)), None)
            if line is None:
                continue
            channel = channel_of(line.telling.kind, reader["chosen"].get(line.telling.kind.code))
            notice = _notice(done, account, line.telling, person_id=reader["pk"], channel=channel)
            notices.append(notice)
            if channel == Channel.AT_ONCE and not line.telling.mailed(done):
                mails.append((notice, reader["email"], account))
    if notices:
        Notice.objects.bulk_create(notices)
    if mails:
        post_many(kind=NOTICE_MAIL, mails=mails)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table, with whom it names for the act at hand."""

    telling: Telling
    named: frozenset[int | None]
    addresses: frozenset[str]

    def tells(self, reader: dict[str, Any], seat: bool | None, *, actor_id: int | None) -> bool:
        """Say whether it tells a reader; `seat` says whether they manage the team, None that they are no member."""
        if reader["pk"] == actor_id and not self.telling.tells_actor:
            return False
        groups = {Group.MANAGERS: bool(seat), Group.MEMBERS: seat is not None, Group.NOBODY: False}
        return groups[self.telling.group] or reader["pk"] in self.named or reader["email"] in self.addresses


def _lines(done: Recorded) -> list[Line]:
    return [Line(line, frozenset(line.named(done)), frozenset(line.addresses(done))) for line in tellings_of(done)]


def _account(done: Recorded) -> BusinessAccount | None:
    return done.on if isinstance(done.on, BusinessAccount) else None


def _seats(account_ids: set[int], lines: list[Line]) -> dict[tuple[int, int], bool]:
    """Return whom the lines tell for their place in an account: by account and person, whether they manage the team."""
    groups = {line.telling.group for line in lines} - {Group.NOBODY}
    if not groups:
        return {}
    here = Membership.objects.active().filter(account__in=account_ids)
    managing = here.administering()
    if Group.MEMBERS not in groups:
        return dict.fromkeys(managing.values_list("account_id", "person_id"), True)
    rows = here.annotate(manages=Exists(managing.filter(pk=OuterRef("pk"))))
    return {(row.account_id, row.person_id): row.manages for row in rows.only("account_id", "person_id")}


def _readers(seats: dict[tuple[int, int], bool], lines: list[Line]) -> list[dict[str, Any]]:
    """Return whom the lines may tell, each with what they chose about the kinds of these lines."""
    named = frozenset[int | None]().union(*(line.named for line in lines)) - {None}
    addresses = frozenset[str]().union(*(line.addresses for line in lines))
    wanted = Q(pk__in={*named, *(person for _account, person in seats)}) | Q(email__in=addresses)
    kinds = {line.telling.kind.code for line in lines}
    chosen = FilteredRelation("notice_choices", condition=Q(notice_choices__kind__in=kinds))
    rows = Person.objects.filter(wanted, is_active=True).annotate(chosen=chosen)
    readers: dict[int, dict[str, Any]] = {}
    for row in rows.values("pk", "email", "chosen__kind", "chosen__channel").order_by("pk"):
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

"""Telling people of an act, in its own transaction."""

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
    notices: list[Notice] = []
    posted: list[tuple[Notice, str]] = []
    for reader in _readers(done, account, tellings):
        telling = next((line for line in tellings if _fits(line, reader, done)), None)
        if telling is None:
            continue
        channel = channel_of(telling.kind, reader["chosen"].get(telling.kind.code))
        notice = _notice(done, account, telling, person_id=reader["pk"], channel=channel)
        notices.append(notice)
        if channel == Channel.AT_ONCE and not telling.mailed(done):
            posted.append((notice, reader["email"]))
    if notices:
        Notice.objects.bulk_create(notices)
    if posted:
        post_many(kind=NOTICE_MAIL, to=posted, account=account)


def _readers(done: Recorded, account: BusinessAccount | None, tellings: list[Telling]) -> list[dict[str, Any]]:
    """Return whom the lines may tell, each with what they chose about the kinds of these lines."""
    named = {pk for line in tellings for pk in line.named(done) if pk}
    addresses = {address for line in tellings for address in line.addresses(done)}
    groups = {line.group for line in tellings}
    seats = Membership.objects.active().filter(account=account, person=OuterRef("pk"))
    wanted = Q(pk__in=named) | Q(email__in=addresses)
    if Group.MEMBERS in groups:
        wanted |= Q(Exists(seats))
    elif Group.MANAGERS in groups:
        wanted |= Q(Exists(seats.administering()))
    kinds = {line.kind.code for line in tellings}
    chosen = FilteredRelation("notice_choices", condition=Q(notice_choices__kind__in=kinds))
    rows = Person.objects.filter(wanted, is_active=True).annotate(
        chosen=chosen, manages=Exists(seats.administering()), belongs=Exists(seats)
    )
    readers: dict[int, dict[str, Any]] = {}
    for row in rows.values("pk", "email", "manages", "belongs", "chosen__kind", "chosen__channel").order_by("pk"):
        reader = readers.setdefault(row["pk"], {**row, "chosen": {}})
        reader["chosen"][row["chosen__kind"]] = row["chosen__channel"]
    return list(readers.values())


def _fits(line: Telling, reader: dict[str, Any], done: Recorded) -> bool:
    if reader["pk"] == done.actor_id and not line.tells_actor:
        return False
    groups = {Group.MANAGERS: reader["manages"], Group.MEMBERS: reader["belongs"], Group.NOBODY: False}
    return groups[line.group] or reader["pk"] in line.named(done) or reader["email"] in line.addresses(done)


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

"""Removing the first events of a chain, up to a checkpoint, whose head stays behind as the anchor (rule 16).

The triggers let only the owner of the tables do this, so it is a command of the operator's.
"""

import datetime as dt
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from . import store
from .checkpoints import Checkpoint
from .events import REMOVED
from .models import Chain, Event
from .querysets import kind_of

_ANCHOR = """
UPDATE audit_chain SET removed = %(number)s, anchor = %(hash)s WHERE kind = %(kind)s AND subject_id = %(subject)s
"""
_DELETE = """
DELETE FROM audit_event event USING audit_chain chain
WHERE chain.kind = %(kind)s AND chain.subject_id = %(subject)s AND event.chain_id = chain.id
    AND event.number <= %(number)s
"""


THINGS = ("seat", "role", "asset", "account")  # what an entry is about: it names the first of these that it has


@dataclass(frozen=True, slots=True)
class Anchor:
    """Up to where the events of a chain can go: number and hash of the last one, and which checkpoint says so."""

    number: int
    hash: bytes
    checkpoint: int
    at: dt.datetime


def anchor_of(subject: Any, *, before: dt.datetime) -> Anchor | None:
    """Return the anchor that leaves every event of `before` and later where it is; None where nothing can go yet.

    It stands in the newest checkpoint of that time or earlier. Raises BadCheckpoint, and what the store raises.
    """
    kept, chain = store.store(), Chain.objects.filter(kind=kind_of(subject), subject_id=subject.pk).first()
    if kept is None or store.signer() is None or chain is None:
        return None
    numbers, read = store.numbers(kept), {}

    def taken_at(number: int) -> dt.datetime:
        read[number] = store.read_number(kept, number)
        return read[number].statement.at

    place = bisect_right(numbers, before, key=taken_at)
    if place == 0:
        return None
    number = numbers[place - 1]
    checkpoint: Checkpoint = read.get(number) or store.read_number(kept, number)
    for head in checkpoint.heads:
        if head.chain == f"{chain.kind}/{chain.subject_id}" and head.length > chain.removed:
            return Anchor(head.length, head.hash, number, checkpoint.statement.at)
    return None


def stood_at(subject: Any, anchor: Anchor) -> list[dict[str, Any]]:
    """Return how everything stood at an anchor: the newest entry of each thing (`recording.imprint`), oldest first."""
    newest: dict[tuple[str, Any], dict[str, Any]] = {}
    log = Event.objects.in_chain_of(subject)
    for removal in log.named(REMOVED.name).order_by("number"):
        newest |= {_thing(entry): entry for entry in removal.parts["stood"]}
    for event in log.filter(number__lte=anchor.number).imprinted().iterator():
        for entry in event.parts["access"]:
            newest.pop(_thing(entry), None)
            newest[_thing(entry)] = entry
    return list(newest.values())


def _thing(entry: Mapping[str, Any]) -> tuple[str, Any]:
    return next((kind, entry[kind]) for kind in THINGS if kind in entry)


def remove(subject: Any, anchor: Anchor) -> int:
    """Remove the events of a chain up to its anchor, and return how many. Part of an act that records it.

    The database refuses it where the hash of that event is another one, and to any role but the owner of the tables
    (ProgrammingError).
    """
    asked = {"kind": kind_of(subject), "subject": subject.pk, "number": anchor.number, "hash": anchor.hash}
    with connection.cursor() as cursor:
        cursor.execute(_ANCHOR, asked)
        cursor.execute(_DELETE, asked)
        return cursor.rowcount

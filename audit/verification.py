"""Recomputing the record: every number, digest and hash, and the columns beside the canonical text (rule 16).

What may lack is what the record itself says was taken: words that were erased, first events that were removed.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from struct import Struct
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils.translation import gettext as _

from .canonical import GENESIS
from .events import ERASED, REMOVED
from .models import Chain
from .spans import Spans

BATCH = 5_000  # rows fetched at a time: bounded memory, whatever the length

# What the columns would make of the beginning of the canonical text (`canonical.text_of`).
_PREFIX = """
'["' || %(chain)s || '","' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '","' || name
|| '","' || result || '","' || actor_kind || '",' || coalesce(actor_id::text, 'null') || ',"' || target_kind
|| '",' || coalesce(target_id::text, 'null') || ',' || coalesce(about_id::text, 'null') || ','
"""
_HASH = "encode(sha256(convert_to({words}, 'UTF8')), 'hex')"
_ACTOR, _TARGET = _HASH.format(words="actor_words"), _HASH.format(words="target_words")
# The hashes of the words stand right behind that; words that were emptied say nothing any more. Where none were, one
# comparison holds both: to cut a piece out of a text, its letters are counted.
_WORDS_HOLD = f"""
CASE WHEN actor_words IS NULL OR target_words IS NULL
    THEN coalesce(substr(canonical, length(told.beginning) + 2, 64) = {_ACTOR}, true)
        AND coalesce(substr(canonical, length(told.beginning) + 69, 64) = {_TARGET}, true)
    ELSE starts_with(canonical, told.beginning || '"' || {_ACTOR} || '","' || {_TARGET} || '"') END
"""
# OFFSET 0 keeps the planner from making the beginning anew wherever it stands.
_EVENTS = f"""
SELECT number, previous || digest || hash, canonical, starts_with(canonical, told.beginning), {_WORDS_HOLD},
    actor_words IS NULL, target_words IS NULL, name, id
FROM audit_event, LATERAL (SELECT {_PREFIX} AS beginning OFFSET 0) AS told
WHERE chain_id = %(id)s ORDER BY number
"""  # noqa: S608  # nosec B608  # made of constants
_WITHOUT_CHAIN = r"""
SELECT substring(canonical FROM '^\["([^"]*)"') AS chain, min(number), count(*) FROM audit_event
WHERE NOT EXISTS (SELECT FROM audit_chain WHERE audit_chain.id = chain_id) GROUP BY chain ORDER BY chain
"""


@dataclass(frozen=True, slots=True)
class Break:
    """The first place at which a chain does not hold: its chain, the number of the event, and what is wrong."""

    chain: str
    number: int
    problem: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check of one chain found: how many events it read, and the first break, if any."""

    chain: str
    events: int
    broken: Break | None


class _Row(NamedTuple):
    """One event as it is read, and what the database found in comparing its columns with its text."""

    number: int
    stored: memoryview  # the hash before, the digest and the hash
    text: str
    columns_agree: bool
    words_agree: bool
    without_actor: bool
    without_target: bool
    name: str
    id: int


@dataclass(slots=True)
class _Taken:
    """What lacks in one chain, beside what the chain itself says was taken from it."""

    lacking: dict[str, Spans] = field(default_factory=lambda: {"actor": Spans(), "target": Spans()})
    told: dict[str, Spans] = field(default_factory=lambda: {"actor": Spans(), "target": Spans()})
    removed: tuple[int, str] = (0, "")

    def note(self, row: _Row) -> None:
        """Take in what this event lacks, and what it says."""
        if row.without_actor:
            self.lacking["actor"].add(row.number)
        if row.without_target:
            self.lacking["target"].add(row.number)
        if row.name == ERASED.name:
            for words, spans in json.loads(row.text)[-1]["after"]["emptied"].items():
                self.told[words].read(spans)
        elif row.name == REMOVED.name:
            after = json.loads(row.text)[-1]["after"]
            self.removed = after["up_to"], after["anchor"]

    def broken(self, chain: Chain, name: str) -> Break | None:
        """Return the first place at which something lacks without a word of it in the chain."""
        anchor = "" if chain.anchor is None else bytes(chain.anchor).hex()
        if (chain.removed, anchor) != self.removed:
            return Break(name, chain.removed, _("its first events were removed, and no event of it says so"))
        untold = filter(None, (lacking.first_beside(self.told[words]) for words, lacking in self.lacking.items()))
        if number := min(untold, default=None):
            return Break(name, number, _("its words about people were taken away, and no event says so"))
        return None


def verify(chains: Any = None, *, progress: Callable[[int], None] = lambda _count: None) -> Iterator[Verdict]:
    """Check each chain (all of them) against one snapshot of the database, and yield a verdict for each.

    `progress` is told how many events of the present chain have been read, after each batch.
    """
    wanted = Chain.objects.order_by("kind", "subject_id") if chains is None else chains
    with snapshot():
        for chain in wanted:
            yield _verify_chain(chain, progress)
        yield from _without_chain()


@contextmanager
def snapshot() -> Iterator[None]:
    """One view of the database for all chains: what is written meanwhile must not look like a break."""
    nested = connection.in_atomic_block
    with transaction.atomic():  # noqa: TID251  # it reads only
        if not nested:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _without_chain() -> Iterator[Verdict]:
    """Yield a verdict for each chain whose head was taken away, while its events are still there."""
    with connection.cursor() as cursor:
        cursor.execute(_WITHOUT_CHAIN)
        for name, number, count in cursor.fetchall():
            words = _("the head of this chain is missing: %(count)d events hang in the air") % {"count": count}
            yield Verdict(name or "?", count, Break(name or "?", number, words))


def _verify_chain(chain: Chain, progress: Callable[[int], None]) -> Verdict:
    name, pack = f"{chain.kind}/{chain.subject_id}", Struct(">q").pack
    head, last_id, taken = bytes(chain.anchor or GENESIS), 0, _Taken()
    before = bytes(chain.previous) if chain.removed else GENESIS  # what stood before an anchor nobody knows any more
    begun = count = chain.removed
    for row in _rows(chain.pk, name):
        count += 1
        digest = sha256(row.text.encode()).digest()
        link = sha256(head + pack(count) + digest).digest()
        if row.number != count or bytes(row.stored) != head + digest + link:
            problem = _problem(row.number, count, bytes(row.stored), head, digest)
        else:
            problem = _beside_the_text(row, last_id)
        if problem:
            return Verdict(name, count - begun, Break(name, count, problem))
        taken.note(row)
        before, head, last_id = head, link, row.id
        if (count - begun) % BATCH == 0:
            progress(count - begun)
    progress(count - begun)
    return Verdict(name, count - begun, _broken_end(chain, name, count, (before, head)) or taken.broken(chain, name))


def _rows(chain_id: int, name: str) -> Iterator[_Row]:
    connection.ensure_connection()
    with connection.connection.cursor(name="audit_verification") as cursor:  # on the server's side, fetched in batches
        cursor.itersize = BATCH
        cursor.execute(_EVENTS, {"chain": name, "id": chain_id})
        yield from map(_Row._make, cursor)


def _problem(number: int, expected: int, stored: bytes, head: bytes, digest: bytes) -> str:
    """Say in words what is wrong with the first event that does not hold."""
    if number > expected:
        return _("event %(number)d is missing") % {"number": expected}
    if number < expected:
        return _("number %(number)d stands where it should not") % {"number": number}
    if stored[32:64] != digest:
        return _("the text was changed: it does not have the digest that was written with it")
    if stored[:32] != head:
        return _("it does not follow the event before it")
    return _("its hash is not the one of its text, number and predecessor")


def _beside_the_text(row: _Row, last_id: int) -> str:
    """Say in words what is wrong with what stands beside the text of an event that holds; empty for nothing."""
    if not row.columns_agree:
        return _("the columns beside the text were changed: they say something else than it does")
    if not row.words_agree:
        return _("its words about people are not those that it was written with")
    return _("its row id was changed: ids rise with the numbers") if row.id <= last_id else ""


def _broken_end(chain: Chain, name: str, count: int, end: tuple[bytes, bytes]) -> Break | None:
    """Compare the hashes of the last two events with those that the chain itself keeps."""
    if chain.length > count:
        words = _("the end is cut off: %(count)d events are missing") % {"count": chain.length - count}
        return Break(name, count + 1, words)
    if chain.length < count:
        return Break(name, chain.length + 1, _("there are events beyond the head of the chain"))
    if (bytes(chain.previous), bytes(chain.head)) != end:
        return Break(name, count, _("the head of the chain is not the hash of its last event"))
    return None

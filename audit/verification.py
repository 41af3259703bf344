"""Recomputing the record: every number, digest and hash, and the columns beside the canonical text (rule 16)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from struct import Struct
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from .canonical import GENESIS
from .models import Chain

BATCH = 5_000  # rows fetched at a time: bounded memory, whatever the length

# What the columns would make of the beginning of the canonical text (`canonical.text_of`).
_PREFIX = """
'["' || %(chain)s || '","' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '","' || name
|| '","' || result || '","' || actor_kind || '",' || coalesce(actor_id::text, 'null') || ',"' || target_kind
|| '",' || coalesce(target_id::text, 'null') || ',' || coalesce(about_id::text, 'null') || ','
"""
_EVENTS = f"""
SELECT number, previous || digest || hash, canonical, starts_with(canonical, {_PREFIX}), id
FROM audit_event WHERE chain_id = %(id)s ORDER BY number
"""  # noqa: S608  # made of constants
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
    head, count, last_id = bytes(GENESIS), 0, 0
    for number, stored, text, columns_agree, row_id in _rows(chain.pk, name):
        count += 1
        digest = sha256(text.encode()).digest()
        link = sha256(head + pack(count) + digest).digest()
        if number != count or bytes(stored) != head + digest + link or not columns_agree:
            return Verdict(name, count, Break(name, count, _problem(number, count, bytes(stored), head, digest, link)))
        if row_id <= last_id:
            return Verdict(name, count, Break(name, count, _("its row id was changed: ids rise with the numbers")))
        head, last_id = link, row_id
        if count % BATCH == 0:
            progress(count)
    progress(count)
    return Verdict(name, count, _broken_end(chain, name, count, head))


def _rows(chain_id: int, name: str) -> Iterator[tuple[int, memoryview, str, bool, int]]:
    connection.ensure_connection()
    with connection.connection.cursor(name="audit_verification") as cursor:  # on the server's side, fetched in batches
        cursor.itersize = BATCH
        cursor.execute(_EVENTS, {"chain": name, "id": chain_id})
        yield from cursor


def _problem(number: int, expected: int, stored: bytes, head: bytes, digest: bytes, link: bytes) -> str:
    """Say in words what is wrong with the first event that does not hold."""
    if number > expected:
        return _("event %(number)d is missing") % {"number": expected}
    if number < expected:
        return _("number %(number)d stands twice") % {"number": number}
    if stored[32:64] != digest:
        return _("the text was changed: it does not have the digest that was written with it")
    if stored[:32] != head:
        return _("it does not follow the event before it")
    if stored[64:] != link:
        return _("its hash is not the one of its text, number and predecessor")
    return _("the columns beside the text were changed: they say something else than it does")


def _broken_end(chain: Chain, name: str, count: int, head: bytes) -> Break | None:
    """Compare the last event with the head that the chain itself keeps."""
    if chain.length > count:
        words = _("the end is cut off: %(count)d events are missing") % {"count": chain.length - count}
        return Break(name, count + 1, words)
    if chain.length < count:
        return Break(name, chain.length + 1, _("there are events beyond the head of the chain"))
    if bytes(chain.head) != head:
        return Break(name, count, _("the head of the chain is not the hash of its last event"))
    return None

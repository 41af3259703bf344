"""What the record says to a checkpoint: its heads now, the links between, and where it does not extend it."""

from collections.abc import Iterable

from django.db import connection
from django.utils.translation import gettext as _

from .checkpoints import Checkpoint, Head, Links
from .verification import Break

_HEADS = "SELECT kind || '/' || subject_id, length, head FROM audit_chain WHERE length > 0"
_HASHES = """
SELECT kind || '/' || subject_id, wanted.number,
    CASE WHEN chain.removed = wanted.number THEN chain.anchor ELSE event.hash END, chain.removed > wanted.number
FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS wanted (kind, subject_id, number)
LEFT JOIN audit_chain chain USING (kind, subject_id)
LEFT JOIN audit_event event ON event.chain_id = chain.id AND event.number = wanted.number
ORDER BY kind, subject_id
"""
_DIGESTS = """
SELECT kind || '/' || subject_id, event.digest
FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[]) AS wanted (kind, subject_id, first, last)
JOIN audit_chain chain USING (kind, subject_id)
JOIN audit_event event ON event.chain_id = chain.id AND event.number BETWEEN wanted.first AND wanted.last
ORDER BY kind, subject_id, event.number
"""


def heads_now() -> list[Head]:
    """Return the heads of all chains, in one statement: of one moment, whatever is written meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(_HEADS)
        return [Head(chain, length, bytes(head)) for chain, length, head in cursor]


def links_between(old: Checkpoint, new: Checkpoint) -> Links:
    """Return the links from one whole checkpoint to a later one, as the record has them: digests alone leave it."""
    lengths = {head.chain: head.length for head in old.heads}
    grown = [head for head in new.heads if head.length > lengths.get(head.chain, 0)]
    links: dict[str, tuple[int, list[bytes]]] = {
        head.chain: (lengths.get(head.chain, 0) + 1, []) for head in sorted(grown, key=lambda head: head.place)
    }
    asked = [(*head.place, links[head.chain][0], head.length) for head in grown]
    for chain, digest in _asked(_DIGESTS, asked):
        links[chain][1].append(bytes(digest))
    return links


def digests_between(chain: str, first: int, last: int) -> list[bytes]:
    """Return the digests of the events of one chain from the one number to the other, both included."""
    kind, _slash, pk = chain.partition("/")
    return [bytes(digest) for _chain, digest in _asked(_DIGESTS, [(kind, int(pk), first, last)])]


def breaks(checkpoint: Checkpoint, *, chains: Iterable[str] | None = None) -> list[Break]:
    """Return where the record (some chains of it) does not extend a checkpoint: events missing, or others than then."""
    wanted = None if chains is None else set(chains)
    heads = {head.chain: head for head in checkpoint.heads if wanted is None or head.chain in wanted}
    found = []
    for chain, number, stored, is_removed in _asked(_HASHES, [(*head.place, head.length) for head in heads.values()]):
        if is_removed:  # up to a newer checkpoint, which is the anchor: the check of the chain itself asks for it
            continue
        if stored is None:
            found.append(Break(chain, number, _("it was there at the checkpoint, and is missing now")))
        elif bytes(stored) != heads[chain].hash:
            found.append(Break(chain, number, _("the history up to here is another than at the checkpoint")))
    return found


def _asked(statement: str, rows: list[tuple]) -> list[tuple]:
    """Ask a statement that takes a list for each column."""
    if not rows:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(column) for column in zip(*rows, strict=True)])
        return cursor.fetchall()

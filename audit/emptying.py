"""Finding what the log says about a person, and emptying it: the words go, text and chain stay (erasure by law).

The trigger lets only the owner of the tables do this, so it is a command of the operator's.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import connection

from .canonical import as_json
from .events import ERASED
from .spans import Spans

# Words are about a person who acted or is concerned, and where they hold the address. A name is looked for only in
# chains where the person is: elsewhere it is a namesake's.
_ABOUT = """
WITH near AS (
    SELECT DISTINCT chain_id FROM audit_event
    WHERE actor_kind = 'person' AND actor_id = %(person)s OR about_id = %(person)s
        OR lower(target_words) LIKE ANY (%(addresses)s::text[])
), event AS (
    SELECT *, lower(actor_words) AS own, lower(target_words) AS other,
        %(addresses)s::text[] || CASE WHEN chain_id IN (SELECT chain_id FROM near) THEN %(names)s::text[] ELSE '{}' END
            AS sought
    FROM audit_event
), found AS (
    SELECT id, chain_id, number,
        actor_words IS NOT NULL AND (actor_kind = 'person' AND actor_id = %(person)s OR own LIKE ANY (sought)) AS actor,
        target_words IS NOT NULL AND (about_id = %(person)s AND name <> %(erased)s OR other LIKE ANY (sought)) AS target
    FROM event
)
SELECT chain.kind, chain.subject_id, found.number, found.actor, found.target
FROM found JOIN audit_chain chain ON chain.id = found.chain_id WHERE found.actor OR found.target ORDER BY found.id
"""
_EMPTY = """
UPDATE audit_event event
SET actor_words = CASE WHEN wanted.actor THEN NULL ELSE actor_words END,
    target_words = CASE WHEN wanted.target THEN NULL ELSE target_words END
FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::boolean[], %s::boolean[])
    AS wanted (kind, subject_id, number, actor, target)
JOIN audit_chain chain USING (kind, subject_id)
WHERE event.chain_id = chain.id AND event.number = wanted.number
"""


class Words(NamedTuple):
    """An event that says something about a person: its chain and number, and which of its words do."""

    kind: str
    subject_id: int
    number: int
    actor: bool
    target: bool


@dataclass(slots=True)
class InOneChain:
    """How many events of one chain say something about a person, and the numbers, by which of their words do."""

    events: int = 0
    actor: Spans = field(default_factory=Spans)
    target: Spans = field(default_factory=Spans)

    def as_event(self) -> dict[str, object]:
        """Return what the event of the erasure says of it: `audit.verification` asks for it."""
        return {"count": self.events, "emptied": {"actor": self.actor.texts(), "target": self.target.texts()}}


def words_about(person_id: int | None, *, addresses: Collection[str], names: Collection[str]) -> list[Words]:
    """Return where the log says something about a person, and has not been emptied: the oldest first.

    `person_id` is None for somebody who never had a sign-in. It reads the whole record.
    """
    sought = {"addresses": [_pattern(one) for one in addresses], "names": [_pattern(name) for name in names]}
    with connection.cursor() as cursor:
        cursor.execute(_ABOUT, {"person": person_id, "erased": ERASED.name, **sought})
        return [Words._make(row) for row in cursor]


def by_chain(found: Sequence[Words]) -> dict[tuple[str, int], InOneChain]:
    """Return the same for each chain."""
    chains: dict[tuple[str, int], InOneChain] = {}
    for words in found:
        here = chains.setdefault((words.kind, words.subject_id), InOneChain())
        here.events += 1
        if words.actor:
            here.actor.add(words.number)
        if words.target:
            here.target.add(words.number)
    return chains


def empty(found: Sequence[Words]) -> None:
    """Empty these words. The database refuses it to any role but the owner of the tables (ProgrammingError)."""
    if found:
        with connection.cursor() as cursor:
            cursor.execute(_EMPTY, [list(column) for column in zip(*found, strict=True)])


def _pattern(words: str) -> str:
    """Return the pattern of a text in which these words stand, as JSON writes them."""
    text = as_json(words)[1:-1].lower()
    for sign in "\\%_":
        text = text.replace(sign, f"\\{sign}")
    return f"%{text}%"

"""What the owner of the tables can do to the record with the triggers off, at random places, and where it has to show.

Each kind of tampering is a function that changes the record of a `Scene` and returns the places at which the check has
to name it: the chain, and the number of the first event that does not hold. Where the chain holds in itself afterwards,
that is the last event of the newest checkpoint.
"""

import datetime as dt
import json
import random
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from accounts.events import ACCOUNT_SETTINGS_CHANGED
from audit.canonical import as_json, digest_of, link
from audit.models import Chain, Event
from audit.recording import SYSTEM, note

Place = tuple[str, int]
JSON = {"canonical", "actor_words", "target_words"}  # the columns that are made of them refuse any other text
CONTENT = [  # what an event says: all but where it stands
    column
    for column in (each.column for each in Event._meta.concrete_fields if not each.generated)
    if column not in {"id", "chain_id", "number", "previous", "hash"}
]


@dataclass(frozen=True)
class Known:
    """A chain before anybody touches it."""

    id: int
    name: str
    removed: int
    length: int
    checkpointed: int  # the number of its last event at the newest checkpoint
    removal: int  # the number of the event that says what was removed, 0 for none
    emptied: int  # the number of the first event whose words were erased, and
    erasure: int  # that of the event that says so; 0 for none

    @property
    def first(self) -> int:
        """The number of its first event that is there."""
        return self.removed + 1

    @property
    def end(self) -> Place:
        """Where it shows at the checkpoint."""
        return self.name, self.checkpointed

    @property
    def settled(self) -> int:
        """The number of the last event that says what was taken from it; one after it can go and be missed nowhere."""
        return max(self.removed, self.removal, self.erasure)

    def end_without(self, last: int) -> Place:
        """Where it shows that all after `last` is gone, when its head was put back."""
        if last < self.removal:
            return self.name, self.removed
        return (self.name, self.emptied) if self.emptied <= last < self.erasure else self.end


@dataclass
class Scene:
    """A record to tamper with, and the draw that says where; `turn` counts the tries of one kind, `done` tells in words."""

    turn: int
    draw: random.Random
    chains: Sequence[Known]
    subjects: Sequence[Any]  # the things whose chains these are, for who writes on
    done: list[str] = field(default_factory=list)

    def chain(self) -> Known:
        """Draw a chain."""
        return self.draw.choice(self.chains)

    def number(self, chain: Known, *, first: int = 0, last: int = 0) -> int:
        """Draw the number of an event of a chain, from `first` (its first) to `last` (its last)."""
        return self.draw.randint(first or chain.first, last or chain.length)

    def coin(self) -> bool:
        """Draw yes or no."""
        return self.draw.random() < 0.5

    def tells(self, words: str) -> None:
        """Note what is done."""
        self.done.append(words)


Tampering = Callable[[Scene], set[Place]]


def run(statement: str, values: Sequence[Any] = ()) -> list[tuple]:
    """Run one statement on Django's connection, and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def another(draw: random.Random, value: Any) -> Any:
    """Return a value of the same type that is another one."""
    if value is None:
        return draw.randint(1, 1000)
    if isinstance(value, memoryview | bytes):
        flipped = bytearray(bytes(value))
        flipped[draw.randrange(len(flipped))] ^= 1 << draw.randrange(8)
        return bytes(flipped)
    if isinstance(value, str):
        at = draw.randrange(len(value))
        return value[:at] + draw.choice(string.ascii_letters.replace(value[at], "")) + value[at + 1 :]
    if isinstance(value, dt.datetime):
        return value + dt.timedelta(microseconds=draw.choice((-1, 1)) * draw.randint(1, 10**10))
    return value + draw.choice((-1, 1)) * draw.randint(1, 1000)


# --- Change -----------------------------------------------------------------------------------------------------------
def change(scene: Scene) -> set[Place]:
    """Change one column of an event or of the head of a chain, each that the tables have in its turn."""
    chain = scene.chain()
    columns = [
        (model, each.column) for model in (Event, Chain) for each in model._meta.concrete_fields if not each.generated
    ]
    model, column = columns[scene.turn % len(columns)]
    return _change_head(scene, chain, column) if model is Chain else _change_event(scene, chain, column)


def _change_event(scene: Scene, chain: Known, column: str) -> set[Place]:
    number = scene.number(chain)
    scene.tells(f"{column} of event {number} of {chain.name}")
    if column == "id":
        return _move_id(scene, chain, number)
    if column == "chain_id":
        return _move_to_another_chain(scene, chain, number)
    if column == "number":
        return _renumber(scene, chain, number)
    ((old,),) = run(f"SELECT {column} FROM audit_event WHERE chain_id = %s AND number = %s", [chain.id, number])
    new = another(scene.draw, old)
    while column in JSON and old is not None and not _is_json(new):
        new = another(scene.draw, old)
    if column.endswith("_words"):
        new = '["",{}]' if old is None else None if scene.coin() else new
    elif column.endswith("_id") and old is not None and scene.coin():
        new = None
    run(f"UPDATE audit_event SET {column} = %s WHERE chain_id = %s AND number = %s", [new, chain.id, number])
    return {(chain.name, number)}


def _is_json(text: str) -> bool:
    try:
        return bool(json.loads(text))
    except ValueError:
        return False


def _move_id(scene: Scene, chain: Known, number: int) -> set[Place]:
    """Bring it before all others, or behind those that follow it: a row id says nothing but in which order they came."""
    later = number < chain.length and scene.coin()
    new = 1_000_000 + scene.draw.randrange(1000) if later else -scene.draw.randint(1, 1000)
    run("UPDATE audit_event SET id = %s WHERE chain_id = %s AND number = %s", [new, chain.id, number])
    return {(chain.name, number + 1 if later else number)}


def _move_to_another_chain(scene: Scene, chain: Known, number: int) -> set[Place]:
    other = scene.draw.choice([None, *(each for each in scene.chains if each is not chain)])
    if other is None:  # one that is not there
        run("UPDATE audit_event SET chain_id = -1 WHERE chain_id = %s AND number = %s", [chain.id, number])
        return {(chain.name, number)}
    place = other.length + scene.draw.randint(1, 3)
    run(
        "UPDATE audit_event SET chain_id = %s, number = %s WHERE chain_id = %s AND number = %s",
        [other.id, place, chain.id, number],
    )
    return {(chain.name, number), (other.name, other.length + 1)}


def _renumber(scene: Scene, chain: Known, number: int) -> set[Place]:
    before = scene.coin()
    new = scene.draw.randint(-5, chain.removed) if before else chain.length + scene.draw.randint(1, 1000)
    run("UPDATE audit_event SET number = %s WHERE chain_id = %s AND number = %s", [new, chain.id, number])
    return {(chain.name, chain.first if before else number)}


def _change_head(scene: Scene, chain: Known, column: str) -> set[Place]:
    scene.tells(f"{column} of the head of {chain.name}")
    ((old,),) = run(f"SELECT {column} FROM audit_chain WHERE id = %s", [chain.id])
    if column in {"length", "removed"}:
        new = scene.draw.choice([count for count in range(chain.length + 10) if count != old])
    elif column == "anchor":
        new = scene.draw.randbytes(32) if old is None or scene.coin() else None
    elif column == "id":
        new = 1_000_000 + scene.draw.randrange(1000)
    else:
        new = another(scene.draw, old)
    run(f"UPDATE audit_chain SET {column} = %s WHERE id = %s", [new, chain.id])
    if column in {"kind", "subject_id"}:  # a chain of another name, and none of this one
        kind, _slash, subject = chain.name.partition("/")
        name = f"{new}/{subject}" if column == "kind" else f"{kind}/{new}"
        return {(name, chain.first), chain.end}
    shows_at = {
        "id": chain.first,
        "anchor": chain.first,
        "length": min(old, new) + 1 if column == "length" else 0,
        "removed": new + 1 if column == "removed" else 0,
        "head": chain.length,
        "previous": chain.length,
    }
    return {(chain.name, shows_at[column])}


# --- Delete -----------------------------------------------------------------------------------------------------------
def delete(scene: Scene) -> set[Place]:
    """Take some events away, or a head, or a whole chain, or a beginning as if it had been removed by the rules."""
    return scene.draw.choice([_delete_some, _delete_some, _delete_head, _delete_chain, _delete_beginning])(scene)


def _delete_some(scene: Scene) -> set[Place]:
    chain = scene.chain()
    gone = [scene.number(chain) for _each in range(scene.draw.choice((1, 1, 2, 5)))]
    scene.tells(f"events {gone} of {chain.name} deleted")
    run("DELETE FROM audit_event WHERE chain_id = %s AND number = ANY(%s)", [chain.id, gone])
    return {(chain.name, min(gone))}


def _delete_head(scene: Scene) -> set[Place]:
    chain = scene.chain()
    scene.tells(f"the head of {chain.name} deleted")
    run("DELETE FROM audit_chain WHERE id = %s", [chain.id])
    return {(chain.name, chain.first)}


def _delete_chain(scene: Scene) -> set[Place]:
    chain = scene.chain()
    scene.tells(f"{chain.name} deleted")
    run("DELETE FROM audit_event WHERE chain_id = %s", [chain.id])
    run("DELETE FROM audit_chain WHERE id = %s", [chain.id])
    return {chain.end}


def _delete_beginning(scene: Scene) -> set[Place]:
    chain = scene.chain()
    until = scene.number(chain)
    scene.tells(f"{chain.name} deleted up to {until}, and an anchor put there")
    run(
        "UPDATE audit_chain SET removed = %s,"
        " anchor = (SELECT hash FROM audit_event WHERE chain_id = %s AND number = %s) WHERE id = %s",
        [until, chain.id, until, chain.id],
    )
    run("DELETE FROM audit_event WHERE chain_id = %s AND number <= %s", [chain.id, until])
    return {(chain.name, until)}


# --- Insert -----------------------------------------------------------------------------------------------------------
def insert(scene: Scene) -> set[Place]:
    """Put a copy of an event among the others, as it is or with the hash that its place asks for."""
    chain = scene.chain()
    place, original = scene.number(chain, last=chain.length + 1), scene.number(chain)
    fresh = scene.coin()
    scene.tells(f"a copy of event {original} put into {chain.name} as {place}{', with a fresh hash' if fresh else ''}")
    (row,) = run(
        f"SELECT {', '.join(CONTENT)}, previous, hash FROM audit_event WHERE chain_id = %s AND number = %s",
        [chain.id, original],
    )
    *content, previous, last = row
    if fresh:
        previous = _hash_before(chain, place)
        last = link(bytes(previous), place, digest_of(content[CONTENT.index("canonical")]))
    _make_room(chain, place)
    run(
        f"INSERT INTO audit_event (chain_id, number, previous, hash, {', '.join(CONTENT)})"
        f" VALUES ({', '.join(['%s'] * (4 + len(CONTENT)))})",
        [chain.id, place, previous, last, *content],
    )
    fits = fresh or original == place  # then it is the one behind it that does not hold
    return {(chain.name, place + 1 if fits and place <= chain.length else place)}


def _hash_before(chain: Known, number: int) -> bytes:
    """Return the hash that event `number` has to follow."""
    if number == chain.first:
        ((anchor,),) = run("SELECT coalesce(anchor, %s) FROM audit_chain WHERE id = %s", [bytes(32), chain.id])
        return bytes(anchor)
    ((last,),) = run("SELECT hash FROM audit_event WHERE chain_id = %s AND number = %s", [chain.id, number - 1])
    return bytes(last)


def _make_room(chain: Known, place: int) -> None:
    run("UPDATE audit_event SET number = -number - 1 WHERE chain_id = %s AND number >= %s", [chain.id, place])
    run("UPDATE audit_event SET number = -number WHERE chain_id = %s AND number < 0", [chain.id])


# --- Swap -------------------------------------------------------------------------------------------------------------
def swap(scene: Scene) -> set[Place]:
    """Let two events change places: their numbers, what they say, their row ids, their words, or their chains."""
    ways = [_swap_numbers, _swap_content, _swap_ids, _swap_words, _swap_between_chains]
    return scene.draw.choice(ways)(scene)


def _two(scene: Scene) -> tuple[Known, int, int]:
    chain = scene.chain()
    first, second = sorted(scene.draw.sample(range(chain.first, chain.length + 1), 2))
    return chain, first, second


def _exchange(chain: Known, first: int, second: int, columns: Sequence[str]) -> None:
    run(
        f"UPDATE audit_event event SET {', '.join(f'{column} = other.{column}' for column in columns)}"
        " FROM audit_event other WHERE event.chain_id = %s AND other.chain_id = %s"
        " AND (event.number, other.number) IN ((%s, %s), (%s, %s))",
        [chain.id, chain.id, first, second, second, first],
    )


def _swap_numbers(scene: Scene) -> set[Place]:
    chain, first, second = _two(scene)
    scene.tells(f"events {first} and {second} of {chain.name} swapped")
    run(
        "UPDATE audit_event SET number = CASE number WHEN %s THEN -%s ELSE -%s END"
        " WHERE chain_id = %s AND number IN (%s, %s)",
        [first, second, first, chain.id, first, second],
    )
    run("UPDATE audit_event SET number = -number WHERE chain_id = %s AND number < 0", [chain.id])
    return {(chain.name, first)}


def _swap_content(scene: Scene) -> set[Place]:
    chain, first, second = _two(scene)
    scene.tells(f"what events {first} and {second} of {chain.name} say swapped")
    _exchange(chain, first, second, CONTENT)
    return {(chain.name, first)}


def _swap_ids(scene: Scene) -> set[Place]:
    chain, first, second = _two(scene)
    scene.tells(f"the row ids of events {first} and {second} of {chain.name} swapped")
    ids = dict(run("SELECT number, id FROM audit_event WHERE chain_id = %s", [chain.id]))
    for old, new in ((ids[first], -1), (ids[second], ids[first]), (-1, ids[second])):
        run("UPDATE audit_event SET id = %s WHERE id = %s", [new, old])
    return {(chain.name, first + 1)}


def _swap_words(scene: Scene) -> set[Place]:
    chain, column = scene.chain(), scene.draw.choice(["actor_words", "target_words"])
    there = run(
        f"SELECT number FROM audit_event WHERE chain_id = %s AND {column} IS NOT NULL ORDER BY number", [chain.id]
    )
    first, second = sorted(number for (number,) in scene.draw.sample(there, 2))
    scene.tells(f"{column} of events {first} and {second} of {chain.name} swapped")
    _exchange(chain, first, second, [column])
    return {(chain.name, first)}


def _swap_between_chains(scene: Scene) -> set[Place]:
    """Let two events of two chains change places whole, with their hashes."""
    one, other = scene.draw.sample(list(scene.chains), 2)
    here, there = scene.number(one), scene.number(other)
    scene.tells(f"event {here} of {one.name} and event {there} of {other.name} swapped")
    run("UPDATE audit_event SET chain_id = -1 WHERE chain_id = %s AND number = %s", [one.id, here])
    run(
        "UPDATE audit_event SET chain_id = %s, number = %s WHERE chain_id = %s AND number = %s",
        [one.id, here, other.id, there],
    )
    run("UPDATE audit_event SET chain_id = %s, number = %s WHERE chain_id = -1", [other.id, there])
    return {(one.name, here), (other.name, there)}


# --- Cut, rewrite, restore --------------------------------------------------------------------------------------------
def cut(scene: Scene) -> set[Place]:
    """Take the end of a chain away, and put its head back or not."""
    chain, with_head = scene.chain(), scene.coin()
    last = scene.draw.randint(chain.removed, (chain.checkpointed if with_head else chain.length) - 1)
    scene.tells(f"{chain.name} cut after event {last}{', and its head put back' if with_head else ''}")
    run("DELETE FROM audit_event WHERE chain_id = %s AND number > %s", [chain.id, last])
    if not with_head:
        return {(chain.name, last + 1)}
    _put_head(chain, last)
    return {chain.end_without(last)}


def _put_head(chain: Known, length: int) -> None:
    """Let the head of a chain be the one that fits its last event."""
    rows = run("SELECT previous, hash FROM audit_event WHERE chain_id = %s AND number = %s", [chain.id, length]) or [
        (bytes(32), _hash_before(chain, chain.first))
    ]
    ((previous, last),) = rows
    run(
        "UPDATE audit_chain SET length = %s, previous = %s, head = %s WHERE id = %s",
        [length, previous, last, chain.id],
    )


def rewrite(scene: Scene) -> set[Place]:
    """Change an event, and give fresh hashes to it alone, or to all that follow; an event may go or come, too."""
    chain = scene.chain()
    if scene.coin():
        number = scene.number(chain)
        scene.tells(f"event {number} of {chain.name} written anew, with fresh hashes")
        _write_anew(scene, chain, number)
        _fresh_hashes(chain, number, number)
        return {(chain.name, min(number + 1, chain.length))}
    how = scene.draw.choice(["changed", "left out", "put in again"])
    first = 0 if how == "changed" else chain.settled + 1
    number = scene.number(chain, first=first, last=chain.checkpointed - (how == "put in again"))
    scene.tells(
        f"event {number} of {chain.name} {how}, and all that follow written anew, with fresh hashes and the head"
    )
    length = chain.length
    if how == "changed":
        _write_anew(scene, chain, number)
    elif how == "left out":
        run("DELETE FROM audit_event WHERE chain_id = %s AND number = %s", [chain.id, number])
        run("UPDATE audit_event SET number = -number + 1 WHERE chain_id = %s AND number > %s", [chain.id, number])
        run("UPDATE audit_event SET number = -number WHERE chain_id = %s AND number < 0", [chain.id])
        length -= 1
    else:
        _put_in_again(chain, number)
        length += 1
    _fresh_hashes(chain, number, length)
    _put_head(chain, length)
    return {chain.end}


def _write_anew(scene: Scene, chain: Known, number: int) -> None:
    """Let somebody else have acted, in text and column alike."""
    ((text,),) = run("SELECT canonical FROM audit_event WHERE chain_id = %s AND number = %s", [chain.id, number])
    parts = json.loads(text)
    parts[4:6] = "person", (parts[5] or 0) + scene.draw.randint(1, 1000)
    run(
        "UPDATE audit_event SET canonical = %s, actor_kind = %s, actor_id = %s WHERE chain_id = %s AND number = %s",
        [as_json(parts), *parts[4:6], chain.id, number],
    )


def _put_in_again(chain: Known, number: int) -> None:
    """Repeat an event behind itself; row ids go on rising."""
    _make_room(chain, number + 1)
    columns = ", ".join(CONTENT)
    run(
        f"INSERT INTO audit_event (chain_id, number, previous, hash, {columns}) SELECT chain_id, number + 1,"
        f" previous, hash, {columns} FROM audit_event WHERE chain_id = %s AND number = %s",
        [chain.id, number],
    )
    run("UPDATE audit_event SET id = 1000000 + number WHERE chain_id = %s AND number > %s", [chain.id, number])


def _fresh_hashes(chain: Known, first: int, last: int) -> None:
    """Recompute digest, hash and predecessor of these events, as the portal would."""
    head = _hash_before(chain, first)
    rows = run(
        "SELECT id, number, canonical FROM audit_event WHERE chain_id = %s AND number BETWEEN %s AND %s"
        " ORDER BY number",
        [chain.id, first, last],
    )
    for pk, number, text in rows:
        digest = digest_of(text)
        previous, head = head, link(head, number, digest)
        run(
            "UPDATE audit_event SET previous = %s, digest = %s, hash = %s WHERE id = %s",
            [previous, digest, head, pk],
        )


def restore(scene: Scene) -> set[Place]:
    """Put the whole record back to an earlier moment, as a restored copy would; the portal may have gone on since."""
    first = max(_row(chain, chain.settled) for chain in scene.chains)
    last = max(_row(chain, chain.checkpointed) for chain in scene.chains)
    ((until,),) = scene.draw.sample(run("SELECT id FROM audit_event WHERE id >= %s AND id < %s", [first, last]), 1)
    scene.tells(f"all put back to row {until}")
    lengths = dict(run("SELECT chain_id, max(number) FROM audit_event WHERE id <= %s GROUP BY chain_id", [until]))
    run("DELETE FROM audit_event WHERE id > %s", [until])
    for chain in scene.chains:
        _put_head(chain, lengths[chain.id])
    if scene.coin():
        for subject in scene.draw.choices(scene.subjects, k=scene.draw.randint(1, 30)):
            scene.tells(f"an act on {subject}")
            note(ACCOUNT_SETTINGS_CHANGED, by=SYSTEM, on=subject, result=Event.Result.REFUSED)
    return {chain.end for chain in scene.chains if lengths[chain.id] < chain.checkpointed}


def _row(chain: Known, number: int) -> int:
    rows = run("SELECT id FROM audit_event WHERE chain_id = %s AND number = %s", [chain.id, number])
    return rows[0][0] if rows else 0


KINDS: dict[str, Tampering] = {each.__name__: each for each in (change, delete, insert, swap, cut, rewrite, restore)}

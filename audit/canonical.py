"""The canonical form of an event: the one text that is hashed, stored and checked (rules 16, 17)."""

import datetime as dt
import hashlib
import json
import struct
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LONGEST_TEXT = 2_000  # characters of one value; a name or a reason is shorter, a megabyte is an attack
LONGEST_LIST = 500
HASHES = slice(9, 11)  # where the hashes of the words stand in the canonical text
GENESIS = bytes(32)  # the hash "before" the first event of a chain


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an event keeps of an actor or a target, so that it outlives it: kind, id and the words of that moment."""

    kind: str
    id: int | None
    label: str


def harmless(value: Any) -> Any:
    """Return `value` as plain JSON: control characters and lone surrogates replaced, long texts and lists cut."""
    if type(value) is str:  # nearly always, so asked first
        return harmless_text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {harmless_text(str(key)): harmless(item) for key, item in list(value.items())[:LONGEST_LIST]}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)
        return [harmless(item) for item in items[:LONGEST_LIST]]
    if isinstance(value, dt.datetime):
        return instant(value)
    return harmless_text(str(value))


def harmless_text(text: str) -> str:
    """Return `text` on one line, without control or direction marks, at most `LONGEST_TEXT` characters long."""
    cut = text[:LONGEST_TEXT]
    if cut.isascii() and cut.isprintable():  # nearly always: names, codes, addresses
        return cut if len(text) <= LONGEST_TEXT else cut + "…"
    plain = "".join(" " if unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else sign for sign in cut)
    return plain if len(text) <= LONGEST_TEXT else plain + "…"


def instant(moment: dt.datetime) -> str:
    """Return `moment` in UTC as ISO 8601 with microseconds and a Z."""
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def text_of(columns: Sequence[str | int | None], words: Sequence[str], rest: Mapping[str, Any]) -> str:
    """Return the canonical text: a JSON list, first the values that stand in columns too, last all the rest.

    `columns` are, in this order: chain, time, name, result, actor's kind and id, target's kind and id, and the id of
    the person concerned. Then come the SHA-256 of the `words` about the actor and of those about the target, which are
    kept beside the text (`audit.personal`). All that is plain ASCII, so that the database can compare a whole row with
    its text by its beginning. Keys are sorted, there is no white space: the same text on every machine.
    """
    return as_json([*columns, *(digest_of(part).hex() for part in words), rest])


def as_json(value: Any) -> str:
    """Return a value as JSON in its one form."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(text: str) -> bytes:
    """Return the SHA-256 of a canonical text."""
    return hashlib.sha256(text.encode()).digest()


def link(previous: bytes, number: int, digest: bytes) -> bytes:
    """Return the hash of event `number`: SHA-256 over the hash before, the number (8 bytes) and the digest."""
    return hashlib.sha256(previous + struct.pack(">q", number) + digest).digest()

"""Checkpoints: signed statements of what the record held at a time, and whether one extends another (rule 16).

Whoever owns the database can cut the tail of a chain, or write it anew with fresh hashes, and it holds in itself. It
does not hold against a checkpoint that left the machine before, and nobody makes one without the key.

Needs neither Django nor a database: a witness on another machine runs just this. docs/checkpoints.md tells the forms.
"""

import datetime as dt
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from . import merkle, notes
from .canonical import GENESIS, instant, link
from .notes import BadNote, SignerKey, VerifierKey, from_base64, to_base64

CHAINS, CHAIN, LINKS = "accessportal-chains/v1", "accessportal-chain/v1", "accessportal-links/v1"
HASH = 32
NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
NAME = re.compile(r"([a-z]{1,20})/(0|[1-9][0-9]{0,18})")
TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


class BadCheckpoint(Exception):
    """A file that is no checkpoint, was changed, or is signed by another key than the expected one."""


class Head(NamedTuple):
    """One chain at a time: its name, how many events it had, and the hash of the last of them."""

    chain: str
    length: int
    hash: bytes

    @property
    def line(self) -> str:
        """The line of it in a file, which is also its leaf in the tree."""
        return f"{self.chain} {self.length} {to_base64(self.hash)}"

    @property
    def place(self) -> tuple[str, int]:
        """Where it stands among all: by kind, then by id."""
        kind, _slash, pk = self.chain.partition("/")
        return kind, int(pk)


@dataclass(frozen=True, slots=True)
class Statement:
    """What the signed text of a checkpoint says (c2sp.org/tlog-checkpoint, with two extension lines)."""

    origin: str
    events: int
    root: bytes
    chains: int
    at: dt.datetime

    @property
    def text(self) -> str:
        """The text that is signed."""
        more = f"chains {self.chains}\ntime {instant(self.at)}\n"
        return f"{self.origin}\n{self.events}\n{to_base64(self.root)}\n{more}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A statement with its signed note, and the heads that its root stands for: all of them, or `whole` is False."""

    statement: Statement
    note: str
    heads: tuple[Head, ...]
    whole: bool = True

    @property
    def file(self) -> str:
        """The file of a whole checkpoint: its heads, an empty line, its note."""
        return "".join(f"{line}\n" for line in (CHAINS, *(head.line for head in self.heads))) + f"\n{self.note}"

    def file_of(self, chain: str) -> str | None:
        """Return the file for whoever may know of one chain only: its head, proven to be under the root.

        None where the checkpoint holds no such chain.
        """
        leaves = _leaves(self.heads)
        for index, head in enumerate(self.heads):
            if head.chain == chain:
                path = [to_base64(beside) for beside in merkle.path_of(index, leaves)]
                return "".join(f"{line}\n" for line in (CHAIN, f"index {index}", *path, head.line)) + f"\n{self.note}"
        return None

    def with_line(self, line: str) -> "Checkpoint":
        """Return it with one more signature line."""
        return Checkpoint(self.statement, self.note + line, self.heads, self.whole)

    def is_cosigned_by(self, witness: VerifierKey) -> bool:
        """Whether a witness countersigned it. Raises BadCheckpoint for a cosignature that does not hold."""
        try:
            return notes.read_note(self.note).signed_by(witness)
        except BadNote as problem:
            raise BadCheckpoint(str(problem)) from None


def make(heads: Iterable[Head], *, key: SignerKey, at: dt.datetime) -> Checkpoint:
    """Return the checkpoint of these heads, signed; its origin is the name of the key."""
    rows = tuple(sorted(heads, key=lambda head: head.place))
    events = sum(head.length for head in rows)
    statement = Statement(key.name, events, merkle.root_of(_leaves(rows)), len(rows), at)
    return Checkpoint(statement, f"{statement.text}\n{key.line(statement.text)}", rows)


def read(file: str, *, keys: Collection[VerifierKey]) -> Checkpoint:
    """Read the file of a checkpoint that one of the keys signed, and check that its heads are under its root.

    Raises BadCheckpoint, with words that say what is wrong.
    """
    above, gap, note = file.partition("\n\n")
    try:
        if not gap:
            raise BadCheckpoint("this is no checkpoint")
        signed = notes.read_note(note)
        signed.require(keys)
        statement = _statement(signed.text)
        if statement.origin not in {key.name for key in keys}:
            raise BadCheckpoint(f"it is of another record: {statement.origin}")
        form, *lines = above.split("\n")
        heads = _only_head(lines, statement) if form == CHAIN else _all_heads(form, lines, statement)
    except BadNote as problem:
        raise BadCheckpoint(str(problem)) from None
    except ValueError:
        raise BadCheckpoint("this is no checkpoint") from None
    return Checkpoint(statement, note, heads, whole=form == CHAINS)


def _statement(text: str) -> Statement:
    lines = text.split("\n")[:-1]
    origin, events, root, chains, at = lines  # three of the form itself, two of ours
    if not chains.startswith("chains ") or not at.startswith("time "):
        raise ValueError("not a checkpoint of a record")
    time = dt.datetime.strptime(at.removeprefix("time "), TIME).replace(tzinfo=dt.UTC)
    statement = Statement(origin, _number(events), _hash(root), _number(chains.removeprefix("chains ")), time)
    if statement.text != text:
        raise ValueError("not in its one form: a witness would sign something else than it read")
    return statement


def _all_heads(form: str, lines: Sequence[str], statement: Statement) -> tuple[Head, ...]:
    heads = tuple(_head(line) for line in lines)
    places = [head.place for head in heads]
    if form != CHAINS or len(heads) != statement.chains or places != sorted(set(places)):
        raise BadCheckpoint("the chains in the file are not those of the checkpoint")
    if merkle.root_of(_leaves(heads)) != statement.root or sum(head.length for head in heads) != statement.events:
        raise BadCheckpoint("the chains in the file are not those of the checkpoint")
    return heads


def _only_head(lines: Sequence[str], statement: Statement) -> tuple[Head, ...]:
    index, *path, line = lines
    if not index.startswith("index "):
        raise ValueError("no index")
    head, at, beside = _head(line), _number(index.removeprefix("index ")), [_hash(row) for row in path]
    if merkle.root_from(head.line.encode(), at, statement.chains, beside) != statement.root:
        raise BadCheckpoint("the chain in the file is not one of the checkpoint")
    return (head,)


def _leaves(heads: Iterable[Head]) -> list[bytes]:
    return [head.line.encode() for head in heads]


def _head(line: str) -> Head:
    chain, length, last = line.split(" ")
    if not NAME.fullmatch(chain) or not _number(length):
        raise ValueError("not the head of a chain")
    return Head(chain, int(length), _hash(last))


def _number(text: str) -> int:
    if not NUMBER.fullmatch(text):
        raise ValueError("not a number")
    return int(text)


def _hash(text: str) -> bytes:
    data = from_base64(text)
    if len(data) != HASH:
        raise ValueError("not a hash")
    return data


# --- From one checkpoint to a later one -------------------------------------------------------------------------------
Links = Mapping[str, tuple[int, Sequence[bytes]]]  # of each chain that grew: the first new number, and the digests


def links_file(links: Links) -> str:
    """Return the file of the links between two checkpoints: the digests of all events since, and nothing else."""
    lines = [LINKS]
    for chain, (first, digests) in links.items():
        lines += [f"{chain} {first} {len(digests)}", *map(to_base64, digests)]
    return "".join(f"{line}\n" for line in lines)


def read_links(file: str) -> Links:
    """Read such a file. Raises BadCheckpoint for what is none."""
    form, *lines = file.removesuffix("\n").split("\n")
    links: dict[str, tuple[int, Sequence[bytes]]] = {}
    try:
        if form != LINKS:
            raise ValueError("another form")
        at = 0
        while at < len(lines):
            chain, first, many = lines[at].split(" ")
            until = at + 1 + _number(many)
            if not NAME.fullmatch(chain) or chain in links or until > len(lines):
                raise ValueError("not the links of a chain")
            links[chain] = (_number(first), [_hash(line) for line in lines[at + 1 : until]])
            at = until
    except ValueError:
        raise BadCheckpoint("these are no links between checkpoints") from None
    return links


def objections(old: Checkpoint, new: Checkpoint, links: Links) -> list[str]:
    """Return why `new` does not extend `old`, in plain words; empty where it does.

    It does when it is of the same record and later, and each chain of the old one is there, with its old head as an
    ancestor of the new one: from that head the links lead, one by one, to the new head. A chain that is new has to be
    linked from its beginning.
    """
    if new.statement.origin != old.statement.origin:
        return [f"it is of another record: {new.statement.origin}, not {old.statement.origin}"]
    if new.statement.at <= old.statement.at:
        when = f"{instant(new.statement.at)}, and the last one seen is of {instant(old.statement.at)}"
        return [f"an old checkpoint again, or a restored old copy: it is of {when}"]
    now = {head.chain: head for head in new.heads}
    gone = [
        f"{head.chain} is gone: it had {head.length} event{'' if head.length == 1 else 's'}"
        for head in old.heads
        if head.chain not in now
    ]
    before = {head.chain: head for head in old.heads}
    found = [_objection(before.get(head.chain, Head(head.chain, 0, GENESIS)), head, links) for head in new.heads]
    return [*gone, *filter(None, found)]


def _objection(old: Head, new: Head, links: Links) -> str:
    if new.length < old.length:
        return f"{new.chain} was cut: it had {old.length} events, and has {new.length}"
    if new.length == old.length:
        return "" if new.hash == old.hash else f"{new.chain} was written anew: event {new.length} is another than then"
    first, digests = links.get(new.chain, (0, ()))
    if first != old.length + 1 or len(digests) != new.length - old.length:
        return f"{new.chain}: the links from event {old.length} to event {new.length} are missing"
    last = old.hash
    for number, digest in enumerate(digests, first):
        last = link(last, number, digest)
    return "" if last == new.hash else f"{new.chain} was written anew: event {old.length} does not lead to its new end"

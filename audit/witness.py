"""manage.py witness: on another machine, keeps the last checkpoint it saw, and countersigns only one that extends it.

It needs neither Django nor settings, database or secrets of the portal: the code, and `cryptography`.
"""

import argparse
import datetime as dt
import fcntl
import os
import re
import secrets
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from .checkpoints import BadCheckpoint, Checkpoint, Links, objections, read, read_links
from .notes import COSIGNATURE, SignerKey, VerifierKey, from_base64, to_base64

NUMBERED = re.compile(r"(\d{8})\.checkpoint")
PRIVATE = "PRIVATE+KEY+"
MOST_BYTES = 500_000_000  # of one file that is fetched
PATIENCE = 60  # seconds for one file
CLOCKS_DIFFER = dt.timedelta(minutes=5)
SILENCE = 3  # hours


class Alarm(Exception):
    """What the witness shouts."""


class AskedWrongly(Exception):
    """What is missing or wrong in how it was called."""


def main(arguments: Sequence[str]) -> int:
    """Look for new checkpoints, and return the exit code: 0 all is well, 1 an alarm, 2 asked wrongly."""
    given = _parser().parse_args(arguments)
    try:
        _run(given)
    except AskedWrongly as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    except (Alarm, BadCheckpoint, OSError) as alarm:
        sys.stderr.write(f"ALARM: {alarm}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("manage.py witness", description=__doc__)
    parser.add_argument("source", help="where checkpoints are: a folder, a file, or the https address of either")
    parser.add_argument("--folder", required=True, type=Path, help="what the witness keeps: its key, and the last one")
    parser.add_argument("--key", required=True, help="the portal's: manage.py create_checkpoint --public-key")
    parser.add_argument("--name", help="of this witness, at its first run, such as witness.example.com/portal")
    parser.add_argument("--links", help="with a single file: the links that lead to it, where they lie elsewhere")
    parser.add_argument("--copy-to", type=Path, metavar="FOLDER", help="also write what is countersigned there")
    parser.add_argument(
        "--silence", type=float, default=SILENCE, metavar="HOURS", help="how old the newest may be (default: 3)"
    )
    return parser


def _run(given: argparse.Namespace) -> None:
    try:
        portal = VerifierKey.read(given.key)
    except ValueError as problem:
        raise AskedWrongly(f"--key: {problem}") from None
    given.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(given.folder / "lock", "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AskedWrongly("another run of this witness is still at work") from None
        witness = Witness(given.folder, portal, _own_key(given.folder, given.name), given.copy_to)
        for name, file, links in Source(given.source, given.links).after(witness.last):
            witness.see(name, file, links)
        witness.mind_silence(dt.timedelta(hours=given.silence))


def _own_key(folder: Path, name: str | None) -> SignerKey:
    """Return the key of this witness; made at its first run, and kept with mode 600."""
    place = folder / "key"
    if not place.exists():
        if not name:
            raise AskedWrongly("this is the first run: say with --name how this witness signs")
        seed = secrets.token_bytes(32)
        try:
            key = SignerKey.from_seed(name, seed, COSIGNATURE)
        except ValueError as problem:
            raise AskedWrongly(f"--name: {problem}") from None
        text = f"{PRIVATE}{name}+{key.verifier.id.hex()}+{to_base64(bytes([COSIGNATURE]) + seed)}\n"
        with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        sys.stdout.write(f"This witness signs as {key.verifier}\n")
        return key
    try:
        named, _id, encoded = place.read_text(encoding="utf-8").strip().removeprefix(PRIVATE).split("+", 2)
        key = SignerKey.from_seed(named, from_base64(encoded)[1:], COSIGNATURE)
    except ValueError:
        raise AskedWrongly(f"{place} holds no key of a witness") from None
    if name and name != key.name:
        raise AskedWrongly(f"this witness signs as {key.name}")
    return key


@dataclass
class Witness:
    """What it keeps in its folder, and what it does with a checkpoint."""

    folder: Path
    portal: VerifierKey
    key: SignerKey
    copy_to: Path | None

    def __post_init__(self) -> None:
        self.last: tuple[str, Checkpoint] | None = self._last()

    def _last(self) -> tuple[str, Checkpoint] | None:
        """Read what it countersigned last. A run that was killed may have left the one before that, too."""
        found = []
        for path in (self.folder / "last").glob("*.checkpoint"):
            checkpoint = read(path.read_text(encoding="utf-8"), keys=[self.portal])
            if not checkpoint.is_cosigned_by(self.key.verifier):
                raise Alarm(f"{path}: this witness did not countersign what lies there")
            found.append((path.name, checkpoint))
        return max(found, key=lambda one: one[1].statement.at, default=None)

    def see(self, name: str, file: str, links: str | None) -> None:
        """Countersign a checkpoint that extends the last one, and keep it instead. Raises Alarm, BadCheckpoint."""
        try:
            self._see(name, read(file, keys=[self.portal]), links)
        except BadCheckpoint as problem:
            raise Alarm(f"{name}: {problem}") from None

    def _see(self, name: str, new: Checkpoint, links: str | None) -> None:
        if not new.whole:
            raise Alarm(f"{name}: it holds one chain only")
        if new.statement.at > _now() + CLOCKS_DIFFER:
            raise Alarm(f"{name}: it is of a time that has not come yet, {new.statement.at:%Y-%m-%d %H:%M:%S} UTC")
        after = "the first one seen"
        if self.last:
            known, old = self.last
            if new.statement == old.statement:
                return
            self._require_extension(name, old, new, read_links(links) if links is not None else {})
            after = f"extends {known}"
        self._keep(name, new.with_line(self.key.line(new.statement.text, _now())))
        said = f"{new.statement.events} events in {new.statement.chains} chains of {new.statement.origin}"
        sys.stdout.write(f"OK: {name}, {said}, {after}: countersigned\n")

    def _require_extension(self, name: str, old: Checkpoint, new: Checkpoint, links: Links) -> None:
        if said := objections(old, new, links):
            raise Alarm(f"{name} does not extend the last one seen:\n" + "\n".join(f"  {words}" for words in said))

    def _keep(self, name: str, checkpoint: Checkpoint) -> None:
        last = self.folder / "last"
        last.mkdir(mode=0o700, exist_ok=True)
        _write(last / name, checkpoint.file)
        for other in last.iterdir():
            if other.name != name:
                other.unlink()
        self.last = (name, checkpoint)
        if self.copy_to:
            self.copy_to.mkdir(parents=True, exist_ok=True)
            _write(self.copy_to / name, checkpoint.file)

    def mind_silence(self, longest: dt.timedelta) -> None:
        """Raise Alarm where nothing was seen, or nothing for too long."""
        if self.last is None:
            raise Alarm("there is no checkpoint")
        name, checkpoint = self.last
        age = _now() - checkpoint.statement.at
        if age > longest:
            hours = int(age.total_seconds() // 3600)
            raise Alarm(f"silence: the newest checkpoint, {name}, is {hours} hours old. Was the portal told to stop?")
        sys.stdout.write(f"OK: the newest checkpoint is {name}\n")


@dataclass
class Source:
    """Where checkpoints are read from: a folder or one file, here or by https."""

    place: str
    links: str | None

    def after(self, last: tuple[str, Checkpoint] | None) -> Iterator[tuple[str, str, str | None]]:
        """Yield what is to be seen after the last one, in order: its name, its file, and the file of its links.

        From a folder the first time the newest; then each number, since each brings the links from the one before.
        """
        if self.place.endswith(".checkpoint") or (not self._is_web and Path(self.place).is_file()):
            yield self._single()
            return
        if last is None:
            number = max(self._numbers(), default=0)
            if number:
                yield self._numbered(number)
            return
        found = NUMBERED.fullmatch(last[0])
        if found is None:
            raise AskedWrongly(f"the last one seen is {last[0]}, which has no number: name the next file itself")
        yield from self._following(int(found[1]), last[1])

    def _following(self, number: int, last: Checkpoint) -> Iterator[tuple[str, str, str | None]]:
        there = self._get(f"{number:08}.checkpoint")
        if there is not None and last.statement.text not in there:
            raise Alarm(f"{number:08}.checkpoint is another than the one that was seen under this number")
        began = number
        while self._get(f"{number + 1:08}.checkpoint") is not None:
            number += 1
            yield self._numbered(number)
        if there is None and number == began and not self._highest() > number:
            raise Alarm(f"{number:08}.checkpoint was there, and is missing now: the checkpoints were put back")
        if self._highest() > number:
            raise Alarm(f"{number + 1:08}.checkpoint is missing, and there are later ones: ask for the links across")

    def _single(self) -> tuple[str, str, str | None]:
        name = self.place.rpartition("/")[2]
        file = self._read(self.place)
        if file is None:
            raise AskedWrongly(f"{self.place} is not there")
        beside = self.links or f"{self.place.removesuffix('.checkpoint')}.links"
        return (name if name.endswith(".checkpoint") else f"{name}.checkpoint"), file, self._read(beside)

    def _numbered(self, number: int) -> tuple[str, str, str | None]:
        name = f"{number:08}.checkpoint"
        return name, self._get(name) or "", self._get(f"{number:08}.links")

    def _numbers(self) -> list[int]:
        """Return all numbers of a folder."""
        if self._is_web:
            raise AskedWrongly("the first time, give the address of one checkpoint: an address has no list of files")
        if not Path(self.place).is_dir():
            raise Alarm(f"{self.place} is not there")
        return [int(found[1]) for path in Path(self.place).iterdir() if (found := NUMBERED.fullmatch(path.name))]

    def _highest(self) -> int:
        return 0 if self._is_web else max(self._numbers(), default=0)

    @property
    def _is_web(self) -> bool:
        return _is_address(self.place)

    def _get(self, name: str) -> str | None:
        return self._read(f"{self.place.rstrip('/')}/{name}")

    def _read(self, place: str) -> str | None:
        """Return a file's text, None where it is not there. Raises Alarm where it can't be read."""
        try:
            data = _fetched(place) if _is_address(place) else Path(place).read_bytes()
            return data.decode()
        except FileNotFoundError:
            return None
        except urllib.error.HTTPError as answer:
            if answer.code == HTTPStatus.NOT_FOUND:
                return None
            raise Alarm(f"{place} can't be read: {answer}") from None
        except (OSError, UnicodeDecodeError) as problem:
            raise Alarm(f"{place} can't be read: {problem}") from None


def _is_address(place: str) -> bool:
    return place.startswith(("https://", "http://"))


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_given: Any, **_more: Any) -> None:
        """Follow nowhere: what is signed comes from where it was asked."""


def _fetched(address: str) -> bytes:
    opener = urllib.request.build_opener(_NoRedirects)
    with opener.open(address, timeout=PATIENCE) as answer:
        data = answer.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise Alarm(f"{address} is too large")
    return data


def _write(place: Path, text: str) -> None:
    fresh = place.with_name(f".{place.name}.{secrets.token_hex(8)}")
    with open(fresh, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(place)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)  # noqa: TID251  # Django is not here

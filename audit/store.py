"""Where checkpoints are kept, outside of what the database reaches: written once, under rising numbers (rule 16)."""

import os
import re
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, InvalidStorageError, Storage, storages

from .checkpoints import BadCheckpoint, Checkpoint, Links, links_file, read
from .notes import SignerKey, VerifierKey

CHECKPOINT, LINKS = ".checkpoint", ".links"
NUMBERED = re.compile(r"(\d{8})\.checkpoint")


class WriteOnceFolder(FileSystemStorage):
    """A folder in which a file, once it is there, is whole, and is never written again."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Return the name itself, never another one. Raises FileExistsError where it is taken."""
        if self.exists(name):
            raise FileExistsError(name)
        return name

    def _save(self, name: str, content: Any) -> str:
        place = Path(self.path(name))
        place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh = place.with_name(f"{name}.{secrets.token_hex(8)}")
        try:
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "wb") as file:
                file.write(content.read())
                file.flush()
                os.fsync(file.fileno())
            os.link(fresh, place)  # fails where another was quicker
        finally:
            fresh.unlink(missing_ok=True)
        return name


def store() -> Storage | None:
    """Return the store; None where none is set."""
    try:
        return storages["checkpoints"]
    except InvalidStorageError:
        return None


def signer() -> SignerKey | None:
    """Return the key that signs; None where none is set. Raises ValueError for a setting that is no key."""
    if not settings.CHECKPOINT_KEY:
        return None
    return SignerKey.from_seed(settings.CHECKPOINT_ORIGIN, bytes.fromhex(settings.CHECKPOINT_KEY))


def own_keys() -> list[VerifierKey]:
    """Return the public keys whose checkpoints count here: that of the setting, or none."""
    key = signer()
    return [key.verifier] if key else []


def name_of(number: int) -> str:
    """Return the name of a checkpoint in the store."""
    return f"{number:08}{CHECKPOINT}"


def numbers(kept: Storage) -> list[int]:
    """Return the numbers of the checkpoints in a store, rising; none where it is empty, or not made yet."""
    try:
        _folders, names = kept.listdir("")
    except FileNotFoundError:
        return []
    return sorted(int(found[1]) for name in names if (found := NUMBERED.fullmatch(name)))


def newest_number(kept: Storage) -> int:
    """Return the number of the newest checkpoint in a store; 0 for none."""
    return max(numbers(kept), default=0)


def read_number(kept: Storage, number: int) -> Checkpoint:
    """Return the checkpoint with this number. Raises BadCheckpoint, OSError."""
    return _read(kept, name_of(number))


def newest(kept: Storage) -> tuple[int, Checkpoint] | None:
    """Return the newest checkpoint with its number; None where there is none. Raises BadCheckpoint, OSError."""
    number = newest_number(kept)
    return (number, _read(kept, name_of(number))) if number else None


def keep(kept: Storage, number: int, checkpoint: Checkpoint, links: Links | None) -> None:
    """Write a checkpoint, after the links that lead to it. Raises FileExistsError where its number is taken."""
    if links is not None:
        beside = f"{number:08}{LINKS}"
        if kept.exists(beside) and not kept.exists(name_of(number)):
            kept.delete(beside)  # of a worker that was killed before it wrote the checkpoint
        _write(kept, beside, links_file(links))
    _write(kept, name_of(number), checkpoint.file)


def _read(kept: Storage, name: str) -> Checkpoint:
    with kept.open(name) as file:
        data = file.read()
    try:
        return read(data.decode(), keys=own_keys())
    except (UnicodeDecodeError, BadCheckpoint) as problem:
        raise BadCheckpoint(f"{name}: {problem}") from None


def _write(kept: Storage, name: str, text: str) -> None:
    if kept.exists(name) or kept.save(name, ContentFile(text.encode())) != name:
        raise FileExistsError(name)

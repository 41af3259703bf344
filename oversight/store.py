"""Where files of exports are kept until they are fetched: closed to everybody but the portal's own processes."""

from collections.abc import Iterable, Iterator

from django.core.files.storage import InvalidStorageError, Storage, storages

CHUNK = 65_536


def store() -> Storage | None:
    """Return the store; None where none is set: then every export is downloaded as it is made."""
    try:
        return storages["exports"]
    except InvalidStorageError:
        return None


def content_of(kept: Storage, parts: Iterable[str]) -> Iterator[bytes]:
    """Yield what the parts of a file hold, one after the other, in bounded memory. Raises OSError."""
    for name in parts:
        with kept.open(name) as part:
            while chunk := part.read(CHUNK):
                yield chunk

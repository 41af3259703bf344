"""The Merkle tree of RFC 6962 (2.1), in which one hash stands for a whole list. Needs no Django."""

import hashlib
from collections.abc import Sequence


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over a list of leaves."""
    return _top([_leaf(leaf) for leaf in leaves]) if leaves else hashlib.sha256(b"").digest()


def path_of(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the hashes that, with the leaf at `index`, lead to the root: the lowest first."""
    return _path(index, [_leaf(leaf) for leaf in leaves])


def root_from(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root to which a path leads from a leaf at its place among `size`; None where it can't be one."""
    if not 0 <= index < size:
        return None
    here, last, found = index, size - 1, _leaf(leaf)
    for beside in path:  # RFC 9162, 2.1.3.2
        if last == 0:
            return None
        if here & 1 or here == last:
            found = _node(beside, found)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = _node(found, beside)
        here, last = here >> 1, last >> 1
    return found if last == 0 else None


def _leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(many: int) -> int:
    """The largest power of two below `many`."""
    return 1 << (many - 1).bit_length() - 1


def _top(hashes: Sequence[bytes]) -> bytes:
    if len(hashes) == 1:
        return hashes[0]
    at = _split(len(hashes))
    return _node(_top(hashes[:at]), _top(hashes[at:]))


def _path(index: int, hashes: Sequence[bytes]) -> list[bytes]:
    if len(hashes) == 1:
        return []
    at = _split(len(hashes))
    left, right = hashes[:at], hashes[at:]
    return [*_path(index, left), _top(right)] if index < at else [*_path(index - at, right), _top(left)]

"""Signed notes (c2sp.org/signed-note): a text, an empty line, and a line for each signature. Needs no Django."""

import base64
import binascii
import datetime as dt
import hashlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNATURE, COSIGNATURE = 1, 4  # Ed25519 of whoever issues the note; timestamped Ed25519 of a witness
MOST_SIGNATURES = 100
KEY_SIZE, SIGNATURE_SIZE, TIME_SIZE = 32, 64, 8
DASH = "— "


class BadNote(Exception):
    """What is no signed note, is not signed by a key that is asked for, or was changed after it was signed."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name of who signs with it, and what its signatures say (`SIGNATURE` or `COSIGNATURE`)."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature line names its key."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.kind]) + self.public)}"

    @classmethod
    def read(cls, text: str, kind: int = SIGNATURE) -> Self:
        """Read a key as it is written, `name+id+base64`. Raises ValueError for what is none, or of another kind."""
        name, _plus, rest = text.strip().partition("+")
        named, _plus, encoded = rest.partition("+")
        data = from_base64(encoded)
        if len(data) != KEY_SIZE + 1 or not is_name(name):
            raise ValueError("not a key")
        key = cls(name, data[0], data[1:])
        if key.kind != kind or key.id.hex() != named:
            raise ValueError("not a key of this kind")
        return key

    def time_of(self, text: str, signature: bytes) -> int | None:
        """Check a signature of this key over a text: return when a cosignature was made (Unix time), else None.

        Raises InvalidSignature.
        """
        stamp = signature[:TIME_SIZE] if self.kind == COSIGNATURE else b""
        if len(signature) != len(stamp) + SIGNATURE_SIZE:
            raise InvalidSignature
        at = struct.unpack(">Q", stamp)[0] if stamp else None
        public = Ed25519PublicKey.from_public_bytes(self.public)
        public.verify(signature[len(stamp) :], _cosigned(text, at) if at is not None else text.encode())
        return at


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A private key with the name of who signs with it, and what its signatures say."""

    name: str
    kind: int
    private: Ed25519PrivateKey

    @classmethod
    def from_seed(cls, name: str, seed: bytes, kind: int = SIGNATURE) -> Self:
        """Make a key of 32 secret bytes. Raises ValueError for another number, or a name with a space or a plus."""
        if not is_name(name):
            raise ValueError("the name of a key holds neither spaces nor a plus")
        return cls(name, kind, Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self.kind, self.private.public_key().public_bytes_raw())

    def line(self, text: str, at: dt.datetime | None = None) -> str:
        """Return the signature line for a text; a cosignature also says `at` what time it was made."""
        if self.kind == COSIGNATURE:
            if at is None:
                raise ValueError("a cosignature says when it was made")
            seconds = int(at.timestamp())
            signature = struct.pack(">Q", seconds) + self.private.sign(_cosigned(text, seconds))
        else:
            signature = self.private.sign(text.encode())
        return f"{DASH}{self.name} {to_base64(self.verifier.id + signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text and its signature lines, as they were read: nothing is checked yet."""

    text: str
    lines: tuple[tuple[str, bytes], ...]  # the name, and what was base64: the key's id and the signature

    def signed_by(self, key: VerifierKey) -> bool:
        """Whether this key signed it. Raises BadNote for a line under its name and id that does not hold."""
        found = [data for name, data in self.lines if name == key.name and data[:4] == key.id]
        try:
            for data in found:
                key.time_of(self.text, data[4:])
        except InvalidSignature:
            raise BadNote(f"the signature of {key.name} does not hold: the text was changed") from None
        return bool(found)

    def require(self, keys: Iterable[VerifierKey]) -> None:
        """Demand the signature of one of these keys. Raises BadNote."""
        wanted = list(keys)
        signed = [self.signed_by(key) for key in wanted]  # all are asked: one that does not hold spoils the note
        if any(signed):
            return
        names = " or ".join(str(key) for key in wanted) or "no key at all"
        there = ", ".join(sorted({name for name, _data in self.lines})) or "nobody"
        raise BadNote(f"it is signed by another key than the expected one: asked for {names}, signed by {there}")


def read_note(given: str) -> Note:
    """Read a signed note. Raises BadNote for what is none; whose signatures hold, its methods say."""
    text, gap, signatures = given.rpartition("\n\n")
    lines = signatures.split("\n")
    signs_are_plain = all(sign >= " " or sign == "\n" for sign in given)
    if not gap or not text or lines[-1] or not 1 < len(lines) <= MOST_SIGNATURES + 1 or not signs_are_plain:
        raise BadNote("this is no signed note")
    return Note(f"{text}\n", tuple(_signature(line) for line in lines[:-1]))


def _signature(line: str) -> tuple[str, bytes]:
    name, _space, encoded = line.removeprefix(DASH).partition(" ")
    try:
        data = from_base64(encoded)
    except ValueError:
        data = b""
    if not line.startswith(DASH) or not is_name(name) or len(data) <= 4:  # the key's id
        raise BadNote("this is no signed note: a signature line is broken")
    return name, data


def is_name(name: str) -> bool:
    """Whether a text can be the name of a key."""
    return bool(name) and "+" not in name and not any(sign.isspace() or sign < " " for sign in name)


def to_base64(data: bytes) -> str:
    """Return bytes as standard base64."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str) -> bytes:
    """Read standard base64, in its one canonical form. Raises ValueError."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    if to_base64(data) != text:
        raise ValueError("not base64")
    return data


def _cosigned(text: str, seconds: int) -> bytes:
    """What a witness signs (c2sp.org/tlog-cosignature)."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()

"""A passkey made of software, which says whatever a test wants it to say."""

import base64
import hashlib
import json
import secrets
import struct
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from fido2 import cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class SoftKey:
    """One passkey of one person, for one site."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(32)
        self.user_handle = b""

    def enrols(self, options: dict[str, Any], **said: Any) -> str:
        """Return the answer to the options of adding a passkey."""
        self.user_handle = base64.urlsafe_b64decode(options["publicKey"]["user"]["id"] + "==")
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor.encode(public)
        data = self._data(options["publicKey"]["rp"]["id"], attested=attested, **said)
        response = {
            "clientDataJSON": _text(self._client("webauthn.create", options, **said)),
            "attestationObject": _text(cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})),
        }
        return self._answer(response, clientExtensionResults={"credProps": {"rk": True}})

    def signs(self, options: dict[str, Any], **said: Any) -> str:
        """Return the answer to the options of signing in."""
        client = self._client("webauthn.get", options, **said)
        data = self._data(options["publicKey"]["rpId"], **said)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": _text(client),
            "authenticatorData": _text(data),
            "signature": _text(signature),
            "userHandle": _text(self.user_handle),
        }
        return self._answer(response, clientExtensionResults={})

    def _answer(self, response: dict[str, str], **more: Any) -> str:
        name = _text(self.id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response, **more})

    @staticmethod
    def _client(kind: str, options: dict[str, Any], *, origin: str = "", cross: bool = False, **_said: Any) -> bytes:
        said = {"type": kind, "challenge": options["publicKey"]["challenge"], "crossOrigin": cross}
        return json.dumps({**said, "origin": origin or settings.SITE_URL}).encode()

    @staticmethod
    def _data(site: str, *, attested: bytes = b"", verified: bool = True, **_said: Any) -> bytes:
        flags = PRESENT | (VERIFIED if verified else 0) | (ATTESTED if attested else 0)
        return hashlib.sha256(site.encode()).digest() + bytes([flags]) + struct.pack(">I", 0) + attested

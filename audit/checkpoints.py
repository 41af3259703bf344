"""Signed statements of what the record held at a time. Kept elsewhere, they show what a chain alone can't (rule 16).

Whoever owns the database can cut the tail of a chain, or write it anew with fresh hashes, and it holds in itself. It
does not hold against a checkpoint that left the machine before, and nobody makes one without the key.
"""

import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.utils import timezone
from django.utils.translation import gettext as _

from .canonical import instant
from .models import Chain, Event
from .verification import Break, snapshot


class BadCheckpoint(Exception):
    """A file that is no checkpoint, or was changed, or was signed by another key."""


def make(*, key: str, origin: str) -> str:
    """Return a checkpoint of all chains as JSON: their lengths and heads, signed with Ed25519.

    `key` is the private key, 32 bytes in hexadecimal; `origin` says whose record it is. The public key stands in it.
    Raises ValueError for a key that is none.
    """
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key))
    with snapshot():
        rows = Chain.objects.order_by("kind", "subject_id").values_list("kind", "subject_id", "length", "head")
        chains: list[dict[str, Any]] = [
            {"chain": f"{kind}/{pk}", "length": length, "head": bytes(head).hex()} for kind, pk, length, head in rows
        ]
    statement = {
        "origin": origin,
        "time": instant(timezone.now()),
        "events": sum(chain["length"] for chain in chains),
        "chains": chains,
        "public_key": private.public_key().public_bytes_raw().hex(),
    }
    signature = private.sign(_signed_text(statement)).hex()
    return json.dumps({**statement, "signature": signature}, indent=1)


def read(text: str, *, public_key: str = "") -> dict[str, Any]:
    """Return the statement of a checkpoint whose signature holds; with `public_key`, only one of that very key.

    Raises BadCheckpoint, with words that say what is wrong.
    """
    try:
        statement = json.loads(text)
        signature, signer = bytes.fromhex(statement.pop("signature")), statement["public_key"]
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(signer)).verify(signature, _signed_text(statement))
        lines = [(chain["chain"], int(chain["length"]), bytes.fromhex(chain["head"])) for chain in statement["chains"]]
    except InvalidSignature:
        raise BadCheckpoint(_("the signature does not hold: the checkpoint was changed")) from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadCheckpoint(_("this is no checkpoint")) from None
    if public_key and signer != public_key.lower():
        raise BadCheckpoint(_("it was signed by another key than the expected one"))
    return {**statement, "lines": lines}


def breaks(statement: Mapping[str, Any]) -> list[Break]:
    """Return where the record does not extend what a checkpoint says: events that are missing or others than then."""
    found = []
    with snapshot():
        for name, length, head in statement["lines"]:
            if not length:
                continue
            kind, _slash, pk = name.partition("/")
            event = Event.objects.filter(chain__kind=kind, chain__subject_id=int(pk), number=length).first()
            if event is None:
                found.append(Break(name, length, _("it was there at the checkpoint, and is missing now")))
            elif bytes(event.hash) != head:
                found.append(Break(name, length, _("the history up to here is another than at the checkpoint")))
    return found


def _signed_text(statement: Mapping[str, Any]) -> bytes:
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()

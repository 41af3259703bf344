"""The token of an invitation's link: made when needed, held nowhere (rule 8)."""

import base64
import hashlib
import hmac
from collections.abc import Iterator

from django.conf import settings

LENGTH = 43  # characters: 256 bits in base64url, without padding


def token_for(invitation_id: int, sending: int, *, token_hash: str = "") -> str:
    """Return the token of one sending of an invitation: HMAC-SHA256 under a key made of the portal's secret.

    With `token_hash` given, the key that once made it is found among the present and the earlier secrets, so that a
    mail retried after a change of keys carries the very same link.
    """
    for secret in _secrets():
        token = _mac(secret, invitation_id, sending)
        if not token_hash or hash_of(token) == token_hash:
            return token
    raise LookupError("the secret that made this link is no longer known; send the invitation again")


def hash_of(token: str) -> str:
    """Return what the database holds of a token: its SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def _secrets() -> Iterator[str]:
    yield settings.SECRET_KEY
    yield from settings.SECRET_KEY_FALLBACKS


def _mac(secret: str, invitation_id: int, sending: int) -> str:
    key = hashlib.sha256(b"accessportal invitation link\0" + secret.encode()).digest()
    digest = hmac.new(key, f"{invitation_id}/{sending}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")

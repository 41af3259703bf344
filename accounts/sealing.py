"""What the database must hold and may not show: encrypted under keys made of the portal's secret (rule 8, MF4)."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

SECOND_FACTOR = "second factor"  # a purpose


def seal(text: str, *, purpose: str) -> str:
    """Return the text encrypted under the present secret; each purpose has a key of its own."""
    return _keys(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """Return the text, whichever of the known secrets sealed it. Raises LookupError when that one is gone."""
    try:
        return _keys(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise LookupError("the secret that sealed this is no longer known") from None


def _keys(purpose: str) -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    keys = [hashlib.sha256(f"accessportal {purpose}\0{secret}".encode()).digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])

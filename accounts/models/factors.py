"""Recovery codes: for the day when the second factor is lost."""

import hashlib
import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

SIGNS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's 32: none is taken for another
LOOK_ALIKE = str.maketrans({"o": "0", "i": "1", "l": "1", " ": None, "-": None, "\u2011": None})
LENGTH = 24  # 120 bits, so that a plain hash is enough (MF4)
IN_A_GROUP = 4


class RecoveryCode(models.Model):
    """One recovery code, of which the database knows only a hash. It works once."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["person"], condition=Q(used_at=None), name="unused_codes")]

    def __str__(self) -> str:
        return f"Recovery code of {self.person}"

    @staticmethod
    def new() -> str:
        """Return a new code as a person reads it, in groups; from the system's random source (MF5)."""
        code = "".join(secrets.choice(SIGNS) for _sign in range(LENGTH))
        return "-".join(code[start : start + IN_A_GROUP] for start in range(0, LENGTH, IN_A_GROUP))

    @staticmethod
    def digest_of(typed: str) -> str:
        """Return the hash of a code, however it is typed: without case, groups, or look-alike signs."""
        return hashlib.sha256(typed.lower().translate(LOOK_ALIKE).encode()).hexdigest()

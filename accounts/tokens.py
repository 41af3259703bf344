"""The links for a new password: of each person only the one asked for last works, once, and not for long (MF9)."""

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.tokens import PasswordResetTokenGenerator


class ResetLinks(PasswordResetTokenGenerator):
    """A link dies with the password, the addresses or the last sign-in that it was made for, and with the next link.

    Django's own rule knows the password and the sign-in, and so does the limit of time, PASSWORD_RESET_TIMEOUT.
    """

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        """Return all on which a link depends."""
        addresses = EmailAddress.objects.filter(user=user.pk).values_list("email", flat=True)
        known = "|".join(sorted({user.email, *addresses}))
        return f"{super()._make_hash_value(user, timestamp)}{known}|{user.reset_links}"

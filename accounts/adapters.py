"""What the sign-in library asks of us: one form of addresses, links from the configured site, secrets under a key."""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from audit.recording import note

from .actions import end_sessions
from .events import PASSWORD_RESET_ASKED
from .letters import absolute
from .models import Person
from .normalising import normal_address


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up and mails of the sign-in library."""

    def clean_email(self, email: str) -> str:
        """Return the address in its one form. Raises ValidationError."""
        return normal_address(email)

    def save_user(self, request: HttpRequest, user: Person, form: Any, commit: bool = True) -> Person:
        """Keep the name and time zone that were typed beside the address."""
        user.name = form.cleaned_data.get("name", "")
        user.time_zone = form.cleaned_data.get("time_zone") or "UTC"
        return super().save_user(request, user, form, commit)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link of a password mail, from the configured site address (IN7)."""
        return absolute(reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})).replace(
            "UID-KEY", key
        )

    def send_password_reset_mail(self, user: Person, email: str, context: dict[str, Any]) -> None:
        """Send the mail, and write down that a new password was asked for."""
        note(PASSWORD_RESET_ASKED, by=None, on=user)
        super().send_password_reset_mail(user, email, context)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail of the sign-in library with the words of our mails at hand."""
        words = {"site_url": settings.SITE_URL, "site_name": settings.SITE_NAME}
        super().send_mail(template_prefix, email, {**context, **words})


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps the secrets of second factors under a key that is not in the database (MF4)."""

    def encrypt(self, text: str) -> str:
        """Return a secret encrypted under the present key."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret, whichever of the known keys encrypted it."""
        return _fernet().decrypt(encrypted_text.encode()).decode()


class SessionsAdapter(DefaultUserSessionsAdapter):
    """Ends sessions by the action that writes it down."""

    def end_sessions(self, sessions: Sequence[UserSession]) -> None:
        """End them; all are of the person who asks."""
        for person in {session.user for session in sessions}:
            end_sessions(person=person, keys=[session.session_key for session in sessions], by=person)


def _fernet() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    keys = [hashlib.sha256(b"accessportal second factor\0" + secret.encode()).digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])

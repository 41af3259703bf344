"""What a browser says about passkeys, read without stumbling."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.webauthn import forms as passkeys
from cryptography.exceptions import UnsupportedAlgorithm
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class CredentialField(forms.JSONField):
    """What a browser says about a passkey: a short text of plain signs. It is never shown again, for it is spent."""

    widget = forms.HiddenInput
    longest = 65_536  # a limit of length among the validators would come only after the parsing

    def to_python(self, value: Any) -> Any:
        """Return the parsed answer. Raises ValidationError for whatever is none, nested as deep as it may be."""
        unread = ValidationError(_("The browser’s answer about the passkey can’t be read. Try again."), code="invalid")
        if isinstance(value, str) and (len(value) > self.longest or "\\u" in value):  # such signs no database keeps
            raise unread
        try:
            return super().to_python(value)
        except (ValueError, RecursionError):
            raise unread from None

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what to show again: nothing."""
        return initial


@contextmanager
def stumbling_refuses() -> Iterator[None]:
    """Turn what the passkey library stumbles over into a ValidationError: it reads what anybody can send."""
    try:
        yield
    except (
        *(ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError),
        *(UnsupportedAlgorithm, struct.error),
    ):
        raise ValidationError(_("This passkey was not accepted. Try again."), code="incorrect_code") from None


class AddPasskeyForm(passkeys.AddWebAuthnForm):
    """Adding a passkey."""

    credential = CredentialField()

    def clean(self) -> dict[str, Any]:
        """Check the answer against what was asked."""
        with stumbling_refuses():
            return super().clean()


class PasskeyAsSecondFactorForm(passkeys.AuthenticateWebAuthnForm):
    """A passkey after the password."""

    credential = CredentialField()

    def clean_credential(self) -> Any:
        """Return the person's authenticator that gave this answer."""
        with stumbling_refuses():
            return super().clean_credential()


class PasskeyLoginForm(PasskeyAsSecondFactorForm, passkeys.LoginWebAuthnForm):
    """A passkey instead of the password."""


class PasskeyAgainForm(PasskeyAsSecondFactorForm, passkeys.ReauthenticateWebAuthnForm):
    """A passkey before something sensitive."""

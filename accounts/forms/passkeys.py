"""What a browser says about passkeys, read without stumbling."""

import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.webauthn import forms as passkeys
from allauth.mfa.webauthn.internal.auth import clear_state, get_state, set_state
from cryptography.exceptions import UnsupportedAlgorithm
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from fido2.utils import websafe_decode

ADDS = "adds"  # stands in the state of a challenge that was given to add a passkey


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


def let_challenge_add() -> None:
    """Let the challenge that was just given add a passkey, and do nothing else: no step is taken for another (AZ10)."""
    set_state({**(get_state() or {}), ADDS: True})


@contextmanager
def checked_once(answer: Any, *, adds: bool = False) -> Iterator[None]:
    """Let an answer be checked: it must be given on our own pages, and its challenge is spent, whatever comes of it.

    A challenge that was given to add a passkey shows none, and the other way round.

    Turns what the passkey library stumbles over into a ValidationError: it reads what anybody can send.
    """
    try:
        _require_our_page(answer)
        if (ADDS in (get_state() or {})) is not adds:
            raise ValueError(ADDS)
        yield
    except (
        *(ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError),
        *(UnsupportedAlgorithm, struct.error),
    ):
        raise ValidationError(_("This passkey was not accepted. Try again."), code="incorrect_code") from None
    finally:
        clear_state()


def _require_our_page(answer: Any) -> None:
    """Refuse an answer that was given on another site's page, or on ours inside another's. Raises ValueError."""
    said = json.loads(websafe_decode(answer["response"]["clientDataJSON"]))
    site = urlsplit(settings.SITE_URL)
    if said["origin"] != f"{site.scheme}://{site.netloc}" or said.get("crossOrigin"):
        raise ValueError(said["origin"])


class AddPasskeyForm(passkeys.AddWebAuthnForm):
    """Adding a passkey."""

    credential = CredentialField()

    def clean(self) -> dict[str, Any]:
        """Check the answer against what was asked."""
        if not self.cleaned_data.get("credential"):  # it could not even be read
            return super().clean()
        with checked_once(self.cleaned_data["credential"], adds=True):
            return super().clean()


class PasskeyAsSecondFactorForm(passkeys.AuthenticateWebAuthnForm):
    """A passkey after the password."""

    credential = CredentialField()

    def clean_credential(self) -> Any:
        """Return the person's authenticator that gave this answer."""
        with checked_once(self.cleaned_data["credential"]):
            return super().clean_credential()


class PasskeyLoginForm(PasskeyAsSecondFactorForm, passkeys.LoginWebAuthnForm):
    """A passkey instead of the password."""


class PasskeyAgainForm(PasskeyAsSecondFactorForm, passkeys.ReauthenticateWebAuthnForm):
    """A passkey before something sensitive."""

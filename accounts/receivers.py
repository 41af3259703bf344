"""Writes down what happens in the sign-in library, which tells of it by signals and no other way (rule 12, AU2)."""

from typing import Any

from allauth.account import signals as account_signals
from allauth.mfa import signals as factor_signals
from allauth.mfa.models import Authenticator
from django.contrib.auth import signals as auth_signals
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audit.canonical import Snapshot
from audit.events import Act
from audit.recording import PORTAL, note

from . import events
from .actions import carry_session, drop_idle_codes
from .models import Person
from .normalising import masked

FACTORS = {  # as the log calls them
    Authenticator.Type.TOTP: _("authenticator app"),
    Authenticator.Type.WEBAUTHN: _("passkey"),
}


def _note(act: Act, person: Person, **words: Any) -> None:
    note(act, by=person, on=person, **words)


@receiver(account_signals.user_signed_up)
def note_sign_up(user: Person, **_more: Any) -> None:
    """A person made a sign-in."""
    _note(events.SIGNED_UP, user, after={"address": user.email})


@receiver(auth_signals.user_logged_in)
def note_sign_in(user: Person, **_more: Any) -> None:
    """A person signed in."""
    _note(events.SIGNED_IN, user)


@receiver(account_signals.authentication_step_completed)
def renew_session_key(request: HttpRequest, **_more: Any) -> None:
    """Password, factor, or either again: each step gives the session another key, and the old one opens nothing (SE2).

    The library does so only at the end of a sign-in.
    """
    old = request.session.session_key
    request.session.cycle_key()
    if old:
        carry_session(old=old, new=request.session.session_key or "")


@receiver(auth_signals.user_logged_out)
def note_sign_out(user: Person | None, **_more: Any) -> None:
    """A person signed out."""
    if isinstance(user, Person):
        _note(events.SIGNED_OUT, user)


@receiver(auth_signals.user_login_failed)
def note_failed_sign_in(credentials: dict[str, Any], **_more: Any) -> None:
    """A sign-in failed: in the chain of the person it was for, or in the portal's when nobody has that address."""
    typed = str(credentials.get("email") or credentials.get("username") or "").strip()
    person = Person.objects.find(typed)
    # What nobody has as an address may be a password in the wrong field: keep only its outline.
    target = person or Snapshot("address", None, masked(typed) if "@" in typed else "–")
    note(events.SIGN_IN_FAILED, by=None, on=person or PORTAL, target=target, result="refused")


@receiver(account_signals.password_changed)
@receiver(account_signals.password_set)
def note_password_change(user: Person, **_more: Any) -> None:
    """A person changed the password, knowing the old one."""
    _note(events.PASSWORD_CHANGED, user)


@receiver(account_signals.password_reset)
def note_password_reset(user: Person, **_more: Any) -> None:
    """A person set a new password by the mailed link."""
    _note(events.PASSWORD_RESET, user)


@receiver(account_signals.email_confirmed)
def note_confirmed_address(email_address: Any, **_more: Any) -> None:
    """A person proved to receive mail at an address."""
    _note(events.ADDRESS_CONFIRMED, email_address.user, after={"address": email_address.email})


@receiver(account_signals.email_changed)
def note_changed_address(user: Person, from_email_address: Any, to_email_address: Any, **_more: Any) -> None:
    """A person changed the address that identifies them. The library tells of the first one too: that is no change."""
    if from_email_address:
        before, after = {"address": from_email_address.email}, {"address": to_email_address.email}
        _note(events.ADDRESS_CHANGED, user, before=before, after=after)


@receiver(factor_signals.authenticator_added)
def note_added_factor(user: Person, authenticator: Authenticator, **_more: Any) -> None:
    """A person turned on a second factor."""
    _note(events.FACTOR_ADDED, user, after={"kind": str(FACTORS[authenticator.type])})


@receiver(factor_signals.authenticator_removed)
def note_removed_factor(user: Person, authenticator: Authenticator, **_more: Any) -> None:
    """A person turned off a second factor."""
    _note(events.FACTOR_REMOVED, user, before={"kind": str(FACTORS[authenticator.type])})
    drop_idle_codes(user)


@receiver(factor_signals.authenticator_used)
def note_shown_passkey(user: Person, authenticator: Authenticator, **_more: Any) -> None:
    """A person showed a passkey. The code of an app is written down by the act that takes it."""
    if authenticator.type == Authenticator.Type.WEBAUTHN:
        _note(events.FACTOR_SHOWN, user, after={"kind": str(FACTORS[authenticator.type])})

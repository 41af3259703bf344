"""What the sign-in library asks of us: one form of addresses, mails by the outbox, secrets under a key."""

import datetime as dt
import math
import secrets
import time
from collections.abc import Sequence
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from audit.canonical import Snapshot
from audit.origin import origin_of_this_request
from audit.recording import PORTAL, note

from .actions import (
    end_sessions,
    forget_failures,
    has_second_factor,
    note_place,
    post_sealed,
    settle_failure,
    settle_success,
    take_try,
)
from .actions.sessions import drop_sessions
from .events import PASSWORD_RESET_ASKED, SIGN_IN_FAILED
from .letters import absolute, compose_for_library
from .models import Person
from .normalising import masked, normal_address
from .sealing import SECOND_FACTOR, seal, unseal

UNKNOWN = "unknown_account"
A_CODE_WORKS = dt.timedelta(seconds=app_settings.EMAIL_VERIFICATION_BY_CODE_TIMEOUT)
WORKS_FOR = {  # later a mail is not sent any more; a notice, not named here, is as true when it comes late
    "email_confirmation": A_CODE_WORKS,
    "email_confirmation_signup": A_CODE_WORKS,
    "password_reset_key": dt.timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT),
    UNKNOWN: dt.timedelta(days=-1),  # out of date from the beginning, by any clock: a stranger is not written to
}

WRONG_CODE = _lazy("This code is not right, or it has run out.")


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up and mails of the sign-in library."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _lazy("This sign-in is switched off."),
        "email_password_mismatch": _lazy("Address and password don’t fit together. Try again, or set a new one."),
        "email_taken": _lazy("Someone signs in with this address already."),
        "duplicate_email": _lazy("This is your address already."),
        "enter_current_password": _lazy("This is not your present password."),
        "incorrect_password": _lazy("This is not your password."),
        "incorrect_code": WRONG_CODE,
        "same_as_current": _lazy("This is what you have already."),
        "too_many_login_attempts": _lazy("Too many failed tries. Try again in five minutes."),  # codes: settings
        "rate_limited": _lazy("Too many tries in a short time. Try again in a minute."),
    }

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Person | None:
        """Return whose password it is, or None. Each try is counted before it is looked at (GU1).

        Raises ValidationError, without looking, while the sign-in or the network is closed after too many failures.
        """
        tried = take_try(address=credentials.get("email", ""), network=origin_of_this_request().address)
        if tried.closed_until:
            raise too_many_tries(tried.closed_until - timezone.now())
        person = super().authenticate(request, **credentials)
        if person is not None and not tried.stopped:
            settle_success(tried)
            return person
        if person is not None:
            words = _("The password was right, but it stopped working after too many failed tries.")
            note(SIGN_IN_FAILED, by=None, on=person, reason=words, result="refused")
        settle_failure(tried)
        return None

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Leave the counting to `authenticate`: the library's own is lost with the cache."""

    def clean_email(self, email: str) -> str:
        """Return the address in its one form. Raises ValidationError."""
        return normal_address(email)

    def save_user(self, request: HttpRequest, user: Person, form: Any, commit: bool = True) -> Person:
        """Keep the name and time zone that were typed beside the address."""
        user.name = form.cleaned_data.get("name", "")
        user.time_zone = form.cleaned_data.get("time_zone") or "UTC"
        return super().save_user(request, user, form, commit)

    def set_password(self, user: Person, password: str) -> None:
        """Set it, and end every other session of the person; the library gives the present one a new key (SE2, SE6)."""
        super().set_password(user, password)
        forget_failures(user)
        drop_sessions(user, but=self.request.session.session_key)

    def post_login(self, request: HttpRequest, user: Person, **words: Any) -> HttpResponse:
        """Answer a sign-in that is complete, and tell the person where it came from a new device or place."""
        response = super().post_login(request, user, **words)
        name, age = settings.DEVICE_COOKIE_NAME, settings.DEVICE_COOKIE_AGE
        device = request.get_signed_cookie(name, None, salt=name, max_age=age) or secrets.token_urlsafe(32)
        response.set_signed_cookie(
            name, device, salt=name, max_age=age, secure=settings.SECURE, httponly=True, samesite="Lax"
        )
        origin = origin_of_this_request()
        note_place(person=user, device=device, address=origin.address, user_agent=origin.user_agent, by=user)
        return response

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Return the page that shows what a changed password ended: where the person is signed in."""
        return reverse("usersessions_list")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link of a password mail, from the configured site address (IN7)."""
        return absolute(reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})).replace(
            "UID-KEY", key
        )

    def send_password_reset_mail(self, user: Person, email: str, context: dict[str, Any]) -> None:
        """Send the mail, and write down that a new password was asked for."""
        note(PASSWORD_RESET_ASKED, by=None, on=user)
        super().send_password_reset_mail(user, email, context)

    def send_notification_mail(
        self, template_prefix: str, user: Person, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Tell a person of a change, also at an address that is not theirs any more."""
        words = {**(context or {}), "user": user}
        for address in dict.fromkeys([email, words.get("to_email")]):  # when it changes, the old and the new (MF12)
            if address or email is None:
                super().send_notification_mail(template_prefix, user, words, address)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Say whether this needs the sign-in again: a whole one of the last five minutes is as good (MF11)."""
        request = self.request
        step = "mfa" if has_second_factor(request.user) else "password"
        records = get_authentication_records(request, request.user)
        newest = max((row["at"] for row in records if row.get("method") == step), default=0)
        return time.time() - newest >= app_settings.REAUTHENTICATION_TIMEOUT

    def get_reauthentication_methods(self, user: Person) -> list[dict[str, Any]]:
        """Return the ways to sign in again: whoever has a second factor shows that, not only the password."""
        ways = super().get_reauthentication_methods(user)
        return [way for way in ways if way["id"] != "reauthenticate"] if has_second_factor(user) else ways

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Put a mail into the outbox: a slow or dead mail server keeps nobody waiting (rule 10).

        Where nobody has the address, a mail to nobody is posted all the same, so that it takes as long (GU4).
        """
        name = template_prefix.rpartition("/")[2]
        if name == UNKNOWN:
            email = masked(email)
            note(PASSWORD_RESET_ASKED, by=None, on=PORTAL, target=Snapshot("address", None, email))
        person = context.get("user") or Person.objects.filter(email=email).first()
        letter = compose_for_library(template_prefix, context={**context, "email": email})
        post_sealed(
            kind=f"sign_in.{name}", about=person or PORTAL, address=email, letter=letter, works_for=WORKS_FOR.get(name)
        )


def too_many_tries(wait: dt.timedelta) -> ValidationError:
    """Return the refusal of a sign-in that is closed for so long, which says when to try again."""
    minutes = max(1, math.ceil(wait.total_seconds() / 60))
    words = ngettext(
        "Too many failed tries to sign in. Try again in a minute.",
        "Too many failed tries to sign in. Try again in %(count)d minutes.",
        minutes,
    )
    return ValidationError(words, code="too_many_login_attempts", params={"count": minutes})


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps the secrets of second factors under a key that is not in the database (MF4)."""

    error_messages = {**DefaultMFAAdapter.error_messages, "incorrect_code": WRONG_CODE}

    def generate_authenticator_name(self, user: Person, type: Any) -> str:
        """Return the name that a new passkey is offered."""
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _("Passkey") if number == 1 else _("Passkey %(number)d") % {"number": number}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return whom a passkey is for: the configured site, never the host that a request names."""
        return {"id": settings.SITE_HOST, "name": settings.SITE_NAME}

    def encrypt(self, text: str) -> str:
        """Return a secret encrypted under the present key."""
        return seal(text, purpose=SECOND_FACTOR)

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret, whichever of the known keys encrypted it."""
        return unseal(encrypted_text, purpose=SECOND_FACTOR)


class SessionsAdapter(DefaultUserSessionsAdapter):
    """Ends sessions by the action that writes it down."""

    def end_sessions(self, sessions: Sequence[UserSession]) -> None:
        """End them; all are of the person who asks."""
        for person in {session.user for session in sessions}:
            end_sessions(person=person, keys=[session.session_key for session in sessions], by=person)

"""What the sign-in library asks of us: one form of addresses, mails by the outbox, secrets under a key."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from audit.canonical import Snapshot
from audit.recording import PORTAL, note

from .actions import end_sessions, post_sealed
from .actions.sessions import drop_sessions
from .events import PASSWORD_RESET_ASKED
from .letters import absolute, compose_for_library
from .models import Person
from .normalising import masked, normal_address
from .sealing import seal, unseal

SECOND_FACTOR = "second factor"
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
        "too_many_login_attempts": _lazy("Too many failed tries to sign in. Try again in five minutes."),
        "rate_limited": _lazy("Too many tries in a short time. Try again in a minute."),
    }

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
        drop_sessions(user, but=self.request.session.session_key)

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
        super().send_notification_mail(template_prefix, user, {**(context or {}), "user": user}, email)

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


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps the secrets of second factors under a key that is not in the database (MF4)."""

    error_messages = {**DefaultMFAAdapter.error_messages, "incorrect_code": WRONG_CODE}

    def generate_authenticator_name(self, user: Person, type: Any) -> str:
        """Return the name that a new passkey is offered."""
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _("Passkey") if number == 1 else _("Passkey %(number)d") % {"number": number}

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

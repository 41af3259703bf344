"""Security checklists: what one consists of, and the one of a person, about the own sign-in only.

Nothing is kept: each look asks how things stand at that moment. Looking is no event.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from allauth.mfa.models import Authenticator
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .models import Person, RecoveryCode, SignInAlarm, Tally
from .sessions import open_sessions_of

FEW_CODES = 3  # recovery codes; with no more than that it is time for new ones
SAME_SIGN_IN = dt.timedelta(minutes=1)  # so near to each other a session began and its alarm was raised
SHOWN_NEXT = 2  # fixes on a card


@dataclass(frozen=True, slots=True)
class Line:
    """One rule as it stands: `done`, or None where it doesn't apply.

    `now` says what is missing, or why it doesn't apply; `why` what it is good for. `href` leads to the fix where the
    reader can do it; else `fixers` can.
    """

    key: str
    title: str
    why: str
    done: bool | None
    now: str = ""
    href: str = ""
    verb: str = ""
    fixers: Sequence[Person] = field(default=())


@dataclass(frozen=True)
class Checklist:
    """The lines of an account or a person, in the order of their weight, and the score."""

    lines: Sequence[Line]

    @cached_property
    def applying(self) -> list[Line]:
        """Those that count."""
        return [line for line in self.lines if line.done is not None]

    @cached_property
    def left_out(self) -> list[Line]:
        """Those that don't apply, and so count neither way."""
        return [line for line in self.lines if line.done is None]

    @cached_property
    def open(self) -> list[Line]:
        """What is to be done."""
        return [line for line in self.applying if not line.done]

    @cached_property
    def finished(self) -> list[Line]:
        """What is done."""
        return [line for line in self.applying if line.done]

    @property
    def done(self) -> int:
        """How many are done."""
        return len(self.finished)

    @property
    def of(self) -> int:
        """How many apply."""
        return len(self.applying)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to do."""
        return not self.open

    @property
    def score(self) -> str:
        """The score in words."""
        return _("%(done)d of %(of)d done") % {"done": self.done, "of": self.of}

    @property
    def next_fixes(self) -> list[Line]:
        """The next things to do: first what the reader can do."""
        return sorted(self.open, key=lambda line: not line.href)[:SHOWN_NEXT]


@dataclass(frozen=True, slots=True)
class _SignIn:
    """How a person signs in."""

    passkeys: int
    apps: int
    codes: int  # recovery codes that are left
    is_stopped: bool  # the password
    has_alarm: bool

    @property
    def factors(self) -> int:
        """How many second factors there are."""
        return self.passkeys + self.apps


def checklist_of_person(person: Person, *, here: str | None) -> Checklist:
    """Return the checklist of a person, for that person alone. `here` is the key of the session in which they look."""
    now = _read(person)
    return Checklist(
        [
            _second_factor(now),
            _passkey(now),
            _spare(now),
            _recovery_codes(now),
            _password(person, now),
            _sign_ins(person, here) if now.has_alarm else _no_sign_in(0),
        ]
    )


def _read(person: Person) -> _SignIn:
    """Read all that is asked about a person, in one query."""
    factors = Authenticator.objects.filter(user=OuterRef("pk"))
    found = Person.objects.filter(pk=person.pk).values(
        passkeys=_number(factors.filter(type=Authenticator.Type.WEBAUTHN), "user"),
        apps=_number(factors.filter(type=Authenticator.Type.TOTP), "user"),
        codes=_number(RecoveryCode.objects.filter(person=OuterRef("pk"), used_at=None), "person"),
        is_stopped=Exists(Tally.objects.filter(person=OuterRef("pk"), stopped_at__isnull=False)),
        has_alarm=Exists(SignInAlarm.objects.open().filter(person=OuterRef("pk"))),
    )
    return _SignIn(**found.get())


def _number(rows: QuerySet, whose: str) -> Coalesce:
    return Coalesce(Subquery(rows.order_by().values(whose).annotate(many=Count("pk")).values("many")), 0)


def _second_factor(now: _SignIn) -> Line:
    return Line(
        "second_factor",
        _("A second factor"),
        _("Without one, your password alone opens every account you are in."),
        done=now.factors > 0,
        href=reverse("mfa_index"),
        verb=_("Set up"),
    )


def _passkey(now: _SignIn) -> Line:
    return Line(
        "passkey",
        _("A passkey"),
        _("You sign in with your device. It can’t be phished, and nobody who knows your password can lock you out."),
        done=now.passkeys > 0,
        href=reverse("mfa_add_webauthn"),
        verb=_("Add one"),
    )


def _spare(now: _SignIn) -> Line:
    factors = now.factors
    return Line(
        "spare_factor",
        _("A second device to fall back on"),
        _("A passkey on another device, or an authenticator app beside it: one lost phone shuts you out of nothing."),
        done=factors > 1,
        now=_("You have one second factor only.") if factors == 1 else "",
        href=reverse("mfa_add_webauthn") if factors else reverse("mfa_index"),
        verb=_("Add one") if factors else _("Set up"),
    )


def _recovery_codes(now: _SignIn) -> Line:
    has_factor, left = now.factors > 0, now.codes
    words = ngettext("%(count)d is left.", "%(count)d are left.", left) % {"count": left} if left else ""
    return Line(
        "recovery_codes",
        _("Recovery codes"),
        _("For the day when phone and key are lost. Keep them where neither of these is."),
        done=has_factor and left > FEW_CODES,
        now=words if has_factor else _("They come with a second factor."),
        href=reverse("recovery_codes" if has_factor else "mfa_index"),
        verb=_("Make them") if has_factor else _("Set up"),
    )


def _password(person: Person, now: _SignIn) -> Line:
    usable = person.has_usable_password()
    stopped = _("It was guessed at so often that it works no more. Set a new one.") if now.is_stopped else ""
    return Line(
        "password",
        _("A password that works"),
        _("After a hundred wrong guesses in a row a password is stopped, until you set another one."),
        done=not stopped if usable else None,
        now=stopped if usable else _("You have no password."),
        href=reverse("account_reset_password"),
        verb=_("Set a new one"),
    )


def _sign_ins(person: Person, here: str | None) -> Line:
    """Count the sign-ins of which the person was told and which are still open somewhere else."""
    told = list(SignInAlarm.objects.open().filter(person=person).values_list("at", flat=True))
    began = open_sessions_of(person.pk).exclude(session_key=here).values_list("started_at", flat=True)
    return _no_sign_in(sum(any(abs(start - at) < SAME_SIGN_IN for at in told) for start in began))


def _no_sign_in(strange: int) -> Line:
    words = ngettext(
        "%(count)d sign-in from a new device or place is still open. End it unless you are there now.",
        "%(count)d sign-ins from new devices or places are still open. End those where you are not now.",
        strange,
    )
    return Line(
        "sign_ins",
        _("No open sign-in from a new device"),
        _("We wrote to you when it began. Whoever sits there acts as you until it ends."),
        done=not strange,
        now=words % {"count": strange} if strange else "",
        href=reverse("usersessions_list"),
        verb=_("Look where"),
    )

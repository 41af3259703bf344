"""What makes a password good enough: its length, and that nobody would think of it. No rule asks for kinds of signs."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import MinimumLengthValidator
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from . import listed

FEWEST_DIFFERENT = 5
MOST_DECORATION = 10  # digits and signs around a listed word; more than that is no decoration any more
SHORTEST_NAME = 3
NOT_LETTERS = r"[\W\d_]*"
LISTED = _lazy("This is one of the passwords that are tried first. Take several words that have nothing in common.")
REPEATS = _lazy("This password only repeats itself. Take several words that have nothing in common.")
NAMES = _lazy("This password is made of names that others know: yours, your account’s, or the portal’s.")

Names = Callable[[Any], Iterable[str]]
_names: list[Names] = []


def register_names(names: Names) -> None:
    """Add a source of names that may not make up a person's password, such as those of the person's accounts."""
    _names.append(names)


def normal_password(typed: str) -> str:
    """Return a password in its one form (NFC), whichever way the keyboard composed its letters (PW3)."""
    return unicodedata.normalize("NFC", typed)


def why_weak(password: str, *, names: Iterable[str] = ()) -> str | Promise | None:
    """Return why a password would be guessed soon, or None.

    It is compared whole, without case and separators; digits and signs around it do not help, nor do `names`.
    """
    plain = listed.folded(password)
    if _repeats(plain):
        return REPEATS
    if _is_listed(plain):
        return LISTED
    rest = _without(plain, names)
    if rest != plain and (not re.sub(NOT_LETTERS, "", rest) or _is_listed(rest)):
        return NAMES
    return None


def refuse_weak(password: str, *, names: Iterable[str]) -> None:
    """Raise ValidationError, with the reason, for a password that would be guessed soon."""
    if (why := why_weak(password, names=names)) is not None:
        raise ValidationError(str(why), code="weak_password")


def names_around(person: Any) -> list[str]:
    """Return the names that a stranger would try for a person."""
    own = [getattr(person, name, "") or "" for name in ("email", "name")]
    return [*own, *(name for names in _names for name in names(person))]


class LongEnough(MinimumLengthValidator):
    """A validator of the framework that counts code points of the one form (PW1, PW3)."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError for a shorter one."""
        super().validate(normal_password(password), user)


class NotWeak:
    """A validator of the framework that refuses what would be guessed soon (PW4)."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError with the reason."""
        refuse_weak(password, names=names_around(user) if user is not None else [])

    def get_help_text(self) -> str:
        """Return what a form says beforehand."""
        return _("It can’t be a well-known phrase, a row of keys, or made of names. Spaces and any signs are welcome.")


def _repeats(plain: str) -> bool:
    """Say whether a text is one piece again and again, or has hardly any different signs."""
    again = any(plain.startswith(plain[size:]) for size in range(1, len(plain) // 2 + 1))  # the last may be cut short
    return again or len(set(plain)) < FEWEST_DIFFERENT


def _is_listed(plain: str) -> bool:
    core = re.sub(rf"^{NOT_LETTERS}|{NOT_LETTERS}$", "", plain)
    decoration = len(plain) - len(core)
    return plain in listed.weak() or (core in listed.weak() and decoration <= MOST_DECORATION)


def _without(plain: str, names: Iterable[str]) -> str:
    """Return a text without the names in it and without the parts of these, the longest first."""
    known = {settings.SITE_NAME, *names}
    known |= {part for name in known for part in re.split(r"[\W_]+", name)}
    for name in sorted({listed.folded(name) for name in known}, key=len, reverse=True):
        if len(name) >= SHORTEST_NAME:
            plain = plain.replace(name, "")
    return plain

"""What may stand in the register, when a change counts, what is signed, and when the owner is reminded."""

import datetime as dt
import hashlib
import re
from collections.abc import Iterable

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.errors import PolicyViolation
from accounts.models import Person

EXPOSED_MAIL = "login_exposed"  # the kind of the mail that asks the owner to change a password
FIRST_SENDING, REMINDER_SENDING = 1, 2

MOST_LOGINS = 200  # in use in one account: enough for anybody real, too few to flood it
MOST_KNOWERS = 100  # who know one login: a password known to more is public, and a statement names each of them

EARLIEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)  # before it, what is typed is a slip, and zones are no help
REMINDED_AFTER = [dt.timedelta(days=1), dt.timedelta(days=3)]  # since the task was opened, then every week
THEN_EVERY = dt.timedelta(days=7)

_WORDS = r"password|passwort|kennwort|passphrase|passcode|passwd|pwd|pw|pass|pin|secret|contraseña|senha|mot de passe"
_SECRET = re.compile(rf"(?<!\w)(?:{_WORDS})\s*(?:[:=]|->|→|\bis\b)\s*\S|://[^/\s:@]+:[^/\s@]+@", re.IGNORECASE)


def secret_in(*texts: str) -> str:
    """Return what to say where one of the texts looks as if a password stands in it, or an empty text.

    It catches slips of the hand, not intent.
    """
    if any(_SECRET.search(text) for text in texts):
        return _("This looks as if a password stands in it. Take it out: the register never holds one.")
    return ""


def require_no_secret(*texts: str) -> None:
    """Raise PolicyViolation where a text looks as if a password stands in it."""
    if problem := secret_in(*texts):
        raise PolicyViolation(problem)


def problem_with_moment(at: dt.datetime, *, last_changed_at: dt.datetime | None, gone_at: dt.datetime | None) -> str:
    """Return why a password can't count as changed at `at`, or an empty text.

    It is typed to the minute, so a change within the very minute in which somebody was noted as gone is one after it.
    """
    if at < EARLIEST:
        return _("Nobody remembers that far back. Look at the year.")
    if at > timezone.now():
        return _("That is still to come. Sign once the password is changed.")
    if last_changed_at is not None and at <= last_changed_at:
        return _("The register has a change at that time or later already.")
    if gone_at is not None and at < gone_at.replace(second=0, microsecond=0):
        return _("That was before the task was opened: who is gone may have known that password too.")
    return ""


def statement_of_change(by: Person, login: object, at: dt.datetime, told: Iterable[object]) -> str:
    """Return the words that are signed for a changed password; the time stands in the zone of who signs."""
    words = {"person": by, "login": login, "at": _moment(at, by), "told": ", ".join(map(str, told))}
    statement = _("I, %(person)s, changed the password of “%(login)s” on %(at)s.")
    rest = _("Besides me, only these know the new one: %(told)s.") if words["told"] else _("Only I know the new one.")
    return f"{statement} {rest}" % words


def statement_of_retirement(by: Person, login: object) -> str:
    """Return the words that are signed for a login that is not used any more."""
    statement = _("I, %(person)s, state that the login “%(login)s” works no more: its password opens nothing.")
    return statement % {"person": by, "login": login}


def digest_of_statement(statement: str) -> str:
    """Return the SHA-256 of a statement, in hexadecimal."""
    return hashlib.sha256(statement.encode()).hexdigest()


def next_reminder(opened_at: dt.datetime, after: dt.datetime) -> dt.datetime:
    """Return when the owner is reminded next: a day, three days, then every week after the task was opened."""
    moments = [opened_at + pause for pause in REMINDED_AFTER]
    if following := [moment for moment in moments if moment > after]:
        return following[0]
    weeks = (after - moments[-1]) // THEN_EVERY + 1
    return moments[-1] + weeks * THEN_EVERY


def _moment(at: dt.datetime, by: Person) -> str:
    local = at.astimezone(by.zone)
    return f"{formats.date_format(local, 'j F Y, H:i')} ({by.zone})"

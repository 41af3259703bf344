"""The time that counts is the database's: with a clock that differs from it, nothing is answered or recorded.

Links, sessions, codes, and what libraries sign all ask this machine's clock. One that jumped back an hour would bring
what has expired to life, so it is held against the one clock that all processes share, here and nowhere else.
"""

import datetime as dt
import time
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

ASKED_EVERY = 60.0  # seconds for which a clock that was found right is believed, unless it jumps
JUMP = 1.0  # seconds by which a clock may slip from the steady one of this process before it is asked at once


class WrongClock(Exception):
    """The clock of this machine differs from the database's; `by` says how far it is ahead."""

    def __init__(self, by: dt.timedelta) -> None:
        self.by = by
        way = "ahead of" if by > dt.timedelta() else "behind"
        super().__init__(f"this machine's clock is {abs(by)} {way} the database's")


def now() -> dt.datetime:
    """Return the time, with its zone, by a clock that agrees with the database's. Raises WrongClock."""
    hold_against_database()
    return timezone.now()


def hold_against_database() -> None:
    """Raise WrongClock where this machine's clock differs from the database's by more than CLOCK_TOLERANCE.

    Asks the database once a minute and process, and at once when the clock jumps. Does nothing without a tolerance.
    """
    if settings.CLOCK_TOLERANCE is None or _believed.holds():
        return
    with connection.cursor() as cursor:
        compare(cursor)
    _believed.begin()


def compare(cursor: Any) -> None:
    """Ask the database for its time with this cursor; raise WrongClock as `hold_against_database` does."""
    tolerance = settings.CLOCK_TOLERANCE
    cursor.execute("SELECT clock_timestamp()")
    by = timezone.now() - cursor.fetchone()[0]
    if tolerance is not None and abs(by) > tolerance:
        raise WrongClock(by)


class _Belief:
    """That this clock was found right, told by the steady one, which never jumps."""

    def __init__(self) -> None:
        self.end()

    def begin(self) -> None:
        self.until, self.apart = time.monotonic() + ASKED_EVERY, time.time() - time.monotonic()

    def end(self) -> None:
        self.until, self.apart = float("-inf"), 0.0

    def holds(self) -> bool:
        return time.monotonic() < self.until and abs(time.time() - time.monotonic() - self.apart) < JUMP


_believed = _Belief()

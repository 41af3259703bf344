"""People who live their days: sign-ins written by the real doors, at their time and from their place."""

import datetime as dt

import time_machine
from django.utils import timezone

from accounts import receivers
from accounts.events import SIGN_IN_FAILED
from audit.origin import Origin, stands_for
from audit.recording import note
from watching.tasks import look_over, read_log

HOME, OFFICE, ABROAD = "203.0.113.7", "198.51.100.9", "192.0.2.200"
LAPTOP = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/142.0.0.0"
STRANGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"


def at(moment, address=HOME, agent=LAPTOP):
    """Act at a time and from a place."""

    class Acting:
        def __enter__(self):
            self.time, self.place = time_machine.travel(moment, tick=False), stands_for(Origin(address, agent))
            self.time.start()
            self.place.__enter__()

        def __exit__(self, *problem):
            self.place.__exit__(*problem)
            self.time.stop()

    return Acting()


def sign_in(person, moment, address=HOME, agent=LAPTOP):
    """Let somebody sign in."""
    with at(moment, address, agent):
        receivers.note_sign_in(user=person)


def fail(person, moment, address=ABROAD, agent=STRANGE):
    """Let a sign-in fail."""
    with at(moment, address, agent):
        note(SIGN_IN_FAILED, by=None, on=person, target=person, result="refused")


def days_of_work(person, until=None, days=30, hour=9):
    """Let somebody sign in on every day before `until`, at nine, from home or office in turn; return the last moment."""
    until = until or timezone.now()
    start = until.replace(hour=hour, minute=0, second=0, microsecond=0)
    for day in range(days, 0, -1):
        sign_in(person, start - dt.timedelta(days=day), HOME if day % 2 else OFFICE)
    return start


def the_watch_reads():
    """Let the task read on, as beat does every minute."""
    read_log()


def the_watch_looks():
    """Let the rules of every day look."""
    look_over()

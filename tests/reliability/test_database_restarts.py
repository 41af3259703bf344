"""A database that restarts leaves no half-done act, and the portal is back by itself (RE5)."""

import time

import pytest
from django.db import connections

from accounts.models import OutgoingMail
from tests.reliability.portal import DONE, UNAVAILABLE, busy, done
from tests.together import until

pytestmark = pytest.mark.requirement("RE5")
WITHIN = 5.0  # seconds


def test_a_database_that_restarts_leaves_no_act_half_done_and_the_portal_is_back_by_itself(portal):
    owners = [portal.owner() for _each in range(3)]
    started = dict(portal.running)

    with busy(*owners[1:]) as answered:
        until(lambda: len(done(answered)) >= 6)
        connections.close_all()
        portal.database.stop()
        asked = time.monotonic()
        page = owners[0].get("")
        assert time.monotonic() - asked < WITHIN
        assert page.status == UNAVAILABLE
        assert "This is not possible just now" in page.page

        portal.database.start(dies_with_us=True)
        up = time.monotonic()
        until(lambda: owners[0].get("").status == 200)
        assert time.monotonic() - up < WITHIN
        before = len(done(answered))
        until(lambda: len(done(answered)) >= before + 6)
    up = time.monotonic()
    assert owners[0].invite("late@example.com").status == DONE
    until(lambda: OutgoingMail.objects.filter(address="late@example.com", state="sent").exists())
    assert time.monotonic() - up < WITHIN  # nor does the worker need another start

    assert {status for _address, status in answered} <= {DONE, UNAVAILABLE}
    invited = set().union(*(owner.invited() for owner in owners))
    assert invited >= {*done(answered), "late@example.com"}
    assert portal.running == started
    assert not any(process.poll() for process in started.values())

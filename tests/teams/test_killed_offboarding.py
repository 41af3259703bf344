"""Offboarding that is killed leaves all or nothing, at whatever point it happens (rules 12, 13)."""

import json
import os
import random
import signal
import subprocess
import sys

import psycopg2
import pytest
from django.db import OperationalError, connection, connections

from accounts.models import OutgoingMail
from audit.models import Event
from audit.verification import verify
from invitations.models import Invitation
from teams.models import AssetGrant, Membership, Receipt
from tests.dying import AFTER, AT_COMMIT, BEFORE
from tests.factories import PersonFactory
from tests.teams.test_offboarding_at_scale import busy_in, end
from tests.together import committed, until

pytestmark = [pytest.mark.rule(12), pytest.mark.rule(13)]
POINTS = random.Random(20).sample  # seeded: the same points in each run, so that a failure can be run again


def _everything():
    """Every row of every table, as the database itself writes it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        tables = [table for (table,) in cursor.fetchall()]
        rows = {}
        for table in tables:
            cursor.execute(f'SELECT row::text FROM "{table}" AS row ORDER BY 1')  # names of our tables
            rows[table] = [row for (row,) in cursor.fetchall()]
    return rows


def _statements(act):
    """Return how many statements an act sends on a connection of its own."""
    count = 0

    def counting(execute, *statement):
        nonlocal count
        count += 1
        return execute(*statement)

    connections.close_all()
    with connection.execute_wrapper(counting):
        act()
    return count


def _alone():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        return cursor.fetchone()[0] == 0


def _has_ended(seats):
    """Say that all of it has ended, with its receipts, events and mail; fails where only a part has."""
    person = seats[0].person
    assert set(Membership.objects.filter(person=person).values_list("state", flat=True)) == {"ended"}
    assert not AssetGrant.objects.filter(user=person).exists()
    assert not Invitation.objects.open().filter(invited_by=person).exists()
    receipts = Receipt.objects.filter(membership__in=seats)
    assert receipts.count() == len(seats)
    for receipt in receipts:
        [event] = Event.objects.of(receipt.account)
        assert (event.number, event.parts["after"]["digest"]) == (receipt.event_number, receipt.digest)
    assert OutgoingMail.objects.filter(kind="access_ended", address=person.email).count() == 1
    return True


@pytest.fixture
def seats(fresh_database):
    """One person in four accounts, to be offboarded; each with grants, invitations and all else that ends."""
    owner = committed(PersonFactory)
    return committed(lambda: busy_in(4, owner=owner))


@pytest.fixture
def twins(seats):
    """Another person in four accounts, just alike."""
    return committed(lambda: busy_in(4, owner=seats[0].account.owner))


@pytest.fixture
def killed(fresh_database):
    """Offboard in a process that dies at a moment; returns how it ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.dying"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
    )  # fmt: skip

    def kill(seats, moment):
        order = {"seats": [seat.pk for seat in seats], "by": seats[0].account.owner_id, "moment": moment}
        process.stdin.write(json.dumps({**order, "database": fresh_database}) + "\n")
        process.stdin.flush()
        answer = int(process.stdout.readline())
        until(_alone)
        return answer

    yield kill
    process.stdin.close()
    process.wait(timeout=30)
    process.stdout.close()


def test_a_killed_process_leaves_nothing_or_all(seats, twins, killed):
    count = _statements(lambda: end(twins))
    points = sorted(POINTS([(number, side) for number in range(1, count + 1) for side in (BEFORE, AFTER)], 20))
    before = _everything()

    for number, side in points:
        assert killed(seats, [side, number]) == -signal.SIGKILL
        assert _everything() == before, f"killed {side} statement {number} of {count}"

    assert killed(seats, [AT_COMMIT, BEFORE]) == -signal.SIGKILL
    assert _everything() == before
    assert killed(seats, [AT_COMMIT, AFTER]) == -signal.SIGKILL
    assert _has_ended(seats)
    assert [verdict.broken for verdict in verify() if verdict.broken] == []


def test_a_database_connection_that_is_cut_leaves_nothing_and_it_can_be_tried_again(seats, twins, as_owner):
    count = _statements(lambda: end(twins))
    before = _everything()

    for number in POINTS(range(1, count + 1), 20):
        with pytest.raises((OperationalError, psycopg2.Error)), connection.execute_wrapper(_cut(as_owner, number)):
            end(seats)
        connections.close_all()
        assert _everything() == before, f"cut before statement {number} of {count}"

    end(seats)
    assert _has_ended(seats)
    assert [verdict.broken for verdict in verify() if verdict.broken] == []


def _cut(beside, number):
    """Return a wrapper for statements that lets the server end the connection before the one with this number."""
    count = 0

    def wrapper(execute, *statement):
        nonlocal count
        count += 1
        if count == number:
            backend = connection.connection.info.backend_pid
            with beside.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
        return execute(*statement)

    return wrapper


def test_a_process_that_nobody_kills_ends_it(seats, killed):
    assert killed(seats, [BEFORE, 10_000]) == 0
    assert _has_ended(seats)

"""A stop signal lets what runs come to its end, and nothing of it fails (RE8)."""

import runpy
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
import yaml
from django.db import connection

from accessportal.embedded import supervisor
from accounts.models import OutgoingMail
from invitations.models import Invitation
from tests.house.source import ROOT
from tests.reliability.portal import DONE
from tests.together import until

pytestmark = pytest.mark.requirement("RE8")
WITHIN = 30.0  # seconds


def test_a_stop_signal_lets_a_request_and_a_task_come_to_their_end(portal):
    owner, other = portal.owner(), portal.owner()
    portal.post_office.holds.set()
    assert other.invite("mailed@example.com").status == DONE
    assert portal.post_office.has_taken.wait(WITHIN)  # the task is in the middle of it
    holder = psycopg2.connect(**connection.get_connection_params())
    with ThreadPoolExecutor(1) as pool, holder, holder.cursor() as cursor:
        cursor.execute("SELECT FROM accounts_businessaccount WHERE id = %s FOR UPDATE", [owner.account.pk])
        answer = pool.submit(owner.invite, "asked@example.com")
        until(lambda: _somebody_waits_for(cursor))  # and so is the request

        told = time.monotonic()
        ending = portal.tell_to_stop("web", "worker")
        until(lambda: portal.has_said("web", "Worker exiting") and portal.has_said("worker", "Warm shutdown"))
        assert not answer.done()  # one of the two workers of web was idle, and has gone
        holder.rollback()
        portal.post_office.holds.clear()
        codes = [process.wait(WITHIN) for process in ending]
        took = time.monotonic() - told
    holder.close()

    assert answer.result().status == DONE
    assert codes == [0, 0]
    assert took < WITHIN
    assert Invitation.objects.filter(address="asked@example.com").exists()
    assert OutgoingMail.objects.get(address="mailed@example.com").state == "sent"
    assert [message["To"] for message in portal.post_office.mails] == ["mailed@example.com"]


def _somebody_waits_for(cursor):
    cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid)))")
    return cursor.fetchone()[0]


def test_whoever_sends_the_signal_waits_long_enough():
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    graceful = runpy.run_path(str(ROOT / "gunicorn.conf.py"))["graceful_timeout"]

    assert services["web"]["stop_grace_period"] == "30s"
    assert graceful < supervisor.GRACE <= WITHIN

"""Web and beat killed at any moment: no act is half done, and no mail is lost or sent twice under two ids (RE1).

What kills a worker while it sends stands in tests/invitations/test_delivery.py.
"""

import os
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
from django.db import connection

from accounts.models import OutgoingMail
from tests.invitations.test_delivery import children_of
from tests.reliability.portal import BROKEN, busy, done
from tests.together import until

pytestmark = pytest.mark.requirement("RE1")


def test_web_killed_before_it_commits_has_done_nothing(portal):
    owner = portal.owner()
    holder = psycopg2.connect(**connection.get_connection_params())
    with ThreadPoolExecutor(1) as pool, holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLE audit_event IN EXCLUSIVE MODE")  # row and mail are written, the event is not
        answer = pool.submit(owner.invite, "nobody@example.com")
        until(lambda: before_its_event())
        portal.kill("web")
        assert answer.result().status == BROKEN
        holder.rollback()
    holder.close()

    until(lambda: not before_its_event())
    assert owner.invited() == set()


def test_web_and_beat_killed_between_the_commit_and_the_bell_lose_no_mail(portal):
    owner = portal.owner()
    portal.broker.process.send_signal(signal.SIGSTOP)  # the bell finds nobody to take it
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(owner.invite, "nina@example.com")
        until(OutgoingMail.objects.filter(account=owner.account).exists)
        portal.kill("web", "beat")
        assert answer.result().status == BROKEN
    portal.broker.process.kill()  # nor will it ever
    portal.broker.process.wait()
    portal.broker.start(dies_with_us=True)
    assert OutgoingMail.objects.get(account=owner.account).state == "queued"

    portal.start("beat")
    until(lambda: OutgoingMail.objects.get(account=owner.account).state == "sent")

    mail = OutgoingMail.objects.get(account=owner.account)
    assert [(one["To"], one["Message-ID"]) for one in portal.post_office.mails] == [
        ("nina@example.com", mail.message_id)
    ]


def test_whenever_web_and_beat_are_killed_all_that_was_done_is_mailed_once(portal):
    owners = [portal.owner() for _each in range(2)]
    with busy(*owners) as answered:
        for victim in ("a child", "beat", "a child", "web"):
            enough = len(done(answered)) + 3
            until(lambda enough=enough: len(done(answered)) >= enough)
            if victim == "a child":
                os.kill(children_of(portal.running["web"])[0], signal.SIGKILL)
            else:
                portal.kill(victim)
                portal.start(victim)
        enough = len(done(answered)) + 3
        until(lambda: len(done(answered)) >= enough)

    accounts = [owner.account for owner in owners]
    until(lambda: not OutgoingMail.objects.unsettled().filter(account__in=accounts).exists())
    assert set().union(*(owner.invited() for owner in owners)) >= set(done(answered))
    mails = OutgoingMail.objects.filter(account__in=accounts)
    taken = Counter((one["To"], one["Message-ID"]) for one in portal.post_office.mails)
    assert set(taken) == set(mails.values_list("address", "message_id"))
    assert set(taken.values()) == {1}  # no worker was killed


def before_its_event():
    """Whether some act has come to its event, and not yet to its end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'audit_event'::regclass AND mode = 'RowExclusiveLock')"
        )
        return cursor.fetchone()[0]

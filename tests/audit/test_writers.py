"""Eight writers at once, a thousand events each, on one chain and on a hundred: no fork, no gap, no deadlock (rule 16).

`SEED=7 pytest tests/audit/test_writers.py` draws other chains in another order.
"""

import os
import random
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import transaction

from accounts.events import ACCOUNT_SETTINGS_CHANGED
from accounts.models import BusinessAccount
from audit.canonical import GENESIS
from audit.models import Chain, Event
from audit.recording import SYSTEM, Entry, note, record_many
from audit.verification import verify
from tests.audit.test_record import seated_account
from tests.factories import BusinessAccountFactory
from tests.together import at_once, committed, until

pytestmark = [pytest.mark.rule(16), pytest.mark.requirement("AU8")]
SEED = os.environ.get("SEED") or "1"
WRITERS, EACH = 8, 1_000


def one_act(accounts):
    """Write an event in the chain of each, by one act; return the chains and numbers."""
    with transaction.atomic():  # noqa: TID251  # the transaction of the act
        numbers = record_many(ACCOUNT_SETTINGS_CHANGED, by=SYSTEM, entries=[Entry(account) for account in accounts])
    return list(zip([account.pk for account in accounts], numbers, strict=True))


def all_write(*writers):
    """Run them at once, and look at what they left; each returns chain and number of all it wrote, in its order."""
    answers = at_once(*writers)
    assert_no_fork_and_no_gap(answers)
    return answers


def assert_no_fork_and_no_gap(answers):
    """Each number was given once, in the order of the rows; each writer's own events follow one another; all holds."""
    assert [answer for answer in answers if isinstance(answer, Exception)] == [], f"SEED={SEED}"
    given, stored = defaultdict(list), defaultdict(list)
    for answer in answers:
        own = defaultdict(list)
        for subject, number in answer:
            own[subject].append(number)
        for subject, numbers in own.items():
            assert numbers == sorted(numbers), f"SEED={SEED}"
            given[subject] += numbers
    for subject, number in Event.objects.order_by("pk").values_list("chain__subject_id", "number"):
        stored[subject].append(number)
    assert {subject: sorted(numbers) for subject, numbers in given.items()} == dict(stored)
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in stored.values())
    assert dict(Chain.objects.values_list("subject_id", "length")) == {
        subject: len(numbers) for subject, numbers in stored.items()
    }
    assert [verdict.broken for verdict in verify() if verdict.broken] == []


def test_eight_writers_of_a_thousand_events_each_make_one_chain(fresh_database):
    account = seated_account()

    def writer(who):
        return lambda: [
            (account.pk, note(ACCOUNT_SETTINGS_CHANGED, by=SYSTEM, on=account, after={"count": [who, number]}))
            for number in range(EACH)
        ]

    answers = all_write(*map(writer, range(WRITERS)))

    assert sum(map(len, answers)) == WRITERS * EACH
    written = [tuple(event.parts["after"]["count"]) for event in Event.objects.order_by("number").iterator()]
    for who in range(WRITERS):
        assert [number for writer, number in written if writer == who] == list(range(EACH))


def test_eight_writers_on_a_hundred_chains_wait_for_one_another_in_one_order(fresh_database):
    """Half of the events alone, half by acts that touch many chains at once, named in any order."""
    accounts = committed(lambda: [BusinessAccountFactory() for _number in range(100)])

    def writer(who):
        draw = random.Random(f"{SEED}:{who}")

        def write():
            written = []
            while len(written) < EACH:
                if draw.random() < 0.1:
                    touched = draw.sample(accounts, min(10, EACH - len(written)))
                    written += one_act(touched)
                else:
                    account = draw.choice(accounts)
                    written.append((account.pk, note(ACCOUNT_SETTINGS_CHANGED, by=SYSTEM, on=account)))
            return written

        return write

    answers = all_write(*map(writer, range(WRITERS)))

    assert [len(answer) for answer in answers] == [EACH] * WRITERS


def test_two_acts_that_begin_the_same_chains_do_so_in_one_order(as_owner):
    """The one waits amid its beginnings when the other, which names them the other way round, comes to its own."""
    first, second, third = (BusinessAccount(pk=pk) for pk in (1, 2, 3))
    as_owner.autocommit = False
    with as_owner.cursor() as cursor, ThreadPoolExecutor(2) as pool:
        try:
            cursor.execute(
                "INSERT INTO audit_chain (kind, subject_id, length, previous, head) VALUES ('account', 3, 0, %s, %s)",
                [GENESIS, GENESIS],
            )
            one = pool.submit(at_once, lambda: one_act([first, third, second]))
            until(lambda: waiting(cursor) == 1)
            other = pool.submit(at_once, lambda: one_act([second, first]))
            until(lambda: waiting(cursor) == 2)
        finally:
            as_owner.rollback()
        answers = [*one.result(), *other.result()]

    assert_no_fork_and_no_gap(answers)


def waiting(cursor):
    """How many connections to this database wait for another one's transaction."""
    cursor.execute(
        "SELECT count(DISTINCT waiting.pid) FROM pg_locks waiting JOIN pg_locks here ON here.pid = waiting.pid"
        " WHERE NOT waiting.granted AND waiting.locktype = 'transactionid'"
        " AND here.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return cursor.fetchone()[0]

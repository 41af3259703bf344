"""One act in several chains: an event in each, by statements whose number does not grow (rules 12, 16)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.events import ACCOUNT_SETTINGS_CHANGED
from audit.canonical import digest_of, link
from audit.models import Chain, Event
from audit.origin import Origin, stands_for
from audit.recording import SYSTEM, Entry, note, record, record_many
from audit.verification import verify
from teams.imprints import imprints
from tests.factories import BusinessAccountFactory, MembershipFactory, PersonFactory
from tests.together import at_once, committed, until

pytestmark = [pytest.mark.rule(12), pytest.mark.rule(16)]


def write(accounts, *, by=SYSTEM, **given):
    entries = [Entry(account, after={"of": account.pk}) for account in accounts]
    with transaction.atomic():  # noqa: TID251  # the transaction of the act
        return record_many(ACCOUNT_SETTINGS_CHANGED, by=by, entries=entries, **given)


def broken():
    return [verdict.broken for verdict in verify() if verdict.broken]


@pytest.mark.django_db
def test_each_chain_gets_one_event_in_the_place_that_is_given_back():
    new, old = BusinessAccountFactory(), BusinessAccountFactory()
    note(ACCOUNT_SETTINGS_CHANGED, by=SYSTEM, on=old)

    numbers = write([old, new], reason="tidy")

    assert numbers == [2, 1]
    for account, number in ((old, 2), (new, 1)):
        event = Event.objects.of(account).get(number=number)
        assert event.parts["after"] == {"of": account.pk}
        assert event.parts["reason"] == "tidy"
        assert bytes(event.digest) == digest_of(event.canonical)
        assert bytes(event.hash) == link(bytes(event.previous), number, bytes(event.digest))
    assert broken() == []


@pytest.mark.django_db
def test_it_says_just_what_a_single_event_says():
    account, member = BusinessAccountFactory(), MembershipFactory()
    olga = PersonFactory(name="Olga Berg")
    given = {"target": member, "before": {"name": "N\x00"}, "after": {"name": None}}
    imprints([account.pk])  # what the factories touched stands in no act's event

    with stands_for(Origin("192.0.2.7", "A browser", "00ff", "abc123")):
        record(ACCOUNT_SETTINGS_CHANGED, by=olga, on=account, **given, reason="tidy")
        record_many(ACCOUNT_SETTINGS_CHANGED, by=olga, entries=[Entry(account, **given)], reason="tidy")

    single, among_many = Event.objects.of(account).order_by("number")
    assert {**single.parts, "at": ""} == {**among_many.parts, "at": ""}
    columns = ("name", "result", "actor_kind", "actor_id", "target_kind", "target_id", "about_id")
    assert [getattr(single, name) for name in columns] == [getattr(among_many, name) for name in columns]
    assert broken() == []


@pytest.mark.django_db
def test_any_number_of_chains_takes_the_same_number_of_statements():
    def statements(count):
        accounts = [BusinessAccountFactory() for _number in range(count)]
        with CaptureQueriesContext(connection) as asked:
            record_many(ACCOUNT_SETTINGS_CHANGED, by=SYSTEM, entries=[Entry(account) for account in accounts])
        return len(asked)

    assert statements(1) == statements(40)
    assert broken() == []


@pytest.mark.django_db
def test_two_events_of_one_act_in_one_chain_are_refused():
    account = BusinessAccountFactory()

    with pytest.raises(ValueError, match="exactly one event"):
        write([account, account])

    assert not Event.objects.exists()


@pytest.mark.django_db
def test_an_act_that_touches_nothing_writes_nothing():
    assert write([]) == []
    assert not Chain.objects.exists()


def test_outside_of_a_transaction_it_is_refused(fresh_database):
    account = BusinessAccountFactory._meta.model(pk=7, name="Northwind")

    with pytest.raises(transaction.TransactionManagementError):
        record_many(ACCOUNT_SETTINGS_CHANGED, by=SYSTEM, entries=[Entry(account)])

    assert not Event.objects.exists()


def test_many_and_single_ones_at_once_neither_fork_nor_break_nor_deadlock(fresh_database):
    accounts = [committed(BusinessAccountFactory) for _number in range(6)]

    def several(rows):
        return lambda: [write(rows) for _round in range(10)]

    def single(account):
        return lambda: [note(ACCOUNT_SETTINGS_CHANGED, by=SYSTEM, on=account) for _round in range(10)]

    answers = at_once(
        several(accounts),
        several(accounts[::-1]),
        several(accounts[2:5]),
        *(single(account) for account in accounts[:3]),
    )

    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    lengths = {chain.subject_id: chain.length for chain in Chain.objects.all()}
    assert [lengths[account.pk] for account in accounts] == [30, 30, 40, 30, 30, 20]
    assert broken() == []


def test_a_single_event_waits_for_the_whole_act_and_follows_it(fresh_database):
    first, second = (committed(BusinessAccountFactory) for _number in range(2))

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():  # noqa: TID251  # the transaction of the act
            numbers = record_many(ACCOUNT_SETTINGS_CHANGED, by=SYSTEM, entries=[Entry(first), Entry(second)])
            behind = pool.submit(at_once, lambda: note(ACCOUNT_SETTINGS_CHANGED, by=SYSTEM, on=second))
            until(_somebody_waits_for_us)
        answers = behind.result()

    assert (numbers, answers) == ([1, 1], [2])
    assert broken() == []


def _somebody_waits_for_us():
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid)))")
        return cursor.fetchone()[0]

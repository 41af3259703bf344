"""The record: chains, triggers, verification (rules 12, 15, 16, 17; AU1 to AU10)."""

import datetime as dt
import io
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction

from accounts.actions import change_settings
from accounts.events import ACCOUNT_SETTINGS_CHANGED
from accounts.models import BusinessAccount
from audit.canonical import LONGEST_TEXT, digest_of, link
from audit.models import Chain, Event
from audit.origin import Origin, stands_for
from audit.recording import SYSTEM, note, record
from audit.verification import verify
from tests.factories import BusinessAccountFactory, PersonFactory


def write(account, count, by=SYSTEM):
    for number in range(count):
        note(ACCOUNT_SETTINGS_CHANGED, by=by, on=account, after={"number": number})


def broken(name=None):
    return [verdict.broken for verdict in verify() if verdict.broken and (name is None or verdict.chain == name)]


@pytest.mark.django_db
@pytest.mark.rule(16)
@pytest.mark.requirement("AU3")
def test_an_event_holds_its_place_its_digest_and_all_that_is_known_of_the_act():
    account, olga = BusinessAccountFactory(name="Northwind"), PersonFactory(name="Olga Berg")
    origin = Origin("192.0.2.7", "A browser", "00ff", "abc123")

    with stands_for(origin):
        note(ACCOUNT_SETTINGS_CHANGED, by=olga, on=account, before={"name": "N"}, after={"name": "M"}, reason="tidy")
    write(account, 1)

    first, second = Event.objects.of(account).order_by("number")
    parts = first.parts
    assert (first.number, second.number) == (1, 2)
    assert bytes(first.digest) == digest_of(first.canonical)
    assert bytes(second.previous) == bytes(first.hash) == link(bytes(32), 1, bytes(first.digest))
    assert parts["actor"] == {"kind": "person", "id": olga.pk, "label": "Olga Berg"}
    assert parts["target"] == {"kind": "account", "id": account.pk, "label": "Northwind"}
    assert (parts["before"], parts["after"], parts["reason"]) == ({"name": "N"}, {"name": "M"}, "tidy")
    expected = {"address": "192.0.2.7", "agent": "A browser", "session": "00ff", "request": "abc123"}
    assert parts["origin"] == expected
    assert dt.datetime.fromisoformat(parts["at"]) == first.at
    assert broken() == []


@pytest.mark.django_db
@pytest.mark.rule(17)
@pytest.mark.requirement("AU9")
def test_hostile_values_become_one_harmless_event():
    account = BusinessAccountFactory()
    account.name = "A\x00B\r\nC\x1b[31m\u202eevil"
    hostile = {"big": "x" * 1_000_000, "surrogate": "\ud800", "deep": {"\x00": ["\r\n"] * 10_000}, "odd": {1, 2}}

    note(ACCOUNT_SETTINGS_CHANGED, by=SYSTEM, on=account, after=hostile, reason="\x00\r\nSet-Cookie: x")

    event = Event.objects.of(account).get()
    assert len(event.canonical) < 20_000
    assert len(event.parts["after"]["big"]) == LONGEST_TEXT + 1
    assert not any(ord(sign) < 32 for sign in event.canonical)
    assert "\u202e" not in event.target
    assert broken() == []


@pytest.mark.django_db
@pytest.mark.rule(12)
@pytest.mark.requirement("AU10")
def test_an_act_whose_event_cannot_be_written_does_not_happen(monkeypatch):
    account = BusinessAccountFactory(name="Before")
    monkeypatch.setattr("accounts.actions.accounts.record", lambda *args, **kwargs: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        change_settings(account=account, name="After", by=account.owner)

    assert BusinessAccount.objects.get(pk=account.pk).name == "Before"


@pytest.mark.rule(12)
@pytest.mark.requirement("AU1")
def test_an_event_outside_of_a_transaction_is_refused(fresh_database):
    account = BusinessAccountFactory._meta.model(pk=7, name="Northwind")

    with pytest.raises(transaction.TransactionManagementError):
        record(ACCOUNT_SETTINGS_CHANGED, by=SYSTEM, on=account)

    assert not Event.objects.exists()


@pytest.mark.rule(15)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET name = 'x'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "TRUNCATE audit_event, audit_chain CASCADE",
        "DELETE FROM audit_chain",
        "UPDATE audit_chain SET length = 0",
        "UPDATE audit_chain SET head = sha256('x')",
        "UPDATE audit_chain SET length = length + 1, previous = sha256('x')",
        "UPDATE audit_chain SET removed = 1, anchor = sha256('x')",
        "UPDATE audit_chain SET removed = 4, anchor = head",
        "UPDATE audit_event SET actor_words = 'x'",
        "UPDATE audit_event SET actor_words = NULL, number = 9",
    ],
)
def test_even_the_owner_of_the_tables_is_refused_by_the_triggers(statement, as_owner):
    write(seated_account(), 3)

    with as_owner.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(statement)

    assert broken() == []
    assert Event.objects.count() == 3


@pytest.mark.rule(15)
@pytest.mark.requirement("AU5")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET name = 'x'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "TRUNCATE accounts_asset CASCADE",
        "DELETE FROM audit_chain",
        "ALTER TABLE audit_event DISABLE TRIGGER ALL",
        "ALTER TABLE audit_event ADD COLUMN x int",
        "DROP TRIGGER only_removes ON audit_event",
        "UPDATE audit_event SET actor_words = NULL",
        "UPDATE audit_chain SET removed = 1, anchor = head",
        "DROP TABLE audit_event CASCADE",
        "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "SET session_replication_role = replica",
        "CREATE TABLE mine (x int)",
    ],
)
def test_the_role_of_web_and_worker_can_neither_change_events_nor_switch_off_what_guards_them(statement, as_app_role):
    write(seated_account(), 1)

    with as_app_role.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(statement)

    assert broken() == []


def seated_account():
    """An account of a database that commits: the owner's seat is checked at the end of the transaction."""
    with transaction.atomic():  # noqa: TID251  # rows of a test, not an act
        return BusinessAccountFactory()


TAMPERING = {
    "one changed byte": (
        "UPDATE audit_event SET canonical = overlay(canonical placing 'X' from length(canonical) - 30) WHERE number = 4",
        4,
        "the text was changed",
    ),
    "a changed column": ("UPDATE audit_event SET actor_id = 1, actor_kind = 'person' WHERE number = 5", 5, "columns"),
    "a changed time": ("UPDATE audit_event SET at = at + interval '1 microsecond' WHERE number = 5", 5, "columns"),
    "a removed event": ("DELETE FROM audit_event WHERE number = 3", 3, "event 3 is missing"),
    "a cut tail": ("DELETE FROM audit_event WHERE number > 8", 9, "the end is cut off"),
    "two swapped": (
        (
            "UPDATE audit_event SET number = CASE number WHEN 3 THEN -6 ELSE -3 END WHERE number IN (3, 6);"
            "UPDATE audit_event SET number = -number WHERE number < 0"
        ),
        3,
        "does not follow",
    ),
    "a fresh hash on a changed text": (
        (
            "UPDATE audit_event SET canonical = replace(canonical, '\"number\":6', '\"number\":9') WHERE number = 7;"
            "UPDATE audit_event SET digest = sha256(convert_to(canonical, 'UTF8')) WHERE number = 7;"
            "UPDATE audit_event SET hash = sha256(previous || int8send(number) || digest) WHERE number = 7"
        ),
        8,
        "does not follow",
    ),
    "a changed word": (
        "UPDATE audit_event SET target_words = target_words || ' ' WHERE number = 5",
        5,
        "not those that it",
    ),
    "words of another event": (
        "UPDATE audit_event SET actor_words = (SELECT actor_words FROM audit_event WHERE number = 1) WHERE number = 5",
        5,
        "not those that it",
    ),
    "words taken away": ("UPDATE audit_event SET actor_words = NULL WHERE number = 6", 6, "no event says so"),
    "a removed beginning": (
        (
            "UPDATE audit_chain SET removed = 3, anchor = (SELECT hash FROM audit_event WHERE number = 3);"
            "DELETE FROM audit_event WHERE number <= 3"
        ),
        3,
        "no event of it says so",
    ),
    "a head taken away": ("DELETE FROM audit_chain", 1, "events hang in the air"),
    "a changed row id": ("UPDATE audit_event SET id = id + 1000 WHERE number = 5", 6, "row id was changed"),
    "an added event": (
        (
            "INSERT INTO audit_event (chain_id, number, previous, digest, hash, canonical, actor_words, target_words,"
            " at, name, result, actor_kind, target_kind) SELECT chain_id, 11, hash, digest,"
            " sha256(hash || int8send(11) || digest), canonical, actor_words, target_words, at, name, result, actor_kind,"
            " target_kind FROM audit_event WHERE number = 10"
        ),
        11,
        "",
    ),
}


@pytest.mark.rule(16)
@pytest.mark.requirement("AU6")
@pytest.mark.parametrize("how", TAMPERING)
def test_what_the_owner_changes_with_the_triggers_off_is_named(how, as_owner):
    account = seated_account()
    write(account, 10)
    statement, place, words = TAMPERING[how]

    with as_owner.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement)

    (found,) = broken()
    assert (found.chain, found.number) == (f"account/{account.pk}", place)
    assert words in found.problem


@pytest.mark.rule(16)
def test_the_command_names_the_first_break_and_fails(as_owner, capsys):
    account, other = seated_account(), seated_account()
    write(account, 5)
    write(other, 5)
    call_command("verify_audit")
    assert "OK: 10 events in 2 chains hold" in capsys.readouterr().out

    with as_owner.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE audit_event SET canonical = canonical || ' ' WHERE number = 2 AND chain_id = %s",
            [Chain.objects.get(kind="account", subject_id=account.pk).pk],
        )

    with pytest.raises(CommandError) as failure:
        call_command("verify_audit")
    assert failure.value.returncode == 1
    said = capsys.readouterr().err
    assert f"BROKEN account/{account.pk} at event 2: the text was changed" in said
    assert f"({account.name}: --account {account.slug})" in said
    assert str(failure.value) == "1 chain does not hold"
    call_command("verify_audit", account=other.slug)
    assert capsys.readouterr().out == "OK: 5 events in 1 chain holds\n"
    with pytest.raises(CommandError) as failure:
        call_command("verify_audit", account="no-such-account")
    assert failure.value.returncode == 2


class Terminal(io.StringIO):
    """An output that a person looks at."""

    def isatty(self):
        return True


@pytest.mark.rule(16)
@pytest.mark.parametrize("shown", [True, False])
def test_the_command_shows_a_person_how_far_it_is_and_keeps_a_file_free_of_it(fresh_database, monkeypatch, shown):
    monkeypatch.setattr("audit.verification.BATCH", 4)
    for _account in range(2):
        write(seated_account(), 10)
    out, error = io.StringIO(), Terminal() if shown else io.StringIO()
    monkeypatch.setattr("sys.stderr", error)

    call_command("verify_audit", stdout=out, stderr=error)

    steps = [4, 8, 10, 14, 18, 20]
    assert error.getvalue() == ("".join(f"\r{step} of 20 events" for step in steps) + "\n" if shown else "")
    assert "OK: 20 events in 2 chains hold" in out.getvalue()


@pytest.mark.rule(15)
def test_events_outlive_the_account_and_the_people_that_they_name(as_owner):
    with transaction.atomic():  # noqa: TID251  # rows of a test, not an act
        olga = PersonFactory(name="Olga Berg")
        account = BusinessAccountFactory(name="Northwind", owner=olga)
    change_settings(account=account, name="Northwind Coffee", by=olga)
    before = list(Event.objects.of(account).values_list("canonical", flat=True))

    with as_owner.cursor() as cursor:
        cursor.execute("BEGIN")
        for table in ("teams_membership", "accounts_securitypolicy"):
            cursor.execute(f"DELETE FROM {table} WHERE account_id = %s", [account.pk])
        cursor.execute("DELETE FROM accounts_businessaccount WHERE id = %s", [account.pk])
        cursor.execute("DELETE FROM account_emailaddress WHERE user_id = %s", [olga.pk])
        cursor.execute("DELETE FROM accounts_person WHERE id = %s", [olga.pk])
        cursor.execute("COMMIT")

    event = Event.objects.get(chain__kind="account", chain__subject_id=account.pk)
    assert not BusinessAccount.objects.filter(pk=account.pk).exists()
    assert [event.canonical] == before
    assert (event.actor, event.actor_id) == ("Olga Berg", olga.pk)
    assert event.sentence == "Olga Berg changed the settings of Northwind Coffee"
    assert broken() == []


@pytest.mark.rule(16)
def test_what_is_written_while_the_record_is_verified_is_no_break(fresh_database):
    account = seated_account()
    write(account, 20)
    verdicts = verify()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: (write(account, 20), connections.close_all())).result()

    assert [verdict.broken for verdict in verdicts] == [None]


@pytest.mark.django_db
@pytest.mark.rule(15)
def test_events_outlive_the_people_and_accounts_they_name():
    account, olga = BusinessAccountFactory(name="Short-lived"), PersonFactory(name="Olga Berg")
    write(account, 1, by=olga)

    olga.delete()

    event = Event.objects.of(account).get()
    assert (event.actor, event.target) == ("Olga Berg", "Short-lived")

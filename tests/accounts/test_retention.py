"""How long an account keeps its log: old events go up to a checkpoint, and the rest still verifies (rules 15, 16)."""

import datetime as dt
import io

import psycopg2
import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts import tasks
from accounts.actions import keep_log, remove_old_events
from accounts.errors import ChangedMeanwhile
from accounts.events import ACCOUNT_SETTINGS_CHANGED
from accounts.retention import kept_from
from audit import keeping
from audit.models import Chain, Event, Verification
from audit.recording import SYSTEM, note
from audit.removing import anchor_of
from audit.verification import verify
from notices.models import Notice
from teams.past import account_at
from tests.audit.test_keeping import kept  # noqa: F401  # a fixture
from tests.audit.test_record import write
from tests.factories import BusinessAccountFactory, MembershipFactory
from tests.post import the_post_goes_out
from tests.showing import signed_in
from tests.together import committed

pytestmark = [pytest.mark.rule(15), pytest.mark.rule(16), pytest.mark.requirement("AU7")]
DAY = dt.timedelta(days=1)
LONG_AGO = dt.datetime(2023, 3, 1, 12, tzinfo=dt.UTC)


def _begun():
    """Return an account whose first event holds how its owner's seat stands."""
    account = BusinessAccountFactory()
    note(ACCOUNT_SETTINGS_CHANGED, by=SYSTEM, on=account)
    return account


@pytest.fixture
def account(fresh_database, kept):  # noqa: F811  # the imported fixture
    """An account with three events of long ago under a checkpoint of then, and two of today."""
    with time_machine.travel(LONG_AGO, tick=True):
        account = committed(_begun)
        write(account, 2)
        assert keeping.keep_checkpoint() == 1
    write(account, 2)
    return account


def chosen(account, years=1, *, ago=31):
    with time_machine.travel(timezone.now() - ago * DAY, tick=True):
        return keep_log(account=account, years=years, by=account.owner)


def removed():
    out = io.StringIO()
    call_command("remove_old_events", stdout=out)
    return out.getvalue()


def broken():
    return [verdict.broken for verdict in verify() if verdict.broken]


def numbers(account):
    return list(Event.objects.of(account).order_by("number").values_list("number", flat=True))


def test_old_events_go_up_to_the_checkpoint_and_the_rest_holds(account):
    last_of_them = Event.objects.of(account).get(number=3)
    chosen(account)

    before = account_at(account, timezone.now())
    said = removed()

    assert said == f"{account.slug}: 3 events removed\n"
    after = account_at(account, timezone.now())
    assert (after.seats.keys(), after.assets) == (before.seats.keys(), before.assets)
    assert [after.powers_of(seat) for seat in after.seats.values()] == [
        before.powers_of(seat) for seat in before.seats.values()
    ]
    assert len(after.who_could("own_account")) == 1
    assert numbers(account) == [4, 5, 6, 7]
    chain = Chain.objects.get(kind="account", subject_id=account.pk)
    assert (chain.removed, bytes(chain.anchor)) == (3, bytes(last_of_them.hash))
    told = Event.objects.of(account).get(number=7)
    assert told.name == "record.removed"
    assert told.parts["after"]["checkpoint"] == 1
    assert broken() == []
    assert keeping.check().breaks == ()  # against the checkpoint that is the anchor, too
    assert keeping.keep_checkpoint() == 2
    assert keeping.check().breaks == ()
    assert removed() == f"{account.slug}: 0 events removed\n"


def test_nothing_goes_by_default_or_while_the_choice_can_be_undone_or_where_events_are_young(account):
    assert removed() == ""
    chosen(account, ago=29)
    assert removed() == f"{account.slug}: 0 events removed\n"
    chosen(account, None)
    assert removed() == ""
    chosen(account, 10)
    assert removed() == f"{account.slug}: 0 events removed\n"
    assert 1 in numbers(account)


def test_without_a_checkpoint_of_that_time_everything_stays(account, kept):  # noqa: F811  # the imported fixture
    chosen(account)
    (kept / "00000001.checkpoint").unlink()

    assert removed() == f"{account.slug}: 0 events removed\n"
    assert 1 in numbers(account)


def test_two_at_once_remove_once(account):
    chosen(account)
    account.refresh_from_db()
    anchor = anchor_of(account, before=kept_from(account, timezone.now()))

    remove_old_events(account=account, anchor=anchor, by=SYSTEM)
    with pytest.raises(ChangedMeanwhile):
        remove_old_events(account=account, anchor=anchor, by=SYSTEM)

    assert Event.objects.of(account).named("record.removed").count() == 1
    assert broken() == []


def test_where_no_checkpoints_are_known_the_command_says_so(account, settings):
    chosen(account)
    settings.CHECKPOINT_KEY = ""

    with pytest.raises(CommandError, match="CHECKPOINT_KEY"):
        removed()

    assert 1 in numbers(account)


def test_a_chain_that_was_written_anew_is_not_cut(account, as_owner):
    """Its hash is not the one that the checkpoint knows."""
    chosen(account)
    with as_owner.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE audit_event SET hash = sha256(hash) WHERE number = 3")

    with pytest.raises(CommandError):
        removed()

    assert 1 in numbers(account)


def test_a_second_removal_moves_the_anchor(account):
    with time_machine.travel(LONG_AGO + 100 * DAY, tick=True):
        assert keeping.keep_checkpoint() == 2
    chosen(account)
    removed()
    with time_machine.travel(timezone.now() + 800 * DAY, tick=True):
        tasks.mind_record()
        assert Verification.objects.newest().problems == []
    with time_machine.travel(timezone.now() + 1600 * DAY, tick=True):
        removed()
        assert keeping.check().breaks == ()

    assert numbers(account)[0] > 4


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_event WHERE number = 4",
        "UPDATE audit_chain SET removed = 2, anchor = (SELECT hash FROM audit_event WHERE number = 2)",
        "UPDATE audit_chain SET removed = 0, anchor = NULL",
    ],
)
def test_nothing_else_goes_even_by_the_owner_of_the_tables(account, as_owner, statement):
    chosen(account)
    removed()

    with as_owner.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(statement)

    assert broken() == []


def test_the_role_of_web_and_worker_can_not_remove(account, as_app_role):
    chosen(account)
    with as_app_role.cursor() as cursor:
        for statement in (
            "UPDATE audit_chain SET removed = 3, anchor = (SELECT hash FROM audit_event WHERE number = 3)",
            "DELETE FROM audit_event WHERE number <= 3",
        ):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)


def test_the_page_says_what_would_go_and_tells_the_administrators(account, mailoutbox):
    anna = committed(lambda: MembershipFactory(account=account, holding="administrator"))
    address = reverse("keep_log", args=[account.slug])
    client = signed_in(account.owner)

    page = client.get(address).content.decode()
    sent = client.post(address, {"years": "2"}, follow=True)

    assert "3 events are older today" in page
    assert "Nothing is ever removed" in page
    assert "The log is kept 2 years." in sent.content.decode()
    assert "Nothing is removed before" in sent.content.decode()
    account.refresh_from_db()
    assert account.log_kept_years == 2
    assert "how long the log" in Notice.objects.get(person=anna.person).words
    the_post_goes_out()
    assert ["how long the log" in mail.body for mail in mailoutbox if anna.person.email in mail.to] == [True]
    assert "old ones go by the account" in client.get(reverse("activity", args=[account.slug])).content.decode()
    assert signed_in(anna.person).get(address).status_code == 403


@pytest.mark.parametrize("typed", ["4", "-1", "for ever", "", "1e3"])
def test_only_a_time_that_is_offered_is_taken(account, typed):
    answer = signed_in(account.owner).post(reverse("keep_log", args=[account.slug]), {"years": typed})

    assert answer.status_code == 422
    account.refresh_from_db()
    assert account.log_kept_years is None
    assert connection.in_atomic_block is False

"""Reading on in the log: what is new is judged once, by whichever worker, and nothing is lost or told twice."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import BusinessAccount
from audit import recording
from audit.models import Chain, Event
from audit.recording import SYSTEM
from teams.events import ROLE_CREATED
from tests.factories import BusinessAccountFactory, MembershipFactory
from tests.oversight.log import write
from tests.watching.lives import ABROAD, STRANGE, days_of_work, fail, sign_in, the_watch_reads
from watching import actions
from watching.models import Alert, Cursor
from watching.past import ChainHistory, happened

pytestmark = pytest.mark.django_db
NIGHT = dt.timedelta(hours=-6)  # of nine in the morning


@pytest.fixture
def eddie():
    return MembershipFactory(person__name="Eddie Editor", account__name="Northwind")


@pytest.fixture
def worked(eddie):
    """Eddie has worked for a month, and the log was read so far."""
    morning = days_of_work(eddie.person)
    the_watch_reads()
    assert not Alert.objects.exists()
    return morning


def test_a_sign_in_unlike_the_person_raises_one_alert_with_its_event(eddie, worked):
    sign_in(eddie.person, worked + NIGHT, ABROAD, STRANGE)

    the_watch_reads()
    the_watch_reads()

    alert = Alert.objects.get()
    assert (alert.account, alert.rule, alert.severity, alert.concerns) == (
        eddie.account, "unusual_sign_in", "high", eddie.person,
    )  # fmt: skip
    assert alert.words == "An unusual sign-in as Eddie Editor"
    assert [place for place, _number in alert.events] == [f"person/{eddie.person_id}"]
    raised = Event.objects.about(alert).get()
    assert (raised.name, raised.actor_kind, raised.parts["after"]["words"]) == ("alert.raised", "system", alert.words)
    assert "192.0.2.0/24" in " ".join(alert.reasons)
    assert "03:00" in " ".join(alert.reasons)


def test_the_same_sign_in_is_told_in_each_account_of_the_person_and_in_no_other(eddie, worked):
    second = MembershipFactory(person=eddie.person).account
    MembershipFactory(person=eddie.person, ended=True)
    BusinessAccountFactory()
    sign_in(eddie.person, worked + NIGHT, ABROAD, STRANGE)

    the_watch_reads()

    assert set(Alert.objects.values_list("account", flat=True)) == {eddie.account_id, second.pk}


def test_a_journey_with_the_usual_laptop_is_no_alert(eddie, worked):
    sign_in(eddie.person, worked, ABROAD)
    sign_in(eddie.person, worked + dt.timedelta(hours=7), "192.0.2.66")

    the_watch_reads()

    assert not Alert.objects.exists()


def test_somebody_of_whom_hardly_anything_is_known_is_not_judged(eddie):
    morning = days_of_work(eddie.person, days=5)
    sign_in(eddie.person, morning + NIGHT, ABROAD, STRANGE)

    the_watch_reads()

    assert not Alert.objects.exists()


def test_an_event_without_an_address_is_not_judged(eddie, worked):
    sign_in(eddie.person, worked + NIGHT, "", "")

    the_watch_reads()

    assert not Alert.objects.exists()


def test_two_rules_that_find_something_in_one_event_raise_an_alert_each(eddie, worked):
    for minute in range(12):
        fail(eddie.person, worked + NIGHT - dt.timedelta(minutes=30 - minute))
    sign_in(eddie.person, worked + NIGHT, ABROAD, STRANGE)

    the_watch_reads()

    assert set(Alert.objects.values_list("rule", flat=True)) == {"unusual_sign_in", "guessed_password"}
    guessed = Alert.objects.get(rule="guessed_password")
    assert len(guessed.events) == 13


def test_what_goes_on_is_not_told_again_while_an_alert_stands_for_it(eddie, worked):
    for hour, address in enumerate([ABROAD, "192.0.66.1", "100.64.3.1"]):
        sign_in(eddie.person, worked + NIGHT + dt.timedelta(minutes=10 * hour), address, STRANGE)

    the_watch_reads()

    assert Alert.objects.count() == 1


def test_what_was_read_is_not_read_again(eddie, worked):
    write(eddie.account, 5)
    the_watch_reads()
    cursors = dict(Cursor.objects.values_list("chain", "number"))

    with CaptureQueriesContext(connection) as asked:
        the_watch_reads()

    assert len(asked) == 2  # in each turn the one that compares how long each chain is with how far it was read
    assert dict(Cursor.objects.values_list("chain", "number")) == cursors
    for chain in Chain.objects.exclude(kind="portal"):
        assert cursors[chain.pk] == chain.length


def test_a_worker_that_dies_before_the_alert_is_written_loses_nothing(eddie, worked, monkeypatch):
    sign_in(eddie.person, worked + NIGHT, ABROAD, STRANGE)
    chain = Chain.objects.get(kind="person", subject_id=eddie.person_id)
    before = Cursor.objects.get(chain=chain).number

    def die(*_given, **_named):
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(recording, "_append_many", die)
        with pytest.raises(SystemExit):
            actions.read_on(chain_id=chain.pk, by=SYSTEM)

    assert not Alert.objects.exists()
    assert Cursor.objects.get(chain=chain).number == before
    the_watch_reads()
    assert Alert.objects.count() == 1


def test_a_chain_that_cannot_be_read_keeps_no_other_back(eddie, worked, monkeypatch):
    other = MembershipFactory(account=eddie.account)
    days_of_work(other.person)
    the_watch_reads()
    sign_in(eddie.person, worked + NIGHT, ABROAD, STRANGE)
    sign_in(other.person, worked + NIGHT, ABROAD, STRANGE)
    broken, real = Chain.objects.get(kind="person", subject_id=eddie.person_id).pk, Chain.objects.get

    def get(*given, **named):
        if named.get("pk") == broken:
            raise ValueError("unreadable")
        return real(*given, **named)

    monkeypatch.setattr(type(Chain.objects), "get", lambda self, *given, **named: get(*given, **named))

    the_watch_reads()

    assert list(Alert.objects.values_list("concerns", flat=True)) == [other.person_id]


def test_a_closed_account_is_not_watched(eddie, worked):
    BusinessAccount.objects.filter(pk=eddie.account_id).update(closed_at=timezone.now())
    sign_in(eddie.person, worked + NIGHT, ABROAD, STRANGE)

    the_watch_reads()

    assert not Alert.objects.exists()


def test_a_whole_batch_is_followed_by_the_next_one(eddie, worked, monkeypatch):
    monkeypatch.setattr("watching.actions.reading.BATCH", 2)
    write(eddie.account, 7)

    the_watch_reads()

    assert Cursor.objects.get(chain__kind="account", chain__subject_id=eddie.account_id).number == 7


def test_a_list_of_hundreds_is_read_on_from_and_not_anew_for_each_event(eddie, worked):
    """Whoever invites hundreds at once must not keep the rules busy for longer than their run."""
    write(eddie.account, 150, by=eddie.account.owner, act=ROLE_CREATED)

    with CaptureQueriesContext(connection) as asked:
        the_watch_reads()

    assert list(Alert.objects.values_list("rule", flat=True)) == ["burst_of_changes"]
    assert len(asked) < 4 * 150
    [alert] = Alert.objects.all()
    assert alert.facts["changes"] == 12


def test_what_a_question_has_read_is_the_same_as_if_it_had_been_asked_anew(eddie):
    days_of_work(eddie.person, days=12)
    chain = Chain.objects.get(kind="person", subject_id=eddie.person_id)
    kept = ChainHistory(chain)

    for event in Event.objects.filter(chain=chain).order_by("number"):
        this = happened(event, kept.place)
        for days in (1, 5, 90):
            asked = {"names": ["person.signed_in"], "since": this.at - dt.timedelta(days=days), "most": 4}
            assert kept.before(this, **asked) == ChainHistory(chain).before(this, **asked)

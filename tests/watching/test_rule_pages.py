"""The rules of an account: each explains itself, and is tuned or muted with an event."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.errors import PolicyViolation
from audit.models import Event
from notices.models import Notice
from tests.factories import BusinessAccountFactory, MembershipFactory
from tests.showing import signed_in as fresh
from tests.watching.lives import ABROAD, STRANGE, days_of_work, sign_in, the_watch_reads
from watching import actions
from watching.models import Alert, Tuning
from watching.rules import RULES

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return BusinessAccountFactory(name="Northwind", owner__name="Olga")


@pytest.fixture
def anna(account):
    return MembershipFactory(account=account, holding="administrator", person__name="Anna").person


def url(name, account, *more):
    return reverse(name, args=[account.slug, *more])


def told(account):
    return list(Event.objects.of(account).named("watch.").order_by("number").values_list("name", "result"))


def test_every_rule_says_what_it_looks_for(client, account):
    client.force_login(MembershipFactory(account=account, holding="auditor").person)

    shown = client.get(url("watch_rules", account)).content.decode()

    for code, rule in RULES.items():
        assert str(rule.name) in shown
        assert url("tune_rule", account, code) not in shown  # an auditor sets nothing


def test_a_rule_is_tuned_and_counts_from_then_on(client, account, anna):
    client = fresh(anna)

    response = client.post(url("tune_rule", account, "unusual_sign_in"), {"points": "7", "history": "10"})

    assert response.status_code == 302
    assert Tuning.objects.get(account=account).values == {"points": 7}
    [event] = Event.objects.of(account).named("watch.tuned")
    assert (event.parts["before"]["points"], event.parts["after"]["points"]) == (5, 7)
    assert "usually 5" in client.get(url("watch_rules", account)).content.decode()
    eddie = MembershipFactory(account=account)
    elsewhere = MembershipFactory(person=eddie.person)
    sign_in(eddie.person, days_of_work(eddie.person) - dt.timedelta(hours=6), ABROAD, STRANGE)
    the_watch_reads()
    assert list(Alert.objects.values_list("account", flat=True)) == [elsewhere.account_id]


@pytest.mark.parametrize(
    "form",
    [
        {"points": "2", "history": "10"}, {"points": "10", "history": "10"}, {"points": "five", "history": "10"},
        {"points": "", "history": "10"}, {"points": "9" * 400, "history": "10"}, {},
    ],
    ids=str,
)  # fmt: skip
def test_numbers_out_of_bounds_are_refused_with_words(account, anna, form):
    response = fresh(anna).post(url("tune_rule", account, "unusual_sign_in"), form)

    assert response.status_code == 422
    assert not Tuning.objects.exists()


@pytest.mark.parametrize("values", [{"points": 2}, {"points": 10}, {"no such": 5}])
def test_the_action_asks_for_the_bounds_again(account, values):
    with pytest.raises(PolicyViolation):
        actions.tune_rule(account=account, rule="unusual_sign_in", values=values, by=account.owner)


def test_the_same_numbers_are_no_event(account):
    actions.tune_rule(account=account, rule="mass_export", values={"exports": 4, "hours": 24}, by=account.owner)

    assert told(account) == []
    assert not Tuning.objects.exists()


def test_a_muted_rule_says_nothing_until_its_end_and_everybody_who_manages_is_told(account, anna):
    eddie = MembershipFactory(account=account)
    morning = days_of_work(eddie.person)
    client = fresh(anna)

    client.post(url("mute_rule", account, "unusual_sign_in"), {"days": "7", "reason": "We move"})

    assert told(account) == [("watch.muted", "done")]
    [notice] = Notice.objects.filter(person=account.owner)
    assert (notice.kind, notice.channel) == ("alert_high", "at_once")
    assert "muted" in client.get(url("watch_rules", account)).content.decode()
    with time_machine.travel(timezone.now() + dt.timedelta(hours=1), tick=False):
        sign_in(eddie.person, timezone.now(), ABROAD, STRANGE)
        the_watch_reads()
        assert not Alert.objects.exists()
    with time_machine.travel(timezone.now() + dt.timedelta(days=8), tick=False):
        sign_in(
            eddie.person, (morning + dt.timedelta(days=8, hours=-6)), "100.66.1.1", STRANGE.replace("Windows", "BeOS")
        )
        the_watch_reads()
        assert Alert.objects.exists()


def test_a_mute_is_not_made_longer_unseen(account, anna):
    client = fresh(anna)
    client.post(url("mute_rule", account, "mass_export"), {"days": "1"})
    end = Tuning.objects.get().muted_until

    assert client.post(url("mute_rule", account, "mass_export"), {"days": "90"}).status_code == 409
    assert client.get(url("mute_rule", account, "mass_export")).url == url("watch_rules", account)
    assert Tuning.objects.get().muted_until == end


def test_muting_ends_when_it_is_taken_back(account, anna):
    client = fresh(anna)
    client.post(url("mute_rule", account, "mass_export"), {"days": "30"})

    client.post(url("unmute_rule", account, "mass_export"))

    assert not Tuning.objects.muting().exists()
    assert told(account) == [("watch.muted", "done"), ("watch.unmuted", "done")]
    assert client.post(url("unmute_rule", account, "mass_export")).status_code == 409


@pytest.mark.parametrize("days", ["0", "-1", "91", "10000000", "x", ""])
def test_a_rule_is_never_muted_for_ever(account, anna, days):
    assert fresh(anna).post(url("mute_rule", account, "mass_export"), {"days": days}).status_code == 422
    assert not Tuning.objects.exists()


@pytest.mark.parametrize("until", [-1, 0, 91])
def test_nor_by_the_action_itself(account, until):
    end = timezone.now() + dt.timedelta(days=until)

    with pytest.raises(PolicyViolation):
        actions.mute_rule(account=account, rule="mass_export", until=end, by=account.owner)


@pytest.mark.requirement("MF11")
@pytest.mark.parametrize("name", ["tune_rule", "mute_rule"])
def test_who_has_not_just_shown_a_factor_sets_nothing(account, anna, name):
    client = fresh(anna, ago=900)

    client.post(url(name, account, "mass_export"), {"days": "7", "exports": "90", "hours": "1"})

    assert not Tuning.objects.exists()


@pytest.mark.parametrize("name", ["tune_rule", "mute_rule", "unmute_rule"])
def test_a_rule_that_never_was_is_not_found(account, anna, name):
    client = fresh(anna)

    assert client.get(url(name, account, "no-such-rule")).status_code == 404
    assert client.post(url(name, account, "no-such-rule"), {"days": "7"}).status_code == 404


def test_a_rule_without_numbers_leads_back(account, anna):
    client = fresh(anna)

    assert client.get(url("tune_rule", account, "leavers_residue")).url == url("watch_rules", account)


def test_what_one_account_sets_changes_nothing_in_another(account):
    other = BusinessAccountFactory()

    actions.tune_rule(account=account, rule="mass_export", values={"exports": 50}, by=account.owner)

    assert Tuning.objects.of_accounts([other.pk]) == {}

"""The rules of every day, over real accounts."""

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from accounts.actions import note_break
from audit.models import Event
from audit.recording import SYSTEM
from audit.verification import Break
from notices.models import Notice
from teams import actions as teams
from teams.models import AccessRequest
from tests.factories import AccessRequestFactory, BusinessAccountFactory, MembershipFactory, VerificationFactory
from tests.watching.lives import the_watch_looks, the_watch_reads
from watching.models import Alert
from watching.past import AccountStanding

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def alerts():
    return sorted(Alert.objects.values_list("rule", "concerns__name"))


@pytest.fixture
def account():
    VerificationFactory()
    return BusinessAccountFactory(owner__name="Olga")


def joined(account, days, name, **more):
    long_ago = timezone.now() - days * DAY
    return MembershipFactory(account=account, joined_at=long_ago, person__name=name, **more)


def seen(member, days):
    member.person.last_login = timezone.now() - days * DAY
    member.person.save()


def test_dormant_members_and_unused_powers_are_told_once(account):
    seen(joined(account, 400, "Dora"), 120)
    seen(joined(account, 400, "Eddie"), 3)
    idle = joined(account, 400, "Anna", holding="administrator", administers_since=timezone.now() - 300 * DAY)
    seen(idle, 3)

    the_watch_looks()

    assert alerts() == [("dormant_member", "Dora"), ("unused_powers", "Anna")]
    with time_machine.travel(timezone.now() + 2 * DAY, tick=False):
        VerificationFactory()
        the_watch_looks()
    assert len(alerts()) == 2
    assert set(Notice.objects.filter(person=account.owner).values_list("kind", "channel")) == {("alert_low", "inbox")}


def test_who_used_a_power_is_not_told_of(account):
    anna = joined(account, 400, "Anna", holding="administrator", administers_since=timezone.now() - 300 * DAY)
    seen(anna, 3)
    teams.suspend(membership=MembershipFactory(account=account), by=anna.person)

    the_watch_looks()

    assert alerts() == []


def test_nobody_is_looked_over_twice_a_day(account):
    the_watch_looks()
    seen(joined(account, 400, "Dora"), 120)

    the_watch_looks()
    assert alerts() == []

    with time_machine.travel(timezone.now() + DAY, tick=False):
        VerificationFactory()
        the_watch_looks()
    assert alerts() == [("dormant_member", "Dora")]


def test_what_is_left_of_a_leaver_is_found_by_the_queries_of_the_receipt(account):
    eddie = joined(account, 400, "Eddie")
    wish = AccessRequestFactory(account=account, person=eddie.person)
    teams.offboard(membership=eddie, by=account.owner, reason="Left")
    the_watch_looks()
    assert alerts() == []
    AccessRequest.objects.filter(pk=wish.pk).update(state="open")  # something went wrong behind the actions

    with time_machine.travel(timezone.now() + DAY, tick=False):
        VerificationFactory()
        AccessRequest.objects.filter(pk=wish.pk).update(lapses_at=timezone.now() + DAY)
        the_watch_looks()

    assert alerts() == [("leavers_residue", "Eddie")]
    assert "Open access requests (1)" in " ".join(Alert.objects.get().reasons)


def test_silence_about_the_record_is_an_alert_once_for_each_last_check(account):
    for hours in (27, 29, 80):
        with time_machine.travel(timezone.now() + dt.timedelta(hours=hours), tick=False):
            the_watch_looks()

    assert [rule for rule, _name in alerts()] == ["record_trouble"]
    assert "no check of the record came" in Alert.objects.get().words


def test_a_break_in_the_accounts_own_record_is_an_alert_with_its_event(account):
    note_break(on=account, place=Break(f"account/{account.pk}", 3, "event 3 is missing"), by=SYSTEM)

    the_watch_reads()

    alert = Alert.objects.get()
    assert (alert.rule, alert.severity) == ("record_broken", "high")
    assert alert.events == [[f"account/{account.pk}", Event.objects.of(account).named("record.broken").get().number]]


def test_one_account_that_fails_keeps_no_other_back(account, monkeypatch):
    other = BusinessAccountFactory()
    for place in (account, other):
        seen(joined(place, 400, "Dora"), 120)

    def standing(place):
        if place.pk == account.pk:
            raise ValueError("unreadable")
        return AccountStanding(place)

    monkeypatch.setattr("watching.actions.looking.AccountStanding", standing)

    the_watch_looks()

    assert list(Alert.objects.values_list("account", flat=True)) == [other.pk]

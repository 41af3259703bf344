"""Workers at once, with real connections and commits: what is found is told once, and no worker waits for another."""

import datetime as dt

import pytest

from audit.models import Chain, Event
from audit.recording import SYSTEM
from tests.factories import MembershipFactory
from tests.together import at_once, committed
from tests.watching.lives import ABROAD, STRANGE, days_of_work, sign_in
from watching import actions
from watching.happenings import Finding
from watching.models import Alert, Cursor
from watching.tasks import read_log

pytestmark = pytest.mark.requirement("RE3")


def _intruded():
    member = MembershipFactory()
    morning = days_of_work(member.person, days=12)
    sign_in(member.person, morning - dt.timedelta(hours=6), ABROAD, STRANGE)
    return member


def test_many_workers_at_once_raise_one_alert(fresh_database):
    member = committed(_intruded)

    outcomes = at_once(*[read_log] * 4)

    assert outcomes == [None] * 4
    assert list(Alert.objects.values_list("rule", "account")) == [("unusual_sign_in", member.account_id)]
    assert Event.objects.named("alert.raised").count() == 1
    for chain in Chain.objects.exclude(kind="portal"):
        assert Cursor.objects.get(chain=chain).number <= chain.length


def test_the_same_finding_raised_by_several_at_once_is_one_alert(fresh_database):
    member = committed(MembershipFactory)
    at = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    finding = Finding(f"person/{member.person_id}", "membership/1", at, member.person_id, {"idle": 93})

    def find():
        return actions.raise_alert(account=member.account, rule="dormant_member", finding=finding, by=SYSTEM)

    outcomes = at_once(*[find] * 4)

    assert sorted(outcome is None for outcome in outcomes) == [False, True, True, True]
    assert Alert.objects.count() == Event.objects.named("alert.raised").count() == 1

"""Two who decide at the same moment about an act that waits: one of them does, and the act is done once (AZ11)."""

import psycopg2
import pytest

from accounts.errors import ChangedMeanwhile, MissingPermission
from audit.models import Event
from teams import actions
from teams.models import Membership, PendingAct, SecondPerson
from teams.packing import unpacked
from tests.factories import BusinessAccountFactory, MembershipFactory, PendingActFactory
from tests.together import at_once, committed, one_behind_the_other

pytestmark = pytest.mark.requirement("AZ11")


def owners_act():
    """An act of the owner's in an account that asks for a second person, so that an administrator can approve it."""
    account = BusinessAccountFactory()
    SecondPerson.objects.create(account=account, act="administrator", way="approve")
    return PendingActFactory(account=account, person=account.owner)


def second_in(pending):
    return MembershipFactory(account=pending.account, holding="administrator").person


def names():
    return list(Event.objects.order_by("id").values_list("name", flat=True))


def role_of(pending):
    return Membership.objects.get(pk=unpacked(pending.arguments)["membership"].pk).role.code


def test_of_two_who_approve_at_once_one_does(fresh_database):
    pending = committed(owners_act)
    anna, bert = (committed(lambda: second_in(pending)) for _number in range(2))

    race = one_behind_the_other(
        lambda: actions.approve_act(pending=pending, by=anna), lambda: actions.approve_act(pending=pending, by=bert)
    )

    assert race.waited_for == "accounts_businessaccount"
    assert isinstance(race.second, ChangedMeanwhile)
    assert PendingAct.objects.get().approved_by == anna
    assert names() == ["second_person.approved"]


@pytest.mark.parametrize("first", ["cancel", "approve"])
def test_cancelled_and_approved_at_once_the_first_decides(fresh_database, first):
    pending = committed(owners_act)
    bert = committed(lambda: second_in(pending))
    acts = {
        "cancel": lambda: actions.cancel_act(pending=pending, by=pending.person),
        "approve": lambda: actions.approve_act(pending=pending, by=bert),
    }
    second = "approve" if first == "cancel" else "cancel"

    race = one_behind_the_other(acts[first], acts[second])

    assert race.waited_for == "accounts_businessaccount"
    if first == "cancel":
        assert isinstance(race.second, ChangedMeanwhile)
        assert actions.carry_out(pending)[0] is False
        assert (PendingAct.objects.get().state, role_of(pending)) == ("cancelled", "editor")
    else:  # a cancellation that comes before it is carried out still counts
        assert PendingAct.objects.get().state == "cancelled"
        assert actions.carry_out(pending)[0] is False
        assert role_of(pending) == "editor"


def test_carried_out_by_page_and_worker_at_once_it_is_done_once(fresh_database):
    pending = committed(owners_act)
    bert = committed(lambda: second_in(pending))
    approved = actions.approve_act(pending=pending, by=bert)

    at_once(*[lambda: actions.carry_out(approved)] * 4)

    assert (PendingAct.objects.get().state, role_of(pending)) == ("done", "administrator")
    assert names() == ["second_person.approved", "role.changed"]


def test_an_approver_who_is_suspended_while_the_approval_waits_approves_nothing(fresh_database):
    pending = committed(owners_act)
    bert = committed(lambda: MembershipFactory(account=pending.account, holding="administrator"))

    race = one_behind_the_other(
        lambda: actions.suspend(membership=bert, by=pending.account.owner),
        lambda: actions.approve_act(pending=pending, by=bert.person),
    )

    assert isinstance(race.second, MissingPermission)
    assert PendingAct.objects.get().state == "waiting"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE teams_pendingact SET ripe_at = now(), asked_at = now() - interval '2 days'",
        "UPDATE teams_pendingact SET recorded_at = now() - interval '30 days'",
        "UPDATE teams_pendingact SET state = 'done', answered_at = now()",
        "UPDATE teams_pendingact SET state = 'approved', approved_by_id = person_id",
        "ALTER TABLE teams_pendingact DISABLE TRIGGER pending_act_keeps_its_time",
        "DROP TRIGGER pending_act_keeps_its_time ON teams_pendingact",
        "ALTER TABLE teams_pendingact DROP CONSTRAINT nobody_approves_their_own_act",
    ],
)
def test_with_the_rights_of_web_and_worker_nobody_gets_around_the_second_person(as_app_role, statement):
    pending = committed(lambda: PendingActFactory(way="delay"))

    with as_app_role.cursor() as cursor, pytest.raises(psycopg2.Error):
        cursor.execute(statement)

    pending.refresh_from_db()
    assert pending.state == "waiting"

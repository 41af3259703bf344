"""Two at once at the register: what is done twice counts once."""

from django.utils import timezone

from accounts.errors import ChangedMeanwhile
from accounts.models import OutgoingMail
from audit.models import Event
from logins import actions
from logins.models import ChangeTask, Knower, Signature
from teams import actions as teams
from tests.factories import (
    BusinessAccountFactory,
    ChangeTaskFactory,
    KnowerFactory,
    MembershipFactory,
    SharedLoginFactory,
)
from tests.logins.signing import sign
from tests.together import at_once, committed, one_behind_the_other


def test_of_two_signatures_at_once_one_counts(fresh_database):
    login = committed(SharedLoginFactory)
    committed(lambda: ChangeTaskFactory(login=login))
    at = timezone.now()

    outcomes = at_once(*[lambda: sign(login, at=at)] * 2)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["PolicyViolation", "Signature"]
    assert Signature.objects.count() == 1
    assert Event.objects.named("login.password_changed").count() == 1


def test_two_workers_at_once_remind_once(fresh_database):
    committed(ChangeTaskFactory)

    at_once(actions.remind_all, actions.remind_all)

    assert OutgoingMail.objects.count() == 1
    assert Event.objects.named("login.reminder_sent").count() == 1


def test_a_person_noted_by_two_at_once_stands_there_once(fresh_database):
    login = committed(SharedLoginFactory)
    marco = {
        "name": "Marco",
        "address": "marco@example.com",
        "since_on": timezone.localdate(),
        "told_by": "",
        "purpose": "",
    }

    at_once(*[lambda: actions.note_knower(login=login, by=login.account.owner, **marco)] * 2)

    assert Knower.objects.count() == 1
    assert Event.objects.count() == 1


def test_two_people_gone_at_once_open_one_task(fresh_database):
    login = committed(SharedLoginFactory)
    knowers = [committed(lambda: KnowerFactory(login=login)) for _number in range(2)]

    at_once(*[lambda knower=knower: actions.note_gone(knower=knower, by=login.account.owner) for knower in knowers])

    assert ChangeTask.objects.count() == 1
    assert Knower.objects.gone().count() == 2
    assert OutgoingMail.objects.count() == 1


def test_a_signature_that_waits_behind_an_offboarding_does_not_count_for_who_went_meanwhile(fresh_database):
    account = committed(BusinessAccountFactory)
    eddie = committed(lambda: MembershipFactory(account=account))
    knower = committed(lambda: KnowerFactory(login=SharedLoginFactory(account=account), address=eddie.person.email))

    race = one_behind_the_other(
        lambda: teams.offboard(membership=eddie, by=account.owner, reason="Left"), lambda: sign(knower.login, knower)
    )

    assert isinstance(race.second, ChangedMeanwhile)
    assert ChangeTask.objects.open().count() == 1

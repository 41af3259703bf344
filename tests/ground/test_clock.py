"""A clock that jumps revives nothing, ends nothing too early, and keeps the record in its order (RE7)."""

import datetime as dt

import pytest
import time_machine
from celery.exceptions import Ignore
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from accounts.events import SIGNED_IN
from accounts.models import Session
from accounts.tasks import clear_expired_sessions
from audit import clock
from audit.models import Chain, Event
from audit.recording import note
from audit.verification import verify
from tests.factories import InvitationFactory, MembershipFactory, PersonFactory, token_of

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("RE7")]
HOUR = dt.timedelta(hours=1)
JUMPS = pytest.mark.parametrize("jump", [-HOUR, HOUR], ids=["back", "forward"])


@pytest.fixture(autouse=True)
def _as_in_production(settings):
    settings.CLOCK_TOLERANCE = dt.timedelta(seconds=30)
    clock._believed.end()


@JUMPS
def test_no_link_page_or_session_is_answered_by_a_clock_that_jumped_until_it_is_right_again(client, jump):
    ended = InvitationFactory(expires_at=timezone.now() - HOUR / 2)
    open_still = InvitationFactory(expires_at=timezone.now() + HOUR / 2)
    client.force_login(PersonFactory())
    pages = [reverse("invitation_offer", args=[token_of(one)]) for one in (ended, open_still)]
    assert client.get("/dashboard/").status_code == 200

    with time_machine.travel(timezone.now() + jump):
        jumped = [client.get(page) for page in [*pages, "/dashboard/", "/"]]
    after = [client.get(page).status_code for page in [*pages, "/dashboard/"]]

    assert [answer.status_code for answer in jumped] == [503] * 4
    assert all("The clock of this server is wrong" in answer.content.decode() for answer in jumped)
    assert after == [404, 200, 200]


def test_a_jump_is_seen_at_once_and_without_one_the_database_is_asked_once_a_minute(
    client, monkeypatch, django_assert_num_queries
):
    clock.hold_against_database()
    with django_assert_num_queries(0):
        clock.hold_against_database()

    with time_machine.travel(timezone.now() - HOUR), pytest.raises(clock.WrongClock, match="behind the database's"):
        clock.hold_against_database()

    later = clock.time.monotonic() + clock.ASKED_EVERY + 1
    monkeypatch.setattr(clock.time, "monotonic", lambda: later)
    with django_assert_num_queries(1):
        clock.hold_against_database()


def test_small_differences_are_borne(client):
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=20)):
        assert client.get("/").status_code == 200


def test_a_jump_in_the_midst_of_an_act_undoes_the_act(client, monkeypatch):
    eddie = MembershipFactory()
    client.force_login(eddie.account.owner)
    events, asked, hold = Event.objects.count(), [], clock.hold_against_database
    monkeypatch.setattr(clock, "hold_against_database", lambda: hold() if asked else asked.append("by the middleware"))

    with time_machine.travel(timezone.now() + dt.timedelta(minutes=2)):
        answer = client.post(reverse("suspend_member", args=[eddie.account.slug, eddie.pk]))

    eddie.refresh_from_db()
    assert answer.status_code == 503
    assert eddie.state == eddie.State.ACTIVE
    assert Event.objects.count() == events


@JUMPS
def test_the_worker_runs_nothing_meanwhile(caplog, jump):
    session = Session.objects.create(
        session_key="x" * 32, session_data="", expire_date=timezone.now() + HOUR / 2, seen_at=timezone.now()
    )

    with time_machine.travel(timezone.now() + jump), pytest.raises(Ignore):
        clear_expired_sessions()

    assert Session.objects.filter(pk=session.pk).exists()
    assert "was not run: this machine's clock is" in caplog.text


@JUMPS
def test_events_around_a_jump_stand_in_their_order(jump):
    person = PersonFactory()
    note(SIGNED_IN, by=person, on=person)
    with time_machine.travel(timezone.now() + jump), pytest.raises(clock.WrongClock):
        note(SIGNED_IN, by=person, on=person)
    note(SIGNED_IN, by=person, on=person)

    chain = Chain.objects.get(kind=Chain.Kind.PERSON, subject_id=person.pk)
    times = list(Event.objects.filter(chain=chain).order_by("number").values_list("at", flat=True))
    assert times == sorted(times)
    assert [verdict.broken for verdict in verify(Chain.objects.filter(pk=chain.pk))] == [None]


def test_readiness_names_the_clock(client, monkeypatch):
    monkeypatch.setattr("accessportal.health.REMEMBERED", -1)
    cache.set("outbox:last_sweep", timezone.now().timestamp() + HOUR.total_seconds())

    with time_machine.travel(timezone.now() + HOUR):
        answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["clock"], answer.json()["database"]) == (503, "failed", "ok")

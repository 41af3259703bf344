"""Guessing passwords: slower after each failure, the same for all processes, and over after a hundred (GU1 to GU3)."""

import datetime as dt
import os
import subprocess
import sys

import pytest
from django.conf import settings as project
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import policies
from accounts.models import OutgoingMail, Session, Tally
from accounts.tasks import clear_old_tallies
from audit.models import Event
from audit.recording import PORTAL
from notices.models import Notice
from tests.factories import PASSWORD, PersonFactory
from tests.post import the_post_goes_out
from tests.together import at_once

NEW = "another sentence, long enough"
NOBODY = "nobody@example.com"


@pytest.fixture(autouse=True)
def _no_other_limit(settings):
    """The library's own limit of requests from one address would come before ours."""
    settings.ACCOUNT_RATE_LIMITS = False


@pytest.fixture
def soon_over(monkeypatch):
    """Fewer failures than a hundred, and than thirty of a network: the tests without it hold the real numbers."""
    monkeypatch.setattr(policies, "MOST_FAILURES", 12)
    monkeypatch.setattr(policies, "NETWORK_FAILURES", 6)


def guesses(address, password="not this one", *, since="198.51.100.7", client=None, **headers):
    form = {"login": address, "password": password}
    return (client or Client()).post("/auth/login/", form, REMOTE_ADDR=since, headers=headers)


def is_closed(answer):
    return "Too many failed tries to sign in. Try again in" in answer.content.decode()


def signs_in(address, password=PASSWORD, **more):
    client = Client()
    guesses(address, password, client=client, **more)
    return "_auth_user_id" in client.session


def told_of(where, name):
    return Event.objects.of(where).named(name).count()


def so_many_failures(address, time_machine, *, but=0):
    """Wrong passwords from ever other addresses, each as soon as it is let through."""
    for number in range(policies.MOST_FAILURES - but):
        row = Tally.objects.exclude(key__startswith="network").first()
        if row is not None and row.closed_until is not None and row.closed_until > timezone.now():
            time_machine.move_to(row.closed_until + dt.timedelta(seconds=1))
        assert not is_closed(guesses(address, since=f"203.0.{number}.9"))


# --- Slower and slower ------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.requirement("GU1")
@pytest.mark.requirement("AU2")
def test_twenty_wrong_passwords_from_twenty_addresses_are_throttled_and_the_open_session_goes_on(client):
    person = PersonFactory()
    client.force_login(person)

    answers = [guesses(person.email, since=f"203.0.113.{number}") for number in range(20)]

    assert [is_closed(answer) for answer in answers] == [False] * 5 + [True] * 15
    assert not signs_in(person.email)
    assert client.get("/dashboard/").status_code == 200
    assert told_of(person, "person.sign_in_failed") == 5
    assert [event.result for event in Event.objects.of(person).named("person.sign_in_throttled")] == ["refused"]


@pytest.mark.django_db
@pytest.mark.requirement("GU1")
@pytest.mark.parametrize("known", [True, False])
def test_the_pauses_grow_and_the_answer_says_how_long(known, time_machine):
    address, now, waits = PersonFactory().email if known else NOBODY, timezone.now(), []
    time_machine.move_to(now, tick=False)

    for _try in range(14):
        assert not is_closed(guesses(address))
        until = Tally.objects.exclude(key__startswith="network").get().closed_until
        waits.append(until - now)
        Tally.objects.filter(key__startswith="network").delete()  # which has a limit of its own
        if until > now:
            time_machine.move_to(until - dt.timedelta(seconds=1), tick=False)
            assert is_closed(guesses(address))
        now = until
        time_machine.move_to(now, tick=False)
    time_machine.move_to(now - waits[-1], tick=False)

    assert [int(wait.total_seconds()) for wait in waits] == [0] * 4 + [30, 60, 120, 240, 480] + [900] * 5
    assert "Try again in 15 minutes." in guesses(address).content.decode()


@pytest.mark.django_db
@pytest.mark.requirement("GU1")
def test_a_right_password_ends_the_run_of_failures(time_machine):
    person = PersonFactory()
    for _try in range(4):
        guesses(person.email)

    assert signs_in(person.email)
    assert [is_closed(guesses(person.email)) for _try in range(4)] == [False] * 4
    assert signs_in(person.email)


@pytest.mark.django_db
@pytest.mark.requirement("GU1")
@pytest.mark.parametrize("there", ["198.51.100.7", "2001:db8::7"])
def test_one_network_address_that_tries_many_people_is_closed_for_a_while_and_others_are_not(there, time_machine):
    people = [PersonFactory() for _one in range(policies.NETWORK_FAILURES + 2)]
    beside = "198.51.100.8" if "." in there else "2001:db8:0:1::8"
    same = there if "." in there else "2001:db8::ffff"

    answers = [guesses(person.email, since=there) for person in people]
    elsewhere = signs_in(people[-1].email, since=beside)
    here = signs_in(people[-1].email, since=same)
    time_machine.move_to(timezone.now() + policies.NETWORK_WINDOW + dt.timedelta(seconds=1))

    assert [is_closed(answer) for answer in answers] == [False] * policies.NETWORK_FAILURES + [True] * 2
    assert (elsewhere, here) == (True, False)
    assert signs_in(people[-1].email, since=same)


@pytest.mark.django_db
@pytest.mark.requirement("GU1")
def test_whoever_signs_in_beside_it_gives_a_guesser_no_new_tries_at_others(soon_over):
    own, others = PersonFactory(), [PersonFactory() for _one in range(policies.NETWORK_FAILURES + 1)]

    answers = [(guesses(other.email), signs_in(own.email))[0] for other in others]

    assert [is_closed(answer) for answer in answers].count(False) == policies.NETWORK_FAILURES


@pytest.mark.django_db
@pytest.mark.requirement("GU1")
@pytest.mark.parametrize("page", ["account_reauthenticate", "account_change_password"])
def test_an_open_session_is_no_way_to_guess_the_password(client, page):
    person = PersonFactory()
    client.force_login(person)
    if page == "account_change_password":
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    form = {"password": "no", "oldpassword": "no", "password1": NEW, "password2": NEW}

    answers = [client.post(reverse(page), form) for _try in range(7)]

    assert [is_closed(answer) for answer in answers] == [False] * 5 + [True] * 2
    assert told_of(person, "person.sign_in_failed") == 5
    assert not signs_in(person.email)


# --- A hundred --------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.requirement("GU1")
@pytest.mark.requirement("AU2")
def test_at_a_hundred_failures_the_password_stops_until_it_is_reset_and_all_else_goes_on(
    client, mailoutbox, settings, time_machine
):
    settings.SESSION_IDLE = settings.SESSION_LONGEST = dt.timedelta(days=30)  # a hundred failures take days
    person = PersonFactory()
    client.force_login(person)
    key = client.session.session_key

    so_many_failures(person.email, time_machine)
    the_post_goes_out()
    time_machine.move_to(timezone.now() + dt.timedelta(minutes=20))
    after = [signs_in(person.email), is_closed(guesses(person.email))]
    time_machine.move_to(timezone.now() + dt.timedelta(minutes=20))
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    assert after == [False, True]
    assert Session.objects.filter(pk=key, person=person).exists()
    assert not any(record.get("reauthenticated") for record in client.session.get("account_authentication_methods", []))
    assert told_of(person, "person.password_stopped") == 1
    (letter,) = mailoutbox
    assert letter.to == [person.email]
    assert f"{project.SITE_URL}{reverse('account_reset_password')}" in letter.body
    assert Notice.objects.filter(person=person, event="person.password_stopped").exists()
    reasons = [event.parts["reason"] for event in Event.objects.of(person).named("person.sign_in_failed")]
    assert [reason for reason in reasons if reason] == [
        "The password was right, but it stopped working after too many failed tries."
    ] * 2


@pytest.mark.django_db
@pytest.mark.requirement("GU1")
def test_a_stopped_password_works_again_once_it_is_reset(mailoutbox, time_machine, soon_over):
    person = PersonFactory()
    so_many_failures(person.email, time_machine)
    the_post_goes_out()
    mailoutbox.clear()
    client = Client()
    client.post("/auth/password/reset/", {"email": person.email})
    the_post_goes_out()
    link = mailoutbox[-1].body.split(project.SITE_URL)[1].split()[0]

    page = client.get(link, follow=True)
    client.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})

    assert signs_in(person.email, NEW)


@pytest.mark.django_db
@pytest.mark.requirement("GU1")
def test_a_last_try_that_is_right_signs_in(time_machine, soon_over):
    person = PersonFactory()
    so_many_failures(person.email, time_machine, but=1)
    time_machine.move_to(timezone.now() + policies.LONGEST_PAUSE + dt.timedelta(seconds=1))

    assert signs_in(person.email)
    assert told_of(person, "person.password_stopped") == 0


@pytest.mark.django_db
@pytest.mark.requirement("GU4")
def test_too_many_failures_at_nobodys_address_leave_the_same_and_write_to_nobody(mailoutbox, time_machine, soon_over):
    so_many_failures(NOBODY, time_machine)
    the_post_goes_out()

    assert mailoutbox == []
    assert told_of(PORTAL, "person.password_stopped") == 1
    assert [row.state for row in OutgoingMail.objects.all()] == ["dropped"]
    assert NOBODY not in str(list(Tally.objects.values_list()) + list(OutgoingMail.objects.values_list()))


# --- Several processes, and several at once ---------------------------------------------------------------------------
@pytest.mark.requirement("GU1")
@pytest.mark.requirement("GU2")
def test_tries_at_once_get_no_more_than_tries_one_after_the_other(fresh_database):
    person = PersonFactory()

    answers = at_once(*[lambda: guesses(person.email)] * 12)

    assert [is_closed(answer) for answer in answers].count(False) == policies.FREE_FAILURES
    assert Tally.objects.get(person=person).failed == policies.FREE_FAILURES


@pytest.mark.requirement("GU2")
def test_the_first_tries_at_nobodys_address_at_once_count_together_too(fresh_database):
    answers = at_once(*[lambda: guesses(NOBODY)] * 12)

    assert [is_closed(answer) for answer in answers].count(False) == policies.FREE_FAILURES


ELSEWHERE = """
import django; django.setup()
from django.conf import settings
settings.ALLOWED_HOSTS, settings.ACCOUNT_RATE_LIMITS = ["testserver"], False
settings.DATABASES["default"]["NAME"] = {name!r}
from django.test import Client
page = Client().post("/auth/login/", {{"login": {address!r}, "password": "no"}}).content.decode()
print("closed" if "Too many failed tries" in page else "looked at")
"""


@pytest.mark.requirement("GU2")
def test_the_count_holds_in_another_process_and_when_the_cache_is_empty(fresh_database):
    person = PersonFactory()
    for _try in range(policies.FREE_FAILURES - 1):
        guesses(person.email)
    cache.clear()
    here = Tally.objects.filter(person=person)
    code = ELSEWHERE.format(name=fresh_database, address=person.email)
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}

    def in_another_process():
        run = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, cwd=project.BASE_DIR
        )
        return run.stdout.splitlines()[-1:], run.stderr

    first, after_first = in_another_process(), here.get()
    here.update(closed_until=timezone.now() + dt.timedelta(hours=1))  # a process may take long to start
    second = in_another_process()

    assert first[0] == ["looked at"], first
    assert after_first.failed == policies.FREE_FAILURES
    assert after_first.closed_until is not None
    assert second[0] == ["closed"], second
    assert is_closed(guesses(person.email, since="203.0.113.99"))


# --- Forged addresses -------------------------------------------------------------------------------------------------
FORGED = {"x-forwarded-for": "192.0.2.{}", "x-real-ip": "192.0.2.{}", "forwarded": "for=192.0.2.{}"}


@pytest.mark.django_db
@pytest.mark.requirement("GU3")
@pytest.mark.parametrize("header", FORGED)
@pytest.mark.parametrize("proxies", [0, 1])
def test_a_forged_address_changes_neither_the_throttle_nor_what_is_logged(header, proxies, settings, soon_over):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    people = [PersonFactory() for _one in range(policies.NETWORK_FAILURES + 1)]
    through = {"x-forwarded-for": "203.0.113.50"} if proxies else {}  # what the proxy adds at the end

    def headers(number):
        forged = FORGED[header].format(number)
        return {**through, header: f"{forged}, {through[header]}" if header in through else forged}

    answers = [guesses(person.email, since="198.51.100.7", **headers(number)) for number, person in enumerate(people)]

    assert [is_closed(answer) for answer in answers] == [False] * policies.NETWORK_FAILURES + [True]
    logged = {event.parts["origin"]["address"] for event in Event.objects.named("person.sign_in_failed")}
    assert logged == {"203.0.113.50" if proxies else "198.51.100.7"}


@pytest.mark.django_db
@pytest.mark.requirement("GU3")
def test_through_the_configured_proxy_the_address_counts(settings, soon_over):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    people = [PersonFactory() for _one in range(policies.NETWORK_FAILURES + 1)]

    answers = [
        guesses(person.email, **{"x-forwarded-for": f"203.0.113.{number}"}) for number, person in enumerate(people)
    ]

    assert not any(is_closed(answer) for answer in answers)


# --- Cleaning up ------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_what_belongs_to_nobody_is_forgotten_after_days_and_a_person_s_count_is_not(time_machine):
    person = PersonFactory()
    guesses(person.email)
    guesses(NOBODY)

    time_machine.move_to(timezone.now() + policies.NETWORKS_KEPT + dt.timedelta(hours=1))
    clear_old_tallies()
    after_days = sorted(row.key.partition(":")[0] for row in Tally.objects.all())
    time_machine.move_to(timezone.now() + policies.TALLIES_KEPT)
    clear_old_tallies()

    assert after_days == ["nobody", "person"]
    assert [row.person for row in Tally.objects.all()] == [person]


@pytest.mark.django_db
@pytest.mark.requirement("GU4")
@pytest.mark.parametrize("cleared", [True, False])
def test_after_a_long_rest_a_person_s_count_begins_anew_as_nobody_s_does(cleared, time_machine):
    addresses = [PersonFactory().email, NOBODY]
    for address in addresses * policies.FREE_FAILURES:
        guesses(address)

    time_machine.move_to(timezone.now() + policies.TALLIES_KEPT + dt.timedelta(hours=1))
    if cleared:
        clear_old_tallies()
    answers = [[is_closed(guesses(address)) for _try in range(6)] for address in addresses]

    assert answers == [[False] * 5 + [True]] * 2

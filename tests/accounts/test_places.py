"""A sign-in from a new device or an unusual place is told, and the link in the mail ends it."""

import datetime as dt
import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings as project
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actions import disown_sign_in
from accounts.actions.devices import hash_of
from accounts.models import KnownDevice, OutgoingMail, Person, Session, SignInAlarm
from accounts.places import network_of
from audit.models import Event
from notices.models import Notice
from teams import actions
from tests.factories import PASSWORD, TOTP_SECRET, MembershipFactory, PersonFactory, owner_of
from tests.post import the_post_goes_out
from tests.together import at_once
from tests.written import written

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14.4; rv:128.0) Gecko/20100101 Firefox/128.0"
HOME, NEXT_DOOR, AWAY = "198.51.100.7", "198.51.100.99", "203.0.113.5"
NEW = "another sentence, long enough"


def signs_in(person, *, client=None, since=HOME, agent=MAC, password=PASSWORD):
    client = client or Client()
    form = {"login": person.email, "password": password}
    client.post("/auth/login/", form, REMOTE_ADDR=since, headers={"user-agent": agent})
    assert client.session["_auth_user_id"] == str(person.pk)
    return client


def signs_out(client):
    client.post(reverse("account_logout"))
    return client


def told(person):
    return Event.objects.of(person).named("person.signed_in_elsewhere").count()


@pytest.fixture
def person():
    return PersonFactory(name="Nina Berg")


@pytest.fixture
def alarmed(person, mailoutbox):
    """The path of the link in the mail after a sign-in from elsewhere, and the two browsers that are signed in."""
    at_home, elsewhere = signs_in(person), signs_in(person, since=AWAY)
    the_post_goes_out()
    link = re.search(rf"{re.escape(project.SITE_URL)}(/auth/not-me/[\w-]+/)", mailoutbox[-1].body)[1]
    return link, at_home, elsewhere


# --- What is told -----------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_first_sign_in_and_later_ones_from_the_same_browser_and_place_are_no_news(person, mailoutbox):
    client = signs_in(person)
    for since in (HOME, NEXT_DOOR):
        signs_in(person, client=signs_out(client), since=since)
    the_post_goes_out()

    assert (told(person), mailoutbox) == (0, [])


@pytest.mark.django_db
@pytest.mark.requirement("AU2")
@pytest.mark.parametrize(("since", "same_browser"), [(HOME, False), (AWAY, True), (AWAY, False)])
def test_a_new_browser_or_a_new_place_is_told_by_mail_in_the_inbox_and_in_the_log(
    person, since, same_browser, mailoutbox
):
    client = signs_in(person)
    signs_in(person, client=signs_out(client) if same_browser else None, since=since)
    the_post_goes_out()

    (letter,) = mailoutbox
    assert (letter.to, letter.subject) == ([person.email], "New sign-in to your AccessPortal")
    network = network_of(since, four=24)
    for text in (letter.body, letter.alternatives[0][0]):
        assert "Firefox on Mac OS X" in text
        assert network in text
        assert since not in text
    words = f"You signed in from a new device or place: Firefox on Mac OS X, {network}"
    assert list(Notice.objects.filter(person=person).values_list("kind", "words")) == [("new_sign_in", words)]
    assert told(person) == 1


@pytest.mark.django_db
def test_told_once_it_is_known_and_another_person_on_the_same_browser_begins_anew(person, mailoutbox):
    other = PersonFactory()
    signs_in(person)
    client = signs_in(person, since=AWAY)
    signs_in(person, client=signs_out(client), since=AWAY)
    signs_in(other, client=signs_out(client))

    assert (told(person), told(other)) == (1, 0)
    digests = list(KnownDevice.objects.values_list("digest", flat=True))
    assert len(set(digests)) == len(digests) == 3


@pytest.mark.django_db
def test_the_cookie_is_signed_and_kept_from_scripts_and_one_that_was_made_up_is_as_none(person):
    client = signs_in(person)
    cookie = client.cookies["device"]
    token = cookie.value.split(":")[0]
    forger = Client()
    forger.cookies["device"] = f"{token}:forged:forged"

    signs_in(person, client=forger)

    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"], cookie["max-age"]) == ("Lax", "/", 400 * 24 * 60 * 60)
    assert token not in str(list(KnownDevice.objects.values_list()))
    assert told(person) == 1
    assert forger.cookies["device"].value.split(":")[0] != token


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "198.51.100.0/24"),
        ("2001:db8:1:2::7", "2001:db8:1::/48"),
        ("::ffff:198.51.100.7", "198.51.100.0/24"),
        ("no address", "no address"),
        ("", ""),
    ],
)
def test_a_place_is_a_range_of_addresses(address, network):
    assert network_of(address, four=24, six=48) == network


@pytest.mark.django_db
def test_a_password_that_waits_for_its_second_factor_is_no_sign_in_yet(person):
    signs_in(person)
    TOTP.activate(person, TOTP_SECRET)
    client = Client()

    client.post("/auth/login/", {"login": person.email, "password": PASSWORD}, REMOTE_ADDR=AWAY)

    assert "_auth_user_id" not in client.session
    assert told(person) == 0
    assert "device" not in client.cookies


def test_two_sign_ins_at_once_from_one_new_place_are_told_each_and_remembered_once(fresh_database):
    person = PersonFactory()
    signs_in(person)

    at_once(*[lambda: signs_in(person, since=AWAY)] * 3)

    assert KnownDevice.objects.filter(person=person).count() == 4
    assert told(person) == SignInAlarm.objects.count() == 3  # three browsers


# --- The link ---------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.requirement("SE8")
def test_the_link_stands_in_no_row_and_no_event(person, alarmed, caplog):
    link, _home, _elsewhere = alarmed
    token = link.split("/")[3]

    Client().get(link)
    Client().get(f"/auth/not-me/{token[:-1]}x/")

    stored = [
        *SignInAlarm.objects.values_list(),
        *OutgoingMail.objects.values_list(),
        *written(),
    ]
    assert len(token) == 43
    assert token not in str(stored)
    assert token not in caplog.text


@pytest.mark.django_db
def test_opening_the_link_changes_nothing_and_says_what_will_happen(person, alarmed):
    link, at_home, elsewhere = alarmed

    page = Client().get(link)

    assert page.status_code == 200
    for words in ("signed out everywhere", "password does not work any more", "203.0.113.0/24", "Firefox on Mac OS X"):
        assert words in page.content.decode()
    assert (page.headers["Referrer-Policy"], page.headers["Cache-Control"]) == ("no-referrer", "no-store")
    assert [browser.get("/dashboard/").status_code for browser in (at_home, elsewhere)] == [200, 200]
    assert Person.objects.get(pk=person.pk).check_password(PASSWORD)


@pytest.mark.django_db
@pytest.mark.requirement("AU2")
def test_it_wasnt_me_ends_every_session_and_the_password_and_sends_a_link_for_a_new_one(person, alarmed, mailoutbox):
    link, at_home, elsewhere = alarmed
    before = PersonFactory()  # somebody else, whom it does not concern
    signs_in(before)
    mailoutbox.clear()

    done = Client().post(link)
    the_post_goes_out()

    assert done.status_code == 200
    assert [browser.get("/dashboard/").status_code for browser in (at_home, elsewhere)] == [302, 302]
    assert not Session.objects.filter(person=person).exists()
    assert Session.objects.filter(person=before).exists()
    assert not Person.objects.get(pk=person.pk).has_usable_password()
    assert KnownDevice.objects.filter(person=person, forgotten_at=None).count() == 0
    assert Event.objects.of(person).named("person.sign_in_disowned").count() == 1
    (letter,) = mailoutbox
    reset = re.search(rf"{re.escape(project.SITE_URL)}(/auth/password/reset/key/\S+)", letter.body)[1]
    client = Client()
    page = client.get(reset, follow=True)
    client.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})
    signs_in(person, since=AWAY, password=NEW)
    assert told(person) == 2  # the intruder's place is as new as any


@pytest.mark.django_db
def test_it_wasnt_me_takes_away_factors_added_since_and_leaves_the_earlier(person, mailoutbox, time_machine):
    TOTP.activate(person, TOTP_SECRET)
    signs_in_before = timezone.now() - dt.timedelta(days=1)
    Authenticator.objects.update(created_at=signs_in_before)
    alarm = SignInAlarm.objects.create(
        person=person, token_hash="0" * 64, device="Firefox", network="203.0.113.0/24",
        at=timezone.now() - dt.timedelta(minutes=5), expires_at=timezone.now() + dt.timedelta(days=1),
    )  # fmt: skip
    Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data={"name": "The intruder's"})
    disown_sign_in(alarm=alarm, by=person)

    assert [factor.type for factor in Authenticator.objects.filter(user=person)] == [Authenticator.Type.TOTP]


@pytest.mark.django_db
@pytest.mark.parametrize("case", ["used", "late", "unknown", "of an earlier time"])
def test_a_link_that_works_no_more_changes_nothing_and_says_so_alike(person, alarmed, case, time_machine):
    link, _at_home, _elsewhere = alarmed
    if case == "used":
        Client().post(link)
    if case == "late":
        time_machine.move_to(timezone.now() + dt.timedelta(days=7, seconds=1))
    if case == "of an earlier time":
        SignInAlarm.objects.update(expires_at=timezone.now())
    if case == "unknown":
        link = f"/auth/not-me/{'x' * 43}/"
    events = Event.objects.count()

    answers = [Client().get(link), Client().post(link)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert all("does not work any more" in answer.content.decode() for answer in answers)
    assert all(person.name not in answer.content.decode() for answer in answers)
    assert Event.objects.count() == events


@pytest.mark.django_db
def test_the_link_needs_the_form_s_token_and_a_foreign_page_can_t_press_it(person, alarmed):
    link, _at_home, _elsewhere = alarmed
    strict = Client(enforce_csrf_checks=True)
    page = strict.get(link).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    form = {"csrfmiddlewaretoken": token}

    refused = [
        strict.post(link),
        strict.post(link, form, headers={"origin": "https://evil.example"}),
        strict.post(link, form, headers={"origin": "null", "sec-fetch-site": "cross-site"}),
    ]
    taken = strict.post(link, form, headers={"origin": "null", "sec-fetch-site": "same-origin"})

    assert [answer.status_code for answer in refused] == [403] * 3
    assert taken.status_code == 200


def test_two_clicks_at_once_end_it_once(fresh_database):
    person = PersonFactory()
    signs_in(person)
    token = "t" * 43
    SignInAlarm.objects.create(
        person=person, token_hash=hash_of(token), device="Firefox", network="", at=timezone.now(),
        expires_at=timezone.now() + dt.timedelta(days=1),
    )  # fmt: skip

    answers = at_once(*[lambda: Client().post(f"/auth/not-me/{token}/").status_code] * 4)

    assert sorted(answers) == [200, 404, 404, 404]
    assert Event.objects.of(person).named("person.sign_in_disowned").count() == 1


# --- Offboarding ------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.rule(13)
def test_offboarding_forgets_the_devices_with_the_sessions():
    member = MembershipFactory()
    signs_in(member.person)

    actions.offboard(membership=member, by=owner_of(member.account).person, reason="Left")

    assert KnownDevice.objects.filter(person=member.person, forgotten_at=None).count() == 0

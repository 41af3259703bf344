"""Signing in and what it leaves in the log: passwords, resets, second factors, sessions, the profile."""

import datetime as dt
import re

import pytest
from allauth.account import app_settings
from allauth.core.internal.ratelimit import parse_rates
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person, Session
from accounts.tasks import clear_expired_sessions
from audit.models import Event
from tests.factories import PASSWORD, PersonFactory
from tests.post import the_post_goes_out

pytestmark = pytest.mark.django_db
NEW = "another sentence, long enough"


def told_of(person):
    return list(Event.objects.of(person).order_by("number").values_list("name", flat=True))


def reauthenticated(client, person):
    client.force_login(person)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


@pytest.mark.requirement("PW1")
@pytest.mark.parametrize(
    ("password", "taken"), [("x7fqLm2 w9pTz", False), ("fourteen chars", False), ("fifteen chars ok", True)]
)
def test_a_password_of_fifteen_characters_is_taken_and_a_shorter_one_is_not(client, password, taken):
    client.post("/auth/signup/", {"email": "nina@example.com", "name": "Nina", "password1": password})

    assert Person.objects.exists() is taken


@pytest.mark.parametrize("address", ["NINA@Example.COM", " nina@example.com "])
def test_one_address_is_one_person_however_it_is_typed(client, address, mailoutbox):
    PersonFactory(email="nina@example.com")

    response = client.post("/auth/signup/", {"email": address, "name": "Nina", "password1": NEW})

    assert response.status_code == 302  # as for a new address: nobody learns who is here
    assert Person.objects.count() == 1


@pytest.mark.requirement("IN5")
def test_an_address_with_letters_that_only_look_right_is_refused(client):
    response = client.post("/auth/signup/", {"email": "nіna@example.com", "name": "Nina", "password1": NEW})

    assert response.status_code == 200
    assert 'aria-invalid="true"' in response.content.decode()
    assert not Person.objects.exists()


def test_signing_up_confirms_the_first_address_and_changes_none(client, mailoutbox):
    client.post("/auth/signup/", {"email": "nina@example.com", "name": "Nina", "password1": NEW})
    the_post_goes_out()
    code = re.search(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", mailoutbox[0].body, re.MULTILINE)[1]

    client.post(reverse("account_email_verification_sent"), {"code": code})

    told = told_of(Person.objects.get())
    assert "person.address_confirmed" in told
    assert "person.address_changed" not in told


def test_a_failed_sign_in_reads_as_one_in_my_activity(client):
    person = PersonFactory(name="Nina")
    client.post("/auth/login/", {"login": person.email, "password": "not this one"})
    client.force_login(person)

    page = client.get(reverse("my_activity")).content.decode()

    assert "A sign-in as Nina failed" in page
    assert "–" not in page
    assert "was refused" not in page


@pytest.mark.requirement("IN7")
@pytest.mark.requirement("MF8")
def test_a_reset_goes_to_the_configured_site_works_once_and_signs_nobody_in(client, mailoutbox, settings):
    person = PersonFactory()
    forged = client.post("/auth/password/reset/", {"email": person.email}, headers={"host": "evil.example"})

    client.post("/auth/password/reset/", {"email": person.email})
    the_post_goes_out()
    (mail,) = mailoutbox
    link = re.search(r"https?://\S+/auth/password/reset/key/\S+", mail.body)[0]
    page = client.get(link.removeprefix(settings.SITE_URL), follow=True)
    client.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})
    other = Client()
    again = other.get(link.removeprefix(settings.SITE_URL), follow=True)

    assert forged.status_code == 400
    assert link.startswith(f"{settings.SITE_URL}/")
    person.refresh_from_db()
    assert person.check_password(NEW)
    assert "_auth_user_id" not in client.session
    assert b"password2" not in again.content
    assert told_of(person) == ["person.password_reset_asked", "mail.sent", "person.password_reset"]


def test_a_changed_password_is_told_in_the_log(client):
    person = PersonFactory()
    reauthenticated(client, person)

    wrong = client.post(reverse("account_change_password"), {"oldpassword": "no", "password1": NEW, "password2": NEW})
    client.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})

    assert wrong.status_code == 200
    assert "person.password_changed" in told_of(person)
    assert Person.objects.get(pk=person.pk).check_password(NEW)


@pytest.mark.requirement("SE2")
@pytest.mark.requirement("SE6")
def test_a_changed_password_ends_every_other_session_and_gives_this_one_a_new_key(client):
    person = PersonFactory()
    elsewhere = Client()
    elsewhere.force_login(person)
    elsewhere.get("/dashboard/")
    key = reauthenticated(client, person).session.session_key

    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    page = client.post(reverse("account_change_password"), form, follow=True)

    assert page.redirect_chain == [(reverse("usersessions_list"), 302)]
    assert "Your password is changed." in page.content.decode()
    assert list(Session.objects.filter(person=person).values_list("pk", flat=True)) == [client.session.session_key]
    assert client.session.session_key != key
    assert elsewhere.get("/dashboard/").status_code == 302
    assert told_of(person).count("person.password_changed") == 1


@pytest.mark.requirement("SE6")
def test_a_password_set_by_the_mailed_link_ends_the_sessions_that_are_open(client, mailoutbox, settings):
    person = PersonFactory()
    client.force_login(person)
    elsewhere = Client()
    elsewhere.force_login(person)
    Client().post("/auth/password/reset/", {"email": person.email})
    the_post_goes_out()
    link = re.search(r"https?://\S+/auth/password/reset/key/\S+", mailoutbox[0].body)[0]

    page = client.get(link.removeprefix(settings.SITE_URL), follow=True)
    done = client.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})

    assert done.status_code == 302
    assert [browser.get("/dashboard/").status_code for browser in (client, elsewhere)] == [302, 302]
    assert not Session.objects.filter(person=person).exists()


@pytest.mark.requirement("MF4")
def test_the_secret_of_time_codes_is_not_readable_in_the_database():
    person = PersonFactory()

    TOTP.activate(person, "JBSWY3DPEHPK3PXP")

    stored = str(Authenticator.objects.get(user=person).data)
    assert "JBSWY3DPEHPK3PXP" not in stored


def test_a_person_sees_the_own_sessions_and_ends_the_others(client):
    person = PersonFactory()
    elsewhere = Client()
    elsewhere.force_login(person)
    elsewhere.get("/dashboard/")
    client.force_login(person)

    before = client.get(reverse("usersessions_list"))
    client.post(reverse("usersessions_list"))

    assert before.status_code == 200
    assert elsewhere.get("/dashboard/").status_code == 302
    assert client.get("/dashboard/").status_code == 200
    assert told_of(person)[-1] == "person.sessions_ended"


def test_the_row_of_a_session_names_its_person_until_it_is_signed_out(client):
    person = PersonFactory()
    client.force_login(person)
    signed_in = list(Session.objects.filter(person=person).values_list("pk", flat=True))

    client.post(reverse("account_logout"))

    assert signed_in != []
    assert not Session.objects.filter(person=person).exists()


def test_rows_of_sessions_that_ran_out_are_taken_away(client):
    client.force_login(PersonFactory())
    Session.objects.update(expire_date=timezone.now() - dt.timedelta(days=1))

    clear_expired_sessions()

    assert not Session.objects.exists()


def test_name_and_time_zone_are_kept_as_typed_and_nonsense_is_refused(client):
    person = PersonFactory(name="Nina")
    client.force_login(person)

    wrong = client.post(reverse("profile"), {"name": "Nina\u202e", "time_zone": "Mars/Olympus"})
    client.post(reverse("profile"), {"name": " Nina  Berg\r\n", "time_zone": "Europe/Berlin"})

    assert wrong.status_code == 422
    person.refresh_from_db()
    assert (person.name, person.time_zone) == ("Nina Berg", "Europe/Berlin")
    assert told_of(person)[-1] == "person.profile_changed"


@pytest.mark.requirement("SE9")
def test_pages_of_signed_in_people_are_stored_nowhere(client):
    client.force_login(PersonFactory())

    assert "no-store" in client.get("/dashboard/").headers["Cache-Control"]


def test_a_person_ends_one_single_session_elsewhere_but_neither_this_one_nor_another_s(client):
    person, stranger = PersonFactory(), PersonFactory()
    browsers = [Client() for _browser in range(3)]
    for browser, who in zip(browsers, (person, person, stranger), strict=True):
        browser.force_login(who)
        browser.get("/dashboard/")
    client.force_login(person)
    client.get("/dashboard/")
    ids = {seen.session_key: seen.pk for seen in UserSession.objects.all()}
    own, other, foreign, here = (ids[one.session.session_key] for one in (*browsers, client))
    page = client.get(reverse("usersessions_list")).content.decode()

    answers = [client.post(reverse("end_session", args=[pk])).status_code for pk in (own, foreign, here)]

    assert answers == [302, 404, 404]
    assert reverse("end_session", args=[own]) in page
    assert reverse("end_session", args=[here]) not in page
    assert [browser.get("/dashboard/").status_code for browser in (*browsers, client)] == [302, 200, 200, 200]
    assert UserSession.objects.filter(pk=other).exists()
    assert [event.sentence for event in Event.objects.of(person).named("person.sessions_ended")] == [
        f"{person} ended other sessions: 1"
    ]


def test_too_many_failed_sign_ins_say_when_to_try_again(client):
    person = PersonFactory()

    for _try in range(6):
        page = client.post("/auth/login/", {"login": person.email, "password": "not this one"})

    assert "Too many failed tries to sign in. Try again in a minute." in page.content.decode()
    assert "login attempts" not in page.content.decode()


def test_the_page_for_too_many_tries_is_right_about_the_minute():
    told = {action: parse_rates(rates) for action, rates in app_settings.RATE_LIMITS.items()}

    longest = {action: max((rate.duration for rate in rates), default=0) for action, rates in told.items()}

    assert longest.pop("login_failed") == 300  # codes, whose form says so; passwords are counted in the database
    assert (longest.pop("reset_password"), longest.pop("confirm_email")) == (3600, 3600)
    assert max(longest.values()) <= 60
    page = render_to_string("429.html")
    assert "Try again in a minute." in page
    assert "five mails of a kind in an hour" in page


LIBRARY_WORDS = re.compile(r">\s*(Email|Remember Me|Current Password|New Password( \(again\))?|Authenticator code)\s*<")


@pytest.mark.parametrize(
    "name", ["account_login", "account_signup", "account_reset_password", "account_change_password", "account_email"]
)
def test_the_sign_in_library_s_pages_speak_our_words(client, name):
    if name in {"account_change_password", "account_email"}:
        client.force_login(PersonFactory())

    page = client.get(reverse(name)).content.decode()

    assert not LIBRARY_WORDS.search(page)

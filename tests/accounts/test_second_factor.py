"""A second factor: turned on and off by its pages, asked for at the sign-in, each code good for one."""

import datetime as dt

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client
from django.urls import reverse

from audit.models import Event
from tests.factories import PASSWORD, PersonFactory
from tests.post import the_post_goes_out


# The sign-in library tells of it after the commit, so it commits.
def test_a_second_factor_on_and_off_is_told_in_the_log_and_by_mail(fresh_database, client, mailoutbox):
    person = PersonFactory()
    client.force_login(person)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    client.get(reverse("mfa_activate_totp"))
    secret = client.session["mfa.totp.secret"]
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    client.post(reverse("mfa_activate_totp"), {"code": code})
    client.post(reverse("mfa_deactivate_totp"))
    the_post_goes_out()

    names = list(Event.objects.of(person).values_list("name", flat=True))
    assert "person.second_factor_added" in names
    assert "person.second_factor_removed" in names
    assert not Event.objects.filter(canonical__contains=secret).exists()
    assert len([mail for mail in mailoutbox if person.email in mail.to]) >= 2


SECRET = "JBSWY3DPEHPK3PXP"
PERIOD = dt.timedelta(seconds=30)  # how long one code stands


def code_now():
    return format_hotp_value(hotp_value(SECRET, next(iter(yield_hotp_counters_from_time()))))


def signs_in(person, code):
    """Sign in with password and code in a browser of its own; say whether it let the person in."""
    client = Client()
    asked = client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    assert asked.headers["Location"].startswith(reverse("mfa_authenticate"))
    client.post(reverse("mfa_authenticate"), {"code": code})
    return client.get(reverse("dashboard")).status_code == 200


@pytest.mark.django_db
@pytest.mark.requirement("MF3")
def test_a_time_code_signs_in_once_and_is_refused_when_it_is_used_again(time_machine):
    person = PersonFactory()
    TOTP.activate(person, SECRET)
    now = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
    time_machine.move_to(now, tick=False)
    code = code_now()

    first, again = signs_in(person, code), signs_in(person, code)
    time_machine.move_to(now + PERIOD, tick=False)
    stale, fresh = signs_in(person, code), signs_in(person, code_now())

    assert (first, again, stale, fresh) == (True, False, False, True)
    assert Event.objects.of(person).named("person.signed_in").count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", ["000000", "", "12345", "1234567", "abcdef", "\u0661\u0662\u0663\u0664\u0665\u0666"])
def test_a_wrong_code_lets_nobody_in(wrong, time_machine):
    person = PersonFactory()
    TOTP.activate(person, SECRET)
    time_machine.move_to(dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC), tick=False)

    assert not signs_in(person, wrong)
    assert not Event.objects.of(person).named("person.signed_in").exists()


@pytest.mark.django_db
@pytest.mark.requirement("MF5")
def test_a_recovery_code_signs_in_once():
    person = PersonFactory()
    TOTP.activate(person, SECRET)
    one, other, *_more = RecoveryCodes.activate(person).get_unused_codes()

    assert [signs_in(person, code) for code in (one, one, other)] == [True, False, True]


def test_setting_up_an_app_says_one_thing_and_shows_the_codes(fresh_database, client):
    person = PersonFactory()
    client.force_login(person)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.get(reverse("mfa_activate_totp"))
    secret = client.session["mfa.totp.secret"]

    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    page = client.post(reverse("mfa_activate_totp"), {"code": code}, follow=True)

    assert [str(message) for message in page.context["messages"]] == ["Your authenticator app is set up."]
    assert "They are shown only this once." in page.content.decode()
    added = Event.objects.of(person).named("person.second_factor_added").first()
    assert added.sentence.endswith("turned on a second factor: authenticator app")


@pytest.mark.django_db
def test_a_passkey_is_asked_for_only_where_there_is_one(client):
    person = PersonFactory()
    TOTP.activate(person, "JBSWY3DPEHPK3PXP")

    page = client.post("/auth/login/", {"login": person.email, "password": PASSWORD}, follow=True).content.decode()

    assert "Enter the code of your authenticator app" in page
    assert "Use a passkey" not in page

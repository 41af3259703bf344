"""No step of a second factor, a new password or a proven address is skipped, repeated or reordered by its address (AZ10)."""

import re

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import Person, RecoveryCode
from tests.accounts.keys import SoftKey
from tests.accounts.test_passkeys import challenged, enrols, options_of
from tests.factories import PASSWORD, TOTP_SECRET, BusinessAccountFactory, FactorResetFactory, PersonFactory
from tests.post import the_post_goes_out
from tests.showing import code_of, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("AZ10")]
APP, PASSKEY, CODES = reverse("mfa_activate_totp"), reverse("mfa_add_webauthn"), reverse("recovery_codes")
NEW = "another long enough sentence 5"


def kinds(person):
    return sorted(person.authenticator_set.values_list("type", flat=True))


def shown_secret(client):
    """Open the page that sets an app up, and return the secret that it shows."""
    return client.get(APP).context["form"].secret


def half_way(person):
    """A browser in which the password was given, and the second factor is asked for."""
    client = Client()
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    return client


def mailed(mailoutbox, pattern):
    the_post_goes_out()
    return re.search(pattern, mailoutbox[-1].body, re.MULTILINE)[1]


# --- Setting up an app --------------------------------------------------------------------------------------------------
def test_an_app_is_set_up_by_the_secret_that_was_shown_last_in_this_browser_and_once():
    person = PersonFactory()
    client, other = signed_in(person), signed_in(person)

    without_a_look = client.post(APP, {"code": code_of(TOTP_SECRET), "secret": TOTP_SECRET})
    stale, elsewhere = shown_secret(client), shown_secret(other)
    secret = shown_secret(client)
    for old in (stale, elsewhere):
        client.post(APP, {"code": code_of(old)})
    cache.clear()  # the tries so far
    before = kinds(person)
    client.post(APP, {"code": code_of(secret)})
    again = client.post(APP, {"code": code_of(secret)})

    assert without_a_look.status_code == 200
    assert before == []
    assert again.headers["Location"] == reverse("mfa_deactivate_totp")
    assert kinds(person) == ["totp"]
    client.post(reverse("mfa_deactivate_totp"))
    client.post(APP, {"code": code_of(secret)})  # what was taken off is not brought back without a new secret
    assert kinds(person) == []


def test_nothing_is_set_up_before_the_sign_in_is_whole_and_fresh():
    person = PersonFactory()
    TOTP.activate(person, TOTP_SECRET)
    began, old, key = half_way(person), signed_in(person, ago=301), SoftKey()

    answers = [
        client.post(address, {"code": code_of(TOTP_SECRET), "credential": key.enrols(MADE_UP), "name": "Key"})
        for client in (Client(), began, old)
        for address in (PASSKEY, CODES, reverse("mfa_deactivate_totp"))
    ]

    assert [re.sub(r"\?.*", "", answer.headers["Location"]) for answer in answers] == [
        *[reverse("account_login")] * 6,
        *[reverse("mfa_reauthenticate")] * 3,
    ]
    assert kinds(person) == ["totp"]
    assert not RecoveryCode.objects.exists()


# --- Adding a passkey ---------------------------------------------------------------------------------------------------
MADE_UP = {"publicKey": {"challenge": "A" * 43, "user": {"id": "MQ"}, "rp": {"id": "localhost"}}}


def test_a_passkey_answers_the_page_of_this_browser_and_each_page_once():
    person = PersonFactory()
    client, other, key = signed_in(person), signed_in(person), SoftKey()
    elsewhere = options_of(other.get(PASSKEY).content.decode())["creation_options"]

    def adds(answer):
        client.post(PASSKEY, {"credential": answer, "name": "Key", "passwordless": "on"})
        return person.authenticator_set.count()

    without_a_look = adds(key.enrols(MADE_UP))
    first = options_of(client.get(PASSKEY).content.decode())["creation_options"]
    client.get(PASSKEY)
    counts = [without_a_look, adds(key.enrols(first)), adds(key.enrols(elsewhere))]
    newest = options_of(client.get(PASSKEY).content.decode())["creation_options"]
    counts += [adds(key.enrols(newest)), adds(key.enrols(newest)), adds(SoftKey().enrols(newest))]

    assert counts == [0, 0, 0, 1, 1, 1]


def test_what_was_asked_at_one_step_is_not_answered_at_another():
    person, key, again = PersonFactory(), SoftKey(), reverse("mfa_reauthenticate_webauthn")
    client, stranger = signed_in(person), Client()
    assert enrols(client, key)

    def shown():
        return len(client.session["account_authentication_methods"])

    to_show = options_of(client.get(again).content.decode())["request_options"]["publicKey"]
    for_adding = {"publicKey": {**MADE_UP["publicKey"], "challenge": to_show["challenge"]}}
    client.post(PASSKEY, {"credential": SoftKey().enrols(for_adding), "name": "Key", "passwordless": "on"})
    before = shown()
    to_add = options_of(client.get(PASSKEY).content.decode())["creation_options"]["publicKey"]
    client.post(
        again, {"credential": key.signs({"publicKey": {"rpId": "localhost", "challenge": to_add["challenge"]}})}
    )
    stranger.post(reverse("mfa_authenticate"), {"credential": key.signs(challenged(stranger))})

    assert kinds(person) == ["webauthn"]
    assert shown() == before
    assert stranger.get(reverse("dashboard")).status_code == 302
    client.post(again, {"credential": key.signs(options_of(client.get(again).content.decode())["request_options"])})
    assert shown() > before, "so it could have been shown"


# --- Recovery codes -----------------------------------------------------------------------------------------------------
def test_codes_come_after_a_factor_are_shown_by_no_second_look_and_go_with_it():
    person = PersonFactory()
    client = signed_in(person)

    too_early = client.post(CODES).headers["Location"]
    TOTP.activate(person, TOTP_SECRET)
    by_password = client.post(CODES).headers["Location"]  # the factor that was set up since was not shown
    client = signed_in(person)
    codes = client.post(CODES).context["codes"]
    looked_again = client.get(CODES).content.decode()
    client.post(reverse("mfa_deactivate_totp"))
    client.post(CODES)

    assert too_early == reverse("mfa_index")
    assert by_password.startswith(reverse("mfa_reauthenticate"))
    assert not any(code in looked_again for code in codes)
    assert not RecoveryCode.objects.exists()


# --- A new password, a proven address -----------------------------------------------------------------------------------
def test_a_new_password_is_set_only_behind_the_link_and_once(mailoutbox):
    person = PersonFactory()
    TOTP.activate(person, TOTP_SECRET)
    browser, other = Client(), Client()
    browser.post(reverse("account_reset_password"), {"email": person.email})
    link = mailed(mailoutbox, r"http://[^/]+(/auth/password/reset/key/\S+)")
    form_page = browser.get(link).headers["Location"]

    def sets(client, address, password):
        client.post(address, {"password1": password, "password2": password})
        return Person.objects.get(pk=person.pk).check_password(password)

    outcomes = [sets(other, form_page, f"{NEW} a"), sets(other, link, f"{NEW} b"), sets(browser, form_page, NEW)]
    outcomes += [sets(browser, form_page, f"{NEW} c"), sets(browser, link, f"{NEW} d")]

    assert outcomes == [False, False, True, False, False]
    assert browser.get(reverse("dashboard")).status_code == 302


def test_an_address_is_proven_by_the_code_in_the_browser_that_asked_and_once(mailoutbox):
    person = PersonFactory()
    client, other, prove = signed_in(person), signed_in(person), reverse("account_email_verification_sent")
    code_in_mail = r"^\s*([A-Z0-9-]{6,})\s*$"

    def address_after(browser, code):
        browser.post(prove, {"code": code})
        return Person.objects.get(pk=person.pk).email

    client.post(reverse("account_email"), {"email": "first@example.com", "action_add": ""})
    first = mailed(mailoutbox, code_in_mail)
    client.post(reverse("account_email"), {"email": "new@example.com", "action_add": ""})
    cache.clear()
    second = mailed(mailoutbox, code_in_mail)

    assert first != second
    assert [address_after(other, second), address_after(client, first)] == [person.email] * 2
    assert address_after(client, second) == "new@example.com"
    other.post(reverse("account_email"), {"email": "third@example.com", "action_add": ""})
    assert address_after(other, second) == address_after(client, second) == "new@example.com"


# --- Locked out of the second factor ------------------------------------------------------------------------------------
LOCKED_OUT, MAILED = reverse("locked_out"), r"^\s+(\d{8})$"


def test_a_lost_factor_ends_by_asking_waiting_a_code_and_the_code_in_this_order_and_once(mailoutbox):
    reset = FactorResetFactory(hours=49)
    person, nobody = reset.person, Client()
    client = half_way(person)

    def tries(browser, **form):
        return browser.post(LOCKED_OUT, form).status_code, kinds(person)

    there = ["totp"]
    assert tries(nobody, send="1") == tries(nobody, code="00000000") == (302, there)
    assert tries(client, code="00000000") == (422, there)  # none was sent
    assert tries(client, send="1") == (302, there)
    code = mailed(mailoutbox, MAILED)
    assert tries(half_way(person), code=code) == (422, there)
    Client().post(reverse("refuse_factor_reset", args=[reset.pk, reset.refusal_token]))
    assert tries(client, code=code) == (409, there)  # what it was sent for is over
    FactorResetFactory(account=reset.account, person=person)
    assert tries(client, code=code) == (409, there)  # another one waits its own time
    assert tries(client, send="1") == (409, there)
    other = FactorResetFactory(account=BusinessAccountFactory(policy_and_seat={"second_factor": "everyone"}), hours=49)
    client = half_way(other.person)
    assert tries(client, code=code) == (422, there)  # a code is for its person
    client.post(LOCKED_OUT, {"send": "1"})
    code = mailed(mailoutbox, MAILED)
    assert client.post(LOCKED_OUT, {"code": code}).headers["Location"] == PASSKEY
    assert kinds(other.person) == []
    TOTP.activate(other.person, TOTP_SECRET)
    for browser in (client, half_way(other.person)):
        browser.post(LOCKED_OUT, {"code": code})
        browser.post(LOCKED_OUT, {"send": "1"})
    assert kinds(other.person) == ["totp"]

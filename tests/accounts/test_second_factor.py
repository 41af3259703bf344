"""A second factor: turned on and off by its pages, asked for at the sign-in, each code good for one."""

import datetime as dt
import hashlib
import re
from urllib.parse import unquote

import pytest
import time_machine as time_machine_
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from accounts import actions
from accounts.errors import PolicyViolation
from accounts.models import OutgoingMail, Person, RecoveryCode
from audit.models import Event
from tests.factories import PASSWORD, MembershipFactory, PersonFactory
from tests.post import the_post_goes_out
from tests.showing import code_of
from tests.together import at_once, committed
from tests.written import written


# The sign-in library tells of it after the commit, so it commits.
def test_a_second_factor_on_and_off_is_told_in_the_log_and_by_mail(fresh_database, client, mailoutbox):
    person = PersonFactory()
    client.force_login(person)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    client.get(reverse("mfa_activate_totp"))
    secret = client.session["mfa.totp.secret"]
    code = code_of(secret)
    client.post(reverse("mfa_activate_totp"), {"code": code})
    client.post(reverse("mfa_deactivate_totp"))
    the_post_goes_out()

    names = list(Event.objects.of(person).values_list("name", flat=True))
    assert "person.second_factor_added" in names
    assert "person.second_factor_removed" in names
    assert not any(secret in text for text in written())
    assert len([mail for mail in mailoutbox if person.email in mail.to]) >= 2


SECRET = "JBSWY3DPEHPK3PXP"
PERIOD = dt.timedelta(seconds=30)  # how long one code stands


def signs_in(person, code):
    """Sign in with password and code in a browser of its own; say whether it let the person in."""
    client = Client()
    asked = client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    assert asked.headers["Location"].startswith(reverse("mfa_authenticate"))
    client.post(reverse("mfa_authenticate"), {"code": code})
    return client.get(reverse("dashboard")).status_code == 200


@pytest.mark.django_db
@pytest.mark.requirement("MF2")
def test_a_time_code_signs_in_once_and_is_refused_when_it_is_used_again(time_machine):
    person = PersonFactory()
    TOTP.activate(person, SECRET)
    now = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
    time_machine.move_to(now, tick=False)
    code = code_of(SECRET)

    first, again = signs_in(person, code), signs_in(person, code)
    time_machine.move_to(now + PERIOD, tick=False)
    stale, fresh = signs_in(person, code), signs_in(person, code_of(SECRET))

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


def test_setting_up_an_app_says_one_thing_and_shows_the_codes(fresh_database, client):
    person = PersonFactory()
    client.force_login(person)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.get(reverse("mfa_activate_totp"))
    secret = client.session["mfa.totp.secret"]

    code = code_of(secret)
    page = client.post(reverse("mfa_activate_totp"), {"code": code}, follow=True)

    assert [str(message) for message in page.context["messages"]] == ["Your authenticator app is set up."]
    assert page.redirect_chain == [(reverse("recovery_codes"), 302)]
    assert "Make the codes" in page.content.decode()
    added = Event.objects.of(person).named("person.second_factor_added").first()
    assert added.sentence.endswith("turned on a second factor: authenticator app")


@pytest.mark.django_db
def test_a_passkey_is_asked_for_only_where_there_is_one(client):
    person = PersonFactory()
    TOTP.activate(person, "JBSWY3DPEHPK3PXP")

    page = client.post("/auth/login/", {"login": person.email, "password": PASSWORD}, follow=True).content.decode()

    assert "Enter the code of your authenticator app" in page
    assert "Use a passkey" not in page


# --- Each code once, whatever forgets it --------------------------------------------------------------------------------
NOON = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)


def with_app(**given):
    person = PersonFactory(**given)
    TOTP.activate(person, SECRET)
    return person


@pytest.mark.django_db
@pytest.mark.requirement("MF2")
def test_a_used_code_stays_used_when_the_cache_forgets_it_and_when_more_steps_count(time_machine, settings):
    person = with_app()
    time_machine.move_to(NOON, tick=False)
    code = code_of(SECRET)
    first = signs_in(person, code)
    cache.clear()
    forgotten = signs_in(person, code)
    settings.MFA_TOTP_TOLERANCE = 1
    time_machine.move_to(NOON + dt.timedelta(seconds=31), tick=False)

    assert (first, forgotten, signs_in(person, code)) == (True, False, False)


@pytest.mark.requirement("MF2")
def test_of_two_processes_that_get_the_same_code_at_once_one_takes_it(fresh_database):
    person = committed(with_app)
    code = code_of(SECRET)

    outcomes = at_once(*[lambda: actions.show_time_code(person=person, code=code, by=person)] * 4)

    taken = [outcome for outcome in outcomes if isinstance(outcome, Authenticator)]
    assert len(taken) == 1
    assert all(isinstance(outcome, (Authenticator, PolicyViolation)) for outcome in outcomes)
    assert Event.objects.of(person).named("person.second_factor_shown").count() == 1


@pytest.mark.django_db
@pytest.mark.requirement("MF2")
def test_the_code_that_set_up_the_app_is_used_with_that(client, time_machine):
    person = PersonFactory()
    time_machine.move_to(NOON, tick=False)
    client.force_login(person)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.get(reverse("mfa_activate_totp"))
    secret = client.session["mfa.totp.secret"]
    code = code_of(secret)
    client.post(reverse("mfa_activate_totp"), {"code": code})

    assert Authenticator.objects.filter(user=person, type="totp").exists()
    assert not signs_in(person, code)


@pytest.mark.django_db
@pytest.mark.requirement("MF2")
@pytest.mark.requirement("MF3")
def test_where_tries_cannot_be_counted_no_code_opens_anything(settings):
    person = with_app()
    client = Client()
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}

    answer = client.post(reverse("mfa_authenticate"), {"code": code_of(SECRET)})

    assert answer.status_code == 503
    assert client.get(reverse("dashboard")).status_code == 302


# --- Guessing -----------------------------------------------------------------------------------------------------------
def tries_in_one_browser_each(person, codes):
    return [signs_in(person, code) for code in codes]


@pytest.mark.django_db
@pytest.mark.requirement("MF3")
def test_five_wrong_codes_throttle_the_person_however_often_signing_in_is_begun_anew(time_machine):
    person, other = with_app(), with_app()
    time_machine.move_to(NOON, tick=False)
    [recovery, *_more] = actions.make_recovery_codes(person=person, by=person)

    wrong = tries_in_one_browser_each(person, ["000000", "111111", "not-a-code", "222222", "0000-0000"])
    right = (signs_in(person, code_of(SECRET)), signs_in(person, recovery))
    signed_in_before = Client()
    signed_in_before.force_login(person)
    again = signed_in_before.post(reverse("mfa_reauthenticate"), {"code": code_of(SECRET)})
    somebody_else = signs_in(other, code_of(SECRET))
    time_machine.move_to(NOON + dt.timedelta(minutes=5, seconds=1), tick=False)

    assert wrong == [False] * 5
    assert right == (False, False)
    assert again.status_code == 200
    assert somebody_else
    assert signs_in(person, code_of(SECRET))
    refused = Event.objects.of(person).filter(result="refused")
    assert refused.named("person.second_factor_shown").count() == 3
    assert refused.named("person.recovery_code_used").count() == 2


# --- Recovery codes -----------------------------------------------------------------------------------------------------
def makes_codes(client, person):
    client.force_login(person)
    show_again(client, person)
    return client.post(reverse("recovery_codes"))


def show_again(client, person):
    """Show the second factor, so that something sensitive may follow."""
    with time_machine_.travel(timezone.now() - dt.timedelta(seconds=90), tick=False):
        code = code_of(SECRET)
        assert client.post(reverse("mfa_reauthenticate"), {"code": code}).status_code == 302


@pytest.mark.django_db
@pytest.mark.requirement("MF4")
@pytest.mark.requirement("MF5")
def test_recovery_codes_are_shown_once_to_be_kept_as_a_file_and_the_database_cannot_read_them(client):
    person = with_app()

    page = makes_codes(client, person)
    codes, html = page.context["codes"], page.content.decode()
    later = client.get(reverse("recovery_codes")).content.decode()

    assert len(set(codes)) == 10
    assert all(len(code.replace("-", "")) == 24 for code in codes)  # of 32 signs: 120 bits
    file = unquote(re.search(r'href="(data:text/plain[^"]+)" download="recovery-codes.txt"', html)[1])
    assert [line for line in file.splitlines() if line in codes] == codes
    assert "10 of 10 codes are left" in later
    stored = " ".join(RecoveryCode.objects.values_list("digest", flat=True))
    stored += " ".join(written()) + str(dict(client.session))
    for code in codes:
        assert code not in later
        assert code not in stored
        assert code.replace("-", "") not in stored
    assert RecoveryCode.objects.filter(digest=hashlib.sha256(codes[0].replace("-", "").encode()).hexdigest()).exists()


@pytest.mark.django_db
@pytest.mark.requirement("MF5")
@pytest.mark.requirement("MF12")
def test_each_recovery_code_signs_in_once_and_is_told_by_mail_with_how_many_are_left(mailoutbox):
    person = with_app()
    codes = actions.make_recovery_codes(person=person, by=person)

    typed = [codes[0], codes[0], codes[1].upper(), codes[2].replace("-", " "), codes[3], codes[4], codes[5], codes[6]]
    let_in = []
    for code in typed:
        cache.clear()
        let_in.append(signs_in(person, code))
    the_post_goes_out()

    assert let_in == [True, False, True, True, True, True, True, True]
    used = Event.objects.of(person).named("person.recovery_code_used").filter(result="done")
    assert [event.parts["after"]["left"] for event in used.order_by("number")] == [9, 8, 7, 6, 5, 4, 3]
    told = [mail for mail in mailoutbox if mail.subject == "One of your recovery codes was used"]
    assert len(told) == 7
    assert "3 are left. That is few: make new ones" in told[-1].body
    assert "That is few" not in told[0].body
    assert "If not, set a new password at once and end all sessions" in told[0].body


@pytest.mark.requirement("MF5")
def test_of_two_who_use_the_same_recovery_code_at_once_one_gets_in(fresh_database):
    person = committed(with_app)
    [code, *_more] = actions.make_recovery_codes(person=person, by=person)

    outcomes = at_once(*[lambda: actions.use_recovery_code(person=person, code=code, by=person)] * 4)

    assert sorted(str(type(outcome).__name__) for outcome in outcomes) == ["PolicyViolation"] * 3 + ["int"]


@pytest.mark.django_db
@pytest.mark.requirement("MF5")
def test_new_codes_end_the_old_ones_and_the_last_factor_takes_them_along(client):
    person = with_app()
    old = actions.make_recovery_codes(person=person, by=person)
    makes_codes(client, person)
    lets_in = signs_in(person, old[0])

    client.post(reverse("mfa_deactivate_totp"))

    assert not lets_in
    assert not Authenticator.objects.filter(user=person).exists()
    assert not RecoveryCode.objects.filter(person=person).exists()


@pytest.mark.django_db
def test_without_a_second_factor_there_are_no_recovery_codes(client):
    person = PersonFactory()
    client.force_login(person)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    client.post(reverse("recovery_codes"))

    assert not RecoveryCode.objects.exists()
    assert Event.objects.of(person).named("person.recovery_codes_renewed").get().result == "refused"


# --- What is offered ----------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.requirement("MF7")
def test_neither_mail_nor_a_phone_is_a_second_factor_and_a_passkey_comes_first(client, settings):
    person = PersonFactory()
    sign_in = client.get(reverse("account_login")).content.decode()
    client.force_login(person)
    page = client.get(reverse("mfa_index")).content.decode()

    assert settings.MFA_SUPPORTED_TYPES == ["totp", "webauthn"]
    assert sign_in.index('id="passkey_login"') < sign_in.index('name="password"')
    assert page.index("Passkeys") < page.index("Authenticator app")
    for word in ("SMS", "text message", "phone number", "by mail"):
        assert word.lower() not in page.lower()
    assert client.get(reverse("account_confirm_login_code")).status_code == 302
    assert Client().get("/auth/login/code/").status_code == 404


# --- Before something sensitive -----------------------------------------------------------------------------------------
SENSITIVE = {
    "address": ("account_email", {"email": "new@example.com", "action_add": ""}),
    "passkey": ("mfa_add_webauthn", {"credential": "{}"}),
    "app": ("mfa_activate_totp", {"code": "123456"}),
    "codes": ("recovery_codes", {}),
    "taking the app off": ("mfa_deactivate_totp", {}),
}


def asks_again(answer):
    return answer.status_code == 302 and "reauthenticate" in answer.headers["Location"]


@pytest.mark.django_db
@pytest.mark.requirement("MF11")
@pytest.mark.parametrize(
    ("what", "has_factor"),
    [("address", False), ("address", True), ("passkey", False), ("passkey", True), ("app", False), ("codes", True),
     ("taking the app off", True)],
)  # fmt: skip
def test_an_open_session_alone_changes_nothing_about_signing_in(what, has_factor, time_machine):
    time_machine.move_to(NOON, tick=False)
    person = with_app() if has_factor else PersonFactory()
    client = Client()
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    if has_factor:
        client.post(reverse("mfa_authenticate"), {"code": code_of(SECRET)})
    page, form = SENSITIVE[what]

    time_machine.move_to(NOON + dt.timedelta(minutes=5), tick=False)
    stale = client.post(reverse(page), form)
    time_machine.move_to(NOON + dt.timedelta(minutes=4, seconds=59), tick=False)
    fresh = client.post(reverse(page), form)

    assert asks_again(stale)
    assert not asks_again(fresh)


@pytest.mark.django_db
@pytest.mark.requirement("MF11")
def test_the_password_alone_is_not_enough_for_whoever_has_a_second_factor(client):
    person = with_app()
    client.force_login(person)

    answer = client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    assert answer.headers["Location"] == reverse("mfa_reauthenticate")
    assert asks_again(client.post(reverse("mfa_deactivate_totp")))
    assert Authenticator.objects.filter(user=person).exists()


@pytest.mark.django_db
@pytest.mark.requirement("MF11")
@pytest.mark.requirement("PW8")
def test_a_password_is_changed_only_with_the_present_one_in_the_same_step(client):
    person = PersonFactory()
    client.force_login(person)

    new = "another long enough sentence 5"
    client.post(reverse("account_change_password"), {"oldpassword": "wrong", "password1": new, "password2": new})

    assert Person.objects.get(pk=person.pk).check_password(PASSWORD)


@pytest.mark.django_db
@pytest.mark.requirement("SE6")
@pytest.mark.parametrize("chosen", [True, False])
def test_a_changed_factor_can_end_the_other_sessions_in_the_same_step(chosen, client):
    person = with_app()
    elsewhere = Client()
    elsewhere.force_login(person)
    client.force_login(person)
    show_again(client, person)

    client.post(reverse("mfa_deactivate_totp"), {"end_others": "on"} if chosen else {})

    assert not Authenticator.objects.filter(user=person).exists()
    assert elsewhere.get(reverse("dashboard")).status_code == (302 if chosen else 200)
    assert client.get(reverse("dashboard")).status_code == 200


# --- A link for a new password ------------------------------------------------------------------------------------------
def link_for(person, mailoutbox, settings):
    cache.clear()
    Client().post(reverse("account_reset_password"), {"email": person.email})
    the_post_goes_out()
    return re.findall(r"https?://\S+/auth/password/reset/key/\S+", mailoutbox[-1].body)[-1].removeprefix(
        settings.SITE_URL
    )


def resets(link, password="another long enough sentence 5"):
    """Set a new password by a link; say whether it could be done."""
    client = Client()
    page = client.get(link, follow=True)
    client.post(page.request["PATH_INFO"], {"password1": password, "password2": password})
    return client


@pytest.mark.django_db
@pytest.mark.requirement("MF8")
def test_after_a_reset_nobody_is_signed_in_and_the_second_factor_is_asked_for_as_before(mailoutbox, settings):
    person = with_app()
    new = "another long enough sentence 5"

    browser = resets(link_for(person, mailoutbox, settings), new)

    assert Person.objects.get(pk=person.pk).check_password(new)
    assert browser.get(reverse("dashboard")).status_code == 302
    asked = browser.post(reverse("account_login"), {"login": person.email, "password": new})
    assert asked.headers["Location"].startswith(reverse("mfa_authenticate"))
    assert browser.get(reverse("dashboard")).status_code == 302


@pytest.mark.django_db
@pytest.mark.requirement("MF9")
def test_a_link_for_a_new_password_works_once_and_only_the_newest(mailoutbox, settings):
    person = PersonFactory()
    first, second = (link_for(person, mailoutbox, settings) for _one in "ab")

    outcomes = []
    for number, link in enumerate((first, second, second)):
        resets(link, password := f"another long enough sentence {number}")
        outcomes.append(Person.objects.get(pk=person.pk).check_password(password))

    assert first != second
    assert outcomes == [False, True, False]


@pytest.mark.django_db
@pytest.mark.requirement("MF9")
@pytest.mark.parametrize("meanwhile", ["a day", "password", "address", "sign-in", "nothing"])
def test_a_link_for_a_new_password_dies_with_what_it_was_made_for(meanwhile, mailoutbox, settings, time_machine):
    time_machine.move_to(NOON, tick=False)
    person = PersonFactory()
    link = link_for(person, mailoutbox, settings)
    time_machine.move_to(
        NOON + (dt.timedelta(days=1) if meanwhile == "a day" else dt.timedelta(minutes=50)), tick=False
    )
    if meanwhile == "password":
        person.set_password("changed by other means")
        person.save()
    elif meanwhile == "address":
        EmailAddress.objects.filter(user=person).update(email="other@example.com")
        Person.objects.filter(pk=person.pk).update(email="other@example.com")
    elif meanwhile == "sign-in":
        Client().post(reverse("account_login"), {"login": person.email, "password": PASSWORD})

    resets(link, "another long enough sentence 6")

    done = Person.objects.get(pk=person.pk).check_password("another long enough sentence 6")
    assert done is (meanwhile == "nothing")


@pytest.mark.django_db
@pytest.mark.requirement("MF10")
def test_an_administrator_can_have_a_link_sent_but_sees_nothing_of_it(client, mailoutbox, settings):
    anna = MembershipFactory(holding="administrator")
    eddie = MembershipFactory(account=anna.account)
    client.force_login(anna.person)

    link = link_for(eddie.person, mailoutbox, settings)

    assert {address for mail in mailoutbox for address in mail.to} == {eddie.person.email}
    secret = link.rstrip("/").rpartition("/")[2]
    pages = [reverse(name, args=[anna.account.slug]) for name in ("activity", "team", "invitations")]
    pages.append(reverse("member", args=[anna.account.slug, eddie.pk]))
    assert all(secret not in client.get(page).content.decode() for page in pages)
    assert not any(secret in text for text in written())
    assert not OutgoingMail.objects.exclude(sealed="").exists()
    names = set(get_resolver().reverse_dict)
    assert {name for name in names if isinstance(name, str) and "password" in name} <= {
        "account_change_password", "account_set_password", "account_reset_password", "account_reset_password_done",
        "account_reset_password_from_key", "account_reset_password_from_key_done",
        "staff_password_mail",  # by which nobody sees one either: tests/staff/test_password_mails.py
    }  # fmt: skip


# --- Told by mail -------------------------------------------------------------------------------------------------------
@pytest.mark.requirement("MF12")
def test_a_changed_address_is_told_to_the_old_one_and_to_the_new_one(fresh_database, client, mailoutbox):
    person = committed(PersonFactory)
    old = person.email
    client.post(reverse("account_login"), {"login": old, "password": PASSWORD})
    client.post(reverse("account_email"), {"email": "new@example.com", "action_add": ""})
    the_post_goes_out()
    code = re.search(r"^\s*([A-Z0-9-]{6,})\s*$", mailoutbox[-1].body, re.MULTILINE)[1]

    client.post(reverse("account_email_verification_sent"), {"code": code})
    the_post_goes_out()

    person.refresh_from_db()
    told = [mail for mail in mailoutbox if "no longer with" in mail.body]
    assert person.email == "new@example.com"
    assert sorted(mail.to[0] for mail in told) == sorted([old, "new@example.com"])
    assert all("If not, set a new password at once" in mail.body for mail in told)


@pytest.mark.requirement("MF12")
def test_each_change_of_how_one_signs_in_is_told_with_what_to_do(fresh_database, client, mailoutbox):
    person = committed(with_app)
    makes_codes(client, person)
    client.post(reverse("mfa_deactivate_totp"))
    new = "another long enough sentence 5"
    client.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new})
    the_post_goes_out()

    assert len(mailoutbox) == 3
    assert all(mail.to == [person.email] for mail in mailoutbox)
    assert all("If not, set a new password at once and end all sessions" in mail.body for mail in mailoutbox)

"""Sessions: when they end, what renews their key, what a person sees of them, and who else can end them."""

import datetime as dt
import json
import logging
import os
import re
import subprocess
import sys

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Session
from audit.models import Event
from teams import actions as teams
from tests.factories import (
    PASSWORD,
    TOTP_SECRET,
    BusinessAccountFactory,
    MembershipFactory,
    PersonFactory,
)
from tests.post import link_for_a_new_password, the_post_goes_out
from tests.together import committed
from tests.written import written

NOON = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def signed_in(person, **given):
    """A browser that signed in by the page, as people do."""
    client = Client(**given)
    answer = client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def is_in(client):
    return client.get(reverse("profile")).status_code == 200


# --- The cookie and its key -------------------------------------------------------------------------------------------
@pytest.mark.requirement("SE1")
def test_the_cookie_of_a_real_site_is_bound_to_its_host_and_says_nothing():
    asks = (
        "import django; django.setup()\n"
        "from django.conf import settings as s\n"
        "print(s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY, s.SESSION_COOKIE_SAMESITE,"
        " s.SESSION_COOKIE_PATH, s.SESSION_COOKIE_DOMAIN)"
    )
    given = {"SITE_URL": "https://access.example.com", "SECRET_KEY": "x" * 60, "DATABASE_URL": "postgres://a@b/c"}
    environment = {**os.environ, **given, "DJANGO_SETTINGS_MODULE": "accessportal.settings"}

    said = subprocess.run(
        [sys.executable, "-c", asks],
        env=environment, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip

    assert said == ["__Host-session", "True", "True", "Lax", "/", "None"]


@pytest.mark.django_db
@pytest.mark.requirement("SE1")
def test_the_key_of_a_session_is_long_random_and_nobody_s_data():
    person = PersonFactory()

    keys = {signed_in(person).session.session_key for _browser in range(4)}

    assert len(keys) == 4
    assert all(re.fullmatch(r"[a-z0-9]{32}", key) for key in keys)  # 36 ** 32 > 2 ** 165
    cookie = signed_in(person).cookies["session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")


@pytest.mark.django_db
@pytest.mark.requirement("SE2")
def test_password_second_factor_and_renewed_sign_in_each_give_a_new_key_and_the_old_one_is_nobody_s():
    person, client = PersonFactory(), Client()
    TOTP.activate(person, TOTP_SECRET)
    client.get(reverse("account_login"))
    client.get(reverse("mfa_login_webauthn"), headers={"X-Requested-With": "XMLHttpRequest"})  # a session of nobody
    keys = [client.session.session_key]

    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    keys.append(client.session.session_key)
    client.post(reverse("mfa_authenticate"), {"code": code_at(timezone.now())})
    keys.append(client.session.session_key)
    was_in = is_in(client)
    with_another_moment(client)
    keys.append(client.session.session_key)

    assert was_in
    assert is_in(client)
    assert None not in keys
    assert len(set(keys)) == 4
    for old in keys[:-1]:
        thief = Client()
        thief.cookies["session"] = old
        assert not is_in(thief)
    assert list(Session.objects.filter(person=person).values_list("pk", flat=True)) == [keys[-1]]


def code_at(moment):
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    return format_hotp_value(hotp_value(TOTP_SECRET, int(moment.timestamp()) // 30))


def with_another_moment(client):
    """Show the second factor again, with the code of half a minute later."""
    import time_machine

    later = timezone.now() + dt.timedelta(seconds=31)
    with time_machine.travel(later, tick=True):
        answer = client.post(reverse("mfa_reauthenticate"), {"code": code_at(later)})
    assert answer.status_code == 302


# --- How long it lives ------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.requirement("SE3")
@pytest.mark.parametrize(("minutes", "lives"), [(59, True), (61, False)])
@pytest.mark.parametrize("remembered", [False, True])
def test_a_session_that_is_not_used_for_an_hour_is_dead_whatever_the_cookie_says(
    minutes, lives, remembered, time_machine
):
    person, client = PersonFactory(), Client()
    time_machine.move_to(NOON, tick=False)
    form = {"login": person.email, "password": PASSWORD, **({"remember": "on"} if remembered else {})}
    client.post(reverse("account_login"), form)
    cookie = client.cookies["session"].value

    time_machine.move_to(NOON + dt.timedelta(minutes=minutes), tick=False)
    another = Client()
    another.cookies["session"] = cookie  # without an age of its own

    assert is_in(another) is lives


@pytest.mark.django_db
@pytest.mark.requirement("SE3")
@pytest.mark.parametrize(("holding", "hours"), [("editor", 24), ("administrator", 12), ("owner", 12), (None, 24)])
def test_a_session_that_is_always_busy_ends_all_the_same(holding, hours, time_machine):
    time_machine.move_to(NOON, tick=False)
    if holding == "owner":
        person = BusinessAccountFactory().owner
    else:
        person = MembershipFactory(holding=holding).person if holding else PersonFactory()
    client = signed_in(person)
    alive = []

    for quarters in range(3, 4 * hours + 1, 3):
        time_machine.move_to(NOON + dt.timedelta(minutes=15 * quarters), tick=False)
        alive.append(client.get(reverse("front")).status_code == 302)  # leads who is signed in to their accounts

    assert alive == [True] * (len(alive) - 1) + [False]
    assert not is_in(client)


@pytest.mark.django_db
@pytest.mark.requirement("SE3")
def test_a_new_key_makes_no_session_younger(time_machine):
    time_machine.move_to(NOON, tick=False)
    client = signed_in(PersonFactory())
    for hour in range(24):
        time_machine.move_to(NOON + dt.timedelta(hours=hour / 1.01), tick=False)
        assert client.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 302

    time_machine.move_to(NOON + dt.timedelta(hours=24), tick=False)

    assert not is_in(client)


@pytest.mark.django_db
@pytest.mark.requirement("SE3")
def test_whoever_becomes_an_administrator_is_signed_in_for_less_from_then_on(time_machine):
    time_machine.move_to(NOON, tick=False)
    eddie = MembershipFactory(holding="editor")
    client = signed_in(eddie.person)
    for hour in range(1, 14):
        time_machine.move_to(NOON + dt.timedelta(hours=hour / 1.01), tick=False)
        assert is_in(client)

    teams.change_role(membership=eddie, role=type(eddie.role).objects.built_in("administrator"), by=eddie.account.owner)

    assert not is_in(client)


@pytest.mark.django_db
@pytest.mark.requirement("SE3")
def test_the_limits_are_settings(settings, time_machine):
    settings.SESSION_IDLE = dt.timedelta(minutes=5)
    time_machine.move_to(NOON, tick=False)
    client = signed_in(PersonFactory())

    time_machine.move_to(NOON + dt.timedelta(minutes=6), tick=False)

    assert not is_in(client)


@pytest.mark.django_db
@pytest.mark.requirement("SE3")
@pytest.mark.parametrize(("minutes", "lives"), [([14], True), ([15], False), ([14, 28, 42, 56, 60], False)])
def test_an_account_signs_its_members_out_sooner_than_the_portal_does(minutes, lives, time_machine):
    time_machine.move_to(NOON, tick=False)
    policy = {"session_idle_minutes": 15, "session_total_hours": 1}
    eddie = MembershipFactory(account=BusinessAccountFactory(policy_and_seat=policy)).person
    client, stranger = signed_in(eddie), signed_in(PersonFactory())
    for minute in minutes:
        time_machine.move_to(NOON + dt.timedelta(minutes=minute), tick=False)
        found = is_in(client), is_in(stranger)

    assert found == (lives, True)


# --- Its end by will --------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.requirement("SE4")
@pytest.mark.requirement("SE9")
def test_a_copied_cookie_is_dead_after_the_sign_out_which_clears_what_the_browser_kept():
    client, copy = signed_in(PersonFactory()), Client()
    copy.cookies["session"] = client.session.session_key
    asked = client.get(reverse("account_logout"))

    done = client.post(reverse("account_logout"))

    assert asked.status_code == 200
    assert "Clear-Site-Data" not in asked.headers
    assert not is_in(copy)
    assert done.headers["Clear-Site-Data"] == '"cache", "storage"'


@pytest.mark.django_db
@pytest.mark.requirement("SE4")
def test_every_page_of_somebody_signed_in_signs_out_by_a_form():
    member = MembershipFactory(holding="administrator")
    client = signed_in(member.person)
    inside = [reverse(name, args=[member.account.slug]) for name in ("account_home", "team", "assets", "roles")]

    for address in (*map(reverse, ("dashboard", "profile", "inbox", "usersessions_list", "mfa_index")), *inside):
        page = client.get(address).content.decode()
        assert re.search(rf'<form[^>]*method="post"[^>]*action="{reverse("account_logout")}"', page), address


@pytest.mark.django_db
@pytest.mark.requirement("SE7")
def test_a_person_sees_browser_place_and_times_of_each_session_and_which_one_this_is(time_machine):
    person = PersonFactory()
    time_machine.move_to(NOON, tick=False)
    signed_in(person, headers={"User-Agent": FIREFOX}, REMOTE_ADDR="203.0.113.77")
    time_machine.move_to(NOON + dt.timedelta(minutes=20), tick=False)
    here = signed_in(person, REMOTE_ADDR="2001:db8:aaaa:bbbb::7")

    page = here.get(reverse("usersessions_list"))

    first, second = page.context["sessions"]
    html = page.content.decode()
    assert (first["here"], second["here"]) == (True, False)
    assert (second["started_at"], second["seen_at"]) == (NOON, NOON)
    assert "Firefox on Linux" in html
    assert "203.0.113.0/24" in html
    assert "2001:db8:aaaa::/48" in html
    assert "203.0.113.77" not in html
    assert "2001:db8:aaaa:bbbb::7" not in html
    assert html.count("<small>this browser</small>") == 1


@pytest.mark.django_db
@pytest.mark.requirement("SE7")
def test_a_person_signs_out_everywhere_here_too():
    person, stella = PersonFactory(), PersonFactory()
    here, elsewhere, hers = signed_in(person), signed_in(person), signed_in(stella)

    page = here.post(reverse("usersessions_list"), {"which": "all"}, follow=True)

    assert "You are signed out everywhere." in page.content.decode()
    assert [is_in(browser) for browser in (here, elsewhere, hers)] == [False, False, True]
    assert "person.sessions_ended" in Event.objects.of(person).values_list("name", flat=True)


@pytest.mark.django_db
@pytest.mark.requirement("SE7")
def test_sessions_that_have_run_out_are_not_listed(time_machine):
    person = PersonFactory()
    time_machine.move_to(NOON, tick=False)
    signed_in(person)
    time_machine.move_to(NOON + dt.timedelta(minutes=61), tick=False)

    page = signed_in(person).get(reverse("usersessions_list"))

    assert len(page.context["sessions"]) == 1


@pytest.mark.django_db
@pytest.mark.requirement("SE7")
@pytest.mark.rule(2)
def test_an_administrator_signs_a_member_out_everywhere_and_the_member_is_told(client, mailoutbox):
    anna = MembershipFactory(holding="administrator")
    eddie = MembershipFactory(holding="editor", account=anna.account)
    browsers = [signed_in(eddie.person, REMOTE_ADDR="203.0.113.77", headers={"User-Agent": FIREFOX}) for _one in "ab"]
    client.force_login(anna.person)
    page = client.get(reverse("member", args=[anna.account.slug, eddie.pk])).content.decode()

    done = client.post(reverse("end_member_sessions", args=[anna.account.slug, eddie.pk]), {"reason": "Lost laptop"})
    the_post_goes_out()

    assert done.status_code == 302
    assert [is_in(browser) for browser in browsers] == [False, False]
    assert "Last active" in page
    assert "203.0.113" not in page
    assert "Firefox" not in page
    [event] = Event.objects.of(anna.account).named("member.sessions_ended")
    assert event.parts["reason"] == "Lost laptop"
    assert not any("203.0.113" in text for text in written(Event.objects.filter(pk=event.pk)))
    [told] = [mail for mail in mailoutbox if "signed you out" in mail.body]
    assert told.to == [eddie.person.email]
    assert f"{anna.person} signed you out everywhere" in told.body
    assert is_in(signed_in(eddie.person))  # the access stays


@pytest.mark.django_db
@pytest.mark.requirement("SE7")
@pytest.mark.rule(2)
@pytest.mark.parametrize("whose", ["owner", "another administrator", "own", "another account's", "a former member's"])
def test_nobody_signs_out_whom_they_may_not_act_on(whose, client):
    anna = MembershipFactory(holding="administrator")
    member = {
        "owner": lambda: anna.account.memberships.get(person=anna.account.owner),
        "another administrator": lambda: MembershipFactory(holding="administrator", account=anna.account),
        "own": lambda: anna,
        "another account's": MembershipFactory,
        "a former member's": lambda: MembershipFactory(account=anna.account, ended=True),
    }[whose]()
    browser = signed_in(member.person)
    client.force_login(anna.person)

    answer = client.post(reverse("end_member_sessions", args=[anna.account.slug, member.pk]), {"reason": ""})

    expected = {"own": 422, "owner": 422, "another administrator": 403, "another account's": 404}
    assert answer.status_code == expected.get(whose, 409)
    assert is_in(browser)


# --- Its end by others, in every process ------------------------------------------------------------------------------
@pytest.fixture
def another_process(fresh_database):
    """Ask for a page in another process of the portal, with a session's key."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.asking"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
    )  # fmt: skip

    def ask(client, path):
        order = {"database": fresh_database, "session": client.session.session_key, "path": path}
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    yield ask
    process.stdin.close()
    process.wait(timeout=30)
    process.stdout.close()


@pytest.mark.requirement("SE5")
@pytest.mark.rule(14)
@pytest.mark.parametrize("act", [teams.suspend, teams.offboard, teams.end_sessions_of_member])
def test_what_ends_a_person_s_sessions_ends_them_at_the_next_request_in_every_process(act, another_process):
    eddie = committed(lambda: MembershipFactory(holding="editor"))
    client, home = signed_in(eddie.person), reverse("account_home", args=[eddie.account.slug])
    before = another_process(client, home)

    act(membership=eddie, by=eddie.account.owner, reason="Left")
    after, here = another_process(client, home), client.get(home).status_code  # the very next request: nothing is kept

    assert (before, after, here) == (200, 302, 302)
    assert not Session.objects.filter(person=eddie.person).exists()


@pytest.mark.django_db
@pytest.mark.requirement("SE5")
@pytest.mark.parametrize("act", [teams.suspend, teams.offboard, teams.end_sessions_of_member])
def test_it_ends_links_for_a_new_password_too_and_another_can_be_asked_for(act, client, mailoutbox):
    eddie = MembershipFactory(holding="editor")
    MembershipFactory(person=eddie.person)  # elsewhere, so that the password stays
    earlier = asked_for_a_new_password(client, eddie.person, mailoutbox)
    assert offers_a_new_password(earlier)

    act(membership=eddie, by=eddie.account.owner, reason="Left")

    assert not offers_a_new_password(earlier)
    assert offers_a_new_password(asked_for_a_new_password(client, eddie.person, mailoutbox))


def asked_for_a_new_password(client, person, mailoutbox):
    client.post("/auth/password/reset/", {"email": person.email})
    the_post_goes_out()
    return link_for_a_new_password(mailoutbox[-1])


def offers_a_new_password(link):
    return b"password2" in Client().get(link, follow=True).content


# --- Where its value may not stand ------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.requirement("SE8")
def test_no_session_value_stands_in_a_page_an_address_a_log_line_an_event_or_a_mail(caplog, mailoutbox):
    caplog.set_level(logging.DEBUG)
    anna = MembershipFactory(holding="administrator")
    client = signed_in(anna.person)
    secrets, seen = {client.session.session_key}, []
    slug = anna.account.slug
    pages = [
        *map(reverse, ("dashboard", "profile", "inbox", "usersessions_list", "mfa_index", "my_activity")),
        *(reverse(name, args=[slug]) for name in ("account_home", "team", "activity", "assets", "account_settings")),
    ]

    for address in pages:
        answer = client.get(address, follow=True)
        seen += [answer.content.decode(), str(answer.redirect_chain), str(dict(answer.headers))]
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    secrets.add(client.session.session_key)
    client.post(reverse("account_reset_password"), {"email": anna.person.email})
    the_post_goes_out()

    seen += [record.getMessage() for record in caplog.records]
    seen += written()
    seen += [mail.subject + mail.body for mail in mailoutbox]
    assert len(secrets) == 2
    assert [secret for secret in secrets for text in seen if secret in text] == []


@pytest.mark.django_db
@pytest.mark.requirement("SE9")
def test_what_is_shown_after_the_sign_out_needs_a_new_one():
    client = signed_in(PersonFactory())
    page = client.get(reverse("profile"))

    client.post(reverse("account_logout"))

    assert "no-store" in page.headers["Cache-Control"]
    assert client.get(reverse("profile")).status_code == 302
    assert SESSION_KEY not in client.session

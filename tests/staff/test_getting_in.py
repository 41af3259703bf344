"""Who gets into the staff area: staff whose session showed a second factor. To everybody else it is not there."""

import re
from urllib.parse import unquote

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts import actions
from accounts.errors import PolicyViolation
from accounts.models import Person
from accounts.sessions import longest_of
from audit.models import Event
from staff.admin import site
from teams.permissions import BUILT_IN
from tests.factories import PASSWORD, TOTP_SECRET, BusinessAccountFactory, MembershipFactory, PersonFactory, owner_of
from tests.matrix import STAFF
from tests.showing import code_of
from tests.staff.desk import at_the_desk, full, opens, shows_factor, signed_in, staff

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("AZ12")]
METHODS = ("get", "post", "head", "options", "put", "patch", "delete")


def addresses(**arguments):
    return [reverse(name, kwargs={**row, **(arguments if row else {})}) for name, row in STAFF.items()]


def test_its_addresses_are_the_overview_a_list_and_a_page_for_each_model_and_three_acts():
    found = {pattern.name for pattern in site.get_urls()}

    assert found == set(STAFF)
    assert len(site.get_urls()) == 1 + 2 * 9 + 3


@pytest.mark.parametrize(
    "path",
    [
        "login/", "logout/", "password_change/", "password_change/done/", "jsi18n/", "autocomplete/", "r/1/1/",
        "accounts/add/", "accounts/1/change/", "accounts/1/delete/", "accounts/1/history/", "people/add/",
        "teams/", "accounts/person/", "events/1/change/",
    ],
)  # fmt: skip
def test_nothing_else_of_djangos_admin_is_there_even_for_staff(path):
    client = at_the_desk()

    assert client.get(f"/staff/{path}").status_code == 404
    assert client.get(f"/admin/{path}").status_code == 404
    assert client.get("/admin/").status_code == 404


def test_to_anybody_else_every_address_answers_like_one_that_never_was():
    account = full().account
    readers = {"anonymous": Client()}
    for role in BUILT_IN:
        member = owner_of(account) if role == "owner" else MembershipFactory(account=account, holding=role)
        readers[role] = shows_factor(signed_in(member.person), member.person)
    readers["superuser"] = signed_in(PersonFactory(is_superuser=True))
    readers["switched off"] = signed_in(staff(is_active=False), shown=True)
    wrong = []
    for who, client in readers.items():
        never = client.get("/nothing/of/the/kind/").content
        for address in addresses(pk=account.pk):
            answers = {method: getattr(client, method)(address) for method in METHODS if tries(who, method)}
            wrong += [(who, how, address) for how, answer in answers.items() if answer.status_code != 404]
            if _plain(answers["get"].content) != _plain(never):
                wrong.append((who, address, "another page"))

    assert wrong == []


def tries(who, method):
    """Everybody tries the methods that mean something; one of each kind of reader tries all."""
    return method in ("get", "post") or who in ("anonymous", "owner", "switched off")


def _plain(page):
    return re.sub(rb'nonce="[^"]*"|value="[A-Za-z0-9]{64}"|/nothing/of/the/kind/|/staff/[a-z0-9/-]*', b"", page)


def test_staff_without_a_second_factor_are_led_to_set_one_up_and_see_nothing():
    client = signed_in(PersonFactory(is_staff=True, is_superuser=True))

    for address in addresses(pk=1):
        for method in METHODS:
            answer = getattr(client, method)(address)
            assert (address, answer.status_code) == (address, 302)
            assert answer.headers["Location"] == reverse("mfa_index")


def test_staff_whose_session_did_not_show_the_factor_are_asked_for_it_and_see_nothing():
    client = signed_in(staff())

    for address in addresses(pk=1):
        for method in METHODS:
            answer = getattr(client, method)(address)
            assert (address, answer.status_code) == (address, 302)
            way, _mark, after = answer.headers["Location"].partition("?next=")
            assert way == reverse("mfa_reauthenticate")
            assert unquote(after) == (address if method in ("get", "head") else reverse("staff"))


def test_another_persons_shown_factor_in_the_session_counts_for_nobody():
    other, client = staff(name="Other"), signed_in(staff())

    shows_factor(client, other)

    assert client.get(reverse("staff")).status_code == 302


def test_the_whole_way_in_by_password_and_code(time_machine):
    time_machine.move_to("2026-03-02 10:00:00+00:00")
    person, client = staff(), Client()

    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    before = client.get(reverse("staff")).status_code
    code = code_of(TOTP_SECRET)
    client.post(reverse("mfa_authenticate"), {"code": code})

    assert before == 404
    assert client.get(reverse("staff")).status_code == 200
    assert b"/staff/" in client.get(reverse("dashboard")).content


def test_whoever_is_staff_no_more_is_out_at_the_next_request():
    person = staff()
    client = signed_in(person, shown=True)
    assert client.get(reverse("staff")).status_code == 200

    Person.objects.filter(pk=person.pk).update(is_staff=False)

    assert client.get(reverse("staff")).status_code == 404


def test_a_factor_that_was_taken_off_closes_the_area_at_the_next_request():
    person = staff()
    client = signed_in(person, shown=True)

    person.authenticator_set.all().delete()

    assert client.get(reverse("staff")).headers["Location"] == reverse("mfa_index")


def test_the_operator_says_by_a_command_who_is_staff_and_each_change_stands_in_their_log(capsys):
    person, client = PersonFactory(email="stefan@example.com", name="Stefan"), Client()
    client.force_login(person)

    call_command("staff", add="Stefan@example.com")
    call_command("staff", add="stefan@example.com")
    listed = capsys.readouterr().out.splitlines()
    led = client.get(reverse("staff")).status_code
    call_command("staff", remove="stefan@example.com")

    assert listed == ["stefan@example.com / Stefan / without a second factor"] * 2
    assert (led, client.get(reverse("staff")).status_code) == (302, 404)
    log = Event.objects.of(person).named("person.became_staff", "person.staff_no_more").order_by("number")
    assert list(log.values_list("name", "actor_kind")) == [
        ("person.became_staff", "system"),
        ("person.staff_no_more", "system"),
    ]
    with pytest.raises(CommandError, match=r"nobody@example\.com"):
        call_command("staff", add="nobody@example.com")


def test_no_person_makes_anybody_staff_not_even_staff():
    someone, other = staff(is_superuser=True), PersonFactory()

    for act in (actions.appoint, actions.dismiss):
        with pytest.raises(PolicyViolation):
            act(person=other, by=someone)

    assert not Person.objects.get(pk=other.pk).is_staff


def test_nobody_becomes_staff_by_a_form():
    """Every form that changes a person, with the fields by which one would raise oneself."""
    person = PersonFactory()
    client = signed_in(person)
    raising = {"is_staff": "on", "is_superuser": "True", "user_permissions": "1", "groups": "1"}

    client.post(reverse("profile"), {"name": "Stella", "time_zone": "UTC", **raising})
    client.post(reverse("account_email"), {"email": "new@example.com", "action_add": "", **raising})
    Client().post(
        reverse("account_signup"),
        {"email": "fresh@example.com", "name": "Fresh", "password1": "a fresh and long sentence 7", **raising},
    )

    assert Person.objects.get(pk=person.pk).name == "Stella"
    assert Person.objects.filter(email="fresh@example.com").exists()
    assert not Person.objects.filter(is_staff=True).exists()
    assert not Person.objects.filter(is_superuser=True).exists()


def test_outside_of_the_area_staff_are_strangers_in_every_account():
    client, account = signed_in(staff(is_superuser=True), shown=True), BusinessAccountFactory()
    opens(client, account)

    for name in ("account_home", "team", "activity", "security_policy", "account_settings"):
        assert client.get(reverse(name, args=[account.slug])).status_code == 404


def test_djangos_own_permissions_open_nothing():
    person, account = PersonFactory(is_superuser=True), BusinessAccountFactory()
    person.user_permissions.set(Permission.objects.all())
    client = signed_in(person)
    assert person.has_perm("teams.view_membership")

    for name in ("account_home", "team", "activity", "security_policy", "account_settings"):
        assert client.get(reverse(name, args=[account.slug])).status_code == 404
    assert client.get(reverse("staff")).status_code == 404


def test_a_session_of_staff_lasts_no_longer_than_an_administrators(settings):
    assert longest_of(staff().pk) == settings.SESSION_LONGEST_OF_ADMINISTRATORS
    assert longest_of(PersonFactory().pk) == settings.SESSION_LONGEST


def test_nobody_reaches_an_account_by_the_area_without_opening_it():
    client, thing = at_the_desk(), full()

    assert opens(client, thing.account, "why").status_code == 422
    assert client.get(reverse("staff_member", args=[thing.member.pk])).status_code == 404

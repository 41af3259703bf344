"""Opening, settings, upgrade, leaving, closing and the own profile over HTTP (rules 3, 4, 6, 12)."""

import pytest
from django.urls import reverse

from accounts.models import BusinessAccount, Person
from audit.models import Event
from teams.actions import accounts as opening
from teams.models import Membership
from tests.factories import BusinessAccountFactory, MembershipFactory, PersonFactory, owner_of

pytestmark = pytest.mark.django_db


def url(name, account):
    return reverse(name, args=[account.slug])


def page(client, address):
    return client.get(address).content.decode()


@pytest.mark.rule(3)
@pytest.mark.requirement("AZ5")
def test_who_opens_an_account_owns_it_whatever_else_is_posted(client):
    olga, stella = PersonFactory(), PersonFactory()
    client.force_login(olga)

    response = client.post(
        reverse("open_account"),
        {"name": "Northwind", "kind": "standard", "owner": stella.pk, "slug": "mine", "closed_at": "2020-01-01"},
    )

    account = BusinessAccount.objects.get()
    assert response.headers["Location"] == f"/accounts/{account.slug}/"
    assert (account.owner, account.slug, account.kind, account.closed_at) == (olga, "northwind", "standard", None)
    assert owner_of(account).role.is_owner
    assert [event.name for event in Event.objects.of(account)] == ["account.opened"]


@pytest.mark.rule(12)
def test_one_account_too_many_is_refused_and_stands_in_the_persons_own_chain(client, monkeypatch):
    monkeypatch.setattr(opening, "MOST_OPENED", 1)
    olga = BusinessAccountFactory().owner
    client.force_login(olga)

    response = client.post(reverse("open_account"), {"name": "Second", "kind": "business"})

    assert response.status_code == 422
    assert "You own 1 accounts already" in response.content.decode()
    assert BusinessAccount.objects.count() == 1
    refused = Event.objects.of(olga).get(name="account.opened")
    assert (refused.result, refused.actor) == ("refused", olga.name)


@pytest.mark.parametrize("body", [{}, {"name": "Northwind"}, {"name": "Northwind", "kind": "platform"}])
def test_a_kind_that_does_not_exist_opens_nothing(client, body):
    client.force_login(PersonFactory())

    assert client.post(reverse("open_account"), body).status_code == 422
    assert not BusinessAccount.objects.exists()


@pytest.mark.rule(4)
def test_every_member_sees_the_settings_but_only_who_may_changes_the_name(client):
    eddie = MembershipFactory()
    account = eddie.account
    client.force_login(eddie.person)
    settings = url("account_settings", account)

    seen, refused = page(client, settings), client.post(settings, {"name": "Eddie’s"})
    client.force_login(account.owner)
    saved = client.post(settings, {"name": "Northwind"})

    assert 'name="name"' not in seen
    assert url("leave_account", account) in seen
    assert url("close_account", account) not in seen
    assert (refused.status_code, saved.status_code) == (403, 302)
    assert "Manage security policy" in refused.content.decode()
    assert BusinessAccount.objects.get(pk=account.pk).name == "Northwind"
    told = Event.objects.of(account).named("account.settings_changed").order_by("number")
    assert list(told.values_list("result", flat=True)) == ["refused", "done"]


@pytest.mark.rule(6)
def test_only_the_owner_upgrades_and_only_once(client):
    account = BusinessAccountFactory(kind="standard")
    client.force_login(account.owner)

    before = page(client, url("upgrade_account", account))
    done = client.post(url("upgrade_account", account))
    again = client.post(url("upgrade_account", account))

    assert "What changes" in before
    assert done.headers["Location"] == url("team", account)
    assert again.status_code == 422
    assert client.get(url("upgrade_account", account)).headers["Location"] == url("account_settings", account)
    told = Event.objects.of(account).named("account.upgraded").order_by("number")
    assert list(told.values_list("result", flat=True)) == ["done", "refused"]


@pytest.mark.rule(14)
def test_leaving_says_what_ends_and_ends_it_at_once(client):
    eddie = MembershipFactory()
    client.force_login(eddie.person)

    asked = page(client, url("leave_account", eddie.account))
    left = client.post(url("leave_account", eddie.account))

    assert "The role Editor and all that it gives ends." in asked
    assert left.headers["Location"] == reverse("dashboard")
    assert Membership.objects.get(pk=eddie.pk).state == "ended"
    assert client.get(url("roles", eddie.account)).status_code == 403
    assert [event.name for event in Event.objects.about(eddie)] == ["member.left"]


@pytest.mark.rule(3)
def test_the_owner_cannot_leave(client):
    account = BusinessAccountFactory()
    client.force_login(account.owner)

    refused = client.post(url("leave_account", account))

    assert "The owner can’t leave" in page(client, url("leave_account", account))
    assert refused.status_code == 422
    assert owner_of(account).state == "active"


@pytest.mark.rule(4)
def test_a_closed_account_tells_its_members_since_when_and_whom_to_ask_and_nothing_else(client):
    eddie = MembershipFactory(account__name="Northwind")
    account = eddie.account
    client.force_login(account.owner)
    client.post(url("close_account", account), {"typed_name": "Northwind"})
    client.force_login(eddie.person)

    for name in ("account_home", "account_settings", "roles", "assets", "team", "leave_account"):
        shown = client.get(url(name, account))

        assert shown.status_code == 403
        assert "This account is closed" in shown.content.decode()
        assert "Since" in shown.content.decode()
        assert account.owner.email in shown.content.decode()
        assert url("roles", account) not in shown.content.decode()


def test_the_own_profile_takes_name_and_zone_and_nothing_else(client):
    eddie = PersonFactory()
    client.force_login(eddie)
    typed = {"name": "Eddie", "time_zone": "Europe/Berlin", "is_staff": "1", "email": "owner@example.com"}

    saved = client.post(reverse("profile"), typed)
    wrong = client.post(reverse("profile"), {**typed, "time_zone": "Mars/Olympus"})

    fresh = Person.objects.get(pk=eddie.pk)
    assert (saved.status_code, wrong.status_code) == (302, 422)
    assert (fresh.name, fresh.time_zone, fresh.is_staff, fresh.email) == ("Eddie", "Europe/Berlin", False, eddie.email)
    assert Event.objects.of(eddie).named("person.profile_changed").count() == 1

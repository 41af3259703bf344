"""The billing contact and the plan: what the permission to manage billing guards (rules 1, 2, 12)."""

import pytest
from django.urls import reverse

from accounts import actions
from accounts.errors import PolicyViolation
from accounts.models import Billing
from audit.models import Event
from audit.recording import Refused
from invitations import actions as invitations
from teams import actions as teams
from teams.models import Role
from tests.factories import (
    AssetFactory,
    BusinessAccountFactory,
    InvitationFactory,
    MembershipFactory,
    PersonFactory,
    ReceiptFactory,
)

pytestmark = pytest.mark.django_db
CONTACT = {
    "name": "Fiona Byrne",
    "address": "Bills@Northwind.Example",
    "company": "Northwind ApS",
    "country": "Denmark",
}


@pytest.fixture
def account():
    return BusinessAccountFactory(name="Northwind")


@pytest.fixture
def fiona(account):
    return MembershipFactory(account=account, holding="finance").person


def url(name, account):
    return reverse(name, args=[account.slug])


def on_plan(account, plan):
    Billing.objects.update_or_create(account=account, defaults={"plan_code": plan})
    return account


def test_who_manages_billing_changes_the_contact_and_reads_who_changed_it(client, account, fiona):
    client.force_login(fiona)

    response = client.post(url("billing", account), CONTACT, follow=True)

    billing = Billing.objects.get(account=account)
    assert (billing.name, billing.address) == ("Fiona Byrne", "bills@northwind.example")
    [event] = Event.objects.of(account)
    assert (event.name, event.actor) == ("billing.changed", fiona.name)
    assert event.parts["after"]["company"] == "Northwind ApS"
    assert event.sentence in response.content.decode()


@pytest.mark.rule(1)
@pytest.mark.parametrize("holding", ["administrator", "auditor", "editor"])
@pytest.mark.parametrize("name", ["billing", "change_plan"])
def test_an_administrator_does_not_see_the_bills_without_the_permission(client, account, holding, name):
    on_plan(account, "scale")
    client.force_login(MembershipFactory(account=account, holding=holding).person)

    answers = [client.get(url(name, account)), client.post(url(name, account), {**CONTACT, "plan": "team"})]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert "manage billing" in answers[0].content.decode()
    assert Billing.objects.get(account=account).plan_code == "scale"


def test_the_same_contact_again_is_no_event(account, fiona):
    contact = {**CONTACT, "address": "bills@northwind.example"}
    actions.change_billing(account=account, by=fiona, **contact)

    actions.change_billing(account=account, by=fiona, **contact)

    assert [event.name for event in Event.objects.of(account)] == ["billing.changed"]


def test_a_contact_without_an_address_is_not_saved_and_what_was_typed_stays(client, account, fiona):
    client.force_login(fiona)

    response = client.post(url("billing", account), {**CONTACT, "address": "nowhere"})

    assert response.status_code == 422
    assert "Northwind ApS" in response.content.decode()
    assert not Billing.objects.exists()


def test_a_plan_is_changed_with_one_event(client, account, fiona):
    client.force_login(fiona)

    client.post(url("change_plan", account), {"plan": "team"})

    assert Billing.of(account).plan_code == "team"
    [event] = Event.objects.of(account)
    assert event.sentence == f"{fiona.name} changed the plan of Northwind from Scale to Team"


def test_a_plan_that_allows_less_than_the_account_has_is_refused_with_what_is_too_much(client, account, fiona):
    AssetFactory.create_batch(4, account=account)
    client.force_login(fiona)

    response = client.post(url("change_plan", account), {"plan": "starter"})

    assert response.status_code == 422
    assert "4 assets; the plan Starter allows 3." in response.content.decode()
    assert Billing.of(account).plan_code == "scale"


def test_a_plan_that_is_not_in_the_table_is_none(client, account, fiona):
    client.force_login(fiona)

    assert client.post(url("change_plan", account), {"plan": "gold"}).status_code == 422
    with pytest.raises(PolicyViolation):
        actions.change_plan(account=account, plan="gold", by=fiona)


def test_the_plan_limits_assets_also_those_that_come_back(account):
    on_plan(account, "starter")
    assets = AssetFactory.create_batch(3, account=account)
    with pytest.raises(Refused, match="The plan Starter allows 3 assets"):
        actions.add_asset(account=account, kind="other", name="Fourth", handle="", by=account.owner)

    actions.archive_asset(asset=assets[0], by=account.owner)
    actions.add_asset(account=account, kind="other", name="Fourth", handle="", by=account.owner)

    with pytest.raises(Refused, match="The plan Starter allows 3 assets"):
        teams.restore_asset(asset=assets[0], by=account.owner)


def test_the_plan_limits_people_by_every_way_in(account):
    on_plan(account, "starter")
    receipt = ReceiptFactory(account=account)
    invited = PersonFactory()
    invitation = InvitationFactory(account=account, address=invited.email)
    MembershipFactory.create_batch(4, account=account)
    editor = Role.objects.built_in("editor")

    for joining in (
        lambda: invitations.invite(account=account, address="new@example.com", role=editor, by=account.owner),
        lambda: invitations.accept(invitation=invitation, by=invited),
        lambda: teams.bring_back(receipt=receipt, by=account.owner),
    ):
        with pytest.raises(Refused, match="allows 5 people"):
            joining()

"""Changing a role, suspending, restoring, removing, leaving: rules 2, 3, 5, 12."""

import pytest
from django.core.exceptions import PermissionDenied

from accounts.errors import ChangedMeanwhile, MissingPermission, PolicyViolation
from accounts.models import Person
from audit.models import Event
from teams import actions
from teams.models import Membership, Role
from tests.factories import AssetFactory, BusinessAccountFactory, MembershipFactory, grant, owner_of

pytestmark = pytest.mark.django_db


def may(member, code, obj):
    return Person.objects.get(pk=member.person_id).has_perm(code, obj)


@pytest.mark.rule(12)
def test_a_changed_role_is_one_event_with_before_and_after():
    eddie = MembershipFactory(holding="editor")
    olga = eddie.account.owner

    actions.change_role(membership=eddie, role=Role.objects.built_in("analyst"), by=olga)

    event = Event.objects.about(eddie).get()
    assert event.sentence == f"{olga} changed the role of {eddie} from Editor to Analyst"
    assert event.parts["before"]["role"]["code"] == "editor"
    assert event.number == 1


@pytest.mark.rule(2)
def test_an_administrator_cannot_give_billing_which_she_does_not_hold():
    anna = MembershipFactory(holding="administrator")
    eddie = MembershipFactory(account=anna.account)

    with pytest.raises(MissingPermission) as refusal:
        actions.change_role(membership=eddie, role=Role.objects.built_in("finance"), by=anna.person)

    assert refusal.value.code == "manage_billing"
    assert Membership.objects.get(pk=eddie.pk).role == eddie.role


@pytest.mark.rule(2)
@pytest.mark.parametrize("act", [actions.suspend, actions.offboard])
def test_an_administrator_cannot_evict_another(act):
    anna = MembershipFactory(holding="administrator")
    other = MembershipFactory(holding="administrator", account=anna.account)

    with pytest.raises(PermissionDenied):
        act(membership=other, by=anna.person, reason="eviction")

    assert may(other, "manage_team", anna.account)


@pytest.mark.rule(3)
@pytest.mark.parametrize("act", [actions.suspend, actions.offboard])
@pytest.mark.requirement("AZ7")
def test_the_owner_stays_whoever_asks(act):
    anna = MembershipFactory(holding="administrator")

    with pytest.raises(PolicyViolation):
        act(membership=owner_of(anna.account), by=anna.person, reason="eviction")


@pytest.mark.rule(14)
def test_an_offboarded_member_holds_nothing_from_then_on():
    account = BusinessAccountFactory()
    eddie = MembershipFactory(account=account)
    asset = AssetFactory(account=account)
    grant(eddie, asset, "run_ads")
    assert may(eddie, "run_ads", asset)
    assert may(eddie, "draft_content", asset)

    actions.offboard(membership=eddie, by=account.owner, reason="Left")

    assert not may(eddie, "run_ads", asset)
    assert not may(eddie, "view_account", account)
    assert not eddie.asset_grants.exists()


@pytest.mark.rule(2)
def test_grants_are_set_exactly_and_restored_with_the_member():
    account = BusinessAccountFactory()
    member = MembershipFactory(account=account, holding="member")
    asset = AssetFactory(account=account)

    actions.set_grants(membership=member, asset=asset, codes=["run_ads", "view_analytics"], by=account.owner)
    actions.set_grants(membership=member, asset=asset, codes=["run_ads"], by=account.owner)
    assert may(member, "run_ads", asset)
    assert not may(member, "view_analytics", asset)
    actions.suspend(membership=member, by=account.owner)
    assert not may(member, "run_ads", asset)
    actions.restore(membership=member, by=account.owner)

    assert may(member, "run_ads", asset)


def test_leaving_ends_the_own_membership():
    eddie = MembershipFactory()

    actions.leave(membership=eddie, by=eddie.person)

    assert not may(eddie, "view_account", eddie.account)
    with pytest.raises(ChangedMeanwhile):
        actions.leave(membership=eddie, by=eddie.person)


@pytest.mark.rule(3)
def test_a_transfer_swaps_the_seats():
    anna = MembershipFactory(holding="administrator")
    olga = anna.account.owner

    offer = actions.offer_ownership(account=anna.account, membership=anna, by=olga)
    account = actions.accept_ownership(offer=offer, by=anna.person)

    assert account.owner == anna.person
    assert Membership.objects.get(account=account, person=olga).role.code == "administrator"


@pytest.mark.rule(2)
@pytest.mark.rule(11)
def test_another_role_for_an_unconfirmed_member_confirms_all_of_it_and_so_needs_all_of_it():
    account = BusinessAccountFactory()
    anna = MembershipFactory(account=account, holding="administrator")
    billing = Role.objects.create(
        account=account, code="billing", name="Billing", held=["view_account", "manage_billing"]
    )
    fiona = MembershipFactory(account=account, holding="finance", unconfirmed=True)

    with pytest.raises(MissingPermission) as refusal:
        actions.change_role(membership=fiona, role=billing, by=anna.person)

    assert refusal.value.code == "manage_billing"
    assert Membership.objects.get(pk=fiona.pk).confirmed_at is None

"""Changing the security policy takes no power from whom the actor may not act on (rule 2)."""

import pytest

from accounts.errors import MissingPermission
from accounts.models import SecurityPolicy
from teams import actions
from tests.factories import BusinessAccountFactory, MembershipFactory

pytestmark = [pytest.mark.django_db, pytest.mark.rule(2)]
EVICTING = {
    "confirmation": SecurityPolicy.Confirmation.BEFORE,
    "second_factor": SecurityPolicy.SecondFactor.EVERYONE,
}


@pytest.mark.parametrize("demand", EVICTING)
def test_an_administrator_does_not_evict_the_others_by_a_policy(demand):
    account = BusinessAccountFactory()
    anna = MembershipFactory(account=account, holding="administrator")
    other = MembershipFactory(account=account, holding="administrator", unconfirmed=True)

    with pytest.raises(MissingPermission) as refusal:
        actions.change_policy(account=account, by=anna.person, **{demand: EVICTING[demand]})

    assert str(other.person) in refusal.value.words
    assert other.person.has_perm("manage_team", account)


@pytest.mark.parametrize("demand", EVICTING)
def test_the_owner_may_demand_it_of_everybody(demand):
    account = BusinessAccountFactory()
    other = MembershipFactory(account=account, holding="administrator", unconfirmed=True)

    actions.change_policy(account=account, by=account.owner, **{demand: EVICTING[demand]})

    assert not other.person.has_perm("manage_team", account)


def test_an_administrator_may_demand_what_takes_power_from_lesser_members_and_from_herself():
    account = BusinessAccountFactory()
    anna = MembershipFactory(account=account, holding="administrator", unconfirmed=True)
    eddie = MembershipFactory(account=account, unconfirmed=True)

    actions.change_policy(account=account, by=anna.person, confirmation=EVICTING["confirmation"])

    assert not eddie.person.has_perm("view_account", account)

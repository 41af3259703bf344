"""Changing the security policy takes no power from whom the actor may not act on (rule 2), and from nobody at once."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP

from accounts.errors import MissingPermission, PolicyViolation
from accounts.models import SecurityPolicy
from teams import actions
from tests.factories import TOTP_SECRET, BusinessAccountFactory, MembershipFactory

pytestmark = [pytest.mark.django_db, pytest.mark.rule(2)]
EVICTING = {
    "confirmation": SecurityPolicy.Confirmation.BEFORE,
    "second_factor": SecurityPolicy.SecondFactor.EVERYONE,
    "domains": ["elsewhere.example"],
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
def test_nobody_shuts_people_out_at_once_not_even_the_owner(demand):
    account = BusinessAccountFactory()
    eddie = MembershipFactory(account=account, unconfirmed=True)

    with pytest.raises(PolicyViolation, match="would lose access"):
        actions.change_policy(account=account, by=account.owner, **{demand: EVICTING[demand]})

    assert eddie.person.has_perm("view_account", account)


def test_what_nobody_loses_by_is_changed_at_once_and_dated():
    account = BusinessAccountFactory()
    TOTP.activate(account.owner, TOTP_SECRET)

    policy = actions.change_policy(account=account, by=account.owner, second_factor="everyone")

    policy.refresh_from_db()
    assert policy.second_factor == "everyone"
    assert policy.second_factor_since is not None
    assert policy.domains_since is None

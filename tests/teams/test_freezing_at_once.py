"""A freeze and a change of access at the same moment, on real connections."""

import pytest

from accounts.errors import Frozen
from accounts.models import BusinessAccount
from teams import actions
from teams.models import Role
from tests.factories import BusinessAccountFactory, MembershipFactory
from tests.together import committed, one_behind_the_other


@pytest.mark.parametrize("freeze_first", [True, False])
def test_of_a_freeze_and_a_change_at_once_the_later_one_finds_what_the_first_left(fresh_database, freeze_first):
    account = committed(BusinessAccountFactory)
    eddie = committed(lambda: MembershipFactory(account=account))
    anna = committed(lambda: MembershipFactory(account=account, holding="administrator")).person
    acts = [
        lambda: actions.freeze(account=account, by=account.owner),
        lambda: actions.change_role(membership=eddie, role=Role.objects.built_in("analyst"), by=anna),
    ]

    race = one_behind_the_other(*(acts if freeze_first else reversed(acts)))

    eddie.refresh_from_db()
    assert race.waited_for == "accounts_businessaccount"
    assert isinstance(race.second, Frozen) == freeze_first
    assert eddie.role.code == ("editor" if freeze_first else "analyst")
    assert BusinessAccount.objects.frozen().exists()

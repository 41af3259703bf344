"""Two at once at what is granted: what one did not see is not overwritten (rule 12)."""

import pytest

from accounts.actions import archive_asset
from accounts.errors import ChangedMeanwhile
from audit.models import Event
from teams import actions
from teams.models import AssetGrant, AssetGroup, PeopleGroup
from tests.factories import AssetFactory, BusinessAccountFactory, MembershipFactory, PeopleGroupFactory
from tests.together import at_once, committed, one_behind_the_other


@pytest.mark.rule(12)
def test_of_two_who_save_the_same_cell_at_once_one_is_told_to_look_again(fresh_database):
    account = committed(BusinessAccountFactory)
    mina = committed(lambda: MembershipFactory(account=account, holding="member"))
    asset = committed(lambda: AssetFactory(account=account))

    outcomes = at_once(
        *(
            lambda codes=codes: actions.set_grants(membership=mina, asset=asset, codes=codes, by=account.owner, seen={})
            for codes in (["run_ads"], ["reply_comments"])
        )
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ChangedMeanwhile", "Membership"]
    assert AssetGrant.objects.count() == 1
    assert Event.objects.count() == 1


@pytest.mark.rule(12)
def test_a_grant_that_waits_behind_the_asset_being_archived_is_not_given(fresh_database):
    account = committed(BusinessAccountFactory)
    mina = committed(lambda: MembershipFactory(account=account, holding="member"))
    asset = committed(lambda: AssetFactory(account=account))

    race = one_behind_the_other(
        lambda: archive_asset(asset=asset, by=account.owner),
        lambda: actions.set_grants(membership=mina, asset=asset, codes=["run_ads"], by=account.owner, seen={}),
    )

    assert isinstance(race.second, ChangedMeanwhile)
    assert not AssetGrant.objects.exists()


@pytest.mark.rule(12)
def test_two_groups_of_one_name_at_once_become_one(fresh_database):
    account = committed(BusinessAccountFactory)

    outcomes = at_once(
        *[lambda: actions.make_asset_group(account=account, name="Profiles", assets=[], by=account.owner)] * 2
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AssetGroup", "PolicyViolation"]
    assert AssetGroup.objects.count() == 1


@pytest.mark.rule(12)
def test_a_group_that_is_deleted_while_a_change_waits_stays_deleted(fresh_database):
    account = committed(BusinessAccountFactory)
    group = committed(lambda: PeopleGroupFactory(account=account))

    race = one_behind_the_other(
        lambda: actions.delete_people_group(group=group, by=account.owner),
        lambda: actions.change_people_group(group=group, name="Others", memberships=[], by=account.owner),
    )

    assert isinstance(race.second, ChangedMeanwhile)
    assert not PeopleGroup.objects.exists()


@pytest.mark.rule(12)
def test_a_group_takes_in_nobody_who_is_offboarded_while_it_waits(fresh_database):
    account = committed(BusinessAccountFactory)
    eddie = committed(lambda: MembershipFactory(account=account))

    race = one_behind_the_other(
        lambda: actions.offboard(membership=eddie, by=account.owner, reason="Left"),
        lambda: actions.make_people_group(account=account, name="Crew", memberships=[eddie], by=account.owner),
    )

    assert isinstance(race.second, ChangedMeanwhile)
    assert not PeopleGroup.objects.exists()

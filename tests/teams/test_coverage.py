"""What hangs on one person, now and once somebody is gone."""

import pytest
from django.urls import reverse

from teams.coverage import done_by_one, left_to_one
from tests.factories import AssetFactory, BusinessAccountFactory, MembershipFactory, grant

pytestmark = pytest.mark.django_db


def told(rows):
    return {(str(row.person), row.place): {act.code for act in row.acts} for row in rows}


@pytest.fixture
def account():
    return BusinessAccountFactory(name="Northwind")


def test_what_two_can_do_now_and_only_one_could_do_then(account):
    fiona = MembershipFactory(account=account, holding="finance")
    MembershipFactory(account=account, holding="administrator")

    assert told(left_to_one(account, without=fiona)) == {(str(account.owner), ""): {"manage_billing"}}


def test_what_three_can_do_hangs_on_nobody(account):
    members = [MembershipFactory(account=account, holding="auditor") for _number in range(2)]

    assert told(left_to_one(account, without=members[0])) == {}


def test_who_is_suspended_counts_for_nobody(account):
    anna = MembershipFactory(account=account, holding="administrator", suspended=True)
    fiona = MembershipFactory(account=account, holding="finance")

    assert left_to_one(account, without=anna) == []
    assert told(left_to_one(account, without=fiona)) == {(str(account.owner), ""): {"manage_billing"}}


def test_a_grant_on_one_asset_is_told_with_its_place(account):
    milo, nina = (MembershipFactory(account=account, holding="member") for _number in range(2))
    europe = AssetFactory(account=account, name="Europe")
    grant(milo, europe, "run_ads")
    MembershipFactory(account=account, holding="administrator")
    grant(nina, europe, "run_ads")

    assert left_to_one(account, without=milo) == []  # the owner, the administrator and Nina still can
    assert ("Europe" in {row.place for row in done_by_one(account)}) is False


def test_what_hangs_on_one_person_stands_on_the_overview(client, account):
    MembershipFactory(account=account, holding="editor")
    client.force_login(account.owner)

    shown = client.get(reverse("account_home", args=[account.slug]))

    assert "Hangs on one person" in shown.content.decode()
    (row,) = shown.context["alone"]
    assert row.person == account.owner
    codes = {act.code for act in row.acts}
    assert {"manage_team", "manage_billing", "run_ads"} <= codes
    assert {"view_account", "own_account", "draft_content"}.isdisjoint(codes)


@pytest.mark.parametrize(
    ("page", "words"), [("suspend_member", "Then only one person is left for"), ("change_role", "Then only")]
)
def test_a_change_says_what_it_would_leave_to_one_person(client, account, page, words):
    fiona = MembershipFactory(account=account, holding="finance")
    client.force_login(account.owner)

    shown = client.get(reverse(page, args=[account.slug, fiona.pk])).content.decode()

    assert words in shown
    assert "manage billing" in shown[shown.index(words) :]

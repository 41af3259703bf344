"""Rule 2 over all pairs of roles: what one gives is a subset of what one holds, whichever act gives it (AZ6)."""

import itertools

import pytest

from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount
from accounts.permissions import ASSET_CODES, MANAGE_TEAM
from audit.recording import Refused
from invitations import actions as invitations
from invitations.models import Invitation
from teams import actions as teams
from teams.models import AssetGrant, Membership, Role
from teams.permissions import BUILT_IN
from tests.factories import AssetFactory, BusinessAccountFactory, MembershipFactory, PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.rule(2), pytest.mark.requirement("AZ6")]

# Beside the built-in ones: a leader who holds little besides the team, one who holds the team alone, and others.
MADE = {
    "leader": ["view_account", "manage_team", "view_analytics", "reply_comments"],
    "doorkeeper": ["view_account", "manage_team"],
    "cashier": ["view_account", "manage_billing"],
    "designer": ["view_account", "view_analytics", "draft_content"],
}
ROLES = [*BUILT_IN, *MADE]


@pytest.fixture
def account():
    account = BusinessAccountFactory(policy_and_seat={"most_administrators": 100})
    for code, held in MADE.items():
        Role.objects.create(account=account, code=code, name=code.title(), held=held)
    return account


def role(account, code):
    return Role.objects.of(account).get(code=code)


def member(account, code):
    return MembershipFactory(account=account, role=role(account, code))


def holder(account, code):
    return account.owner if code == "owner" else member(account, code).person


def done(act, **given):
    """Do it, and say whether it was allowed."""
    try:
        act(**given)
    except Refused:
        return False
    return True


def may_give(account, actor, permissions):
    held = BUILT_IN[actor].holds if actor in BUILT_IN else frozenset(MADE[actor])
    return MANAGE_TEAM in held and set(permissions) <= held


@pytest.mark.parametrize("actor", ROLES)
def test_who_invites_gives_no_role_with_more_than_they_hold(actor, account):
    by = holder(account, actor)

    invited = {
        code: done(invitations.invite, account=account, address=f"{code}@example.com", role=role(account, code), by=by)
        for code in ROLES
    }

    assert invited == {
        code: code != "owner" and may_give(account, actor, role(account, code).permissions) for code in ROLES
    }
    assert {f"{code}@example.com" for code in ROLES if invited[code]} == set(
        Invitation.objects.values_list("address", flat=True)
    )


@pytest.mark.parametrize("actor", ROLES)
def test_who_changes_a_role_adds_no_more_than_they_hold_and_touches_no_administrator(actor, account):
    by, roles = holder(account, actor), {code: role(account, code) for code in ROLES if code != "owner"}
    target = member(account, "member")
    seat = Membership.objects.filter(pk=target.pk)
    changed, expected = set(), set()
    for before, after in itertools.permutations(roles, 2):
        seat.update(lasting_role=roles[before])
        if done(teams.change_role, membership=target, role=roles[after], by=by):
            changed.add((before, after))
        assert seat.get().lasting_role_id == roles[after if (before, after) in changed else before].pk
        within_reach = actor == "owner" or not roles[before].administers
        if within_reach and may_give(account, actor, roles[after].permissions - roles[before].permissions):
            expected.add((before, after))

    assert changed == expected


@pytest.mark.parametrize("actor", ROLES)
def test_the_owners_role_is_given_by_nobody(actor, account):
    with pytest.raises(Refused) as refusal:
        teams.change_role(membership=member(account, "editor"), role=role(account, "owner"), by=holder(account, actor))

    assert actor != "owner" or isinstance(refusal.value, PolicyViolation)
    assert BusinessAccount.objects.get(pk=account.pk).owner == account.owner
    assert Membership.objects.filter(account=account, lasting_role__code="owner").count() == 1


@pytest.mark.parametrize("actor", ROLES)
def test_who_grants_on_an_asset_grants_no_more_than_they_may_do_there(actor, account):
    by, asset = holder(account, actor), AssetFactory(account=account)
    granted, expected = set(), set()
    for receiver in ("administrator", "doorkeeper", "editor", "cashier", "member"):
        target = member(account, receiver)
        within_reach = actor == "owner" or not target.role.administers
        for code in ASSET_CODES:
            if done(teams.set_grants, membership=target, asset=asset, codes=[code], by=by):
                granted.add((receiver, code))
            given = AssetGrant.objects.filter(membership=target)
            assert [row.permission.codename for row in given] == [code] * ((receiver, code) in granted)
            given.delete()
            if within_reach and may_give(account, actor, {code}):
                expected.add((receiver, code))

    assert granted == expected


def test_a_grant_on_one_asset_gives_the_right_to_pass_it_on_there_and_nowhere_else(account):
    here, elsewhere = AssetFactory(account=account), AssetFactory(account=account)
    keeper, target = member(account, "doorkeeper"), member(account, "member")
    teams.set_grants(membership=keeper, asset=here, codes=["run_ads"], by=account.owner)

    passed = {
        (asset, code): done(teams.set_grants, membership=target, asset=asset, codes=[code], by=keeper.person)
        for asset in (here, elsewhere)
        for code in ("run_ads", "draft_content")
    }

    assert [key for key, allowed in passed.items() if allowed] == [(here, "run_ads")]


@pytest.mark.parametrize("actor", [code for code in ROLES if code != "owner"])
def test_nobody_gives_themselves_anything(actor, account):
    own, asset = member(account, actor), AssetFactory(account=account)

    assert not done(teams.set_grants, membership=own, asset=asset, codes=ASSET_CODES, by=own.person)
    for code in set(ROLES) - {actor}:
        assert not done(teams.change_role, membership=own, role=role(account, code), by=own.person)
    assert not done(
        invitations.invite, account=account, address=own.person.email, role=role(account, actor), by=own.person
    )
    assert Membership.objects.get(pk=own.pk).role == own.role


def test_a_stranger_gives_nothing(account):
    stella, target = PersonFactory(), member(account, "member")

    assert not done(teams.change_role, membership=target, role=role(account, "analyst"), by=stella)
    assert not done(
        invitations.invite, account=account, address="a@example.com", role=role(account, "member"), by=stella
    )

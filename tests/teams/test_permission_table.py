"""Rule 1: the one question, against the table of the design, and every condition that takes power away."""

import datetime as dt

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Person, SecurityPolicy
from accounts.permissions import ASSET_CODES, PERMISSIONS
from teams.models import Membership
from tests.factories import (
    AssetFactory,
    BusinessAccountFactory,
    InvitationFactory,
    MembershipFactory,
    PersonFactory,
    grant,
)

pytestmark = [pytest.mark.django_db, pytest.mark.rule(1)]

# design.md, section 3, as it stands there: owner, administrator, editor, moderator, analyst, finance, auditor, member.
ROLES = ["owner", "administrator", "editor", "moderator", "analyst", "finance", "auditor", "member"]
TABLE = """
view_account     x x x x x x x x
manage_team      x x . . . . . .
manage_roles     x x . . . . . .
manage_assets    x x . . . . . .
manage_security  x x . . . . . .
run_reviews      x x . . . . . .
view_audit       x x . . . . x .
manage_billing   x . . . . x . .
own_account      x . . . . . . .
view_analytics   x x x x x . . .
draft_content    x x x . . . . .
publish_content  x x x . . . . .
reply_comments   x x . x . . . .
run_ads          x x . . . . . .
"""
EXPECTED = {line.split()[0]: [cell == "x" for cell in line.split()[1:]] for line in TABLE.split("\n") if line}


def again(person):
    """The person as a new request finds them."""
    return Person.objects.get(pk=person.pk)


def held(person, account, asset):
    fresh = again(person)
    return {code for code in PERMISSIONS if fresh.has_perm(code, asset if code in ASSET_CODES else account)}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_holds_what_the_design_says_and_nothing_else(role):
    asset = AssetFactory()
    account = asset.account
    person = account.owner if role == "owner" else MembershipFactory(account=account, holding=role).person

    expected = {code for code, cells in EXPECTED.items() if cells[ROLES.index(role)]}

    assert held(person, account, asset) == expected
    assert set(EXPECTED) == set(PERMISSIONS)


def _policy(account, **given):
    SecurityPolicy.objects.filter(account=account).update(**given)


TAKES_ALL = {
    "suspended": lambda m: Membership.objects.filter(pk=m.pk).update(state="suspended", suspended_at=timezone.now()),
    "ended": lambda m: Membership.objects.filter(pk=m.pk).update(state="ended", ended_at=timezone.now()),
    "run out": lambda m: Membership.objects.filter(pk=m.pk).update(ends_at=timezone.now() - dt.timedelta(seconds=1)),
    "not confirmed where asked before": lambda m: (
        Membership.objects.filter(pk=m.pk).update(confirmed_at=None), _policy(m.account, confirmation="before")
    ),
    "no second factor where required": lambda m: _policy(m.account, second_factor="everyone"),
    "closed": lambda m: type(m.account).objects.filter(pk=m.account_id).update(closed_at=timezone.now()),
    "switched off": lambda m: Person.objects.filter(pk=m.person_id).update(is_active=False),
}  # fmt: skip


@pytest.mark.parametrize("how", TAKES_ALL)
def test_every_such_condition_answers_no_to_everything_at_the_check_itself(how):
    asset = AssetFactory()
    eddie = MembershipFactory(account=asset.account)
    grant(eddie, asset, "run_ads")
    assert held(eddie.person, asset.account, asset)

    TAKES_ALL[how](eddie)

    assert held(eddie.person, asset.account, asset) == set()


def test_the_end_of_a_time_limit_is_the_moment_itself(time_machine):
    account = BusinessAccountFactory()
    end = timezone.now() + dt.timedelta(days=1)
    eddie = MembershipFactory(account=account, ends_at=end)

    time_machine.move_to(end - dt.timedelta(seconds=1), tick=False)
    before = again(eddie.person).has_perm("view_account", account)
    time_machine.move_to(end, tick=False)

    assert before
    assert not again(eddie.person).has_perm("view_account", account)


@pytest.mark.parametrize(("policy", "role", "allowed"), [
    ("nobody", "administrator", True), ("administrators", "administrator", False), ("administrators", "editor", True),
    ("everyone", "editor", False),
])  # fmt: skip
def test_a_second_factor_is_asked_of_whom_the_policy_names(policy, role, allowed):
    member = MembershipFactory(holding=role)
    _policy(member.account, second_factor=policy)

    assert again(member.person).has_perm("view_account", member.account) is allowed
    Authenticator.objects.create(user=member.person, type="totp", data={})
    assert again(member.person).has_perm("view_account", member.account)


def test_a_grant_counts_on_its_asset_only_until_its_end_and_beside_a_membership_only():
    asset, other = AssetFactory(), AssetFactory()
    member = MembershipFactory(account=asset.account, holding="member")
    (given,) = grant(member, asset, "run_ads")
    person = member.person

    assert again(person).has_perm("run_ads", asset)
    assert not again(person).has_perm("draft_content", asset)
    assert not again(person).has_perm("run_ads", other)
    type(given).objects.filter(pk=given.pk).update(ends_at=timezone.now())
    assert not again(person).has_perm("run_ads", asset)


def test_nobody_holds_anything_on_an_archived_asset():
    asset = AssetFactory(archived_at=timezone.now())

    assert not asset.account.owner.has_perm("view_analytics", asset)


@pytest.mark.requirement("AZ12")
def test_platform_staff_hold_nothing_in_an_account():
    asset = AssetFactory()
    staff = PersonFactory(is_staff=True, is_superuser=True)

    assert held(staff, asset.account, asset) == set()


@pytest.mark.requirement("AZ12")
@pytest.mark.parametrize(
    "given", [{"is_superuser": True}, {"is_staff": True}, {"is_staff": True, "is_superuser": True}]
)
def test_no_permission_of_the_table_and_none_of_djangos_is_answered_yes_on_anything_of_an_account(given):
    """Also for somebody to whom every permission of Django's own was given by hand."""
    asset = AssetFactory()
    member = MembershipFactory(account=asset.account)
    given_on_asset = grant(member, asset, "run_ads")[0]
    invitation = InvitationFactory(account=asset.account)
    person = PersonFactory(**given)
    person.user_permissions.set(Permission.objects.all())
    things = [asset.account, asset, member, member.role, given_on_asset, invitation, asset.account.policy]
    names = [
        f"{row.content_type.app_label}.{row.codename}" for row in Permission.objects.select_related("content_type")
    ]

    assert "teams.view_membership" in names
    assert [
        (code, thing) for code in [*PERMISSIONS, *names] for thing in things if _says_yes(person, code, thing)
    ] == []


def _says_yes(person, code, thing):
    try:
        return again(person).has_perm(code, thing)
    except ValueError:  # not in the table, or on the wrong kind of thing
        return False


@pytest.mark.parametrize(
    ("code", "wrong"),
    [("manage_team", None), ("mange_team", "account"), ("manage_team", "asset"), ("run_ads", "account")],
)
def test_a_question_without_sense_is_an_error_and_never_a_no(code, wrong):
    asset = AssetFactory()
    thing = {None: None, "account": asset.account, "asset": asset}[wrong]

    if code == "mange_team" and wrong is None:
        pytest.fail("not a case")
    with pytest.raises(ValueError, match=code):
        asset.account.owner.has_perm(code, thing)


def test_at_most_two_queries_for_a_person_and_an_account(django_assert_num_queries):
    asset = AssetFactory()
    member = MembershipFactory(account=asset.account, holding="member")
    grant(member, asset, "run_ads")
    again(member.person).has_perm("run_ads", asset)  # the connection has planned its questions
    person = again(member.person)

    with django_assert_num_queries(2):
        for code in PERMISSIONS:
            person.has_perm(code, asset if code in ASSET_CODES else asset.account)


def test_the_command_says_yes_or_no_and_why(capsys):
    asset = AssetFactory(name="Northwind US")
    member = MembershipFactory(account=asset.account, holding="member")
    grant(member, asset, "run_ads")
    address, slug = member.person.email, asset.account.slug

    call_command("check_access", address, slug, "northwind us", "run_ads")
    assert capsys.readouterr().out == "yes  run_ads          By a grant on Northwind US.\n"
    with pytest.raises(SystemExit, match="1"):
        call_command("check_access", address, slug, "manage_team")
    answer = capsys.readouterr()
    assert answer.out == "no   manage_team      Not in the role Member, and not granted.\n"
    assert answer.err == ""
    call_command("check_access", address, slug)
    assert len(capsys.readouterr().out.splitlines()) == 9
    for wrong in (
        ["nobody@example.com", slug],
        [address, "nowhere"],
        [address, slug, "run_ads"],
        [address, slug, "x", "y", "z"],
    ):
        with pytest.raises(CommandError) as refusal:
            call_command("check_access", *wrong)
        assert refusal.value.returncode == 2


SAYS = {
    "suspended": "The membership is suspended.",
    "ended": "The membership has ended.",
    "run out": "The membership has run out.",
    "not confirmed where asked before": "The role still waits for an administrator to confirm it.",
    "no second factor where required": "The account asks for a second factor, and none that counts is set up.",
    "closed": "The account is closed.",
    "switched off": "the sign-in is switched off.",
}


@pytest.mark.parametrize("how", TAKES_ALL)
def test_the_command_says_which_condition_takes_the_power_away(how, capsys):
    eddie = MembershipFactory()
    asked = (eddie.person.email, eddie.account.slug)
    call_command("check_access", *asked, "view_account")
    before = capsys.readouterr().out

    TAKES_ALL[how](eddie)

    with pytest.raises(SystemExit, match="1"):
        call_command("check_access", *asked, "view_account")
    said = capsys.readouterr().out
    assert before.startswith("yes")
    assert said.startswith("no")
    assert [reason for reason in SAYS.values() if reason in said] == [SAYS[how]]
    with pytest.raises(SystemExit, match="1"):
        call_command("check_access", *asked)
    assert all(line.startswith("no") for line in capsys.readouterr().out.splitlines())


def test_the_command_asks_for_a_person_and_an_account_and_for_nothing_else():
    with pytest.raises(CommandError, match=r"are required: EMAIL, ACCOUNT$"):
        call_command("check_access")


@pytest.mark.parametrize("who", ["ended", "a stranger"])
def test_the_command_says_no_where_every_line_of_the_list_says_no(who, capsys):
    member = MembershipFactory(ended=True) if who == "ended" else MembershipFactory()
    account = member.account if who == "ended" else BusinessAccountFactory()

    with pytest.raises(SystemExit, match="1"):
        call_command("check_access", member.person.email, account.slug)

    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()} == {"no"}

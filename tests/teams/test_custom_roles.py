"""Roles that an account makes itself: what they may hold, whom an edit reaches, and what retiring moves (rule 2)."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.errors import ChangedMeanwhile, MissingPermission, PolicyViolation
from accounts.models import Person
from accounts.permissions import PERMISSIONS
from audit.models import Event
from audit.recording import Refused
from invitations import actions as invitations
from invitations.errors import OfferLostItsGround
from invitations.policies import fingerprint as fingerprint_of_offer
from teams import actions
from teams.models import AssetGrant, Membership, Role
from teams.permissions import BUILT_IN
from teams.reach import fingerprint, reach_of
from tests.factories import (
    AssetFactory,
    BusinessAccountFactory,
    InvitationFactory,
    MembershipFactory,
    PersonFactory,
    ReceiptFactory,
    RoleFactory,
    grant,
)
from tests.together import committed, one_behind_the_other

in_database = pytest.mark.django_db
second_rule = pytest.mark.rule(2)


@pytest.fixture
def account():
    return BusinessAccountFactory()


def made(account, *codes, **given):
    return RoleFactory(account=account, held=sorted({"view_account", *codes}), **given)


def holder(account, role, **given):
    return MembershipFactory(account=account, role=role, **given)


def somebody(account, *codes):
    """A member with just these permissions on the account."""
    return holder(account, made(account, *codes)).person


def anna(account):
    return MembershipFactory(account=account, holding="administrator").person


def edit(role, *codes, by, **given):
    held = {"view_account", *codes}
    return actions.edit_role(role=role, by=by, **{"name": role.name, "codes": held, **given})


def last_event():
    return Event.objects.latest("id")


def again(person):
    return Person.objects.get(pk=person.pk)


# --- Making -----------------------------------------------------------------------------------------------------------
@in_database
def test_a_role_is_made_from_the_table_and_always_views_the_account(account):
    role = actions.create_role(account=account, name="Campaign lead", codes=["run_ads"], by=account.owner, about="Ads")

    assert role.permissions == {"view_account", "run_ads"}
    assert (role.code, role.purpose) == ("campaign-lead", "Ads")
    assert last_event().parts["after"]["role"] == {
        "code": "campaign-lead", "name": "Campaign lead", "permissions": ["run_ads", "view_account"],
    }  # fmt: skip


@in_database
@second_rule
@pytest.mark.parametrize("code", sorted(set(PERMISSIONS) - {"own_account"}))
def test_nobody_makes_a_role_with_a_power_they_lack(account, code):
    keeper = somebody(account, "manage_roles", "view_analytics")

    if code in {"view_account", "manage_roles", "view_analytics"}:
        actions.create_role(account=account, name="New", codes=[code], by=keeper)
        return
    with pytest.raises(MissingPermission) as refusal:
        actions.create_role(account=account, name="New", codes=[code], by=keeper)

    assert refusal.value.code == code
    assert not Role.objects.filter(name="New").exists()


@in_database
@second_rule
def test_what_is_granted_on_one_asset_is_no_power_that_a_role_can_be_made_of(account):
    member = holder(account, made(account, "manage_roles"))
    grant(member, AssetFactory(account=account), "run_ads")

    with pytest.raises(MissingPermission):
        actions.create_role(account=account, name="New", codes=["run_ads"], by=member.person)


@in_database
@pytest.mark.parametrize("codes", [["own_account"], ["superuser"], [""], ["run_ads", "x" * 500]])
def test_no_role_holds_ownership_or_what_is_no_permission_not_even_by_the_owner(account, codes):
    for act in (
        lambda: actions.create_role(account=account, name="New", codes=codes, by=account.owner),
        lambda: edit(made(account), *codes, by=account.owner),
    ):
        with pytest.raises(PolicyViolation):
            act()


@in_database
@pytest.mark.parametrize("held", [["run_ads"], ["view_account", "own_account"], []])
def test_the_database_refuses_a_role_that_owns_or_that_views_nothing(account, held):
    with pytest.raises(IntegrityError), transaction.atomic():  # noqa: TID251  # what a stray script would do
        RoleFactory(account=account, held=held)


@in_database
@pytest.mark.parametrize(
    "name", ["Owner", "owner", "OWNER!", " Administrator ", "Ｅｄｉｔｏｒ", "campaign LEAD", "Campaign-Lead"]
)
def test_a_name_is_one_roles_alone_and_no_built_in_ones(account, name):
    made(account, name="Campaign lead")
    other = made(account)

    for act in (
        lambda: actions.create_role(account=account, name=name, codes=[], by=account.owner),
        lambda: edit(other, by=account.owner, name=name),
    ):
        with pytest.raises(PolicyViolation):
            act()


@in_database
def test_two_accounts_may_use_the_same_name_and_a_retired_ones_name_is_free_again(account):
    elsewhere = BusinessAccountFactory()
    made(elsewhere, name="Campaign lead", code="campaign-lead")
    made(account, name="Campaign lead", code="campaign-lead", retired_at=timezone.now())

    role = actions.create_role(account=account, name="Campaign lead", codes=[], by=account.owner)

    assert role.code == "campaign-lead-2"


@in_database
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("New", "new-2"),
        ("Compare", "compare-2"),
        ("Chef d’équipe", "chef-dequipe"),
        ("営業部", "role"),
        ("-- __", "role"),
        ("x" * 60, "x" * 32),
    ],
)
def test_the_address_of_a_role_is_free_whatever_it_is_called(account, name, code):
    role = actions.create_role(account=account, name=name, codes=[], by=account.owner)

    assert role.code == code
    assert role.code not in BUILT_IN


@in_database
def test_an_account_makes_only_so_many_roles(account, monkeypatch):
    monkeypatch.setattr("teams.actions.roles.MOST_ROLES", 1)
    made(account, retired_at=timezone.now())
    made(account)

    with pytest.raises(PolicyViolation, match="the most"):
        actions.create_role(account=account, name="One more", codes=[], by=account.owner)


# --- Editing ----------------------------------------------------------------------------------------------------------
@in_database
@pytest.mark.rule(14)
def test_an_edit_reaches_everybody_who_holds_the_role_at_once_and_the_event_names_them(account):
    role = made(account, "view_analytics")
    eddie, bruno = holder(account, role).person, holder(account, role, suspended=True).person
    asset = AssetFactory(account=account)

    edit(role, "run_ads", by=account.owner)

    assert again(eddie).has_perm("run_ads", asset)
    assert not again(eddie).has_perm("view_analytics", asset)
    event = last_event().parts
    assert {row["person"] for row in event["after"]["members"]} == {str(eddie), str(bruno)}
    assert event["before"]["role"]["permissions"] == ["view_account", "view_analytics"]
    assert event["after"]["role"]["permissions"] == ["run_ads", "view_account"]


@in_database
@second_rule
def test_an_edit_adds_only_what_the_actor_holds_also_where_nobody_holds_the_role(account):
    role = made(account, "run_ads")

    with pytest.raises(MissingPermission) as refusal:
        edit(role, "manage_billing", by=anna(account))

    assert refusal.value.code == "manage_billing"


@in_database
@second_rule
def test_what_the_actor_lacks_may_stay_or_go_and_never_come_back(account):
    role, administrator = made(account, "manage_billing", "run_ads"), anna(account)
    holder(account, role)

    edit(role, "manage_billing", by=administrator)  # stays
    edit(role, by=administrator)  # goes

    with pytest.raises(MissingPermission):
        edit(role, "manage_billing", by=administrator)


@in_database
@second_rule
@pytest.mark.parametrize("codes", [["manage_roles", "manage_team", "run_ads"], ["manage_roles"], []])
def test_nobody_edits_what_their_own_role_holds_but_may_name_it(account, codes):
    role = made(account, "manage_roles", "manage_team")
    me = holder(account, role).person

    with pytest.raises(Refused):
        edit(role, *codes, by=me)
    edit(role, "manage_roles", "manage_team", by=me, name="Another name")

    role.refresh_from_db()
    assert (role.name, role.permissions) == ("Another name", {"view_account", "manage_roles", "manage_team"})


@in_database
@second_rule
def test_who_holds_the_role_unconfirmed_does_not_edit_it_either(account):
    role = made(account, "manage_roles", "manage_team")
    me = holder(account, role, unconfirmed=True).person

    with pytest.raises(PolicyViolation, match="Nobody changes their own"):
        edit(role, "manage_roles", by=me)


@in_database
@second_rule
@pytest.mark.parametrize("codes", [["manage_roles"], []], ids=["giving", "taking"])
@pytest.mark.parametrize("reached", ["member", "suspended", "invited"])
def test_managing_roles_alone_changes_no_power_of_anybody(account, codes, reached):
    role, keeper = made(account, "view_analytics"), somebody(account, "manage_roles")
    if reached == "invited":
        InvitationFactory(account=account, role=role)
    else:
        holder(account, role, suspended=reached == "suspended")

    with pytest.raises(MissingPermission) as refusal:
        edit(role, *codes, by=keeper)

    assert refusal.value.code == "manage_team"
    edit(role, "view_analytics", by=keeper, name="Only a name")
    edit(made(account, "view_analytics"), "manage_roles", by=keeper)  # nobody holds it


@in_database
@second_rule
def test_two_who_manage_roles_alone_raise_each_other_to_nothing(account):
    one, other = made(account, "manage_roles", "manage_billing"), made(account, "manage_roles", "manage_security")
    ann, bob = holder(account, one).person, holder(account, other).person

    for role, by, code in ((one, bob, "manage_security"), (other, ann, "manage_billing")):
        with pytest.raises(MissingPermission):
            edit(role, "manage_roles", code, by=by)

    assert not again(ann).has_perm("manage_security", account)


@in_database
@second_rule
@pytest.mark.parametrize(
    "codes", [["manage_team"], ["manage_team", "run_ads"], []], ids=["taking", "giving", "all of it"]
)
def test_only_the_owner_edits_a_role_whose_holders_manage_the_team(account, codes):
    role = made(account, "manage_team", "view_audit")
    petra = holder(account, role).person

    with pytest.raises(MissingPermission) as refusal:
        edit(role, *codes, by=anna(account))

    assert refusal.value.code == "own_account"
    edit(role, *codes, by=account.owner)
    assert not again(petra).has_perm("view_audit", account)


@in_database
@second_rule
@pytest.mark.rule(5)
def test_only_the_owner_makes_holders_into_administrators_by_an_edit_and_where_there_is_room_for_all(account):
    role, administrator = made(account), anna(account)
    for _number in range(3):
        holder(account, role)
    account.policy.most_administrators = 3
    account.policy.save()

    with pytest.raises(MissingPermission):
        edit(role, "manage_team", by=administrator)
    with pytest.raises(PolicyViolation, match=r"3 administrators. It has 1, and would get 3 more"):
        edit(role, "manage_team", by=account.owner)
    account.policy.most_administrators = 4
    account.policy.save()
    edit(role, "manage_team", by=account.owner)

    assert Membership.objects.administering().filter(account=account).count() == 5  # the owner among them


@in_database
def test_a_role_of_administrators_that_stays_one_needs_no_more_room(account):
    role = made(account, "manage_team")
    holder(account, role)
    account.policy.most_administrators = 1
    account.policy.save()

    edit(role, "manage_team", "run_ads", by=account.owner)

    role.refresh_from_db()
    assert "run_ads" in role.permissions


@in_database
def test_an_edit_that_changes_nothing_is_no_act(account):
    role = made(account, "run_ads")

    edit(role, "run_ads", by=account.owner)

    assert not Event.objects.exists()


@in_database
@pytest.mark.rule(4)
def test_a_role_of_another_account_a_built_in_one_and_a_retired_one_are_not_edited_or_retired(account):
    foreign, retired = made(BusinessAccountFactory(), "run_ads"), made(account, retired_at=timezone.now())

    for role in (foreign, retired, Role.objects.built_in("editor")):
        with pytest.raises(Refused):
            edit(role, by=account.owner, name="Mine now")
        with pytest.raises(Refused):
            actions.retire_role(role=role, by=account.owner)


@in_database
def test_a_yes_counts_only_for_what_was_shown(account):
    role = made(account, "run_ads")
    seen = fingerprint(role, reach_of(role))
    holder(account, role)

    with pytest.raises(ChangedMeanwhile):
        edit(role, by=account.owner, seen=seen)
    with pytest.raises(ChangedMeanwhile):
        actions.retire_role(role=role, move_to=Role.objects.built_in("editor"), by=account.owner, seen=seen)


# --- Edited roles and invitations -------------------------------------------------------------------------------------
@in_database
@pytest.mark.rule(9)
def test_an_offer_that_an_edit_widened_is_not_accepted_unseen(account):
    role = made(account, "view_analytics")
    invitation = InvitationFactory(account=account, role=role)
    guest = PersonFactory(email=invitation.address)
    seen = fingerprint_of_offer(invitation)
    edit(role, "run_ads", by=account.owner)

    with pytest.raises(ChangedMeanwhile):
        invitations.accept(invitation=invitation, by=guest, seen=seen)


@in_database
@pytest.mark.rule(9)
def test_an_inviter_does_not_give_what_an_edit_by_the_owner_put_into_the_role(account):
    role = made(account, "view_analytics")
    invitation = InvitationFactory(account=account, role=role, invited_by=anna(account))
    edit(role, "manage_billing", by=account.owner)

    with pytest.raises(OfferLostItsGround):
        invitations.accept(invitation=invitation, by=PersonFactory(email=invitation.address))


# --- Retiring ---------------------------------------------------------------------------------------------------------
@in_database
def test_retiring_moves_members_and_open_invitations_in_one_act_that_names_them_all(account):
    role, editor = made(account, "run_ads"), Role.objects.built_in("editor")
    eddie, bruno = holder(account, role), holder(account, role, suspended=True)
    gone = holder(account, role, ended=True)
    open_, expired = (
        InvitationFactory(account=account, role=role),
        InvitationFactory(account=account, role=role, expired=True),
    )
    answered = InvitationFactory(account=account, role=role, state="declined")

    actions.retire_role(role=role, move_to=editor, by=account.owner, reason="Reorganised")

    assert [Membership.objects.get(pk=row.pk).role for row in (eddie, bruno, gone)] == [editor, editor, role]
    kept = [type(open_).objects.get(pk=row.pk).role for row in (open_, expired, answered)]
    assert kept == [editor, editor, role]
    assert list(Role.objects.of(account).filter(account=account)) == []
    event = Event.objects.get()
    assert (event.name, event.parts["reason"]) == ("role.retired", "Reorganised")
    assert {row["person"] for row in event.parts["after"]["members"]} == {str(eddie), str(bruno)}
    assert {row["address"] for row in event.parts["after"]["invitations"]} == {open_.address, expired.address}
    assert event.sentence.endswith(f"retired the role {role}. In its place: Editor")


@in_database
def test_a_role_that_nobody_holds_retires_by_itself(account):
    keeper, role = somebody(account, "manage_roles"), made(account, "manage_billing")
    holder(account, role, ended=True)

    actions.retire_role(role=role, by=keeper)

    assert Role.objects.get(pk=role.pk).is_retired
    assert "In its place: –" in last_event().sentence


@in_database
@second_rule
def test_managing_roles_alone_moves_nobody(account):
    role, keeper = made(account, "view_analytics"), somebody(account, "manage_roles")
    holder(account, role)

    with pytest.raises(MissingPermission) as refusal:
        actions.retire_role(role=role, move_to=Role.objects.built_in("member"), by=keeper)

    assert refusal.value.code == "manage_team"


@in_database
@second_rule
@pytest.mark.parametrize("reached", ["member", "invited"])
def test_a_move_adds_only_what_the_actor_holds(account, reached):
    role = made(account, "view_analytics")
    if reached == "member":
        holder(account, role)
    else:
        InvitationFactory(account=account, role=role)

    with pytest.raises(MissingPermission) as refusal:
        actions.retire_role(role=role, move_to=Role.objects.built_in("finance"), by=anna(account))

    assert refusal.value.code == "manage_billing"


@in_database
@second_rule
def test_only_the_owner_moves_who_manages_the_team_and_nobody_moves_themselves(account):
    role = made(account, "manage_team", "manage_roles")
    me = holder(account, role).person
    holder(account, role)

    for by in (me, anna(account)):
        with pytest.raises(Refused):
            actions.retire_role(role=role, move_to=Role.objects.built_in("member"), by=by)

    actions.retire_role(role=role, move_to=Role.objects.built_in("member"), by=account.owner)
    assert not again(me).has_perm("manage_team", account)


@in_database
@pytest.mark.rule(5)
def test_a_move_to_administrators_needs_room_for_everybody(account):
    role = made(account, "manage_assets")
    for _number in range(3):
        holder(account, role)
    account.policy.most_administrators = 2
    account.policy.save()

    with pytest.raises(PolicyViolation):
        actions.retire_role(role=role, move_to=Role.objects.built_in("administrator"), by=account.owner)

    assert not Role.objects.get(pk=role.pk).is_retired


@in_database
@pytest.mark.rule(3)
@pytest.mark.rule(4)
def test_members_move_to_no_ownership_no_foreign_no_retired_role_not_to_itself_and_not_to_nothing(account):
    role = made(account, "view_analytics")
    member = holder(account, role)
    wrong = [
        Role.objects.built_in("owner"), made(BusinessAccountFactory()), made(account, retired_at=timezone.now()), role,
        None,
    ]  # fmt: skip

    for instead in wrong:
        with pytest.raises(Refused):
            actions.retire_role(role=role, move_to=instead, by=account.owner)

    assert Membership.objects.get(pk=member.pk).role == role


@in_database
@pytest.mark.rule(11)
def test_who_waits_for_a_confirmation_goes_on_waiting_in_the_new_role(account):
    role = made(account, "view_analytics")
    member = holder(account, role, unconfirmed=True)

    actions.retire_role(role=role, move_to=Role.objects.built_in("editor"), by=account.owner)

    assert Membership.objects.get(pk=member.pk).confirmed_at is None


@in_database
def test_a_retired_role_is_given_to_nobody_any_more(account):
    role = made(account, "view_analytics")
    receipt = ReceiptFactory(account=account, membership=holder(account, role, ended=True))
    eddie, invitation = MembershipFactory(account=account), InvitationFactory(account=account)
    actions.retire_role(role=role, by=account.owner)

    for act in (
        lambda: actions.change_role(membership=eddie, role=role, by=account.owner),
        lambda: invitations.invite(account=account, address="new@example.com", role=role, by=account.owner),
        lambda: invitations.change_offer(
            invitation=invitation, role=role, grants={}, terms=invitation.terms, by=account.owner
        ),
    ):
        with pytest.raises(ChangedMeanwhile):
            act()
    with pytest.raises(PolicyViolation, match="The role of that time is gone"):
        actions.bring_back(receipt=receipt, by=account.owner)


# --- At the same time -------------------------------------------------------------------------------------------------
def _world():
    account = BusinessAccountFactory()
    return account, made(account, "view_analytics"), MembershipFactory(account=account)


def test_who_gets_a_role_while_it_retires_finds_it_gone(fresh_database):
    account, role, eddie = committed(_world)

    race = one_behind_the_other(
        lambda: actions.retire_role(role=role, by=account.owner),
        lambda: actions.change_role(membership=eddie, role=role, by=account.owner),
    )

    assert race.waited_for == "accounts_businessaccount"
    assert isinstance(race.second, ChangedMeanwhile)


def test_a_role_that_somebody_gets_while_it_retires_does_not_retire(fresh_database):
    account, role, eddie = committed(_world)

    race = one_behind_the_other(
        lambda: actions.change_role(membership=eddie, role=role, by=account.owner),
        lambda: actions.retire_role(role=role, by=account.owner),
    )

    assert isinstance(race.second, PolicyViolation)
    assert Membership.objects.get(pk=eddie.pk).role == role


@second_rule
def test_who_gets_a_role_while_it_is_widened_gets_it_only_from_who_holds_all_of_it(fresh_database):
    account, role, eddie = committed(_world)
    administrator = committed(lambda: anna(account))

    race = one_behind_the_other(
        lambda: edit(role, "manage_billing", by=account.owner),
        lambda: actions.change_role(membership=eddie, role=role, by=administrator),
    )

    assert isinstance(race.second, MissingPermission)
    assert race.second.code == "manage_billing"


def test_two_who_make_the_same_role_at_once_make_one(fresh_database):
    account, _role, _eddie = committed(_world)
    make = lambda: actions.create_role(account=account, name="Night shift", codes=[], by=account.owner)  # noqa: E731

    race = one_behind_the_other(make, make)

    assert isinstance(race.second, PolicyViolation)
    assert Role.objects.filter(name="Night shift").count() == 1


# --- Odd combinations at other doors ----------------------------------------------------------------------------------
@in_database
@second_rule
def test_managing_assets_alone_gives_nobody_their_grants_back(account):
    keeper, asset = somebody(account, "manage_assets"), AssetFactory(account=account, archived_at=timezone.now())
    milo = MembershipFactory(account=account, holding="member")
    grant(milo, asset, "run_ads")

    with pytest.raises(MissingPermission) as refusal:
        actions.restore_asset(asset=asset, by=keeper)

    assert refusal.value.code == "run_ads"
    actions.restore_asset(asset=asset, by=anna(account))
    asset.refresh_from_db()
    assert again(milo.person).has_perm("run_ads", asset)
    assert last_event().parts["after"] == {"members": 1, "grants": ["run_ads"]}


@in_database
@second_rule
def test_nobody_gives_themselves_back_what_they_were_granted_on_an_archived_asset(account):
    me, asset = holder(account, made(account, "manage_assets")), AssetFactory(account=account)
    grant(me, asset, "run_ads")
    type(asset).objects.filter(pk=asset.pk).update(archived_at=timezone.now())

    with pytest.raises(MissingPermission):
        actions.restore_asset(asset=asset, by=me.person)


@in_database
def test_an_asset_on_which_no_grant_counts_is_brought_back_by_managing_assets_alone(account):
    keeper, asset = somebody(account, "manage_assets"), AssetFactory(account=account, archived_at=timezone.now())
    run_out = MembershipFactory(account=account, holding="member")
    AssetGrant.objects.create(
        user=run_out.person, membership=run_out, content_object=asset, ends_at=timezone.now(),
        permission=Permission.objects.get(codename="run_ads"),
    )  # fmt: skip

    actions.restore_asset(asset=asset, by=keeper)

    assert last_event().parts["after"] == {}


def _waiting(account, role="editor", confirmation="before"):
    account.policy.confirmation = confirmation
    account.policy.save()
    return MembershipFactory(account=account, holding=role, unconfirmed=True).person


@in_database
@second_rule
def test_managing_security_alone_lets_nobody_in_who_waits_for_a_confirmation_and_keeps_nobody_out(account):
    keeper, eddie = somebody(account, "manage_security"), _waiting(account)

    with pytest.raises(MissingPermission):
        actions.change_policy(account=account, by=keeper, confirmation="never")
    assert not again(eddie).has_perm("view_account", account)

    eddie = _waiting(account, confirmation="after")
    with pytest.raises(MissingPermission) as refusal:
        actions.change_policy(account=account, by=keeper, confirmation="before")
    assert refusal.value.code == "manage_team"
    assert again(eddie).has_perm("view_account", account)


@in_database
@second_rule
@pytest.mark.parametrize(("role", "code"), [("finance", "manage_billing"), ("administrator", "own_account")])
def test_an_administrator_lets_nobody_in_by_a_policy_whose_role_she_may_not_confirm(account, role, code):
    administrator, waiting = anna(account), _waiting(account, role)

    with pytest.raises(MissingPermission) as refusal:
        actions.change_policy(account=account, by=administrator, confirmation="after")

    assert refusal.value.code == code
    assert not again(waiting).has_perm("view_account", account)
    actions.change_policy(account=account, by=account.owner, confirmation="after")


@in_database
@second_rule
@pytest.mark.parametrize(("role", "code"), [("finance", "manage_billing"), ("administrator", "own_account")])
def test_a_second_factor_that_is_asked_no_more_gives_back_no_power_that_the_actor_lacks(account, role, code):
    keeper = somebody(account, "manage_security", "manage_team")
    for person in (keeper, account.owner):
        Authenticator.objects.create(user=person, type="totp", data={})
    account.policy.second_factor = "everyone"
    account.policy.save()
    MembershipFactory(account=account, holding=role)

    with pytest.raises(MissingPermission) as refusal:
        actions.change_policy(account=account, by=keeper, second_factor="nobody")

    assert refusal.value.code == code


@in_database
@second_rule
def test_a_grant_that_a_policy_would_give_back_is_weighed_too(account):
    keeper, asset = somebody(account, "manage_security", "manage_team"), AssetFactory(account=account)
    account.policy.confirmation = "before"
    account.policy.save()
    milo = MembershipFactory(account=account, holding="member", unconfirmed=True)
    grant(milo, asset, "run_ads")

    with pytest.raises(MissingPermission) as refusal:
        actions.change_policy(account=account, by=keeper, confirmation="after")

    assert refusal.value.code == "run_ads"


@in_database
@second_rule
@pytest.mark.parametrize(
    "act",
    [
        lambda account, me, eddie: actions.suspend(membership=eddie, by=me),
        lambda account, me, eddie: actions.offboard(membership=eddie, by=me, reason="x"),
        lambda account, me, eddie: actions.change_role(membership=eddie, role=Role.objects.built_in("member"), by=me),
        lambda account, me, eddie: actions.set_grants(
            membership=eddie, asset=AssetFactory(account=account), codes=[], by=me
        ),
        lambda account, me, eddie: invitations.invite(
            account=account, address="new@example.com", role=Role.objects.built_in("member"), by=me
        ),
        lambda account, me, eddie: actions.offer_ownership(account=account, membership=eddie, by=me),
        lambda account, me, eddie: actions.close_account(account=account, by=me),
    ],
)
def test_all_powers_but_the_team_and_ownership_act_on_nobody(account, act):
    everything_else = set(PERMISSIONS) - {"manage_team", "own_account"}
    me, eddie = somebody(account, *everything_else), MembershipFactory(account=account)
    grant(eddie, AssetFactory(account=account), "run_ads")
    before = list(Membership.objects.order_by("pk").values())

    try:
        act(account, me, eddie)
    except MissingPermission:
        pass
    else:
        assert not Event.objects.exists()  # it asked for what was so already

    assert list(Membership.objects.order_by("pk").values()) == before

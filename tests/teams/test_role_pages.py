"""The pages of roles: what they offer, what they ask first, and what they tell to whom."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from teams.models import Membership, Role
from tests.factories import (
    AssetFactory,
    BusinessAccountFactory,
    InvitationFactory,
    MembershipFactory,
    RoleFactory,
    grant,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return BusinessAccountFactory(name="Northwind")


def url(name, account, **more):
    return reverse(name, kwargs={"slug": account.slug, **more})


def signed_in(client, account, *codes):
    """Sign in somebody whose role holds just these."""
    role = RoleFactory(account=account, held=sorted({"view_account", *codes}))
    member = MembershipFactory(account=account, role=role)
    client.force_login(member.person)
    return member.person


def text_of(response):
    return " ".join(response.content.decode().split())


def test_the_list_shows_own_roles_after_the_built_in_ones_and_retired_ones_apart(client, account):
    RoleFactory(account=account, name="Campaign lead")
    RoleFactory(account=account, name="Old crew", retired_at=timezone.now())
    RoleFactory(name="Of somebody else")
    client.force_login(account.owner)

    page = text_of(client.get(url("roles", account)))

    assert page.index("Owner") < page.index("Campaign lead") < page.index("Retired:") < page.index("Old crew")
    assert "Of somebody else" not in page
    assert "New role" in page


def test_who_does_not_manage_roles_is_offered_no_act_on_them(client, account):
    role = RoleFactory(account=account)
    signed_in(client, account, "manage_team")

    pages = [client.get(url("roles", account)), client.get(url("role", account, code=role.code))]

    for page in pages:
        assert page.status_code == 200
        for act in ("New role", "Edit</", "Retire", "Copy"):
            assert act not in text_of(page)


@pytest.mark.rule(2)
def test_a_copy_is_cut_down_to_what_its_maker_holds_and_says_what_is_missing(client, account):
    signed_in(client, account, "manage_roles", "manage_team")

    response = client.get(url("make_role", account), {"from": "owner"})

    form = response.context["form"]
    assert form["codes"].value() == ["manage_roles", "manage_team"]
    assert form["name"].value() == "Copy of Owner"
    assert "manage billing" in response.context["left_out"]
    assert "transfer ownership and close the account" in response.context["left_out"]
    assert "view the account and your own access" not in response.context["left_out"]


@pytest.mark.parametrize("wanted", ["", "nowhere", "\0", "x" * 5000, "campaign-lead"])
def test_a_copy_of_nothing_starts_from_nothing(client, account, wanted):
    RoleFactory(code="campaign-lead")  # in another account
    client.force_login(account.owner)

    response = client.get(url("make_role", account), {"from": wanted})

    assert response.context["form"]["codes"].value() is None


@pytest.mark.rule(2)
def test_what_the_maker_lacks_is_shown_switched_off_with_who_can_give_it(client, account):
    signed_in(client, account, "manage_roles")

    response = client.get(url("make_role", account))

    rows = {row["permission"].code: row for group in response.context["switches"] for row in group["rows"]}
    assert rows["manage_billing"]["disabled"]
    assert str(account.owner) in rows["manage_billing"]["reason"]
    assert not rows["manage_roles"]["disabled"]
    assert rows["view_account"]["disabled"]
    assert rows["view_account"]["ticked"]
    assert rows["own_account"]["disabled"]


@pytest.mark.rule(2)
def test_a_switched_off_permission_that_is_sent_all_the_same_is_refused(client, account):
    signed_in(client, account, "manage_roles")

    response = client.post(url("make_role", account), {"name": "Sly", "codes": ["manage_billing"]})

    assert response.status_code == 403
    assert not Role.objects.filter(name="Sly").exists()
    assert Event.objects.filter(name="role.created", result="refused").exists()


def test_a_plain_role_is_made_at_once_and_a_powerful_one_after_a_warning(client, account):
    client.force_login(account.owner)
    powerful = {"name": "Cashier", "about": "", "codes": ["manage_team", "manage_billing"]}

    client.post(url("make_role", account), {"name": "Reader", "codes": ["view_analytics"]})
    asked = client.post(url("make_role", account), powerful)
    before = Role.objects.filter(name="Cashier").exists()
    again = client.post(url("make_role", account), {**powerful, "again": "yes"})
    client.post(url("make_role", account), {**powerful, "sure": "yes"})

    assert Role.objects.filter(name="Reader").exists()
    assert "Team and billing" in text_of(asked)
    assert not before
    assert again.context["form"]["name"].value() == "Cashier"
    assert Role.objects.get(name="Cashier").permissions == {"view_account", "manage_team", "manage_billing"}


def test_the_name_of_another_role_is_told_on_the_form(client, account):
    RoleFactory(account=account, name="Night shift")
    client.force_login(account.owner)

    response = client.post(url("make_role", account), {"name": "night SHIFT", "codes": ["run_ads"]})

    assert response.status_code == 422
    assert "There is a role named" in text_of(response)
    assert response.context["form"]["codes"].value() == ["run_ads"]


def test_an_edit_shows_whom_it_reaches_before_it_is_done(client, account):
    role = RoleFactory(account=account, name="Crew")
    eddie = MembershipFactory(account=account, role=role).person
    invitation = InvitationFactory(account=account, role=role)
    client.force_login(account.owner)
    given = {"name": "Crew", "about": "", "codes": ["run_ads", "view_analytics"]}

    asked = client.post(url("edit_role", account, code=role.code), given)
    page = text_of(asked)
    done = client.post(url("edit_role", account, code=role.code), {**given, "seen": asked.context["asked"]["seen"]})

    for words in (str(eddie), invitation.address, "run ads", "reply to comments and messages", "1 person"):
        assert words in page
    assert done.status_code == 302
    role.refresh_from_db()
    assert role.permissions == {"view_account", "run_ads", "view_analytics"}


def test_a_yes_to_what_has_changed_meanwhile_is_asked_again(client, account):
    role = RoleFactory(account=account)
    MembershipFactory(account=account, role=role)
    client.force_login(account.owner)
    given = {"name": role.name, "about": "", "codes": ["run_ads"]}
    seen = client.post(url("edit_role", account, code=role.code), given).context["asked"]["seen"]
    MembershipFactory(account=account, role=role)

    for forged in (seen, "", "x", "\0"):
        response = client.post(url("edit_role", account, code=role.code), {**given, "seen": forged})
        assert response.status_code == 409

    role.refresh_from_db()
    assert "run_ads" not in role.permissions


@pytest.mark.rule(2)
def test_who_may_only_name_a_role_leaves_what_it_holds_whatever_is_sent(client, account):
    role = RoleFactory(account=account)
    eddie = MembershipFactory(account=account, role=role).person
    signed_in(client, account, "manage_roles")

    page = client.get(url("edit_role", account, code=role.code))
    client.post(url("edit_role", account, code=role.code), {"name": "Other", "about": "", "codes": ["manage_roles"]})

    assert "You can change name and words only" in text_of(page)
    assert str(eddie) not in text_of(page)
    was, role = role.permissions, Role.objects.get(pk=role.pk)
    assert (role.name, role.permissions) == ("Other", was)


@pytest.mark.rule(2)
def test_making_administrators_of_holders_is_refused_to_an_administrator_with_who_can(client, account):
    role = RoleFactory(account=account)
    MembershipFactory(account=account, role=role)
    client.force_login(MembershipFactory(account=account, holding="administrator").person)

    response = client.post(url("edit_role", account, code=role.code), {"name": role.name, "codes": ["manage_team"]})

    assert response.status_code == 403
    assert "Only the owner can do this" in text_of(response)
    assert Event.objects.filter(name="role.edited", result="refused").exists()


def test_retiring_shows_what_each_gets_and_loses_and_moves_them(client, account):
    role = RoleFactory(account=account, name="Crew")
    eddie = MembershipFactory(account=account, role=role)
    client.force_login(account.owner)
    address = url("retire_role", account, code=role.code)

    choosing = client.get(address)
    nothing = client.post(address, {"reason": "x"})
    asked = client.post(address, {"move_to": "editor", "reason": "Reorganised"})
    still = Membership.objects.get(pk=eddie.pk).role
    done = client.post(
        address, {"move_to": "editor", "reason": "Reorganised", "seen": asked.context["asked"]["seen"]}, follow=True
    )

    assert "owner" not in {choice["role"].code for choice in choosing.context["choices"]}
    assert nothing.status_code == 422
    for words in (str(eddie.person), "draft content", "reply to comments and messages", "Reorganised"):
        assert words in text_of(asked)
    assert still == role
    assert done.status_code == 200
    assert Membership.objects.get(pk=eddie.pk).role.code == "editor"
    history = text_of(client.get(url("member", account, pk=eddie.pk)))
    assert "retired the role Crew. In its place: Editor" in history


def test_a_retired_role_is_left_with_its_history(client, account):
    role = RoleFactory(account=account, retired_at=timezone.now())
    MembershipFactory(account=account, role=role, ended=True)
    client.force_login(account.owner)

    page = client.get(url("role", account, code=role.code))
    for name in ("edit_role", "retire_role"):
        assert client.get(url(name, account, code=role.code)).status_code == 302
        given = {"name": "Back", "codes": ["run_ads"], "move_to": "editor"}
        assert client.post(url(name, account, code=role.code), given).status_code == 409

    assert "This role is retired" in text_of(page)
    found = client.get(url("team", account), {"role": role.code, "state": "ended"})
    assert found.context["page_obj"].paginator.count == 1
    assert f"{role} (retired)" in text_of(found)
    assert client.get(url("invitations", account), {"role": role.code}).status_code == 200


@pytest.mark.parametrize("name", ["edit_role", "retire_role"])
@pytest.mark.rule(4)
def test_a_built_in_role_and_one_of_another_account_have_no_such_page(client, account, name):
    client.force_login(account.owner)

    for code in ("editor", RoleFactory(code="foreign").code, "nothing"):
        assert client.get(url(name, account, code=code)).status_code == 404
        assert client.post(url(name, account, code=code), {"name": "x"}).status_code == 404


def test_holders_and_history_are_told_to_who_may_know(client, account):
    role = RoleFactory(account=account)
    eddie = MembershipFactory(account=account, role=role).person
    address = url("role", account, code=role.code)
    client.force_login(account.owner)
    client.post(
        url("edit_role", account, code=role.code),
        {"name": "Renamed", "about": "", "codes": ["reply_comments", "view_analytics"]},
    )

    assert str(eddie) in text_of(client.get(address))
    assert "edited the role" in text_of(client.get(address))
    for codes, history in ((["view_analytics"], False), (["view_audit"], True), (["manage_roles"], True)):
        signed_in(client, account, *codes)
        page = text_of(client.get(address))
        assert str(eddie) not in page
        assert "1 person" in page
        assert ("edited the role" in page) is history


@pytest.mark.parametrize(
    "asked",
    [{}, {"a": "editor"}, {"a": "\0", "b": "editor"}, {"a": "nowhere", "b": ""}, {"a": "x" * 5000, "b": "owner"}],
)
def test_without_two_roles_the_comparison_asks_for_them(client, account, asked):
    client.force_login(account.owner)

    response = client.get(url("compare_roles", account), asked)

    assert response.status_code == 200
    assert "The difference" not in text_of(response)


@pytest.mark.rule(4)
def test_two_roles_side_by_side_and_none_of_another_account(client, account):
    RoleFactory(code="foreign")
    client.force_login(account.owner)

    response = client.get(url("compare_roles", account), {"a": "editor", "b": "analyst"})
    foreign = client.get(url("compare_roles", account), {"a": "editor", "b": "foreign"})

    assert response.context["only_a"] == ["draft content", "schedule and publish content"]
    assert response.context["only_b"] == []
    assert "b" not in foreign.context


def test_a_powerful_role_is_marked_where_it_is_confirmed_and_chosen(client, account):
    role = RoleFactory(account=account, held=["manage_billing", "run_ads", "view_account"])
    new = MembershipFactory(account=account, role=role, unconfirmed=True)
    eddie = MembershipFactory(account=account)
    client.force_login(account.owner)

    for page in (
        url("confirm_role", account, pk=new.pk), url("change_role", account, pk=eddie.pk), url("role", account, code=role.code)
    ):  # fmt: skip
        assert "Ads and billing" in text_of(client.get(page))


@pytest.mark.rule(2)
def test_bringing_an_asset_back_says_whose_grants_come_back_and_who_can(client, account):
    asset = AssetFactory(account=account, archived_at=timezone.now())
    grant(MembershipFactory(account=account, holding="member"), asset, "run_ads")
    signed_in(client, account, "manage_assets")

    page = client.get(url("restore_asset", account, pk=asset.pk))
    refused = client.post(url("restore_asset", account, pk=asset.pk))

    assert str(account.owner) in text_of(page)
    assert refused.status_code == 403
    assert Event.objects.filter(name="asset.restored", result="refused").exists()


@pytest.mark.parametrize("name", ["roles", "role", "edit_role", "retire_role", "make_role"])
def test_a_page_costs_the_same_however_many_roles_and_holders_there_are(client, account, name):
    role = RoleFactory(account=account)
    more = {"code": role.code} if name in {"role", "edit_role", "retire_role"} else {}
    MembershipFactory(account=account, role=role)
    client.force_login(account.owner)
    client.get(url(name, account, **more))

    with CaptureQueriesContext(connection) as few:
        client.get(url(name, account, **more))
    for _number in range(4):
        MembershipFactory(account=account, role=role)
        RoleFactory(account=account)
        InvitationFactory(account=account, role=role)
    with CaptureQueriesContext(connection) as many:
        client.get(url(name, account, **more))

    assert len(many) == len(few)

"""Groups of assets and of people: made, renamed, changed, deleted; they hold no power by themselves."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.errors import MissingPermission, PolicyViolation
from audit.models import Event
from teams import actions
from teams.models import AssetGrant, AssetGroup, Membership, PeopleGroup
from tests.factories import (
    AssetFactory,
    AssetGroupFactory,
    BusinessAccountFactory,
    MembershipFactory,
    PeopleGroupFactory,
    PersonFactory,
    RoleFactory,
    grant,
)

pytestmark = pytest.mark.django_db
ASSETS, PEOPLE = "asset_group", "people_group"


@pytest.fixture
def account():
    return BusinessAccountFactory(name="Northwind", owner=PersonFactory(name="Olga"))


def seat(account, name, **given):
    return MembershipFactory(account=account, person=PersonFactory(name=name), **given)


def at(act, kind, account, *things):
    return reverse(f"{act}_{kind}", args=[account.slug, *(thing.pk for thing in things)])


@pytest.mark.rule(12)
def test_a_group_of_assets_is_made_renamed_changed_and_deleted_each_with_its_event(client, account):
    one, two = AssetFactory(account=account, name="One"), AssetFactory(account=account, name="Two")
    client.force_login(account.owner)

    client.post(at("make", ASSETS, account), {"name": " Profiles ", "asset": [one.pk]})
    group = AssetGroup.objects.get()
    client.post(at("change", ASSETS, account, group), {"name": "All profiles", "asset": [one.pk, two.pk]})
    listed = client.get(reverse("asset_groups", args=[account.slug])).content.decode()
    client.post(at("change", ASSETS, account, group), {"name": "All profiles", "asset": [one.pk, two.pk]})
    client.post(at("delete", ASSETS, account, group))

    assert "All profiles" in listed
    assert "2 assets" in listed
    events = Event.objects.of(account).order_by("id")
    assert [event.sentence for event in events] == [
        "Olga made the group of assets Profiles",
        "Olga changed the group of assets Profiles",
        "Olga deleted the group of assets All profiles",
    ]
    assert events[1].parts["after"] == {"name": "All profiles", "assets": ["One", "Two"]}
    assert not AssetGroup.objects.exists()


@pytest.mark.rule(12)
def test_a_group_of_people_is_made_from_ticked_members_and_changed(client, account):
    eddie, nina = seat(account, "Eddie"), seat(account, "Nina")
    client.force_login(account.owner)
    make = at("make", PEOPLE, account)

    form = client.get(make, {"member": [eddie.pk]}).context["choices"]
    client.post(make, {"name": "Night shift", "member": [eddie.pk]})
    group = PeopleGroup.objects.get()
    shown = client.get(at("change", PEOPLE, account, group)).context["choices"]
    client.post(at("change", PEOPLE, account, group), {"name": "Night shift", "member": [nina.pk]})

    assert [str(choice["row"]) for choice in form if choice["ticked"]] == ["Eddie"]
    assert [str(choice["row"]) for choice in shown if choice["ticked"]] == ["Eddie"]
    assert [str(member) for member in group.present] == ["Nina"]
    assert [event.name for event in Event.objects.of(account)] == ["people_group.made", "people_group.changed"]


def test_in_a_large_account_people_are_named_by_their_addresses(client, account, monkeypatch):
    monkeypatch.setattr("teams.views.granting.MOST_TICKED", 1)
    monkeypatch.setattr("teams.views.groups.MOST_TICKED", 1)
    eddie, nina = seat(account, "Eddie"), seat(account, "Nina")
    stranger = MembershipFactory()
    client.force_login(account.owner)
    make = at("make", PEOPLE, account)

    form = client.get(make, {"member": [eddie.pk]})
    refused = client.post(make, {"name": "Crew", "addresses": stranger.person.email})
    client.post(make, {"name": "Crew", "member": [eddie.pk], "addresses": f"{nina.person.email}, {eddie.person.email}"})

    assert [str(choice["row"]) for choice in form.context["choices"]] == ["Eddie"]
    assert "Add people by their addresses" in form.content.decode()
    assert refused.status_code == 422
    assert "is no member of this account" in refused.content.decode()
    assert [str(member) for member in PeopleGroup.objects.get().present] == ["Eddie", "Nina"]


@pytest.mark.rule(1)
def test_a_group_gives_nothing_and_deleting_it_takes_nothing(client, account):
    asset, mina = AssetFactory(account=account), seat(account, "Mina", holding="member")
    grant(mina, asset, "run_ads")
    crew, paid = PeopleGroupFactory(account=account, holds=[mina]), AssetGroupFactory(account=account, holds=[asset])

    may = [code for code in ("run_ads", "view_analytics") if mina.person.has_perm(code, asset)]
    actions.delete_people_group(group=crew, by=account.owner)
    actions.delete_asset_group(group=paid, by=account.owner)

    assert may == ["run_ads"]
    assert AssetGrant.objects.filter(membership=mina).count() == 1


@pytest.mark.rule(13)
def test_whose_membership_ends_is_in_no_group_any_more_and_an_archived_asset_rests(client, account):
    eddie, asset = seat(account, "Eddie"), AssetFactory(account=account)
    crew, paid = PeopleGroupFactory(account=account, holds=[eddie]), AssetGroupFactory(account=account, holds=[asset])

    actions.offboard(membership=eddie, by=account.owner, reason="Left")
    type(asset).objects.filter(pk=asset.pk).update(archived_at=timezone.now())

    assert list(crew.present) == []
    assert [group.many for group in PeopleGroup.objects.counted()] == [0]
    assert list(paid.present) == []
    actions.change_asset_group(group=paid, name="Others", assets=[], by=account.owner)
    type(asset).objects.filter(pk=asset.pk).update(archived_at=None)
    assert list(paid.present) == [asset]


@pytest.mark.rule(4)
def test_ids_of_another_account_are_like_ids_that_never_were(client, account):
    mine, foreign = AssetFactory(account=account), AssetFactory()
    stranger = MembershipFactory()
    client.force_login(account.owner)
    ticked = [mine.pk, foreign.pk, "9" * 30, "-1", "x", "\0", ""]

    client.post(at("make", ASSETS, account), {"name": "Mixed", "asset": ticked})
    client.post(at("make", PEOPLE, account), {"name": "Mixed", "member": [stranger.pk, "9" * 30]})

    assert list(AssetGroup.objects.get().present) == [mine]
    assert list(PeopleGroup.objects.get().present) == []
    for kind, factory in ((ASSETS, AssetGroupFactory), (PEOPLE, PeopleGroupFactory)):
        for act in ("change", "delete"):
            assert client.get(at(act, kind, account, factory())).status_code == 404


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "x" * 61, "\0"])
def test_a_name_that_is_none_is_refused(client, account, name):
    client.force_login(account.owner)

    assert client.post(at("make", ASSETS, account), {"name": name}).status_code == 422
    assert client.post(at("make", PEOPLE, account), {"name": name}).status_code == 422


def test_a_name_is_one_groups_alone_whatever_its_case_but_free_in_another_account(client, account):
    AssetGroupFactory(account=account, name="Profiles")
    other = AssetGroupFactory(account=account, name="Ads")
    AssetGroupFactory(name="Elsewhere")
    client.force_login(account.owner)

    taken = client.post(at("make", ASSETS, account), {"name": "PROFILES"})
    renamed = client.post(at("change", ASSETS, account, other), {"name": "profiles"})
    free = client.post(at("make", ASSETS, account), {"name": "Elsewhere"})

    assert [taken.status_code, renamed.status_code, free.status_code] == [422, 422, 302]
    assert "There is a group of this name already." in taken.content.decode()


def test_an_account_has_only_so_many_groups(account, monkeypatch):
    monkeypatch.setattr("teams.actions.groups.MOST_GROUPS", 1)
    AssetGroupFactory(account=account)

    with pytest.raises(PolicyViolation, match="at most 1 groups"):
        actions.make_asset_group(account=account, name="Second", assets=[], by=account.owner)


def test_a_group_holds_only_so_many_and_a_long_list_loses_none_of_them(client, account, monkeypatch):
    monkeypatch.setattr("teams.actions.groups.MOST_IN_GROUP", 2)
    monkeypatch.setattr("teams.views.granting.MOST_ASSETS", 1)
    assets = [AssetFactory(account=account, name=name) for name in ("A", "B", "C", "D")]
    group = AssetGroupFactory(account=account, holds=assets[2:])
    client.force_login(account.owner)

    shown = client.get(at("change", ASSETS, account, group)).context["choices"]
    too_many = client.post(at("change", ASSETS, account, group), {"name": "All", "asset": [one.pk for one in assets]})

    assert [(str(choice["row"]), choice["ticked"]) for choice in shown] == [("C", True), ("D", True), ("A", False)]
    assert too_many.status_code == 422
    assert "A group holds at most 2." in too_many.content.decode()
    assert list(group.present) == assets[2:]


@pytest.mark.rule(1)
def test_a_role_with_one_of_the_two_permissions_makes_only_one_of_the_two_kinds(account):
    assets = RoleFactory(account=account, held=["view_account", "manage_assets"])
    team = RoleFactory(account=account, held=["view_account", "manage_team"])
    keeper, leader = seat(account, "Kim", role=assets).person, seat(account, "Lou", role=team).person

    actions.make_asset_group(account=account, name="Profiles", assets=[], by=keeper)
    actions.make_people_group(account=account, name="Crew", memberships=[], by=leader)

    with pytest.raises(MissingPermission):
        actions.make_people_group(account=account, name="Others", memberships=[], by=keeper)
    with pytest.raises(MissingPermission):
        actions.make_asset_group(account=account, name="Others", assets=[], by=leader)


def test_lists_search_and_ask_the_same_few_questions_for_many(client, account, django_assert_max_num_queries):
    for number in range(30):
        PeopleGroupFactory(account=account, name=f"Crew {number:02}", holds=[])
    crew = PeopleGroupFactory(account=account, name="Night shift")
    PeopleGroupFactory(name="Canary")
    client.force_login(account.owner)
    page = reverse("people_groups", args=[account.slug])
    client.get(page)

    with django_assert_max_num_queries(12):
        listed = client.get(page).content.decode()

    assert "1–25 of 31" in listed
    assert "Canary" not in listed
    found = client.get(page, {"q": "night"}).content.decode()
    assert crew.name in found
    assert "Crew 01" not in found
    assert "No group fits this search." in client.get(page, {"q": "zzz"}).content.decode()
    assert Membership.objects.filter(people_groups=crew).count() == 1

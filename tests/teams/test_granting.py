"""Several people on several assets at once: each pair by the rules of a single grant (rules 2, 3, 12)."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Asset
from audit.models import Event
from teams import actions
from teams.models import AssetGrant, Membership, PeopleGroup
from teams.permissions import PRESETS
from tests.factories import (
    AssetFactory,
    AssetGroupFactory,
    BusinessAccountFactory,
    MembershipFactory,
    PeopleGroupFactory,
    PersonFactory,
    RoleFactory,
    grant,
    owner_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.rule(2)]


@pytest.fixture
def account():
    return BusinessAccountFactory(name="Northwind", owner=PersonFactory(name="Olga"))


@pytest.fixture
def assets(account):
    return [AssetFactory(account=account, name=name) for name in ("Ads", "Profile")]


@pytest.fixture
def send(client, account):
    """Send the page as the owner, or as someone else."""

    def sending(members, on, /, by=None, **form):
        client.force_login(by or account.owner)
        ids = {"member": [getattr(row, "pk", row) for row in members], "asset": [getattr(a, "pk", a) for a in on]}
        return client.post(reverse("grant_many", args=[account.slug]), {**ids, **form})

    return sending


@pytest.fixture
def confirm(client, account):
    """Confirm what a page shows, as the page's own form does."""

    def confirming(shown):
        context, sent = shown.context, {}
        for name, value in context["sent"]:
            sent.setdefault(name, []).append(value)
        sent["member"], sent["asset"] = [row.pk for row in context["members"]], [row.pk for row in context["assets"]]
        return client.post(reverse("grant_many", args=[account.slug]), {**sent, "sure": context["asked"]})

    return confirming


def seat(account, name, **given):
    return MembershipFactory(account=account, person=PersonFactory(name=name), **{"holding": "member", **given})


def fates(response):
    return [(str(pair.member), str(pair.asset), pair.hindrance) for pair in response.context["fates"]]


def held():
    rows = AssetGrant.objects.values_list("membership__person__name", "content_object__name", "permission__codename")
    return sorted(rows)


def test_the_fate_of_each_person_on_each_asset_is_shown_before_anything_happens(send, account, assets):
    eddie, mina = seat(account, "Eddie", holding="editor"), seat(account, "Mina")
    grant(mina, assets[0], *PRESETS["editor"])
    zoe = seat(account, "Zoe", ended=True)

    shown = send([eddie, mina, zoe, owner_of(account)], assets, preset="editor", how="replace")

    myself = "Nobody changes their own role or access. Ask another administrator or the owner."
    assert fates(shown) == [
        ("Eddie", "Ads", "The role Editor gives all of it already."),
        ("Eddie", "Profile", "The role Editor gives all of it already."),
        ("Mina", "Ads", "Nothing changes."),
        ("Mina", "Profile", ""),
        ("Olga", "Ads", myself),
        ("Olga", "Profile", myself),
        ("Zoe", "Ads", "The membership has ended."),
        ("Zoe", "Profile", "The membership has ended."),
    ]
    assert shown.context["fates"][3].adds == ["view analytics", "draft content", "schedule and publish content"]
    assert "Nothing has happened yet." in shown.content.decode()
    assert len(held()) == 3


@pytest.mark.rule(12)
def test_once_confirmed_each_pair_is_an_act_with_an_event_of_its_own(send, confirm, account, assets):
    members = [seat(account, name) for name in ("Mina", "Nina")]

    done = confirm(send(members, assets, preset="analyst", ends_at_span="30", reason="Autumn"))

    assert "4 grants are changed" in done.content.decode()
    assert held() == [(who, on, "view_analytics") for who in ("Mina", "Nina") for on in ("Ads", "Profile")]
    events = [(event.name, event.parts["reason"]) for event in Event.objects.of(account)]
    assert events == [("grants.changed", "Autumn")] * 4
    ends = set(AssetGrant.objects.values_list("ends_at", flat=True))
    assert len(ends) == 1
    assert abs(ends.pop() - timezone.now() - dt.timedelta(days=30)) < dt.timedelta(minutes=1)


def test_adding_keeps_what_is_there_and_replacing_does_not(send, confirm, account, assets):
    mina = seat(account, "Mina")
    grant(mina, assets[0], "run_ads")

    confirm(send([mina], assets[:1], preset="own", codes=["view_analytics"], how="add"))
    added = held()
    confirm(send([mina], assets[:1], preset="own", codes=["reply_comments"], how="replace"))

    assert added == [("Mina", "Ads", "run_ads"), ("Mina", "Ads", "view_analytics")]
    assert held() == [("Mina", "Ads", "reply_comments")]


def test_everything_is_taken_away_at_once_with_who_is_then_alone(send, confirm, account, assets):
    mina, nina = seat(account, "Mina"), seat(account, "Nina")
    for member in (mina, nina):
        grant(member, assets[0], "run_ads")

    shown = send([mina, nina], assets[:1], preset="nothing", how="replace")
    confirm(shown)

    assert [(str(row.person), row.place) for row in shown.context["alone"]] == [("Olga", "Ads")]
    assert held() == []


def test_groups_stand_for_who_and_what_is_in_them_at_that_moment(send, confirm, account, assets):
    mina, nina = seat(account, "Mina"), seat(account, "Nina")
    old = AssetFactory(account=account, name="Old", archived_at=timezone.now())
    crew = PeopleGroupFactory(account=account, holds=[mina, seat(account, "Zoe", ended=True)])
    paid = AssetGroupFactory(account=account, holds=[assets[0], old])

    shown = send([], [], people=crew.pk, assets=paid.pk, preset="analyst")
    PeopleGroup.objects.get(pk=crew.pk).memberships.add(nina)
    confirm(shown)

    assert fates(shown) == [("Mina", "Ads", "")]
    assert held() == [("Mina", "Ads", "view_analytics")]


@pytest.mark.requirement("AZ10")
def test_a_yes_counts_only_for_what_was_shown(send, account, assets):
    mina, nina = seat(account, "Mina"), seat(account, "Nina")
    asked = send([mina], assets, preset="analyst").context["asked"]

    more = send([mina, nina], assets, preset="analyst", sure=asked)
    other = send([mina], assets, preset="moderator", sure=asked)
    later = send([mina], assets, preset="analyst", ends_at_span="7", sure=asked)
    grant(mina, assets[0], "run_ads")
    changed = send([mina], assets, preset="analyst", sure=asked)

    for response in (more, other, later, changed):
        assert "has changed since you looked" in response.content.decode()
    assert held() == [("Mina", "Ads", "run_ads")]
    assert not Event.objects.of(account).exists()


def test_an_administrator_grants_to_no_other_administrator_nor_to_the_owner_nor_herself(send, account, assets):
    anna, other = (seat(account, name, holding="administrator") for name in ("Anna", "Other"))
    mina = seat(account, "Mina")

    shown = send([anna, other, mina, owner_of(account)], assets[:1], by=anna.person, preset="analyst")
    forged = send([other], assets[:1], by=anna.person, preset="analyst", sure=shown.context["asked"])

    assert fates(shown) == [
        ("Anna", "Ads", "Nobody changes their own role or access. Ask another administrator or the owner."),
        ("Mina", "Ads", ""),
        ("Olga", "Ads", "The owner can’t be changed or removed. Ownership moves by a transfer only."),
        ("Other", "Ads", "Other manages the team. Only the owner can do this."),
    ]
    assert forged.status_code == 200
    assert held() == []


def test_nobody_grants_by_it_what_their_own_role_lacks_but_what_is_held_already_stays(send, confirm, account, assets):
    lead = RoleFactory(account=account, held=["view_account", "manage_team", "view_analytics", "reply_comments"])
    vera, mina, nina = seat(account, "Vera", role=lead), seat(account, "Mina"), seat(account, "Nina")
    grant(mina, assets[0], "run_ads")

    ads = send([mina, nina], assets[:1], by=vera.person, preset="own", codes=["run_ads"])
    moderator = send([mina], assets[:1], by=vera.person, preset="moderator")
    confirm(moderator)

    assert fates(ads) == [
        ("Mina", "Ads", "Nothing changes."),
        ("Nina", "Ads", "You can’t give “run ads”, since you don’t hold it yourself."),
    ]
    assert held() == [("Mina", "Ads", code) for code in ("reply_comments", "run_ads", "view_analytics")]


@pytest.mark.rule(12)
def test_what_is_refused_after_the_yes_is_told_and_recorded_and_keeps_nothing_else_back(
    send, confirm, account, assets, monkeypatch
):
    mina, nina = seat(account, "Mina"), seat(account, "Nina")
    shown = send([mina, nina], assets[:1], preset="analyst")
    set_grants = actions.set_grants

    def granted_by_another(*, membership, **more):  # between the look and the lock
        if membership.pk == mina.pk:
            set_grants(membership=membership, asset=assets[0], codes=["run_ads"], by=account.owner)
        return set_grants(membership=membership, **more)

    monkeypatch.setattr(actions, "set_grants", granted_by_another)
    done = confirm(shown)

    look_again = "What is granted here has changed since you looked. Please look again."
    assert fates(done) == [("Mina", "Ads", look_again), ("Nina", "Ads", "")]
    assert sorted(Event.objects.of(account).values_list("result", flat=True)) == ["done", "done", "refused"]
    assert held() == [("Mina", "Ads", "run_ads"), ("Nina", "Ads", "view_analytics")]


@pytest.mark.rule(4)
def test_ids_of_another_account_are_like_ids_that_never_were(send, account, assets):
    mina, stranger, foreign = seat(account, "Mina"), MembershipFactory(), AssetFactory()
    crew, paid = PeopleGroupFactory(), AssetGroupFactory()

    mixed = send([mina, stranger, "9" * 30, "\0", "x"], [assets[0], foreign, "-1"], preset="analyst")
    nobody = send([stranger], assets, preset="analyst")
    nothing = send([mina], [foreign], preset="analyst")
    groups = [
        send([mina], assets, preset="analyst", **{name: pk})
        for name, pk in (("people", crew.pk), ("assets", paid.pk), ("people", 9_999_999), ("assets", "\0"))
    ]

    assert fates(mixed) == [("Mina", "Ads", "")]
    assert "Choose at least one person." in nobody.content.decode()
    assert "Choose at least one asset." in nothing.content.decode()
    assert [response.status_code for response in [nobody, nothing, *groups]] == [422] * 6
    assert held() == []


@pytest.mark.parametrize(
    "form",
    [
        {}, {"preset": "owner"}, {"preset": "nothing"}, {"preset": "own", "codes": ["manage_team"]}, {"preset": "\0"},
        {"preset": "analyst", "how": "x"}, {"preset": "analyst", "reason": "x" * 501},
        {"preset": "analyst", "ends_at_span": "until", "ends_at_until": "1e400"},
    ],
)  # fmt: skip
def test_garbage_is_refused_in_words(send, account, assets, form):
    response = send([seat(account, "Mina")], assets, **form)

    assert response.status_code == 422
    assert held() == []


def test_there_is_a_limit_to_what_is_taken_at_once(send, account, assets, monkeypatch):
    members = [seat(account, f"Member {number}") for number in range(3)]
    monkeypatch.setattr("teams.views.granting.MOST_PAIRS", 5)

    response = send(members, assets, preset="analyst")

    assert response.status_code == 422
    assert "3 people on 2 assets are more than 5 at once." in response.content.decode()


def test_an_asset_that_is_archived_after_the_look_is_not_granted_on(send, account, assets):
    mina = seat(account, "Mina")
    asked = send([mina], assets, preset="analyst").context["asked"]
    Asset.objects.filter(pk=assets[0].pk).update(archived_at=timezone.now())

    again = send([mina], assets, preset="analyst", sure=asked)

    assert fates(again) == [("Mina", "Profile", "")]
    assert "has changed since you looked" in again.content.decode()
    assert held() == []


def test_what_is_ticked_on_the_grid_is_ticked_here(client, account, assets):
    mina, crew = seat(account, "Mina"), PeopleGroupFactory(account=account)
    client.force_login(account.owner)

    shown = client.get(
        reverse("grant_many", args=[account.slug]), {"member": mina.pk, "asset": assets[1].pk, "people": crew.pk}
    )

    for name, expected in (("people_choices", ["Mina"]), ("asset_choices", ["Profile"])):
        assert [str(choice["row"]) for choice in shown.context[name] if choice["ticked"]] == expected
    assert f'<option value="{crew.pk}" selected>' in shown.content.decode()


def test_the_number_of_queries_does_not_grow_with_the_pairs(send, account, assets, django_assert_max_num_queries):
    members = [seat(account, f"Member {number:02}") for number in range(40)]
    more = [*assets, *AssetFactory.create_batch(3, account=account)]
    for member in members:
        grant(member, assets[0], "run_ads")
    send(members[:1], assets[:1], preset="analyst")

    with django_assert_max_num_queries(24):
        shown = send(members, more, preset="analyst", how="replace")

    assert len(shown.context["fates"]) == 200
    assert Membership.objects.filter(account=account).count() == 41


def test_who_works_by_role_gets_no_grant_that_would_outlive_it_unless_it_adds_something(send, confirm, account, assets):
    eddie, nina = seat(account, "Eddie", holding="editor"), seat(account, "Nina", holding="analyst")
    grant(eddie, assets[0], "run_ads")

    shown = send([eddie, nina], assets[:1], preset="editor", how="replace")
    confirm(shown)

    replaced, added = shown.context["fates"]
    assert (replaced.takes, replaced.besides) == (["run ads"], [])
    assert (added.adds, added.besides) == (["draft content", "schedule and publish content"], ["view analytics"])
    assert held() == [("Nina", "Ads", code) for code in sorted(PRESETS["editor"])]

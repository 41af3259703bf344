"""The grid of people and assets, a cell of it, and the page of one asset: who may do what, how, by whom, until when."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.errors import MissingPermission
from accounts.models import Asset, Person
from accounts.permissions import ASSET_CODES
from audit.models import Event
from teams import actions
from teams.models import AssetGrant, Membership
from teams.permissions import BUILT_IN, PRESETS
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

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return BusinessAccountFactory(name="Northwind", owner=PersonFactory(name="Olga"))


@pytest.fixture
def profile(account):
    return AssetFactory(account=account, name="Profile")


def seat(account, name, **given):
    return MembershipFactory(account=account, person=PersonFactory(name=name), **given)


def in_days(days):
    return timezone.now() + dt.timedelta(days=days)


def cell_page(member, asset):
    return reverse("member_grants", args=[asset.account.slug, member.pk, asset.pk])


def grid(client, account, **asked):
    return client.get(reverse("asset_grid", args=[account.slug]), asked)


def cells(response):
    return {
        str(row["member"]): {cell.asset.name: (cell.what, cell.how) for cell in cell_row} if cell_row else {}
        for row in response.context["rows"]
        for cell_row in [row["cells"]]
    }


def held(member, asset):
    rows = AssetGrant.objects.filter(membership=member, content_object=asset)
    return sorted(rows.values_list("permission__codename", flat=True))


# --- The grid ---------------------------------------------------------------------------------------------------------
def test_each_cell_says_what_and_how_by_role_by_a_preset_by_a_mix_or_nothing(client, account, profile):
    seat(account, "Eddie")
    mina, moira, rita = (seat(account, name, holding="member") for name in ("Mina", "Moira", "Rita"))
    nina, omar = seat(account, "Nina", holding="analyst"), seat(account, "Omar", holding="member")
    grant(mina, profile, *PRESETS["editor"])
    grant(moira, profile, *PRESETS["moderator"])
    grant(nina, profile, "run_ads", "reply_comments")
    for row in grant(rita, profile, "view_analytics"):
        AssetGrant.objects.filter(pk=row.pk).update(ends_at=in_days(-1))
    grant(omar, profile, *ASSET_CODES)
    client.force_login(account.owner)

    shown = cells(grid(client, account))

    assert {name: row["Profile"] for name, row in shown.items()} == {
        "Eddie": ("Editor", "by role"),
        "Mina": ("Editor", "by grant"),
        "Moira": ("Moderator", "by grant"),
        "Nina": ("3 of 5", "role and grant"),
        "Olga": ("Everything", "by role"),
        "Omar": ("Everything", "by grant"),
        "Rita": ("", ""),
    }


def test_an_end_shows_in_the_cell_and_who_has_no_power_now_is_marked(client, account, profile):
    mina, bruno = seat(account, "Mina", holding="member"), seat(account, "Bruno", suspended=True)
    ends_at = in_days(3)
    actions.set_grants(membership=mina, asset=profile, codes=["run_ads"], ends_at=ends_at, by=account.owner)
    client.force_login(account.owner)

    response = grid(client, account)

    rows = {str(row["member"]): row for row in response.context["rows"]}
    assert rows["Mina"]["cells"][0].ends_at == ends_at
    assert rows["Bruno"]["standing"] == "suspended"
    assert f"Mina on {profile.name}: 1 of 5, by grant (run ads)" in response.content.decode()
    assert cell_page(mina, profile) in response.content.decode()
    assert cell_page(bruno, profile) in response.content.decode()


def test_archived_assets_ended_members_and_other_accounts_are_not_on_it(client, account, profile):
    AssetFactory(account=account, name="Old", archived_at=timezone.now())
    seat(account, "Zoe", ended=True)
    MembershipFactory(person__name="Canary")
    AssetFactory(name="Canary’s")
    client.force_login(account.owner)

    assert cells(grid(client, account)) == {"Olga": {"Profile": ("Everything", "by role")}}


def test_nobody_is_led_to_a_cell_that_they_may_not_change(client, account, profile):
    anna, other = (seat(account, name, holding="administrator") for name in ("Anna", "Other"))
    eddie = seat(account, "Eddie")
    client.force_login(anna.person)

    shown = grid(client, account).content.decode()

    assert cell_page(eddie, profile) in shown
    for member in (anna, other, owner_of(account)):
        assert cell_page(member, profile) not in shown


def test_both_sides_are_narrowed_by_search_role_kind_and_groups_and_nonsense_is_swallowed(client, account, profile):
    ads = AssetFactory(account=account, name="Ads", kind=Asset.Kind.AD_ACCOUNT)
    eddie = seat(account, "Eddie")
    seat(account, "Nina", holding="analyst", kind="agency", organisation="Brightside")
    crew = PeopleGroupFactory(account=account, holds=[eddie])
    paid = AssetGroupFactory(account=account, holds=[ads])
    foreign_crew, foreign_paid = PeopleGroupFactory(), AssetGroupFactory()
    client.force_login(account.owner)

    def narrowed(**asked):
        shown = cells(grid(client, account, **asked))
        return sorted(shown), sorted({name for row in shown.values() for name in row})

    everybody, both = ["Eddie", "Nina", "Olga"], ["Ads", "Profile"]
    assert narrowed() == (everybody, both)
    assert narrowed(q="edd") == (["Eddie"], both)
    assert narrowed(role="analyst") == (["Nina"], both)
    assert narrowed(kind="agency") == (["Nina"], both)
    assert narrowed(people=crew.pk) == (["Eddie"], both)
    assert narrowed(asset_kind="ad_account") == (everybody, ["Ads"])
    assert narrowed(assets=paid.pk) == (everybody, ["Ads"])
    assert narrowed(people=foreign_crew.pk, assets=foreign_paid.pk) == (everybody, both)
    assert narrowed(people="x", assets="9" * 40, role="\0", kind="?", page="-3", assets_page="x") == (everybody, both)
    assert "No person and asset fit this search." in grid(client, account, q="zzz").content.decode()


def test_people_and_assets_are_paged_each_on_their_own(client, account):
    for number in range(30):
        AssetFactory(account=account, name=f"Asset {number:02}")
        seat(account, f"Member {number:02}")
    client.force_login(account.owner)

    shown = cells(grid(client, account, page=2, assets_page=3))

    assert sorted(shown) == [*(f"Member {number}" for number in range(25, 30)), "Olga"]
    assert list(shown["Olga"]) == [f"Asset {number}" for number in range(24, 30)]


def test_the_number_of_queries_is_the_same_for_one_and_for_many(client, account, profile):
    grant(seat(account, "Mina", holding="member"), profile, "run_ads")
    client.force_login(account.owner)
    grid(client, account)

    def asked():
        with CaptureQueriesContext(connection) as queries:
            grid(client, account)
            client.get(reverse("asset", args=[account.slug, profile.pk]), {"act": "run_ads"})
        return len(queries)

    few = asked()
    assets = AssetFactory.create_batch(14, account=account)
    for number in range(20):
        member = seat(account, f"Member {number}", holding="member")
        for asset in (profile, *assets[:5]):
            grant(member, asset, "run_ads", "view_analytics")

    assert asked() == few


# --- A cell -----------------------------------------------------------------------------------------------------------
def confirmed(client, here, **form):
    shown = client.post(here, form)
    assert shown.status_code == 200
    sent = {}
    for name, value in shown.context["sent"]:
        sent.setdefault(name, []).append(value)
    return client.post(here, {**sent, "sure": shown.context["asked"]})


@pytest.mark.rule(12)
def test_a_preset_is_shown_with_what_it_adds_and_takes_before_anything_happens(client, account, profile):
    mina = seat(account, "Mina", holding="member")
    grant(mina, profile, "run_ads", "view_analytics")
    client.force_login(account.owner)
    here = cell_page(mina, profile)

    shown = client.post(here, {"preset": "editor", "reason": "She posts now"})
    before = held(mina, profile)
    done = confirmed(client, here, preset="editor", reason="She posts now")

    assert shown.context["pair"].adds == ["draft content", "schedule and publish content"]
    assert shown.context["pair"].takes == ["run ads"]
    assert before == ["run_ads", "view_analytics"]
    assert done.status_code == 302
    assert held(mina, profile) == sorted(PRESETS["editor"])
    assert [(event.name, event.parts["reason"]) for event in Event.objects.of(account)] == [
        ("grants.changed", "She posts now")
    ]


def test_a_span_becomes_the_moment_that_was_shown_and_saving_again_changes_nothing(client, account, profile):
    mina = seat(account, "Mina", holding="member")
    client.force_login(account.owner)
    here = cell_page(mina, profile)

    confirmed(client, here, preset="analyst", ends_at_span="30")
    ends_at = AssetGrant.objects.get(membership=mina).ends_at
    form = client.get(here).context["form"]
    until = timezone.localtime(form.initial["ends_at"]).strftime("%Y-%m-%dT%H:%M")
    again = client.post(here, {"preset": "analyst", "ends_at_span": "until", "ends_at_until": until})

    assert abs(ends_at - in_days(30)) < dt.timedelta(minutes=1)
    assert again.status_code == 302
    assert Event.objects.of(account).count() == 1
    assert AssetGrant.objects.get(membership=mina).ends_at == ends_at


def test_an_exact_end_in_the_readers_own_zone_is_confirmed_as_it_was_shown(client, account, profile):
    Person.objects.filter(pk=account.owner_id).update(time_zone="Asia/Kolkata")
    mina = seat(account, "Mina", holding="member")
    client.force_login(account.owner)

    done = confirmed(
        client, cell_page(mina, profile), preset="analyst", ends_at_span="until", ends_at_until="2030-01-01T05:30"
    )

    assert done.status_code == 302
    assert AssetGrant.objects.get(membership=mina).ends_at == dt.datetime(2030, 1, 1, tzinfo=dt.UTC)


def test_what_the_role_gives_is_on_and_fixed_and_a_grant_behind_it_stays(client, account, profile):
    nina = seat(account, "Nina", holding="analyst")
    grant(nina, profile, "view_analytics")
    client.force_login(account.owner)
    here = cell_page(nina, profile)

    shown = client.get(here).content.decode()
    confirmed(client, here, preset="own", codes=["run_ads"])

    switch = re.search(r'<input type="checkbox" name="codes" value="view_analytics"[^>]*>', shown)[0]
    assert "checked" in switch
    assert "disabled" in switch
    assert "By the role Analyst." in shown
    assert held(nina, profile) == ["run_ads", "view_analytics"]


def test_nothing_takes_all_of_it_away_and_tells_who_is_then_alone(client, account, profile):
    mina = seat(account, "Mina", holding="member")
    grant(mina, profile, "run_ads")
    client.force_login(account.owner)

    shown = client.post(cell_page(mina, profile), {"preset": "nothing"})
    confirmed(client, cell_page(mina, profile), preset="nothing")

    alone = [(str(row.person), row.place, [act.code for act in row.acts]) for row in shown.context["alone"]]
    assert alone == [("Olga", "Profile", ["run_ads"])]
    assert held(mina, profile) == []


def test_what_the_role_goes_on_giving_is_not_told_as_taken(client, account, profile):
    nina = seat(account, "Nina", holding="analyst")
    grant(nina, profile, *PRESETS["moderator"])
    client.force_login(account.owner)

    pair = client.post(cell_page(nina, profile), {"preset": "nothing"}).context["pair"]

    assert (pair.takes, pair.stays) == (["reply to comments and messages"], ["view analytics"])


@pytest.mark.rule(2)
def test_who_lacks_a_permission_by_a_role_of_the_accounts_own_sees_why_and_can_ask(client, account, profile):
    lead = RoleFactory(account=account, held=["view_account", "manage_team", "view_analytics", "reply_comments"])
    vera, mina = seat(account, "Vera", role=lead), seat(account, "Mina", holding="member")
    client.force_login(vera.person)
    here = cell_page(mina, profile)

    shown = client.get(here)
    refused = client.post(here, {"preset": "editor"})
    confirmed(client, here, preset="moderator")

    hindered = {choice["value"]: bool(choice["refusal"]) for choice in shown.context["presets"]}
    assert hindered == {"nothing": False, "analyst": False, "moderator": False, "editor": True, "own": False}
    assert "You can’t give “draft content”, since you don’t hold it yourself." in shown.content.decode()
    assert f"?permission=draft_content&amp;asset={profile.pk}" in shown.content.decode()
    assert refused.status_code == 403
    assert held(mina, profile) == sorted(PRESETS["moderator"])
    assert sorted(Event.objects.of(account).values_list("result", flat=True)) == ["done", "refused"]


@pytest.mark.parametrize(
    "form",
    [
        {"preset": "owner"}, {"preset": "\0"}, {"codes": ["manage_team"]}, {"codes": ["\0", "9" * 300]},
        {"preset": "editor", "ends_at_span": "until", "ends_at_until": "2001-01-01T10:00"},
        {"preset": "editor", "ends_at_span": "until", "ends_at_until": "x" * 5000},
        {"preset": "editor", "reason": "x" * 501},
    ],
)  # fmt: skip
def test_garbage_is_refused_in_words_and_changes_nothing(client, account, profile, form):
    mina = seat(account, "Mina", holding="member")
    client.force_login(account.owner)

    response = client.post(cell_page(mina, profile), form)

    assert response.status_code == 422
    assert held(mina, profile) == []


@pytest.mark.requirement("AZ10")
def test_a_yes_counts_only_for_what_was_shown(client, account, profile):
    mina = seat(account, "Mina", holding="member")
    client.force_login(account.owner)
    here = cell_page(mina, profile)
    asked = client.post(here, {"preset": "analyst"}).context["asked"]
    grant(mina, profile, "run_ads")

    again = client.post(here, {"preset": "analyst", "sure": asked})

    assert "has changed since you looked" in again.content.decode()
    assert held(mina, profile) == ["run_ads"]


# --- The page of an asset ---------------------------------------------------------------------------------------------
def people_of(response):
    return {
        str(entry["member"]): (entry["by_role"], str(entry["grant"].given_by) if entry["grant"] else "")
        for entry in response.context["people"]
    }


def test_it_says_for_each_act_who_can_do_it_and_by_whom_when_and_until_when(client, account, profile):
    seat(account, "Eddie")
    anna, mina = seat(account, "Anna", holding="administrator"), seat(account, "Mina", holding="member")
    ends_at = in_days(20)
    actions.set_grants(
        membership=mina, asset=profile, codes=PRESETS["editor"], ends_at=ends_at, by=anna.person, reason="Autumn"
    )
    client.force_login(account.owner)
    here = reverse("asset", args=[account.slug, profile.pk])

    publish, reply, found = (
        client.get(here),
        client.get(here, {"act": "reply_comments"}),
        client.get(here, {"q": "min"}),
    )

    everybody = {"Anna": (True, ""), "Eddie": (True, ""), "Mina": (False, "Anna"), "Olga": (True, "")}
    assert people_of(publish) == everybody
    assert people_of(reply) == {"Anna": (True, ""), "Olga": (True, "")}
    assert people_of(found) == {"Mina": (False, "Anna")}
    assert "Granted by Anna" in publish.content.decode()
    assert publish.context["people"][2]["grant"].ends_at == ends_at
    counts = [(act["label"], act["count"]) for act in publish.context["acts"]]
    assert counts[0] == ("Schedule and publish content", 4)
    assert ("Reply to comments and messages", 2) in counts


def test_who_has_no_power_now_is_shown_with_the_reason(client, account, profile):
    seat(account, "Bruno", suspended=True)
    client.force_login(account.owner)

    shown = client.get(reverse("asset", args=[account.slug, profile.pk]))

    rests = {str(entry["member"]): entry["rests"] for entry in shown.context["people"]}
    assert rests == {"Bruno": "The membership is suspended.", "Olga": ""}


def test_it_says_what_only_one_person_can_do_there_and_leads_to_adding_somebody(client, account, profile):
    seat(account, "Eddie")
    client.force_login(account.owner)

    shown = client.get(reverse("asset", args=[account.slug, profile.pk]))

    alone = [(str(row.person), [act.code for act in row.acts]) for row in shown.context["alone"]]
    assert alone == [("Olga", ["reply_comments", "run_ads"])]
    assert f"{reverse('grant_many', args=[account.slug])}?asset={profile.pk}" in shown.content.decode()


@pytest.mark.rule(4)
def test_who_does_not_manage_the_team_sees_only_their_own(client, account, profile):
    eddie, mina = seat(account, "Eddie"), seat(account, "Mina", holding="member")
    grant(mina, profile, "run_ads")
    client.force_login(eddie.person)

    shown = client.get(reverse("asset", args=[account.slug, profile.pk]), {"act": "run_ads"}).content.decode()

    assert "Mina" not in shown
    assert "Olga" not in shown
    assert "Add somebody" not in shown
    assert "By the role Editor." in shown


def test_the_presets_are_what_the_built_in_roles_hold_on_assets():
    assert {code: BUILT_IN[code].holds & ASSET_CODES for code in ("analyst", "moderator", "editor")} == PRESETS


def test_a_grant_keeps_who_gave_it_whichever_way_it_came(account, profile):
    mina = seat(account, "Mina", holding="member")

    actions.set_grants(membership=mina, asset=profile, codes=["run_ads"], by=account.owner)
    anna = seat(account, "Anna", holding="administrator")
    later = actions.set_grants(
        membership=mina, asset=profile, codes=["run_ads", "view_analytics"], by=anna.person, add=True
    )

    given = dict(AssetGrant.objects.values_list("permission__codename", "given_by__name"))
    assert given == {"run_ads": "Olga", "view_analytics": "Anna"}
    assert isinstance(later, Membership)


@pytest.mark.rule(2)
def test_adding_never_shortens_and_takes_nothing_away(account, profile):
    mina = seat(account, "Mina", holding="member")
    give = {"membership": mina, "asset": profile, "by": account.owner}
    actions.set_grants(codes=["run_ads"], **give)
    actions.set_grants(codes=["view_analytics"], ends_at=in_days(3), add=True, **give)

    actions.set_grants(codes=["run_ads", "view_analytics"], ends_at=in_days(9), add=True, **give)

    ends = dict(AssetGrant.objects.values_list("permission__codename", "ends_at"))
    assert ends["run_ads"] is None
    assert ends["view_analytics"] > in_days(8)
    with pytest.raises(MissingPermission):
        actions.set_grants(codes=["reply_comments"], add=True, **{**give, "by": seat(account, "Eddie").person})

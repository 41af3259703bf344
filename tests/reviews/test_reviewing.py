"""Access reviews: started, decided, carried out, closed; and what nobody may do in them."""

import datetime as dt
import json

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.errors import ChangedMeanwhile, MissingPermission, PolicyViolation
from audit.models import Event
from reviews import actions
from reviews.models import Campaign, Item
from teams import actions as teams
from teams.imprints import imprints
from teams.models import Membership, PendingAct, Receipt, Role, SecondPerson
from tests.factories import (
    AssetFactory,
    BusinessAccountFactory,
    CampaignFactory,
    MembershipFactory,
    ReviewItemFactory,
    RoleFactory,
    with_factor,
)
from tests.showing import shows_factor

pytestmark = pytest.mark.django_db

LONG_AGO = dt.timedelta(days=200)


def page(name, item, **more):
    return reverse(name, kwargs={"slug": item.account.slug, "pk": item.pk, **more})


def built_in(code):
    return Role.objects.built_in(code)


def names_about(thing):
    return list(Event.objects.about(thing).values_list("name", "result"))


def settled(member):
    """A member of whom nothing has to be asked: long there, just here, with a second factor."""
    Membership.objects.filter(pk=member.pk).update(joined_at=timezone.now() - LONG_AGO)
    with_factor(member.person)
    member.person.last_login = timezone.now()
    member.person.save(update_fields=["last_login"])
    return member


def closed(account, **given):
    """A review of the account in which all was kept."""
    campaign = actions.start_campaign(account=account, name="Before", by=account.owner, rule="owner", **given)
    actions.keep_rest(campaign=campaign, by=account.owner, reason="All known")
    return actions.close_campaign(campaign=campaign, by=account.owner)


@pytest.fixture
def account():
    return BusinessAccountFactory(owner__name="Olga Owner")


@pytest.fixture
def olga(account, client):
    client.force_login(account.owner)
    return client


# --- Starting ---------------------------------------------------------------------------------------------------------
def test_a_review_notes_each_access_as_it_is_and_tells_its_reviewers(account, olga):
    eddie = MembershipFactory(account=account, person__name="Eddie")

    response = olga.post(reverse("start_review", args=[account.slug]), {
        "name": "Autumn", "scope": "all", "rule": "owner", "silence": "suspend", "days": "14",
    })  # fmt: skip

    campaign = Campaign.objects.get()
    assert response.url == page("review", campaign)
    assert list(campaign.items.values_list("membership", "reviewer")) == [(eddie.pk, account.owner_id)]
    item = campaign.items.get()
    assert item.snapshot["role"]["code"] == "editor"
    assert item.why == ["new", "no_factor"]
    assert names_about(campaign) == [("review.started", "done")]
    shown = olga.get(reverse("inbox")).content.decode()
    assert "You are asked to review accesses" in shown


@pytest.mark.rule(3)
def test_the_owners_access_is_not_reviewed_and_nobody_reviews_themselves(account):
    anna = MembershipFactory(account=account, holding="administrator")
    bert = MembershipFactory(account=account, holding="administrator")
    eddie = MembershipFactory(account=account)

    campaign = actions.start_campaign(account=account, name="All", by=account.owner, rule="administrators")

    reviewers = dict(campaign.items.values_list("membership", "reviewer"))
    assert set(reviewers) == {anna.pk, bert.pk, eddie.pk}
    assert reviewers[anna.pk] == reviewers[bert.pk] == account.owner_id
    assert reviewers[eddie.pk] in {anna.person_id, bert.person_id}


def test_the_sponsor_reviews_and_where_there_is_none_an_administrator(account):
    anna = MembershipFactory(account=account, holding="administrator")
    sponsor = MembershipFactory(account=account, holding="analyst")
    frank = MembershipFactory(account=account, kind="contractor", sponsor=sponsor.person)
    gone = MembershipFactory(account=account, suspended=True)
    other = MembershipFactory(account=account, kind="contractor", sponsor=gone.person)

    campaign = actions.start_campaign(account=account, name="Outside", by=account.owner, scope="outside")

    assert dict(campaign.items.values_list("membership", "reviewer")) == {
        frank.pk: sponsor.person_id,
        other.pk: anna.person_id,
    }


def test_a_review_looks_at_its_scope_alone(account):
    asset = AssetFactory(account=account)
    eddie = MembershipFactory(account=account)
    finance = MembershipFactory(account=account, holding="finance")
    plain = MembershipFactory(account=account, holding="member")

    def members(**given):
        campaign = actions.start_campaign(account=account, name=str(given), by=account.owner, **given)
        return set(campaign.items.values_list("membership", flat=True))

    assert members(scope="role", role=built_in("member")) == {plain.pk}
    assert members(scope="wide") == {finance.pk}
    assert members(scope="asset", asset=asset) == {eddie.pk}
    with pytest.raises(PolicyViolation, match="nothing to review"):
        members(scope="unused")


def test_who_may_not_run_reviews_starts_none(account, client):
    auditor = MembershipFactory(account=account, holding="auditor")
    client.force_login(auditor.person)

    response = client.post(reverse("start_review", args=[account.slug]), {"name": "Mine"})

    assert response.status_code == 403
    assert "run access reviews" in response.content.decode()
    with pytest.raises(MissingPermission):
        actions.start_campaign(account=account, name="Mine", by=auditor.person)
    assert not Campaign.objects.exists()


def test_what_was_kept_and_has_not_changed_is_carried_over_but_for_a_sample(account):
    members = [settled(MembershipFactory(account=account)) for _number in range(12)]
    closed(account)
    Membership.objects.filter(pk=members[0].pk).update(lasting_role=built_in("analyst"))

    campaign = actions.start_campaign(account=account, name="Next", by=account.owner)

    why = {item.membership_id: item.why for item in campaign.items.all()}
    assert why[members[0].pk] == ["new"]
    assert sorted(map(str, why.values())).count("['sample']") == 2  # a tenth of eleven
    assert campaign.items.filter(must_decide=False).count() == 9


# --- What the reviewer sees -------------------------------------------------------------------------------------------
def test_a_reviewer_sees_what_they_need_to_judge(account, olga):
    role = RoleFactory(account=account, name="Asset keeper", held=["manage_assets", "view_account"])
    keeper = MembershipFactory(account=account, person__name="Kim", role=RoleFactory(
        account=account, held=["manage_assets", "manage_team", "view_account"],
    ))  # fmt: skip
    analyst = MembershipFactory(account=account, holding="analyst", person__name="Ada")
    teams.change_role(membership=keeper, role=keeper.role, by=account.owner)
    for member in (settled(keeper), analyst):
        Membership.objects.filter(pk=member.pk).update(joined_at=timezone.now() - LONG_AGO)
    teams.change_role(membership=analyst, role=built_in("moderator"), by=account.owner, reason="Cover for Mo")
    from accounts.actions import add_asset

    keeper.person.refresh_from_db()
    add_asset(account=account, name="@new", kind="profile", handle="", by=keeper.person)

    campaign = actions.start_campaign(account=account, name="All", by=account.owner)
    by_member = {item.membership_id: item for item in campaign.items.all()}

    kim = by_member[keeper.pk]
    assert (kim.suggestion, kim.suggested_role) == ("reduce", role)
    assert kim.snapshot["unused"] == ["manage_team"]
    assert "manage the team" in kim.suggestion_reason
    ada = by_member[analyst.pk]
    assert ada.suggestion == "end"
    assert (ada.snapshot["given"]["by"], ada.snapshot["given"]["reason"]) == ("Olga Owner", "Cover for Mo")
    shown = olga.get(page("review_item", kim)).content.decode()
    assert "Not used for 90 days" in shown
    assert "Asset keeper" in shown


def test_another_accounts_items_do_not_exist(account, olga):
    elsewhere = ReviewItemFactory()

    for name in ("review_item", "pass_on_review", "reassign_review"):
        assert olga.get(reverse(name, args=[account.slug, elsewhere.pk])).status_code == 404
        assert olga.get(page(name, elsewhere)).status_code == 404
    for name in ("review", "carry_out_review", "close_review", "keep_rest", "review_report"):
        assert olga.get(reverse(name, args=[account.slug, elsewhere.campaign.pk])).status_code == 404


def test_a_sponsor_without_the_permission_sees_and_decides_exactly_their_own(account, client):
    sponsor = MembershipFactory(account=account, holding="analyst")
    mine = ReviewItemFactory(campaign__account=account, reviewer=sponsor.person)
    other = ReviewItemFactory(campaign=mine.campaign)
    client.force_login(sponsor.person)

    assert mine.membership.person.name in client.get(reverse("my_reviews", args=[account.slug])).content.decode()
    assert "1 access to review" in client.get(reverse("dashboard")).content.decode()
    assert "1 access to review" in client.get(account.get_absolute_url()).content.decode()
    assert client.get(page("review_item", other)).status_code == 404
    assert client.get(page("review", mine.campaign)).status_code == 403
    response = client.post(page("review_item", mine), {"decision": "keep"})

    assert response.status_code == 302
    mine.refresh_from_db()
    assert (mine.decision, mine.decided_by) == ("keep", sponsor.person)
    assert names_about(mine) == [("review.decided", "done")]


# --- Deciding ---------------------------------------------------------------------------------------------------------
def test_a_decision_can_be_changed_until_it_is_carried_out(account, olga):
    item = ReviewItemFactory(campaign__account=account)

    olga.post(page("review_item", item), {"decision": "end", "reason": "Left"})
    olga.post(page("review_item", item), {"decision": "reduce", "reduce_to": "analyst"})

    item.refresh_from_db()
    assert (item.decision, item.reduce_to, item.reason) == ("reduce", built_in("analyst"), "")
    assert item.words == "reduce to Analyst"


def test_reading_an_access_is_timed_by_the_page_and_not_by_what_is_sent(account, olga):
    item = ReviewItemFactory(campaign__account=account)
    other = ReviewItemFactory(campaign=item.campaign)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        form = olga.get(page("review_item", item)).context["form"]
        clock.shift(dt.timedelta(seconds=42))

        olga.post(page("review_item", item), {"decision": "keep", "opened": form["opened"].value()})
        olga.post(page("review_item", other), {"decision": "keep", "opened": form["opened"].value()})

    item.refresh_from_db()
    other.refresh_from_db()
    assert (item.seconds, other.seconds) == (42, None)


@pytest.mark.parametrize("by", ["subject", "another administrator", "somebody gone"])
def test_nobody_decides_on_what_is_not_theirs(account, by):
    item = ReviewItemFactory(campaign__account=account)
    person = {
        "subject": item.membership.person,
        "another administrator": MembershipFactory(account=account, holding="administrator").person,
        "somebody gone": MembershipFactory(account=account, ended=True).person,
    }[by]
    if by == "subject":
        Item.objects.filter(pk=item.pk).update(reviewer=person)

    with pytest.raises((PolicyViolation, MissingPermission)):
        actions.decide(item=item, decision="end", by=person)

    item.refresh_from_db()
    assert item.decision == ""


def test_a_review_only_takes_away(account):
    item = ReviewItemFactory(campaign__account=account)

    for role in (built_in("moderator"), built_in("administrator"), built_in("editor"), None):
        with pytest.raises(PolicyViolation):
            actions.decide(item=item, decision="reduce", reduce_to=role, by=account.owner)


def test_who_has_not_seen_the_role_as_it_is_now_looks_again(account, olga):
    item = ReviewItemFactory(campaign__account=account)
    seen = olga.get(page("review_item", item)).context["form"]["seen"].value()
    teams.change_role(membership=item.membership, role=built_in("administrator"), by=account.owner)

    response = olga.post(page("review_item", item), {"decision": "keep", "seen": seen})

    assert response.status_code == 409
    assert "has changed since you looked" in response.content.decode()
    item.refresh_from_db()
    assert item.decision == ""


def test_of_somebody_offboarded_meanwhile_nothing_is_asked_any_more(account):
    item = ReviewItemFactory(campaign__account=account)
    teams.offboard(membership=item.membership, by=account.owner, reason="Left")

    with pytest.raises(ChangedMeanwhile, match="ended meanwhile"):
        actions.decide(item=item, decision="keep", by=account.owner)

    assert not Item.objects.undecided().exists()
    assert actions.close_campaign(campaign=item.campaign, by=account.owner).report["items"][0]["decision"] == ""


def test_not_mine_goes_to_somebody_else_and_never_back(account, client):
    anna = MembershipFactory(account=account, holding="administrator")
    item = ReviewItemFactory(campaign__account=account, reviewer=anna.person)
    client.force_login(anna.person)

    client.post(page("pass_on_review", item))

    item.refresh_from_db()
    assert item.reviewer == account.owner
    assert names_about(item) == [("review.passed_on", "done")]
    with pytest.raises(PolicyViolation, match="Nobody else is left"):
        actions.pass_on(item=item, by=account.owner)


def test_another_reviewer_is_chosen_but_not_the_person_nor_a_stranger(account, olga):
    item = ReviewItemFactory(campaign__account=account)
    anna = MembershipFactory(account=account, holding="administrator")

    olga.post(page("reassign_review", item), {"reviewer": anna.pk})

    item.refresh_from_db()
    assert item.reviewer == anna.person
    for member in (item.membership, MembershipFactory(), MembershipFactory(account=account, suspended=True)):
        with pytest.raises(PolicyViolation):
            actions.reassign(item=item, reviewer=member, by=account.owner)


def test_all_that_is_left_is_kept_for_a_reason_only(account, olga):
    item = ReviewItemFactory(campaign__account=account)
    done = ReviewItemFactory(campaign=item.campaign, decision="end", decided_by=account.owner)
    foreign = ReviewItemFactory(
        campaign=item.campaign, reviewer=MembershipFactory(account=account, holding="administrator").person
    )

    assert olga.post(page("keep_rest", item.campaign), {"reason": " "}).status_code == 422
    olga.post(page("keep_rest", item.campaign), {"reason": "All were asked by phone"})

    decisions = dict(Item.objects.values_list("pk", "decision"))
    assert decisions == {item.pk: "keep", done.pk: "end", foreign.pk: ""}
    assert names_about(item.campaign) == [("review.kept_rest", "done")]


# --- Carrying out -----------------------------------------------------------------------------------------------------
def test_what_was_decided_is_done_by_the_acts_that_everybody_uses(account, olga):
    ended = ReviewItemFactory(campaign__account=account, decision="end", decided_by=account.owner)
    reduced = ReviewItemFactory(
        campaign=ended.campaign, decision="reduce", decided_by=account.owner, reduce_to=built_in("analyst")
    )
    shown = olga.get(page("carry_out_review", ended.campaign)).content.decode()
    assert "loses all access" in shown

    olga.post(page("carry_out_review", ended.campaign))

    assert Receipt.objects.get().membership == ended.membership
    assert Membership.objects.get(pk=reduced.membership_id).role == built_in("analyst")
    assert set(Item.objects.values_list("outcome", flat=True)) == {"done"}
    assert names_about(ended) == [("review.carried_out", "done")]
    assert names_about(reduced.membership) == [("role.changed", "done")]
    with pytest.raises(ChangedMeanwhile):
        actions.decide(item=reduced, decision="keep", by=account.owner)


@pytest.mark.requirement("MF11")
def test_ending_several_asks_for_the_factor_again(account, olga):
    with_factor(account.owner)
    first = ReviewItemFactory(campaign__account=account, decision="end", decided_by=account.owner)
    ReviewItemFactory(campaign=first.campaign, decision="end", decided_by=account.owner)

    response = olga.post(page("carry_out_review", first.campaign))

    assert "reauthenticate" in response.url
    assert not Receipt.objects.exists()
    shows_factor(olga, account.owner)
    olga.post(page("carry_out_review", first.campaign))
    assert Receipt.objects.count() == 2


@pytest.mark.rule(2)
def test_what_a_rule_refuses_stays_open_and_is_shown(account, client):
    anna = MembershipFactory(account=account, holding="administrator")
    bert = MembershipFactory(account=account, holding="administrator", person__name="Bert")
    item = ReviewItemFactory(campaign__account=account, membership=bert, decision="end", decided_by=account.owner)
    client.force_login(anna.person)

    client.post(page("carry_out_review", item.campaign))

    item.refresh_from_db()
    assert item.outcome == "hindered"
    assert "Only the owner can do this" in item.hindrance
    assert Membership.objects.get(pk=bert.pk).is_current
    assert names_about(item) == [("review.hindered", "done")]
    assert names_about(bert) == [("member.offboarded", "refused")]
    shown = client.get(page("review", item.campaign)).content.decode()
    assert "Only the owner can do this" in shown
    actions.carry_out_all(campaign=item.campaign, by=anna.person)
    assert names_about(item) == [("review.hindered", "done")]
    actions.close_campaign(campaign=item.campaign, by=account.owner)
    assert Campaign.objects.get().report["numbers"]["left_open"] == 1
    actions.carry_out_all(campaign=item.campaign, by=account.owner)
    assert Item.objects.get().outcome == "done"


def test_a_role_changed_meanwhile_is_not_made_another_one(account):
    item = ReviewItemFactory(
        campaign__account=account, decision="reduce", decided_by=account.owner, reduce_to=built_in("analyst")
    )
    teams.change_role(membership=item.membership, role=built_in("finance"), by=account.owner)

    assert actions.carry_out_all(campaign=item.campaign, by=account.owner) == {"done": 0, "hindered": 1, "waits": 0}

    item.refresh_from_db()
    assert "changed meanwhile" in item.hindrance
    assert Membership.objects.get(pk=item.membership_id).role == built_in("finance")


def test_a_sponsor_decides_but_does_not_end_anybody(account, client):
    sponsor = MembershipFactory(account=account, holding="analyst")
    item = ReviewItemFactory(campaign__account=account, reviewer=sponsor.person)
    actions.decide(item=item, decision="end", by=sponsor.person)
    client.force_login(sponsor.person)

    assert client.post(page("carry_out_review", item.campaign)).status_code == 403

    assert Membership.objects.get(pk=item.membership_id).is_current


def test_where_a_second_person_is_asked_for_it_is_asked_of_a_review_too(account):
    SecondPerson.objects.create(account=account, act="offboarding", way="approve")
    anna = MembershipFactory(account=account, holding="administrator")
    first = ReviewItemFactory(campaign__account=account, decision="end", decided_by=account.owner)
    ReviewItemFactory(campaign=first.campaign, decision="end", decided_by=account.owner)

    assert actions.carry_out_all(campaign=first.campaign, by=account.owner)["waits"] == 2

    assert set(Item.objects.values_list("outcome", flat=True)) == {"waits"}
    assert not Receipt.objects.exists()
    actions.carry_out_all(campaign=first.campaign, by=account.owner)
    assert PendingAct.objects.count() == 2
    for pending in PendingAct.objects.all():
        teams.approve_act(pending=pending, by=anna.person)
        teams.carry_out(pending)
    assert Receipt.objects.count() == 2
    assert actions.carry_out_all(campaign=first.campaign, by=account.owner)["done"] == 2


# --- Closing ----------------------------------------------------------------------------------------------------------
def test_a_review_is_closed_once_all_is_decided_and_the_log_holds_its_report(account, olga):
    item = ReviewItemFactory(campaign__account=account, membership__person__name="=Eddie")

    assert olga.post(page("close_review", item.campaign)).status_code == 422
    actions.decide(item=item, decision="keep", by=account.owner, seconds=3)
    olga.post(page("close_review", item.campaign))

    campaign = Campaign.objects.get()
    event = Event.objects.about(campaign).get(name="review.closed", result="done")
    assert event.number == campaign.event_number
    assert event.parts["after"]["digest"] == campaign.digest
    assert campaign.report["numbers"]["keep"] == 1
    assert "The log holds the digest" in olga.get(page("review_report", campaign)).content.decode()
    as_json = json.loads(olga.get(page("review_report_file", campaign, kind="json")).content)
    assert as_json["sha256"] == campaign.digest
    assert olga.get(page("review_report_file", campaign, kind="pdf")).content.startswith(b"%PDF")
    assert "'=Eddie" in olga.get(page("review_report_file", campaign, kind="csv")).content.decode()
    assert olga.get(page("review_report_file", campaign, kind="xls")).status_code == 404
    with pytest.raises(ChangedMeanwhile, match="closed"):
        actions.decide(item=item, decision="end", by=account.owner)


def test_a_report_that_was_changed_shows(account, olga):
    MembershipFactory(account=account)
    campaign = closed(account)
    campaign.report["items"][0]["decision"] = "end"
    campaign.save(update_fields=["report"])

    shown = olga.get(page("review_report", campaign)).content.decode()

    assert "Not the report of the log" in shown


def test_the_command_holds_a_report_or_a_kept_file_against_the_log(account, olga, tmp_path, capsys):
    MembershipFactory(account=account)
    campaign = closed(account)
    kept = tmp_path / "report.json"
    kept.write_bytes(olga.get(page("review_report_file", campaign, kind="json")).content)

    call_command("check_review", str(campaign.pk))
    call_command("check_review", str(campaign.pk), str(kept))
    kept.write_text(kept.read_text().replace("All known", "All unknown"))
    with pytest.raises(SystemExit) as changed:
        call_command("check_review", str(campaign.pk), str(kept))

    assert changed.value.code == 1
    assert capsys.readouterr().out.count("It is the report") == 2
    for wrong in ([str(campaign.pk), str(tmp_path)], ["999999"]):
        with pytest.raises(CommandError):
            call_command("check_review", *wrong)


def test_who_reads_the_log_reads_reports_without_running_reviews(account, client):
    MembershipFactory(account=account)
    campaign = closed(account)
    auditor = MembershipFactory(account=account, holding="auditor")
    client.force_login(auditor.person)

    assert campaign.name in client.get(reverse("review_reports", args=[account.slug])).content.decode()
    assert client.get(page("review_report", campaign)).status_code == 200
    assert client.get(page("review", campaign)).status_code == 403


@pytest.mark.parametrize(
    ("decided", "marked"),
    [([("keep", 2)] * 6, True), ([("keep", 20)] * 6, False), ([("keep", 2)] * 5 + [("end", 2)], False), ([("keep", 1)] * 4, False)],
)  # fmt: skip
def test_who_keeps_all_in_no_time_is_marked(account, decided, marked):
    campaign = CampaignFactory(account=account)
    for decision, seconds in decided:
        ReviewItemFactory(campaign=campaign, decision=decision, seconds=seconds, decided_by=account.owner)

    report = actions.close_campaign(campaign=campaign, by=account.owner).report

    assert [row["rubber_stamp"] for row in report["reviewers"]] == [marked]
    assert report["reviewers"][0]["median_seconds"] == decided[0][1]


# --- Reviewers who go -------------------------------------------------------------------------------------------------
@pytest.mark.rule(13)
@pytest.mark.parametrize("how", ["offboard", "suspend"])
def test_what_somebody_had_to_review_goes_to_others_when_they_go(account, how):
    anna = MembershipFactory(account=account, holding="administrator")
    sponsor = MembershipFactory(account=account)
    item = ReviewItemFactory(campaign__account=account, reviewer=sponsor.person)
    done = ReviewItemFactory(
        campaign=item.campaign, reviewer=sponsor.person, decision="keep", decided_by=sponsor.person
    )

    getattr(teams, how)(membership=sponsor, by=account.owner, reason="Left")

    item.refresh_from_db()
    done.refresh_from_db()
    assert item.reviewer == anna.person
    assert done.reviewer == sponsor.person
    if how == "offboard":
        [receipt] = Receipt.objects.all()
        assert "Accesses to review" in receipt.statement["ended"]["others"]
        assert receipt.is_complete


# --- Lists ------------------------------------------------------------------------------------------------------------
def test_every_list_can_be_searched_and_says_when_it_is_empty(account, olga):
    for name in ("reviews", "my_reviews", "review_reports"):
        assert "empty" in olga.get(reverse(name, args=[account.slug])).content.decode()
    item = ReviewItemFactory(campaign__account=account, campaign__name="Autumn", membership__person__name="Eddie")

    for url in (reverse("reviews", args=[account.slug]), page("review", item.campaign), reverse("my_reviews", args=[account.slug])):  # fmt: skip
        assert olga.get(url, {"q": "nonsense"}).status_code == 200
        assert olga.get(url, {"page": "x", "state": "nope"}).status_code == 200
    assert "Eddie" in olga.get(page("review", item.campaign), {"q": "edd"}).content.decode()
    assert "Autumn" not in olga.get(reverse("reviews", args=[account.slug]), {"q": "winter"}).content.decode().split('id="results"')[1]  # fmt: skip


def test_starting_and_listing_ask_no_more_for_many_than_for_few(account, olga):
    def asked(act, *given):
        with CaptureQueriesContext(connection) as queries:
            act(*given)
        return len(queries)

    def start(name):
        return asked(lambda: actions.start_campaign(account=account, name=name, by=account.owner, rule="owner"))

    def pages():
        campaign = Campaign.objects.latest("pk")
        addresses = (page("review", campaign), reverse("my_reviews", args=[account.slug]))
        return [asked(olga.get, address) for address in addresses]

    MembershipFactory(account=account)
    start("warm")
    pages()
    Campaign.objects.all().delete()
    few = (start("few"), pages())
    Campaign.objects.all().delete()
    for _number in range(11):
        MembershipFactory(account=account)
    imprints([account.pk])  # what the factories touched stands in no act's event

    assert (start("many"), pages()) == few

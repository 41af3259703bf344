"""What the portal does about reviews by itself: it starts them, reminds, settles silence, and closes."""

import datetime as dt

import pytest
import time_machine
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts.errors import ChangedMeanwhile, MissingPermission
from audit.models import Event
from audit.recording import SYSTEM
from notices.models import Notice
from reviews import actions, policies
from reviews.models import Campaign, Every, Item, Schedule
from reviews.tasks import mind_reviews
from teams import actions as teams
from teams.models import Membership
from tests.factories import (
    BusinessAccountFactory,
    CampaignFactory,
    MembershipFactory,
    ReviewItemFactory,
    ReviewScheduleFactory,
    RoleFactory,
)
from tests.post import the_post_goes_out
from tests.showing import signed_in

pytestmark = pytest.mark.django_db


def names(thing):
    return list(Event.objects.about(thing).values_list("name", flat=True))


def in_days(days):
    return timezone.now() + dt.timedelta(days=days)


# --- Schedules --------------------------------------------------------------------------------------------------------
def test_a_review_starts_by_itself_every_three_months_once_somebody_said_so(client):
    account = BusinessAccountFactory()
    MembershipFactory(account=account)
    client.force_login(account.owner)
    assert not Schedule.objects.exists()

    page = client.get(reverse("review_schedule", args=[account.slug]))
    client.post(reverse("review_schedule", args=[account.slug]), {
        "every": page.context["form"]["every"].value(), "rule": "owner", "silence": "keep", "days": "10",
    })  # fmt: skip
    mind_reviews()
    assert not Campaign.objects.exists()
    with time_machine.travel(in_days(2)):
        mind_reviews()
        mind_reviews()

        campaign = Campaign.objects.get()
        assert (campaign.scheduled, campaign.started_by, campaign.silence) == (True, None, "keep")
        assert campaign.items.get().reviewer == account.owner
        assert dt.timedelta(days=80) < Schedule.objects.get().next_at - timezone.now() < dt.timedelta(days=95)
    assert names(campaign) == ["review.started"]
    assert Event.objects.filter(name="review.schedule_changed").count() == 1


def test_a_schedule_can_be_switched_off():
    schedule = ReviewScheduleFactory()

    actions.change_schedule(account=schedule.account, every="", by=schedule.account.owner)
    mind_reviews()

    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    ("every", "after", "then"),
    [
        ("quarter", (2026, 11, 30), (2027, 2, 28)),
        ("half_year", (2026, 8, 31), (2027, 2, 28)),
        ("year", (2028, 2, 29), (2029, 2, 28)),
        ("quarter", (2026, 1, 5), (2026, 4, 5)),
    ],
)
def test_the_next_review_is_so_many_months_on(every, after, then):
    found = policies.next_start(Every(every), dt.datetime(*after, 6, tzinfo=dt.UTC))

    assert (found.year, found.month, found.day) == then


# --- Reminders --------------------------------------------------------------------------------------------------------
def test_reviewers_with_something_left_are_reminded_a_week_and_a_day_before():
    item = ReviewItemFactory(campaign__deadline=in_days(8))
    done = ReviewItemFactory(
        campaign=item.campaign, reviewer=MembershipFactory(account=item.account).person, decision="keep"
    )
    campaign = item.campaign

    for days in (0, 1.5, 2, 7.5, 7.6):
        with time_machine.travel(in_days(days)):
            mind_reviews()
            the_post_goes_out()

    assert names(campaign) == ["review.reminded"] * 2
    assert [message.to for message in mail.outbox] == [[item.reviewer.email]] * 2
    assert not Notice.objects.filter(person=done.reviewer).exists()


def test_where_all_is_decided_nobody_is_reminded():
    item = ReviewItemFactory(campaign__deadline=in_days(3), decision="keep")

    mind_reviews()

    assert names(item.campaign) == []


# --- Silence ----------------------------------------------------------------------------------------------------------
@pytest.mark.rule(14)
def test_silence_suspends_and_restoring_undoes_it():
    item = ReviewItemFactory(campaign__overdue=True)
    client = signed_in(item.membership.person)
    assert client.get(item.account.get_absolute_url()).status_code == 200

    mind_reviews()
    mind_reviews()

    assert client.get(item.account.get_absolute_url()).status_code in {302, 403}
    item.refresh_from_db()
    assert (item.decision, item.decided_by, item.outcome) == ("suspend", None, "done")
    assert names(item.membership) == ["member.suspended"]
    assert names(item.campaign) == ["review.silence_settled", "review.closed"]
    assert Campaign.objects.get().report["numbers"]["by_silence"] == 1
    teams.restore(membership=item.membership, by=item.account.owner)
    mind_reviews()
    assert Membership.objects.get(pk=item.membership_id).state == "active"


def test_silence_can_keep():
    item = ReviewItemFactory(campaign__overdue=True, campaign__silence="keep")

    mind_reviews()

    item.refresh_from_db()
    assert (item.decision, item.by_silence) == ("keep", True)
    assert Membership.objects.get(pk=item.membership_id).state == "active"


def test_silence_that_ends_suspends_at_once_and_a_person_ends():
    item = ReviewItemFactory(campaign__overdue=True, campaign__silence="end")

    mind_reviews()

    item.refresh_from_db()
    assert (item.decision, item.outcome) == ("end", "waits")
    assert Membership.objects.get(pk=item.membership_id).state == "suspended"
    assert Campaign.objects.get().is_running
    teams.restore(membership=item.membership, by=item.account.owner)
    mind_reviews()
    assert Membership.objects.get(pk=item.membership_id).state == "active"
    actions.carry_out_all(campaign=item.campaign, by=item.account.owner)
    assert Membership.objects.get(pk=item.membership_id).state == "ended"
    mind_reviews()
    assert not Campaign.objects.get().is_running


def test_what_nobody_carries_out_is_closed_as_open_a_week_after_the_deadline():
    item = ReviewItemFactory(campaign__overdue=True, decision="end")
    Item.objects.update(decided_by=item.account.owner)

    mind_reviews()
    assert Campaign.objects.get().is_running
    with time_machine.travel(in_days(7)):
        mind_reviews()

    assert Campaign.objects.get().report["numbers"]["left_open"] == 1
    assert Membership.objects.get(pk=item.membership_id).state == "active"


@pytest.mark.rule(3)
def test_silence_never_suspends_who_has_become_the_owner():
    item = ReviewItemFactory(campaign__overdue=True)
    offer = teams.offer_ownership(account=item.account, membership=item.membership, by=item.account.owner)
    teams.accept_ownership(offer=offer, by=item.membership.person)

    mind_reviews()

    item.refresh_from_db()
    assert Membership.objects.get(pk=item.membership_id).state == "active"
    assert item.outcome == "hindered"
    with pytest.raises(ChangedMeanwhile):
        actions.suspend_for_silence(item=item, by=SYSTEM)


@pytest.mark.rule(2)
@pytest.mark.parametrize("chosen_by", ["the owner", "an administrator"])
def test_an_administrator_cant_evict_another_by_the_silence_of_a_review(chosen_by):
    account = BusinessAccountFactory()
    anna, bert = (MembershipFactory(account=account, holding="administrator") for _each in range(2))
    by = account.owner if chosen_by == "the owner" else anna.person
    item = ReviewItemFactory(
        campaign__account=account, campaign__silence_by=by, campaign__overdue=True, membership=bert
    )

    mind_reviews()
    mind_reviews()

    item.refresh_from_db()
    state = Membership.objects.get(pk=bert.pk).state
    if chosen_by == "the owner":
        assert (state, item.outcome) == ("suspended", "done")
    else:
        assert (state, item.outcome) == ("active", "hindered")
        assert "manages the team" in item.hindrance
        assert names(item) == ["review.hindered"]


@pytest.mark.rule(2)
def test_who_runs_reviews_without_managing_the_team_lets_silence_only_keep():
    account = BusinessAccountFactory()
    role = RoleFactory(account=account, held=["run_reviews", "view_account"])
    runner = MembershipFactory(account=account, role=role).person
    MembershipFactory(account=account)

    with pytest.raises(MissingPermission, match="manage the team"):
        actions.start_campaign(account=account, name="Mine", by=runner)
    with pytest.raises(MissingPermission, match="manage the team"):
        actions.change_schedule(account=account, every="year", by=runner)

    assert actions.start_campaign(account=account, name="Mine", silence="keep", by=runner).is_running


def test_in_a_freeze_silence_waits():
    item = ReviewItemFactory(campaign__overdue=True)
    teams.freeze(account=item.account, by=item.account.owner)

    mind_reviews()
    item.refresh_from_db()
    assert item.decision == ""
    teams.lift_freeze(account=item.account, by=item.account.owner)
    mind_reviews()

    assert Membership.objects.get(pk=item.membership_id).state == "suspended"


def test_before_the_deadline_silence_means_nothing():
    item = ReviewItemFactory()

    mind_reviews()
    actions.settle_silence(campaign=item.campaign, by=SYSTEM)

    item.refresh_from_db()
    assert item.decision == ""


def test_of_a_closed_account_nothing_is_minded():
    account = BusinessAccountFactory()
    item = ReviewItemFactory(campaign__account=account, campaign__overdue=True)
    ReviewScheduleFactory(account=account)
    CampaignFactory(account=account)
    teams.close_account(account=account, by=account.owner)

    mind_reviews()

    item.refresh_from_db()
    assert item.decision == ""
    assert not Campaign.objects.filter(scheduled=True).exists()

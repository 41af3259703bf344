"""Two at once in a review: what is done twice counts once."""

from accounts.errors import ChangedMeanwhile
from audit.models import Event
from reviews import actions
from reviews.models import Campaign, Item
from reviews.tasks import mind_reviews
from teams import actions as teams
from teams.models import Membership, Receipt, Role
from tests.factories import MembershipFactory, ReviewItemFactory, ReviewScheduleFactory
from tests.together import at_once, committed, one_behind_the_other


def test_of_two_reviewers_at_once_the_one_to_whom_it_was_given_decides(fresh_database):
    item = committed(ReviewItemFactory)
    anna = committed(lambda: MembershipFactory(account=item.account, holding="administrator"))
    owner = item.account.owner

    race = one_behind_the_other(
        lambda: actions.reassign(item=item, reviewer=anna, by=owner),
        lambda: actions.decide(item=item, decision="end", by=owner),
    )

    assert "reviews this access" in str(race.second)
    assert race.waited_for == "accounts_businessaccount"
    assert actions.decide(item=item, decision="keep", by=anna.person).decision == "keep"


def test_who_is_offboarded_while_one_decides_is_not_decided_on(fresh_database):
    item = committed(ReviewItemFactory)
    owner = item.account.owner

    race = one_behind_the_other(
        lambda: teams.offboard(membership=item.membership, by=owner, reason="Left"),
        lambda: actions.decide(item=item, decision="keep", by=owner),
    )

    assert isinstance(race.second, ChangedMeanwhile)


def test_a_role_that_changes_while_one_decides_is_looked_at_again(fresh_database):
    item = committed(ReviewItemFactory)
    owner = item.account.owner
    seen = f"{item.membership.role.pk}:{','.join(sorted(item.membership.role.permissions))}"

    race = one_behind_the_other(
        lambda: teams.change_role(membership=item.membership, role=Role.objects.built_in("finance"), by=owner),
        lambda: actions.decide(item=item, decision="keep", by=owner, seen=seen),
    )

    assert isinstance(race.second, ChangedMeanwhile)


def test_what_two_carry_out_at_once_is_done_once(fresh_database):
    item = committed(lambda: ReviewItemFactory(decision="end"))
    Item.objects.update(decided_by=item.account.owner)
    owner = item.account.owner

    at_once(*[lambda: actions.carry_out_all(campaign=item.campaign, by=owner)] * 2)

    assert Receipt.objects.count() == 1
    assert Item.objects.get().outcome == "done"
    assert Event.objects.filter(name="review.carried_out").count() == 1


def test_two_workers_at_once_start_settle_and_close_once(fresh_database):
    item = committed(lambda: ReviewItemFactory(campaign__overdue=True))
    committed(lambda: ReviewScheduleFactory(account=item.account))

    at_once(mind_reviews, mind_reviews)

    assert Campaign.objects.filter(scheduled=True).count() == 1
    assert Membership.objects.get(pk=item.membership_id).state == "suspended"
    wanted = ["member.suspended", "review.closed", "review.silence_settled", "review.started"]
    assert sorted(Event.objects.filter(result="done").values_list("name", flat=True)) == wanted


def test_of_two_who_close_at_once_one_writes_the_report(fresh_database):
    item = committed(lambda: ReviewItemFactory(decision="keep"))
    owner = item.account.owner

    outcomes = at_once(*[lambda: actions.close_campaign(campaign=item.campaign, by=owner)] * 2)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Campaign", "ChangedMeanwhile"]
    assert Event.objects.filter(name="review.closed", result="done").count() == 1

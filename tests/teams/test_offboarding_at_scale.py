"""Offboarding and bringing back over many accounts or people: as many statements for many as for few (rules 12, 13)."""

import datetime as dt
import re
from collections import Counter

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.errors import ChangedMeanwhile, MissingPermission, PolicyViolation
from accounts.models import OutgoingMail
from audit.models import Event
from audit.verification import verify
from logins.models import ChangeTask
from teams import actions
from teams.coverage import left_to_one, left_to_one_in_each
from teams.engagements import engagement_of, key_of
from teams.models import AssetGrant, Membership, Offboarding, Receipt
from tests.factories import (
    AccessRequestFactory,
    AssetFactory,
    BusinessAccountFactory,
    ImportFactory,
    InvitationFactory,
    KnowerFactory,
    MembershipFactory,
    OwnershipOfferFactory,
    PersonFactory,
    SharedLoginFactory,
    grant,
)

pytestmark = [pytest.mark.django_db, pytest.mark.rule(13)]


def busy_in(count, *, owner=None):
    """Return the memberships of one person in so many accounts of one owner, with all that offboarding ends."""
    owner, person = owner or PersonFactory(), PersonFactory()
    seats = [
        MembershipFactory(person=person, holding="administrator", account=BusinessAccountFactory(owner=owner))
        for _number in range(count)
    ]
    for seat in seats:
        here = {"account": seat.account}
        for _number in range(2):
            grant(seat, AssetFactory(**here), "run_ads", "view_analytics")
            InvitationFactory(**here, invited_by=person)
        InvitationFactory(**here, address=person.email)
        InvitationFactory(**here, sponsor=person)
        ImportFactory(**here, by=person, state="running")
        MembershipFactory(**here, sponsor=person)
        AccessRequestFactory(**here, membership=seat, wanted="finance")
        OwnershipOfferFactory(**here, person=person)
        KnowerFactory(login=SharedLoginFactory(**here), address=person.email)
    return seats


def end(seats, **given):
    by = given.pop("by", seats[0].account.owner)
    return actions.offboard(membership=seats[0], also=seats[1:], by=by, reason="Left", **given)


def statements_of(act):
    """Return how many statements an act sends, by kind and table."""
    with CaptureQueriesContext(connection) as asked:
        act()
    found = Counter()
    for query in asked:
        table = re.search(r'(?:FROM|INTO|UPDATE) "?(\w+)"?', query["sql"])
        found[query["sql"].split()[0], table and table[1]] += 1
    return found


def test_thirty_accounts_take_as_many_statements_as_three():
    few, many = busy_in(3), busy_in(30)

    assert statements_of(lambda: end(few)) == statements_of(lambda: end(many))


@pytest.mark.rule(12)
@pytest.mark.rule(16)
def test_each_account_has_its_event_its_receipt_and_nothing_left():
    seats = busy_in(5)
    person = seats[0].person

    end(seats)

    assert Receipt.objects.count() == 5
    for receipt in Receipt.objects.all():
        [event] = Event.objects.of(receipt.account)
        assert (event.name, event.number) == ("member.offboarded", receipt.event_number)
        assert event.parts["after"]["digest"] == receipt.digest
        assert event.parts["after"]["left"] == 0
        ended = receipt.statement["ended"]
        assert (len(ended["grants"]), ended["offers"], len(ended["others"])) == (4, 1, 7)
    assert {row.state for row in Membership.objects.filter(person=person)} == {"ended"}
    assert not AssetGrant.objects.filter(user=person).exists()
    assert ChangeTask.objects.count() == 5
    assert OutgoingMail.objects.filter(kind="login_exposed").count() == 5
    assert [verdict.broken for verdict in verify() if verdict.broken] == []


@pytest.mark.rule(2)
@pytest.mark.rule(3)
@pytest.mark.parametrize(
    ("last", "refusal"),
    [
        ("an account where the actor edits", MissingPermission),
        ("an account of somebody else, whose administrator the actor is", MissingPermission),
        ("the account that the person owns", PolicyViolation),
        ("a membership that ended meanwhile", ChangedMeanwhile),
        ("an account that was closed meanwhile", ChangedMeanwhile),
    ],
)
def test_one_account_that_refuses_keeps_all_of_them_as_they_are(last, refusal):
    seats = busy_in(3)
    owner, person = seats[0].account.owner, seats[0].person
    match last:
        case "an account where the actor edits":
            seats.append(MembershipFactory(person=person))
            MembershipFactory(person=owner, account=seats[-1].account)
        case "an account of somebody else, whose administrator the actor is":
            seats.append(MembershipFactory(person=person, holding="administrator"))
            MembershipFactory(person=owner, account=seats[-1].account, holding="administrator")
        case "the account that the person owns":
            account = BusinessAccountFactory(owner=person)
            MembershipFactory(person=owner, account=account, holding="administrator")
            seats.append(Membership.objects.get(account=account, person=person))
        case "a membership that ended meanwhile":
            seats.append(MembershipFactory(person=person, ended=True))
        case _:
            seats.append(MembershipFactory(person=person, account=BusinessAccountFactory(owner=owner)))
            actions.close_account(account=seats[-1].account, by=owner)

    with pytest.raises(refusal):
        end(seats, by=owner)

    assert not Offboarding.objects.exists()
    assert Membership.objects.current().filter(person=person).count() >= 3
    assert AssetGrant.objects.filter(user=person).count() == 12


def test_a_membership_that_is_named_twice_ends_once():
    seats = busy_in(2)

    act = end([*seats, seats[0]])

    assert act.receipts.count() == 2
    assert Event.objects.named("member.offboarded").count() == 2


# --- The pages that show it before they ask ---------------------------------------------------------------------------
FEW, MANY = 2, 6
FIRM = "Brightside"


def page(account, name, *args, post=None, **query):
    """Open a page of an account as its owner, or send its form."""
    client = Client()
    client.force_login(account.owner)
    url = reverse(name, args=[account.slug, *args])
    answer = client.get(url, query) if post is None else client.post(url, post)
    assert answer.status_code in {200, 302}, answer.content.decode()
    return answer


def asked_by(account, name, *args, **more):
    """Return the answer of a page, and how many statements it took, by kind and table."""
    answers = []
    page(account, name, *args)  # what is kept from the first time on, such as templates, counts for nobody
    return statements_of(lambda: answers.append(page(account, name, *args, **more))), answers[0]


def of_firm(count):
    """Return an account with so many people of one firm, each with grants and all else that ends, one an administrator."""
    account = BusinessAccountFactory(policy_and_seat={"outside_days": 90})
    anna = MembershipFactory(account=account, holding="administrator")
    for number in range(count):
        here, holding = {"account": account, "kind": "agency", "organisation": FIRM}, "analyst" if number else "editor"
        ends_at = timezone.now() + dt.timedelta(days=30)
        seat = MembershipFactory(**here, holding=holding, sponsor=anna.person, ends_at=ends_at)
        grant(seat, AssetFactory(account=account), "run_ads", "view_analytics")
        InvitationFactory(account=account, invited_by=seat.person)
        InvitationFactory(account=account, sponsor=seat.person)
        InvitationFactory(account=account, address=seat.person.email)
        ImportFactory(account=account, by=seat.person, state="running")
        AccessRequestFactory(account=account, membership=seat, wanted="finance")
        MembershipFactory(account=account, sponsor=seat.person)
        KnowerFactory(login=SharedLoginFactory(account=account), address=seat.person.email)
    return account


def end_firm(account):
    seen = engagement_of(account, key_of(FIRM)).fingerprint()
    return actions.end_engagement(account=account, key=key_of(FIRM), seen=seen, reason="Over", by=account.owner)


def test_what_would_end_is_shown_in_as_many_statements_for_many_accounts_as_for_few():
    (few, here), (many, there) = (
        asked_by(seats[0].account, "offboard_member", seats[0].pk, scope="all")
        for seats in (busy_in(FEW), busy_in(MANY))
    )

    assert few == many
    assert (len(here.context["previews"]), len(there.context["previews"])) == (FEW, MANY)
    for preview in there.context["previews"]:
        assert len(dict(preview["grants"])) == 2
        assert {label: len(things) for label, things in preview["others"]} == {
            "Open access requests": 1,
            "Left without anyone who answers for them": 1,
            "Invitations to the person": 1,
            "Invitations sent by the person": 2,
            "Invitations left without anyone who answers for them": 1,
            "Lists of people that the person is inviting": 1,
            "Shared logins known to the person": 1,
        }
        assert [row.person for row in preview["alone"]] == [preview["member"].account.owner]


def test_what_would_come_back_and_what_ended_together_is_shown_in_as_many_statements_for_many_accounts():
    receipts = [end(busy_in(count)).receipts.order_by("pk").first() for count in (FEW, MANY)]

    for name in ("bring_back", "receipt"):
        (few, here), (many, there) = (asked_by(receipt.account, name, receipt.pk) for receipt in receipts)
        assert few == many
        shown = "previews" if name == "bring_back" else "siblings"
        assert len(there.context[shown]) - len(here.context[shown]) == MANY - FEW


@pytest.mark.rule(12)
@pytest.mark.rule(16)
def test_many_accounts_are_brought_back_in_as_many_statements_as_few():
    acts = [end(busy_in(count)) for count in (FEW, MANY)]

    def back(act):
        first, *others = act.receipts.order_by("pk")
        return actions.bring_back(receipt=first, also=others, by=act.by)

    assert statements_of(lambda: back(acts[0])) == statements_of(lambda: back(acts[1]))

    for act in acts:
        for receipt in act.receipts.select_related("account"):
            member = Membership.objects.current().get(account=receipt.account, person=act.person)
            assert member.role == receipt.membership.role
            assert {row.permission.codename for row in member.asset_grants.all()} == {"run_ads", "view_analytics"}
            assert receipt.brought_back_by == act.by
            [event] = Event.objects.about(member).named("member.brought_back")
            assert event.parts["after"]["receipt"] == receipt.pk
            assert sum(len(codes) for codes in event.parts["after"]["grants"].values()) == 4
    assert [verdict.broken for verdict in verify() if verdict.broken] == []


def test_a_list_over_all_accounts_is_weighed_in_as_many_statements_for_many_people_as_for_few():
    owner, counts = PersonFactory(), []
    account = BusinessAccountFactory(owner=owner)
    seats = [MembershipFactory(account=account) for _number in range(MANY)]
    for seat in seats:
        MembershipFactory(person=seat.person, account=BusinessAccountFactory(owner=owner))
    for some in (seats[:FEW], seats):
        form = {"addresses": " ".join(row.person.email for row in some), "everywhere": "on", "reason": "Left"}
        count, answer = asked_by(account, "offboard_many", post=form)
        counts.append(count)
        assert [len(row.seats) for row in answer.context["rows"]] == [2] * len(some)

    assert counts[0] == counts[1]


@pytest.mark.parametrize("name", ["engagements", "engagement", "end_engagement", "set_engagement_end"])
def test_a_page_of_an_engagement_asks_as_much_for_many_people_as_for_few(name):
    accounts = [of_firm(count) for count in (FEW, MANY)]
    key = [] if name == "engagements" else [key_of(FIRM)]
    form = {"post": {"ends_at_span": "30"}} if name == "set_engagement_end" else {}

    (few, _here), (many, there) = (asked_by(account, name, *key, **form) for account in accounts)

    assert few == many
    if name == "end_engagement":
        for preview in there.context["previews"]:
            assert sum(len(things) for _label, things in preview["others"]) == 7
            assert len(dict(preview["grants"])) == 1
    if name == "set_engagement_end":
        assert there.context["changing"] == MANY


def test_a_later_end_for_all_is_weighed_in_as_many_statements_for_many_people_as_for_few():
    accounts = [of_firm(count) for count in (FEW, MANY)]
    soon = timezone.now() + dt.timedelta(days=2)
    Membership.objects.filter(organisation=FIRM).update(ends_at=soon)
    form = {"post": {"ends_at_span": "30"}}

    (few, _here), (many, there) = (
        asked_by(account, "set_engagement_end", key_of(FIRM), **form) for account in accounts
    )

    assert few == many
    assert there.context["changing"] == MANY


@pytest.mark.rule(12)
def test_the_people_of_an_engagement_come_back_in_as_many_statements_for_many_as_for_few():
    acts = [end_firm(of_firm(count)) for count in (FEW, MANY)]
    (few, _here), (many, there) = (asked_by(act.account, "bring_engagement_back", act.pk) for act in acts)

    assert few == many
    assert len(there.context["previews"]) == MANY

    def back(act):
        return actions.bring_engagement_back(engagement=act, members=list(act.members.all()), by=act.account.owner)

    assert statements_of(lambda: back(acts[0])) == statements_of(lambda: back(acts[1]))
    [event] = Event.objects.of(acts[1].account).named("engagement.brought_back")
    assert [len(row["grants"]) for row in event.parts["after"]["people"]] == [1] * MANY
    assert Membership.objects.current().filter(account=acts[1].account, organisation=FIRM).count() == MANY
    assert OutgoingMail.objects.filter(kind="engagement_back", account=acts[1].account).count() == MANY


# --- What is read together is weighed apart ---------------------------------------------------------------------------
def test_what_hangs_on_one_person_is_told_of_each_account_by_itself():
    seats = [MembershipFactory(holding=holding) for holding in ("finance", "editor", "auditor")]
    for seat in seats:
        other = MembershipFactory(account=seat.account, holding="moderator")
        grant(other, AssetFactory(account=seat.account), "draft_content")
    MembershipFactory(account=seats[0].account, holding="finance")

    assert left_to_one_in_each(seats) == {seat.account_id: left_to_one(seat.account, without=seat) for seat in seats}


@pytest.mark.rule(5)
def test_the_people_of_an_engagement_take_no_more_seats_than_there_are():
    account = BusinessAccountFactory(policy_and_seat={"most_administrators": 2})
    for _number in range(2):
        MembershipFactory(account=account, holding="administrator", kind="agency", organisation=FIRM)
    act = end_firm(account)
    MembershipFactory(account=account, holding="administrator")

    shown = page(account, "bring_engagement_back", act.pk).context
    with pytest.raises(PolicyViolation):
        actions.bring_engagement_back(engagement=act, members=list(act.members.all()), by=account.owner)

    assert (len(shown["previews"]), len(shown["staying"])) == (1, 1)
    assert "that many" in shown["staying"][0]["hindrance"]
    assert not Membership.objects.current().filter(account=account, organisation=FIRM).exists()
    chosen = list(Membership.objects.filter(pk__in=shown["form"].initial["members"]))
    actions.bring_engagement_back(engagement=act, members=chosen, by=account.owner)
    assert Membership.objects.current().filter(account=account, organisation=FIRM).count() == 1


@pytest.mark.rule(2)
@pytest.mark.rule(4)
def test_what_lies_in_another_account_gives_and_takes_nothing_in_this_one():
    """A role, an asset, a seat and a sponsor of the other account, which are read together with this one's."""
    owner = PersonFactory()
    here, there = (
        BusinessAccountFactory(owner=owner, policy_and_seat={"most_administrators": limit}) for limit in (1, 5)
    )
    person = PersonFactory()
    seats = [MembershipFactory(account=account, person=person, holding="administrator") for account in (here, there)]
    foreign = AssetFactory(account=there)
    act = end(seats, by=owner)
    first, second = act.receipts.order_by("account_id")
    first.statement["ended"]["grants"] = [
        {"asset": foreign.pk, "name": foreign.name, "code": "run_ads", "ends_at": None}
    ]
    first.save(update_fields=["statement"])
    sponsor = MembershipFactory(account=there).person
    Membership.objects.filter(pk=seats[0].pk).update(sponsor=sponsor)

    back = actions.bring_back(receipt=first, also=[second], by=owner)

    in_here = next(member for member in back if member.account_id == here.pk)
    assert not in_here.asset_grants.exists()
    assert in_here.sponsor is None
    again = end([in_here, next(member for member in back if member.account_id == there.pk)], by=owner)
    MembershipFactory(account=here, holding="administrator")
    first, second = again.receipts.order_by("account_id")
    with pytest.raises(PolicyViolation):
        actions.bring_back(receipt=second, also=[first], by=owner)
    assert not Membership.objects.current().filter(person=person).exists()

"""Offboarding over many accounts: as many statements for thirty as for three (rules 12, 13)."""

import re
from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.errors import ChangedMeanwhile, MissingPermission, PolicyViolation
from accounts.models import OutgoingMail
from audit.models import Event
from audit.verification import verify
from logins.models import ChangeTask
from teams import actions
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

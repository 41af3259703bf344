"""Claims of the ownership that race, on real connections; and the application's own role against the wait."""

import datetime as dt

import psycopg2
import pytest
from django.utils import timezone

from accounts.errors import ChangedMeanwhile, MissingPermission, PolicyViolation
from accounts.models import BusinessAccount
from audit.models import Event
from teams import actions
from teams.models import OwnershipClaim
from tests.factories import BusinessAccountFactory, OwnershipClaimFactory, OwnershipOfferFactory, claimant_in
from tests.together import at_once, committed, one_behind_the_other

pytestmark = [pytest.mark.rule(3), pytest.mark.rule(12)]


def owner(account):
    return BusinessAccount.objects.get(pk=account.pk).owner


def names():
    return [event.name for event in Event.objects.order_by("pk")]


def test_of_two_claims_at_once_one_stands(fresh_database):
    account = committed(BusinessAccountFactory)
    people = [committed(lambda: claimant_in(account)).person for _number in range(2)]

    def claim(person):
        return lambda: actions.claim_ownership(
            account=account, reason="Gone since June", shown_at=timezone.now(), by=person
        )

    outcomes = at_once(*map(claim, people))

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["OwnershipClaim", "PolicyViolation"]
    assert OwnershipClaim.objects.count() == 1
    assert names() == ["ownership.claimed"]


def test_a_refusal_that_comes_first_stops_the_taking_over_that_waits_behind_it(fresh_database):
    claim = committed(lambda: OwnershipClaimFactory(days=15))
    olga = claim.account.owner

    race = one_behind_the_other(
        lambda: actions.refuse_claim(claim=claim, by=olga),
        lambda: actions.carry_out_claim(claim=claim, shown_at=timezone.now(), by=claim.person),
    )

    assert race.waited_for == "accounts_businessaccount"
    assert isinstance(race.second, ChangedMeanwhile)
    assert owner(claim.account) == olga
    assert names() == ["ownership.claim_refused"]


def test_a_refusal_that_waits_behind_the_taking_over_comes_too_late(fresh_database):
    claim = committed(lambda: OwnershipClaimFactory(days=15))
    olga = claim.account.owner

    race = one_behind_the_other(
        lambda: actions.carry_out_claim(claim=claim, shown_at=timezone.now(), by=claim.person),
        lambda: actions.refuse_claim(claim=claim, by=olga),
    )

    assert race.waited_for == "accounts_businessaccount"
    assert isinstance(race.second, MissingPermission)
    assert owner(claim.account) == claim.person
    assert names() == ["ownership.claim_carried_out"]


@pytest.mark.requirement("AZ7")
def test_a_transfer_and_a_taking_over_at_once_leave_one_owner(fresh_database):
    claim = committed(lambda: OwnershipClaimFactory(days=15))
    offer = committed(lambda: OwnershipOfferFactory(account=claim.account))

    outcomes = at_once(
        lambda: actions.accept_ownership(offer=offer, by=offer.person),
        lambda: actions.carry_out_claim(claim=claim, shown_at=timezone.now(), by=claim.person),
    )

    assert sum(isinstance(outcome, BusinessAccount) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, (ChangedMeanwhile, PolicyViolation)) for outcome in outcomes) == 1
    assert owner(claim.account) in {claim.person, offer.person}
    assert len(names()) == 1


def test_two_reminders_at_once_send_one(fresh_database):
    committed(lambda: OwnershipClaimFactory(days=8))

    assert sorted(at_once(actions.mind_claims, actions.mind_claims)) == [0, 1]
    assert names() == ["ownership.claim_reminded"]


SHORTER = (
    "UPDATE teams_ownershipclaim SET ripe_at = now() - interval '1 minute', claimed_at = now() - interval '9 days'"
)


@pytest.mark.parametrize(
    "statement",
    [
        SHORTER,
        "UPDATE teams_ownershipclaim SET recorded_at = now() - interval '30 days'",
        "UPDATE teams_ownershipclaim SET state = 'carried_out', answered_at = now()",
        "ALTER TABLE teams_ownershipclaim DISABLE TRIGGER claim_keeps_its_time",
        "DROP TRIGGER claim_keeps_its_time ON teams_ownershipclaim",
        "ALTER TABLE teams_ownershipclaim DROP CONSTRAINT claim_waits",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION teams_claim_keeps_its_time() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    ],
)
def test_with_the_rights_of_web_and_worker_nobody_shortens_the_wait(as_app_role, statement):
    claim = committed(OwnershipClaimFactory)

    with as_app_role.cursor() as cursor, pytest.raises(psycopg2.Error):
        cursor.execute(statement)

    claim.refresh_from_db()
    assert claim.state == "open"
    assert claim.ripe_at - claim.claimed_at == dt.timedelta(days=14)

"""Who loses their power while an act of theirs waits for the lock does not act any more (rule 12, AZ8)."""

import pytest

from accounts import actions as accounts
from accounts.errors import ChangedMeanwhile, MissingPermission
from accounts.models import BusinessAccount, Person
from audit.models import Event
from audit.recording import Refused
from invitations import actions as invitations
from invitations.errors import OfferLostItsGround
from teams import actions as teams
from teams.models import Membership
from tests.factories import MembershipFactory, OwnershipOfferFactory
from tests.house.test_every_act import ACTS, FREE, ONESELF, House
from tests.together import Race, committed, one_behind_the_other

pytestmark = [pytest.mark.rule(12), pytest.mark.requirement("AZ8")]

# What the owner alone may do: the owner loses it by handing the account over.
OWNERS_OWN = [
    accounts.upgrade, teams.close_account, teams.offer_ownership, teams.name_successor, teams.drop_successor,
]  # fmt: skip
# Acts on an offer or a claim, which ends or loses its ground together with somebody's power.
ON_AN_OFFER = {
    invitations.accept, teams.withdraw_offer, teams.accept_ownership, teams.decline_ownership, teams.refuse_claim,
}  # fmt: skip
OF_STAFF = {accounts.look_into, accounts.send_password_mail}  # who are no members of the account
OF_ADMINISTRATORS = [act for act in ACTS if act not in {*FREE, *ONESELF, *OWNERS_OWN, *ON_AN_OFFER, *OF_STAFF}]


def waited_and_was_refused(race: Race) -> Refused:
    """Demand that the first went well, and that the second waited for the account; return why it was refused."""
    assert not isinstance(race.first, Exception), race.first
    assert race.waited_for == "accounts_businessaccount"
    assert isinstance(race.second, Refused), race.second
    return race.second


@pytest.mark.parametrize("act", OF_ADMINISTRATORS, ids=lambda act: act.__name__)
def test_an_administrator_who_is_suspended_while_an_act_waits_does_not_act_any_more(fresh_database, act):
    house = committed(House)
    anna = committed(lambda: house.member(holding="administrator"))
    given = {**committed(lambda: ACTS[act](house)), "by": Person.objects.get(pk=anna.person_id)}
    assert given["by"].has_perm("manage_team", house.account)  # as the page remembers it
    known = Event.objects.count()

    race = one_behind_the_other(lambda: teams.suspend(membership=anna, by=house.olga), lambda: act(**given))

    assert isinstance(waited_and_was_refused(race), MissingPermission)
    assert [event.name for event in Event.objects.order_by("pk")[known:]] == ["member.suspended"]


@pytest.mark.parametrize("act", OWNERS_OWN, ids=lambda act: act.__name__)
def test_an_owner_who_hands_the_account_over_while_an_act_waits_does_not_act_any_more(fresh_database, act):
    house = committed(House)
    given = committed(lambda: ACTS[act](house))
    account = given["account"]
    anna = committed(lambda: MembershipFactory(account=account, holding="administrator")).person
    offer = committed(lambda: OwnershipOfferFactory(account=account, person=anna))
    assert given["by"].has_perm("own_account", account)  # as the page remembers it

    race = one_behind_the_other(lambda: teams.accept_ownership(offer=offer, by=anna), lambda: act(**given))

    assert isinstance(waited_and_was_refused(race), MissingPermission)
    assert BusinessAccount.objects.get(pk=account.pk).owner == anna
    assert [event.name for event in Event.objects.all()] == ["ownership.accepted"]


def test_an_offer_that_is_accepted_while_its_withdrawal_waits_stays_accepted(fresh_database):
    house = committed(House)
    offer = committed(lambda: OwnershipOfferFactory(account=house.account))

    race = one_behind_the_other(
        lambda: teams.accept_ownership(offer=offer, by=offer.person),
        lambda: teams.withdraw_offer(offer=offer, by=house.olga),
    )

    assert isinstance(waited_and_was_refused(race), ChangedMeanwhile)
    assert BusinessAccount.objects.get(pk=house.account.pk).owner == offer.person


@pytest.mark.parametrize("act", [teams.accept_ownership, teams.decline_ownership], ids=lambda act: act.__name__)
def test_who_is_suspended_while_the_answer_to_an_offer_waits_does_not_answer_any_more(fresh_database, act):
    house = committed(House)
    anna = committed(lambda: house.member(holding="administrator"))
    offer = committed(lambda: OwnershipOfferFactory(account=house.account, person=anna.person))
    assert offer.person.has_perm("view_account", house.account)  # as the page remembers it

    race = one_behind_the_other(
        lambda: teams.suspend(membership=anna, by=house.olga), lambda: act(offer=offer, by=offer.person)
    )

    assert isinstance(waited_and_was_refused(race), MissingPermission)
    assert BusinessAccount.objects.get(pk=house.account.pk).owner == house.olga
    offer.refresh_from_db()
    assert offer.state == "open"


@pytest.mark.rule(9)
def test_nobody_joins_by_an_inviter_who_is_suspended_while_the_acceptance_waits(fresh_database):
    house = committed(House)
    anna = committed(lambda: house.member(holding="administrator"))
    given = committed(lambda: house.invited(invited_by=anna.person))
    assert anna.person.has_perm("manage_team", house.account)  # as the page remembers it

    race = one_behind_the_other(
        lambda: teams.suspend(membership=anna, by=house.olga), lambda: invitations.accept(**given)
    )

    assert isinstance(waited_and_was_refused(race), OfferLostItsGround)
    assert not Membership.objects.filter(person=given["by"]).exists()

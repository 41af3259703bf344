"""The transfer of ownership: whom it can be offered to, what the mail says, and what stops it (rules 3, 5, 10, 12)."""

import re

import pytest
from django.urls import reverse

from accounts import actions as outbox
from accounts.models import BusinessAccount, OutgoingMail, Person, SecurityPolicy
from audit.models import Event
from teams import actions
from teams.models import Membership, OwnershipOffer, Role
from tests.factories import AssetFactory, BusinessAccountFactory, MembershipFactory, OwnershipOfferFactory, grant

pytestmark = [pytest.mark.django_db, pytest.mark.rule(3)]


def url(name, account, *things):
    return reverse(name, args=[account.slug, *(thing.pk for thing in things)])


def answer(client, offer, word):
    return client.post(reverse("answer_ownership", args=[offer.account.slug, offer.pk, word]))


def page(client, address):
    return client.get(address).content.decode()


@pytest.mark.parametrize("given", [{"suspended": True}, {"ended": True}])
def test_only_an_active_member_can_be_chosen(client, given):
    account = BusinessAccountFactory()
    eddie, stella = MembershipFactory(account=account, **given), MembershipFactory()
    client.force_login(account.owner)

    for choice in (eddie.pk, stella.pk, Membership.objects.get(person=account.owner).pk, "x", "", "9" * 40, "\x00"):
        assert client.post(url("ownership", account), {"membership": choice}).status_code == 422
    assert not OwnershipOffer.objects.exists()


@pytest.mark.parametrize("holding", ["administrator", "finance", "editor"])
def test_only_the_owner_offers_and_withdraws(client, holding):
    offer = OwnershipOfferFactory()
    anna = MembershipFactory(account=offer.account, holding=holding)
    client.force_login(anna.person)

    answers = [
        client.post(url("ownership", offer.account), {"membership": anna.pk}),
        client.post(url("withdraw_ownership", offer.account, offer)),
    ]

    assert [response.status_code for response in answers] == [403, 403]
    assert OwnershipOffer.objects.get().state == "open"


def test_a_second_offer_waits_for_the_first_to_be_withdrawn(client):
    offer = OwnershipOfferFactory()
    eddie = MembershipFactory(account=offer.account)
    client.force_login(offer.account.owner)

    refused = client.post(url("ownership", offer.account), {"membership": eddie.pk})
    client.post(url("withdraw_ownership", offer.account, offer))
    again = client.post(url("withdraw_ownership", offer.account, offer))
    offered = client.post(url("ownership", offer.account), {"membership": eddie.pk})

    assert refused.status_code == 422
    assert "Withdraw that offer first" in refused.content.decode()
    assert again.status_code == 409
    assert offered.status_code == 302
    assert OwnershipOffer.objects.open().get().person == eddie.person


@pytest.mark.rule(10)
def test_the_mail_leads_to_the_offer_and_is_not_sent_for_one_that_is_withdrawn(mailoutbox, settings):
    account = BusinessAccountFactory(name="North\r\nBcc: all@example.com <b>wind</b> \u202e")
    eddie = MembershipFactory(account=account)
    offer = actions.offer_ownership(account=account, membership=eddie, by=account.owner)
    mail = OutgoingMail.objects.get(about_kind="ownershipoffer", about_id=offer.pk)

    outbox.deliver(mail_id=mail.pk)
    actions.withdraw_offer(offer=offer, by=account.owner)
    second = actions.offer_ownership(account=account, membership=eddie, by=account.owner)
    late = OutgoingMail.objects.get(about_kind="ownershipoffer", about_id=second.pk)
    actions.withdraw_offer(offer=second, by=account.owner)
    outbox.deliver(mail_id=late.pk)

    (sent,) = mailoutbox
    html = sent.alternatives[0][0]
    link = f"{settings.SITE_URL}{url('ownership_offer', account, offer)}"
    assert sent.to == [eddie.person.email]
    assert "\n" not in sent.subject
    assert "\u202e" not in sent.subject
    assert link in sent.body
    assert link in html
    assert "<b>wind" not in html
    assert OutgoingMail.objects.get(pk=late.pk).state == "dropped"


def test_who_declines_leaves_all_as_it_was(client):
    offer = OwnershipOfferFactory()
    client.force_login(offer.person)

    declined, accepted = answer(client, offer, "decline"), answer(client, offer, "accept")

    assert (declined.status_code, accepted.status_code) == (302, 409)
    assert BusinessAccount.objects.get(pk=offer.account_id).owner == offer.offered_by
    assert "not open any more" in page(client, url("ownership_offer", offer.account, offer))
    told = Event.objects.about(offer).values_list("name", "result")
    assert list(told) == [("ownership.declined", "done"), ("ownership.accepted", "refused")]


def test_looking_at_the_offer_and_at_its_answers_changes_nothing(client):
    offer = OwnershipOfferFactory()
    client.force_login(offer.person)

    client.get(url("ownership_offer", offer.account, offer))
    for word in ("accept", "decline"):
        assert client.get(reverse("answer_ownership", args=[offer.account.slug, offer.pk, word])).status_code == 405

    assert OwnershipOffer.objects.get().state == "open"
    assert answer(client, offer, "perhaps").status_code == 404


def test_the_new_owner_holds_everything_by_the_role_and_the_former_one_administers(client):
    offer = OwnershipOfferFactory()
    seat = Membership.objects.get(account=offer.account, person=offer.person)
    grant(seat, AssetFactory(account=offer.account), "run_ads")
    client.force_login(offer.person)

    answer(client, offer, "accept")
    client.force_login(offer.offered_by)

    seat.refresh_from_db()
    assert (seat.role.code, seat.asset_grants.count()) == ("owner", 0)
    assert client.get(url("ownership", offer.account)).status_code == 403
    assert client.get(url("team", offer.account)).status_code == 200


@pytest.mark.rule(5)
def test_without_a_seat_for_the_former_owner_nothing_moves(client):
    account = BusinessAccountFactory(policy_and_seat={"most_administrators": 1})
    MembershipFactory(account=account, holding="administrator")
    offer = OwnershipOfferFactory(account=account)
    client.force_login(offer.person)

    refused = answer(client, offer, "accept")

    assert refused.status_code == 422
    assert "This account may have 1 administrator" in refused.content.decode()
    assert BusinessAccount.objects.get(pk=account.pk).owner == offer.offered_by
    assert OwnershipOffer.objects.get().state == "open"


@pytest.mark.rule(14)
@pytest.mark.parametrize("act", [actions.suspend, actions.offboard])
def test_who_lost_the_access_meanwhile_does_not_take_over(client, act):
    offer = OwnershipOfferFactory()
    seat = Membership.objects.get(account=offer.account, person=offer.person)
    client.force_login(offer.person)
    act(membership=seat, by=offer.offered_by, reason="Left")
    client.force_login(Person.objects.get(pk=offer.person_id))

    response = answer(client, offer, "accept")

    assert response.status_code == 403
    assert BusinessAccount.objects.get(pk=offer.account_id).owner == offer.offered_by


def test_who_would_be_shut_out_as_owner_is_told_before_accepting(client):
    demands = {"second_factor": SecurityPolicy.SecondFactor.ADMINISTRATORS}
    offer = OwnershipOfferFactory(account=BusinessAccountFactory(policy_and_seat=demands))
    client.force_login(offer.person)

    shown = page(client, url("ownership_offer", offer.account, offer))

    assert "Set up a second factor first" in shown
    assert reverse("mfa_index") in shown


def test_a_large_team_is_searched_and_every_member_can_be_chosen(client, monkeypatch):
    monkeypatch.setattr("teams.forms.ownership.MOST_CHOICES", 3)
    monkeypatch.setattr("teams.views.ownership.MOST_CHOICES", 3)
    account = BusinessAccountFactory()
    for number in range(5):
        MembershipFactory(account=account, person__name=f"Member {number}")
    last = MembershipFactory(account=account, person__name="Zoe")
    client.force_login(account.owner)

    def choices(query=""):
        return re.findall(r'<option value="\d+">([^·<]+)', page(client, url("ownership", account) + query))

    assert [name.strip() for name in choices()] == ["Member 0", "Member 1", "Member 2"]
    assert [name.strip() for name in choices("?q=zoe")] == ["Zoe"]
    assert choices("?q=%00zzz") == []
    assert client.post(url("ownership", account), {"membership": last.pk}).status_code == 302


def test_the_owners_role_is_never_given_by_a_change_of_role(client):
    eddie = MembershipFactory()
    client.force_login(eddie.account.owner)

    response = client.post(url("change_role", eddie.account, eddie), {"role": "owner"})

    assert response.status_code == 422
    assert "Ownership moves by a transfer only" in response.content.decode()
    assert Membership.objects.filter(account=eddie.account).in_role(Role.objects.built_in("owner")).count() == 1

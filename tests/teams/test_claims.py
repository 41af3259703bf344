"""When the owner is gone: who may claim, how long it waits, who stops it, and that nobody shortens it (rules 3, 12)."""

import datetime as dt
import re
import time

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.errors import ChangedMeanwhile, MissingPermission, PolicyViolation
from accounts.models import BusinessAccount, OutgoingMail, Person, SecurityPolicy
from audit.models import Event
from audit.recording import SYSTEM
from teams import actions
from teams.models import Membership, OwnershipClaim, OwnershipOffer, Succession
from tests.factories import (
    PASSWORD,
    POLICY_FORM,
    TOTP_SECRET,
    BusinessAccountFactory,
    MembershipFactory,
    OwnershipClaimFactory,
    OwnershipOfferFactory,
    PersonFactory,
    aged,
    claimant_in,
    named_as_successor,
    owner_of,
)
from tests.post import the_post_goes_out
from tests.showing import code_of
from tests.written import written

pytestmark = [pytest.mark.django_db, pytest.mark.rule(3)]
REASON = {"reason": "Nobody has heard of her since June"}
DAY = dt.timedelta(days=1)


def url(name, account, *things):
    return reverse(name, args=[account.slug, *(thing.pk for thing in things)])


def page(client, address):
    return client.get(address).content.decode()


def shows_factor(client, person, *, ago):
    """What the sign-in library keeps in the session of who has shown a second factor."""
    session = client.session
    session["account_authentication_methods_user"] = str(person.pk)
    session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": time.time() - ago}]
    session.save()


def signed_in(person, *, shown_ago=0.0):
    client = Client()
    client.force_login(person)
    if shown_ago is not None:
        shows_factor(client, person, ago=shown_ago)
    return client


def owner(account):
    return BusinessAccount.objects.get(pk=account.pk).owner


def log():
    return Event.objects.exclude(name="person.signed_in")


def told(kind, claim=None):
    rows = OutgoingMail.objects.filter(kind=kind)
    return sorted((rows.filter(about_id=claim.pk) if claim else rows).values_list("address", flat=True))


# --- Who may claim ----------------------------------------------------------------------------------------------------
def test_an_administrator_claims_and_everybody_concerned_is_told():
    account = BusinessAccountFactory()
    EmailAddress.objects.create(user=account.owner, email="private@example.com", verified=True)
    EmailAddress.objects.create(user=account.owner, email="unproven@example.com", verified=False)
    anna, other = claimant_in(account), MembershipFactory(account=account, holding="administrator")
    MembershipFactory(account=account)

    response = signed_in(anna.person).post(url("claim_ownership", account), REASON)

    claim = OwnershipClaim.objects.get()
    assert response.headers["Location"] == url("ownership_claim", account, claim)
    assert claim.ripe_at - claim.claimed_at == 14 * DAY
    assert told("claim") == sorted([account.owner.email, "private@example.com"])
    assert told("claim_told") == sorted([anna.person.email, other.person.email])
    assert owner(account) == account.owner
    event = Event.objects.about(claim).get()
    assert (event.name, event.result, event.about_id) == ("ownership.claimed", "done", anna.person_id)
    assert event.parts["reason"] == REASON["reason"]


@pytest.mark.parametrize("holding", ["editor", "moderator", "analyst", "finance", "auditor", "member"])
def test_who_does_not_manage_the_team_claims_nothing(holding):
    member = claimant_in(BusinessAccountFactory(), holding=holding)
    client = signed_in(member.person)

    answers = [client.post(url(name, member.account), REASON) for name in ("claim_ownership", "claim_as_successor")]

    assert [response.status_code for response in answers] == [403, 404]
    assert not OwnershipClaim.objects.exists()


@pytest.mark.parametrize("staff", [False, True])
@pytest.mark.rule(4)
def test_a_stranger_and_the_platforms_staff_have_no_way(staff):
    claim = OwnershipClaimFactory(days=15)
    person = PersonFactory(is_staff=staff, is_superuser=staff)
    claimant_in(BusinessAccountFactory(), person=person)
    client = signed_in(person)

    answers = [
        client.post(url("claim_ownership", claim.account), REASON),
        client.post(url("claim_as_successor", claim.account), REASON),
        *(
            client.post(url(name, claim.account, claim))
            for name in ("refuse_claim", "withdraw_claim", "carry_out_claim")
        ),
        client.get(url("ownership_claim", claim.account, claim)),
    ]

    assert {response.status_code for response in answers} == {404}
    assert OwnershipClaim.objects.get().state == "open"


def test_without_a_second_factor_nobody_claims_and_the_page_leads_to_one():
    anna = MembershipFactory(holding="administrator", joined_at=timezone.now() - 60 * DAY)
    client = signed_in(anna.person)

    response = client.post(url("claim_ownership", anna.account), REASON)

    assert response.status_code == 422
    assert reverse("mfa_index") in page(client, url("claim_ownership", anna.account))
    assert not OwnershipClaim.objects.exists()


@pytest.mark.parametrize("ago", [None, 301, 3600, -60])
def test_a_second_factor_that_was_not_shown_just_now_does_not_count(ago):
    anna = claimant_in(BusinessAccountFactory())
    client = signed_in(anna.person, shown_ago=ago)

    response = client.post(url("claim_ownership", anna.account), REASON)

    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("mfa_reauthenticate"))
    assert not OwnershipClaim.objects.exists()
    shown = None if ago is None else timezone.now() - dt.timedelta(seconds=ago)
    with pytest.raises(PolicyViolation, match="Confirm with your second factor first"):
        actions.claim_ownership(account=anna.account, reason="Gone", shown_at=shown, by=anna.person)


def test_a_password_alone_is_not_the_second_factor():
    anna = claimant_in(BusinessAccountFactory())
    client = signed_in(anna.person, shown_ago=None)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    response = client.post(url("claim_ownership", anna.account), REASON)

    assert response.headers["Location"].startswith(reverse("mfa_reauthenticate"))
    assert not OwnershipClaim.objects.exists()


def test_the_page_leads_to_the_second_factor_and_back_to_the_form():
    anna = claimant_in(BusinessAccountFactory())
    client, address = signed_in(anna.person, shown_ago=None), url("claim_ownership", anna.account)
    link = re.search(r'href="([^"]*reauthenticate[^"]*)"', page(client, address))[1].replace("&amp;", "&")
    code = code_of(TOTP_SECRET)
    before = page(client, address)
    back = client.post(link, {"code": code, "next": address})

    assert 'name="reason"' not in before
    assert back.headers["Location"] == address
    assert 'name="reason"' in page(client, address)
    assert client.post(address, REASON).status_code == 302


def test_who_came_a_few_days_ago_claims_nothing():
    anna = claimant_in(BusinessAccountFactory(), joined_at=timezone.now() - 6 * DAY)

    response = signed_in(anna.person).post(url("claim_ownership", anna.account), REASON)

    assert response.status_code == 422
    assert "in the account for 7 days" in response.content.decode()


def test_the_owner_claims_nothing():
    account = BusinessAccountFactory()
    claimant_in(account)
    client = signed_in(account.owner)

    assert client.get(url("claim_ownership", account)).status_code == 200
    assert client.post(url("claim_ownership", account), REASON).status_code == 422


@pytest.mark.parametrize(
    "reason", ["", "  ", "gone", "x" * 501, "\x00" * 30, ["Nobody has heard of her", "since June"]]
)
def test_a_reason_is_asked_for_in_some_words(reason):
    anna = claimant_in(BusinessAccountFactory())

    response = signed_in(anna.person).post(url("claim_ownership", anna.account), {"reason": reason})

    assert response.status_code == 422
    assert not OwnershipClaim.objects.exists()


def test_one_claim_at_a_time_and_who_was_refused_waits():
    claim = OwnershipClaimFactory()
    account, other = claim.account, claimant_in(claim.account)
    second = signed_in(other.person).post(url("claim_ownership", account), REASON)
    signed_in(account.owner).post(url("refuse_claim", account, claim))
    again = signed_in(claim.person).post(url("claim_ownership", account), REASON)
    by_other = signed_in(other.person).post(url("claim_ownership", account), REASON)

    assert (second.status_code, again.status_code, by_other.status_code) == (422, 422, 302)
    assert "refused your claim" in again.content.decode()


def test_looking_changes_nothing():
    claim = OwnershipClaimFactory(days=15)
    mine, hers = signed_in(claim.person), signed_in(claim.account.owner)

    for name in ("carry_out_claim", "withdraw_claim", "ownership_claim"):
        assert mine.get(url(name, claim.account, claim)).status_code == 200
    assert hers.get(url("refuse_claim", claim.account, claim)).status_code == 200

    assert OwnershipClaim.objects.get().state == "open"
    assert owner(claim.account) == claim.account.owner
    assert not log().exists()


# --- The wait ---------------------------------------------------------------------------------------------------------
def test_the_wait_is_the_policys_at_the_moment_of_the_claim_and_no_later_policy_changes_it():
    account = BusinessAccountFactory(policy_and_seat={"claim_days": 30})
    anna = claimant_in(account)
    signed_in(anna.person).post(url("claim_ownership", account), REASON)
    actions.change_policy(account=account, by=account.owner, claim_days=3)

    claim = OwnershipClaim.objects.get()
    assert claim.ripe_at - claim.claimed_at == 30 * DAY


@pytest.mark.rule(2)
def test_only_the_owner_shortens_the_wait_so_that_nobody_does_it_before_claiming():
    anna = claimant_in(BusinessAccountFactory())
    client = signed_in(anna.person)

    shorter = client.post(url("security_policy", anna.account), {**POLICY_FORM, "claim_days": 13})
    longer = client.post(url("security_policy", anna.account), {**POLICY_FORM, "claim_days": 20})
    too_short = signed_in(anna.account.owner).post(
        url("security_policy", anna.account), {**POLICY_FORM, "claim_days": 2}
    )
    by_owner = signed_in(anna.account.owner).post(
        url("security_policy", anna.account), {**POLICY_FORM, "claim_days": 3}
    )

    statuses = [response.status_code for response in (shorter, longer, too_short, by_owner)]
    assert statuses == [403, 302, 422, 302]
    assert "Only the owner can shorten" in shorter.content.decode()
    assert SecurityPolicy.objects.get(account=anna.account).claim_days == 3


@pytest.mark.parametrize(
    "change",
    [
        {"ripe_at": timezone.now() - dt.timedelta(minutes=1), "claimed_at": timezone.now() - 15 * DAY},
        {"ripe_at": timezone.now() + 3 * DAY},
        {"ripe_at": timezone.now() + 300 * DAY},
        {"recorded_at": timezone.now() - 30 * DAY},
        {"as_successor": True},
        {"state": "carried_out", "answered_at": timezone.now()},
    ],
)
def test_the_database_refuses_to_shorten_or_skip_the_wait(change):
    claim = OwnershipClaimFactory()

    with pytest.raises(IntegrityError, match="claim"), transaction.atomic():  # noqa: TID251  # a savepoint
        OwnershipClaim.objects.filter(pk=claim.pk).update(**change)


def test_a_claim_that_is_written_as_if_it_were_old_waits_all_the_same():
    """Somebody with the application's own rights on the tables writes a row of two weeks ago."""
    anna = claimant_in(BusinessAccountFactory())
    long_ago = timezone.now() - 15 * DAY
    claim = OwnershipClaim.objects.create(
        account=anna.account, person=anna.person, reason="x", claimed_at=long_ago, ripe_at=long_ago + 14 * DAY,
        recorded_at=long_ago,
    )  # fmt: skip

    refused = signed_in(anna.person).post(url("carry_out_claim", anna.account, claim))

    assert refused.status_code == 422
    assert "The waiting time is not over yet" in refused.content.decode()
    assert owner(anna.account) == anna.account.owner


def test_a_claim_that_ended_is_not_opened_again_and_none_begins_ended():
    claim = OwnershipClaimFactory()
    actions.refuse_claim(claim=claim, by=claim.account.owner)

    with pytest.raises(IntegrityError), transaction.atomic():  # noqa: TID251  # a savepoint
        OwnershipClaim.objects.filter(pk=claim.pk).update(state="open", answered_at=None)
    with pytest.raises(IntegrityError), transaction.atomic():  # noqa: TID251  # a savepoint
        OwnershipClaimFactory(state="carried_out", answered_at=timezone.now())


def test_no_wait_is_shorter_than_three_days():
    with pytest.raises(IntegrityError, match="claim_waits"), transaction.atomic():  # noqa: TID251  # a savepoint
        OwnershipClaimFactory(ripe_at=timezone.now() + 2 * DAY)


# --- Carrying it out --------------------------------------------------------------------------------------------------
def test_after_the_wait_the_claimant_takes_over_and_the_former_owner_administers():
    claim = OwnershipClaimFactory(days=15)
    account, olga = claim.account, claim.account.owner
    OwnershipOfferFactory(account=account)
    named_as_successor(MembershipFactory(account=account))

    response = signed_in(claim.person).post(url("carry_out_claim", account, claim))

    assert response.status_code == 302
    assert owner(account) == claim.person
    assert owner_of(BusinessAccount.objects.get(pk=account.pk)).role.code == "owner"
    assert Membership.objects.get(account=account, person=olga).role.code == "administrator"
    assert OwnershipOffer.objects.get().state == "withdrawn"
    assert not Succession.objects.exists()
    assert olga.email in told("claim_ended", claim)
    assert list(log().values_list("name", "result")) == [("ownership.claim_carried_out", "done")]


@pytest.mark.requirement("AZ10")
def test_one_minute_too_early_nothing_moves():
    claim = aged(OwnershipClaimFactory(), 14 * DAY - dt.timedelta(minutes=1))

    response = signed_in(claim.person).post(url("carry_out_claim", claim.account, claim))

    assert response.status_code == 422
    assert owner(claim.account) == claim.account.owner


@pytest.mark.parametrize("ago", [None, 301])
def test_taking_over_asks_for_the_second_factor_again(ago):
    claim = OwnershipClaimFactory(days=15)
    client = signed_in(claim.person, shown_ago=ago)

    response = client.post(url("carry_out_claim", claim.account, claim))

    assert response.headers["Location"].startswith(reverse("mfa_reauthenticate"))
    assert "Confirm that it is you" in page(client, url("carry_out_claim", claim.account, claim))
    assert owner(claim.account) == claim.account.owner


def test_a_second_factor_that_was_taken_off_since_is_missed():
    claim = OwnershipClaimFactory(days=15)
    claim.person.authenticator_set.all().delete()

    assert signed_in(claim.person).post(url("carry_out_claim", claim.account, claim)).status_code == 422


def test_nobody_else_carries_it_out_withdraws_or_refuses_it():
    claim = OwnershipClaimFactory(days=15)
    other = signed_in(claimant_in(claim.account).person)

    answers = {name: other.post(url(name, claim.account, claim)).status_code for name in (
        "carry_out_claim", "withdraw_claim", "refuse_claim",
    )}  # fmt: skip

    assert answers == {"carry_out_claim": 404, "withdraw_claim": 404, "refuse_claim": 403}
    assert OwnershipClaim.objects.get().state == "open"
    with pytest.raises(PolicyViolation):
        actions.carry_out_claim(claim=claim, shown_at=timezone.now(), by=claimant_in(claim.account).person)


@pytest.mark.parametrize("act", [actions.suspend, actions.offboard])
def test_who_is_suspended_or_offboarded_meanwhile_does_not_take_over(act):
    claim = OwnershipClaimFactory(days=15)
    seat = Membership.objects.get(account=claim.account, person=claim.person)
    act(membership=seat, by=claim.account.owner, reason="Left")

    response = signed_in(Person.objects.get(pk=claim.person_id)).post(url("carry_out_claim", claim.account, claim))

    assert response.status_code == 403
    assert owner(claim.account) == claim.account.owner
    assert OwnershipClaim.objects.get().state == ("lapsed" if act is actions.offboard else "open")


def test_who_lost_the_role_meanwhile_does_not_take_over():
    claim = OwnershipClaimFactory(days=15)
    editor = MembershipFactory(account=claim.account).role
    seat = Membership.objects.get(account=claim.account, person=claim.person)
    actions.change_role(membership=seat, role=editor, by=claim.account.owner)

    assert signed_in(claim.person).post(url("carry_out_claim", claim.account, claim)).status_code == 403


def test_leaving_ends_ones_claim():
    claim = OwnershipClaimFactory()
    actions.leave(membership=Membership.objects.get(account=claim.account, person=claim.person), by=claim.person)

    assert OwnershipClaim.objects.get().state == "lapsed"


def test_in_a_closed_account_nothing_is_taken_over():
    claim = OwnershipClaimFactory(days=15)
    actions.close_account(account=claim.account, by=claim.account.owner)

    assert signed_in(claim.person).post(url("carry_out_claim", claim.account, claim)).status_code == 403
    assert OwnershipClaim.objects.get().state == "lapsed"


def test_a_transfer_that_is_accepted_overtakes_the_claim():
    claim = OwnershipClaimFactory(days=15)
    offer = OwnershipOfferFactory(account=claim.account)
    actions.accept_ownership(offer=offer, by=offer.person)

    response = signed_in(claim.person).post(url("carry_out_claim", claim.account, claim))

    assert response.status_code == 409
    assert owner(claim.account) == offer.person
    assert OwnershipClaim.objects.get().state == "overtaken"


@pytest.mark.rule(5)
def test_without_a_seat_the_former_owner_becomes_a_plain_member():
    account = BusinessAccountFactory(policy_and_seat={"most_administrators": 1})
    MembershipFactory(account=account, holding="administrator")
    heir = named_as_successor(claimant_in(account, holding="editor"))
    olga = account.owner
    claim = OwnershipClaimFactory(account=account, person=heir.person, as_successor=True, days=15)

    actions.carry_out_claim(claim=claim, shown_at=timezone.now(), by=heir.person)

    assert Membership.objects.get(account=account, person=olga).role.code == "member"
    assert owner(account) == heir.person


def test_a_claim_that_nobody_carries_out_lapses():
    late = OwnershipClaimFactory(days=29)

    refused = signed_in(late.person).post(url("carry_out_claim", late.account, late))
    actions.mind_claims()

    assert refused.status_code == 422
    assert OwnershipClaim.objects.get().state == "lapsed"
    assert late.account.owner.email in told("claim_ended", late)
    assert Event.objects.named("ownership.claim_lapsed").get().actor_kind == "system"


# --- Refusing ---------------------------------------------------------------------------------------------------------
def test_the_owner_refuses_in_one_click_and_stays():
    claim = OwnershipClaimFactory(days=15)
    client = signed_in(claim.account.owner, shown_ago=None)
    shown = page(client, reverse("dashboard")), page(client, claim.account.get_absolute_url())

    response = client.post(url("refuse_claim", claim.account, claim))
    again = client.post(url("refuse_claim", claim.account, claim))
    late = signed_in(claim.person).post(url("carry_out_claim", claim.account, claim))

    assert all(url("refuse_claim", claim.account, claim) in text for text in shown)
    assert (response.status_code, again.status_code, late.status_code) == (302, 409, 409)
    assert owner(claim.account) == claim.account.owner
    assert sorted([claim.account.owner.email, claim.person.email]) == told("claim_ended", claim)


def test_no_policy_keeps_the_owner_from_refusing():
    """The owner lost the second factor that the account asks for: every other page is shut."""
    account = BusinessAccountFactory(policy_and_seat={"second_factor": "everyone"})
    claim = OwnershipClaimFactory(account=account)
    client = signed_in(account.owner, shown_ago=None)

    assert client.get(url("team", account)).status_code == 403
    assert client.get(url("refuse_claim", account, claim)).status_code == 200
    assert client.post(url("refuse_claim", account, claim)).status_code == 302
    assert OwnershipClaim.objects.get().state == "refused"


def test_who_owns_the_account_no_more_refuses_nothing():
    claim = OwnershipClaimFactory(days=15)
    olga = claim.account.owner
    actions.carry_out_claim(claim=claim, shown_at=timezone.now(), by=claim.person)

    response = signed_in(olga).post(url("refuse_claim", claim.account, claim))

    assert response.status_code == 403
    with pytest.raises(MissingPermission):
        actions.refuse_claim(claim=claim, by=olga)
    assert owner(claim.account) == claim.person


def test_the_claimant_withdraws():
    claim = OwnershipClaimFactory()
    client = signed_in(claim.person)

    answers = [client.post(url("withdraw_claim", claim.account, claim)).status_code for _time in range(2)]

    assert answers == [302, 409]
    assert OwnershipClaim.objects.get().state == "withdrawn"
    assert claim.account.owner.email in told("claim_ended", claim)


# --- Reminders --------------------------------------------------------------------------------------------------------
def test_the_owner_is_reminded_at_each_moment_once():
    claim = OwnershipClaimFactory()
    many = []
    for days in (0, 7, 0, 4, 2, 0, 1):  # half time, three days before, a day before, the end
        aged(claim, days * DAY)
        many.append((actions.mind_claims(), actions.mind_claims()))

    assert many == [(0, 0), (1, 0), (0, 0), (1, 0), (1, 0), (0, 0), (1, 0)]
    assert told("claim_reminder") == [claim.account.owner.email] * 4
    assert told("claim_told") == [claim.person.email]  # it can be taken over now
    assert Event.objects.named("ownership.claim_reminded").count() == 4


def test_a_sleeping_clock_reminds_once_of_all_that_it_missed():
    OwnershipClaimFactory(days=13.5)

    assert (actions.mind_claims(), actions.mind_claims()) == (1, 0)
    with pytest.raises(ChangedMeanwhile):
        actions.remind_of_claim(claim=OwnershipClaim.objects.get(), by=SYSTEM)


@pytest.mark.rule(10)
def test_the_mails_say_what_happens_lead_to_the_refusal_and_hold_no_trap(mailoutbox, settings):
    account = BusinessAccountFactory(name="North\r\nBcc: all@example.com <b>wind</b> \u202e")
    anna = claimant_in(account)
    claim = actions.claim_ownership(
        account=account, reason="Gone <b>for good</b>,\r\nsince June", shown_at=timezone.now(), by=anna.person
    )
    the_post_goes_out()
    actions.refuse_claim(claim=claim, by=account.owner)
    the_post_goes_out()

    to_owner = [mail for mail in mailoutbox if mail.to == [account.owner.email]]
    link = f"{settings.SITE_URL}{url('refuse_claim', account, claim)}"
    assert len(to_owner) == 2
    assert link in to_owner[0].body
    assert link in to_owner[0].alternatives[0][0]
    assert "<b>for good" not in to_owner[0].alternatives[0][0]
    assert "refused the claim" in to_owner[1].body
    assert all("\n" not in mail.subject and "\u202e" not in mail.subject for mail in mailoutbox)


def test_a_mail_about_a_claim_that_has_ended_is_not_sent(mailoutbox):
    anna = claimant_in(BusinessAccountFactory())
    claim = actions.claim_ownership(
        account=anna.account, reason="Gone since June", shown_at=timezone.now(), by=anna.person
    )
    actions.withdraw_claim(claim=claim, by=anna.person)
    the_post_goes_out()

    assert {mail.subject.split(" of ")[0] for mail in mailoutbox} == {"The claim"}
    assert set(OutgoingMail.objects.filter(kind="claim").values_list("state", flat=True)) == {"dropped"}


# --- The sealed successor ---------------------------------------------------------------------------------------------
def test_the_owner_names_a_successor_and_nobody_else_learns_who():
    account = BusinessAccountFactory()
    eddie = MembershipFactory(account=account, person__name="Eddie", person__pk=987654321)
    anna = claimant_in(account)
    client = signed_in(account.owner, shown_ago=None)

    response = client.post(url("name_successor", account), {"membership": eddie.pk})

    row = Succession.objects.get()
    event = log().get()
    assert response.status_code == 302
    assert "Eddie" in page(client, url("ownership", account))
    assert row.opened(account) == eddie.person_id
    assert str(eddie.person_id) not in row.sealed
    assert not any("Eddie" in text for text in written(Event.objects.filter(pk=event.pk)))
    assert (event.name, event.about_id) == ("ownership.successor_named", None)
    assert signed_in(anna.person).get(url("ownership", account)).status_code == 403
    assert signed_in(anna.person).get(url("claim_as_successor", account)).status_code == 404
    assert signed_in(eddie.person).get(url("claim_as_successor", account)).status_code == 200


@pytest.mark.parametrize("given", [{"suspended": True}, {"ended": True}])
def test_only_an_active_member_of_this_account_is_named(given):
    account = BusinessAccountFactory()
    MembershipFactory(account=account)
    gone, stella = MembershipFactory(account=account, **given), MembershipFactory()
    client = signed_in(account.owner)

    for choice in (gone.pk, stella.pk, owner_of(account).pk, "x", "", "9" * 40, "\x00"):
        assert client.post(url("name_successor", account), {"membership": choice}).status_code == 422
    assert not Succession.objects.exists()


def test_the_successor_waits_three_days_overtakes_an_administrator_and_can_be_refused():
    claim = OwnershipClaimFactory()
    account = claim.account
    heir = named_as_successor(claimant_in(account, holding="editor", joined_at=timezone.now()))
    client = signed_in(heir.person)

    response = client.post(url("claim_as_successor", account), REASON)

    claim.refresh_from_db()
    own = OwnershipClaim.objects.open().get()
    assert response.headers["Location"] == url("claim_as_successor", account)
    assert claim.state == "overtaken"
    assert own.ripe_at - own.claimed_at == 3 * DAY
    assert url("withdraw_claim", account, own) in page(client, url("claim_as_successor", account))
    by_anna = signed_in(claim.person).post(url("claim_ownership", account), REASON)
    assert by_anna.status_code == 422  # not the other way round
    assert signed_in(account.owner).post(url("refuse_claim", account, own)).status_code == 302


def test_the_successor_is_told_when_somebody_else_claims():
    account = BusinessAccountFactory()
    heir = named_as_successor(MembershipFactory(account=account))
    MembershipFactory(account=account)
    anna = claimant_in(account)

    signed_in(anna.person).post(url("claim_ownership", account), REASON)

    assert told("claim_told") == sorted([anna.person.email, heir.person.email])


def test_who_is_not_named_any_more_does_not_take_over_after_the_short_wait():
    account = BusinessAccountFactory()
    heir = named_as_successor(claimant_in(account))
    claim = OwnershipClaimFactory(account=account, person=heir.person, as_successor=True, days=15)
    signed_in(account.owner).post(url("drop_successor", account))

    response = signed_in(heir.person).post(url("carry_out_claim", account, claim))

    assert response.status_code == 422
    assert owner(account) == account.owner


def test_a_seal_opens_in_its_own_account_under_its_own_owner_only():
    eddie = named_as_successor(MembershipFactory())
    elsewhere = BusinessAccountFactory(owner=eddie.account.owner)
    MembershipFactory(account=elsewhere, person=eddie.person)
    sealed = Succession.objects.get().sealed
    Succession.objects.create(account=elsewhere, sealed=sealed)
    broken = BusinessAccountFactory()
    Succession.objects.create(account=broken, sealed="not sealed by us")

    assert signed_in(eddie.person).get(url("claim_as_successor", elsewhere)).status_code == 404
    assert "could not take over" in page(signed_in(broken.owner), url("ownership", broken))
    assert "could not take over" in page(signed_in(elsewhere.owner), url("ownership", elsewhere))


def test_the_page_of_the_ownership_asks_the_same_few_questions_whatever_has_been(django_assert_num_queries):
    account = BusinessAccountFactory()
    client = signed_in(account.owner)
    client.get(url("ownership", account))
    with connection.execute_wrapper(counting := Counting()):
        client.get(url("ownership", account))
    for _claim in range(4):
        actions.refuse_claim(claim=OwnershipClaimFactory(account=account), by=account.owner)

    with django_assert_num_queries(counting.many):
        client.get(url("ownership", account))


class Counting:
    many = 0

    def __call__(self, execute, *statement):
        self.many += 1
        return execute(*statement)

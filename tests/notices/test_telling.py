"""Who is told of which act, and how: each kind by the real act."""

import datetime as dt

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import SecurityPolicy
from audit import recording
from audit.events import all_acts
from audit.models import Event
from audit.recording import SYSTEM, Refused
from invitations import actions as invitations
from notices.actions import tell
from notices.kinds import CHOOSABLE, KINDS, SECURITY
from notices.models import Notice
from notices.policies import TELLINGS
from teams import actions as teams
from teams.imprints import imprints
from teams.models import Membership, Role
from tests.factories import (
    PASSWORD,
    TOTP_SECRET,
    AccessRequestFactory,
    AssetFactory,
    BusinessAccountFactory,
    InvitationFactory,
    MembershipFactory,
    OwnershipOfferFactory,
    PersonFactory,
    RoleFactory,
    claimant_in,
    grant,
)
from tests.notices.inbox import mails_to, told

pytestmark = pytest.mark.django_db


def role(code):
    return Role.objects.built_in(code)


@pytest.fixture
def account():
    return BusinessAccountFactory(name="Northwind", owner__name="Olga")


@pytest.fixture
def olga(account):
    return account.owner


@pytest.fixture
def anna(account):
    return MembershipFactory(account=account, holding="administrator", person__name="Anna").person


@pytest.fixture
def eddie(account):
    return MembershipFactory(account=account, person__name="Eddie")


def test_who_is_invited_finds_it_in_the_inbox_and_gets_the_one_mail_of_the_invitation(account, olga, anna):
    nina = PersonFactory(name="Nina")

    invitations.invite(account=account, address=nina.email, role=role("editor"), by=olga)

    assert told(nina) == [("invited", "Olga invites you, as Editor")]
    assert mails_to(nina) == ["Olga invites you to Northwind"]
    assert told(anna) == told(olga) == []


def test_an_invitation_to_an_address_that_nobody_has_tells_nobody(account, olga):
    invitations.invite(account=account, address="new@example.com", role=role("editor"), by=olga)

    assert not Notice.objects.exists()


def test_whoever_manages_the_team_learns_in_the_digest_who_joined(account, olga, anna, eddie):
    invitation = InvitationFactory(account=account, invited_by=olga)
    nina = PersonFactory(name="Nina", email=invitation.address)

    invitations.accept(invitation=invitation, by=nina)

    assert told(olga) == told(anna) == [("joined", "Nina joined as Editor")]
    assert told(eddie.person) == told(nina) == []
    assert mails_to(olga) == mails_to(anna) == []
    assert set(Notice.objects.values_list("channel", flat=True)) == {"digest"}


def test_a_changed_role_is_told_at_once_to_the_member_and_to_nobody_else(account, olga, anna, eddie):
    teams.change_role(membership=eddie, role=role("analyst"), by=anna)

    assert told(eddie.person) == [("changed", "Anna changed your role from Editor to Analyst")]
    assert mails_to(eddie.person) == ["Anna changed your role from Editor to Analyst · Northwind"]
    assert told(olga) == told(anna) == []


def test_an_own_role_that_is_edited_or_retired_is_told_to_who_holds_it(account, olga, eddie):
    made = RoleFactory(account=account, name="Campaign lead")
    holder = MembershipFactory(account=account, role=made)

    made = teams.edit_role(role=made, name="Campaign lead", codes=["run_ads"], by=olga)
    teams.retire_role(role=made, move_to=role("analyst"), by=olga)

    assert told(holder.person) == [
        ("changed", "Olga changed what your role Campaign lead holds"),
        ("changed", "Olga retired your role Campaign lead. In its place: Analyst"),
    ]
    assert told(eddie.person) == []


def test_everybody_who_holds_an_edited_role_is_told_however_many_the_log_names(account, olga, monkeypatch):
    made = RoleFactory(account=account, name="Campaign lead")
    holders = MembershipFactory.create_batch(3, account=account, role=made)
    monkeypatch.setattr("audit.canonical.LONGEST_LIST", 1)

    teams.edit_role(role=made, name="Campaign lead", codes=["run_ads"], by=olga)

    assert [len(told(holder.person)) for holder in holders] == [1, 1, 1]


def test_grants_confirmation_suspension_and_return_are_told_to_the_member(account, olga, anna):
    asset = AssetFactory(account=account, name="Profile US")
    member = MembershipFactory(account=account, unconfirmed=True)

    teams.confirm_role(membership=member, by=olga)
    teams.set_grants(membership=member, asset=asset, codes=["run_ads"], by=olga)
    teams.suspend(membership=member, by=olga)
    teams.restore(membership=member, by=olga)

    assert told(member.person) == [
        ("changed", "Olga confirmed your role: Editor"),
        ("changed", "Olga changed what you may do on Profile US"),
        ("ended", "Olga suspended your access"),
        ("changed", "Olga gave you your access back"),
    ]
    assert [kind for kind, _words in told(anna)] == ["team_ended"]
    assert len(mails_to(member.person)) == 4


def test_an_end_that_comes_near_is_told_with_the_mails_that_the_act_sends(account, olga, anna):
    sponsor = MembershipFactory(account=account, person__name="Sven").person
    member = MembershipFactory(
        account=account, person__name="Eddie", sponsor=sponsor, ends_at=timezone.now() + dt.timedelta(days=3)
    )

    teams.announce_end(membership=member, by=SYSTEM)

    assert told(member.person) == [("ending", "An access of yours ends soon")]
    assert told(olga) == told(anna) == [("team_ending", "An access of Eddie ends soon")]
    assert told(sponsor) == [("team_ending", "An access of Eddie, whom you answer for, ends soon")]
    for person in (member.person, olga, anna, sponsor):
        assert len(mails_to(person)) == 1, person


def test_an_end_is_told_to_the_member_at_once_and_to_the_managers_in_the_digest(account, olga, anna, eddie):
    ran_out = MembershipFactory(account=account, person__name="Ines", ends_at=timezone.now() - dt.timedelta(days=1))

    teams.offboard(membership=eddie, by=olga, reason="Left")
    teams.note_end(membership=ran_out, by=SYSTEM)

    assert told(eddie.person) == [("ended", "Olga ended your access")]
    assert mails_to(eddie.person) == ["Your access to Northwind has ended"]
    assert told(ran_out.person) == [("ended", "Your access has run out")]
    assert mails_to(ran_out.person) == ["Your access to Northwind has run out"]
    assert told(anna) == [("team_ended", "Olga offboarded Eddie"), ("team_ended", "An access of Ines ran out")]
    assert mails_to(anna) == []


def test_a_grant_that_ran_out_is_told_by_a_mail_of_its_own(account, olga, eddie):
    asset = AssetFactory(account=account, name="Profile US")
    granted = grant(eddie, asset, "run_ads")
    type(granted[0]).objects.update(ends_at=timezone.now() - dt.timedelta(hours=1))

    teams.note_end(membership=eddie, asset=asset, by=SYSTEM)

    assert told(eddie.person) == [("ended", "What you were granted on Profile US has run out")]
    assert mails_to(eddie.person) == ["What you were granted on Profile US has run out · Northwind"]


def test_who_leaves_is_told_of_to_the_managers_only(account, olga, eddie):
    teams.leave(membership=eddie, by=eddie.person)

    assert told(olga) == [("team_ended", "Eddie left the account")]
    assert told(eddie.person) == []


def test_a_closed_account_is_told_to_all_its_members_but_who_closed_it(account, olga, anna, eddie):
    teams.close_account(account=account, by=olga)

    assert told(anna) == told(eddie.person) == [("ended", "Olga closed the account Northwind")]
    assert told(olga) == []


def test_a_request_is_told_to_who_can_decide_and_the_decision_to_who_asked(account, olga, anna, eddie):
    wish = teams.ask_for_access(membership=eddie, by=eddie.person, role=role("administrator"), reason="Cover for Anna")
    asked = [mails_to(person) for person in (olga, anna)]
    teams.approve_request(request=wish, by=olga)

    assert told(olga) == [("requested", "Eddie asked for more access")]
    assert asked == [["Eddie asks for more access to Northwind"]] * 2
    assert told(eddie.person) == [("decided", "Olga approved what you had asked for")]
    assert mails_to(eddie.person) == ["Your request in Northwind is approved"]
    assert told(anna)[-1] == (
        "new_administrator",
        "Olga approved that Eddie is Administrator, who manages the team now",
    )


def test_a_refusal_and_a_lapse_are_told_to_who_asked(account, olga):
    refused = AccessRequestFactory(account=account)
    lapsed = AccessRequestFactory(account=account, lapses_at=timezone.now() - dt.timedelta(days=1))

    teams.refuse_request(request=refused, answer="Not now", by=olga)
    teams.note_lapse(request=lapsed, by=SYSTEM)

    assert told(refused.person) == [("decided", "Olga refused what you had asked for")]
    assert told(lapsed.person) == [("decided", "Nobody decided in time on what you had asked for")]


def test_a_new_administrator_is_told_at_once_to_all_others_who_manage_the_team(account, olga, anna, eddie):
    teams.change_role(membership=eddie, role=role("administrator"), by=olga)

    words = "Olga made Eddie Administrator, who manages the team now"
    assert told(anna) == [("new_administrator", words)]
    assert mails_to(anna) == [f"{words} · Northwind"]
    assert told(eddie.person) == [("changed", "Olga changed your role from Editor to Administrator")]
    assert told(olga) == []


def test_who_joins_as_administrator_is_told_as_that(account, olga, anna):
    invitation = InvitationFactory(account=account, invited_by=olga, role=role("administrator"))
    nina = PersonFactory(name="Nina", email=invitation.address)

    invitations.accept(invitation=invitation, by=nina)

    assert told(anna) == [("new_administrator", "Nina joined as Administrator, and manages the team now")]


def test_every_step_of_a_transfer_is_told_to_those_whom_it_concerns(account, olga, anna, eddie):
    offer = teams.offer_ownership(account=account, membership=eddie, by=olga)
    asked = mails_to(eddie.person)
    teams.accept_ownership(offer=offer, by=eddie.person)

    assert told(eddie.person) == [("ownership", "Olga offers you the ownership")]
    assert asked == ["Olga offers you the ownership of Northwind"]
    assert told(olga) == [("ownership", "Eddie took over the ownership from you. You are Administrator now")]
    assert mails_to(olga) == ["Eddie took over the ownership from you. You are Administrator now · Northwind"]
    assert [words for _kind, words in told(anna)] == [
        "Olga offered the ownership to Eddie",
        "Eddie took over the ownership from Olga, who is now Administrator",
    ]


def test_an_offer_that_is_declined_or_withdrawn_is_told(account, olga):
    declined = OwnershipOfferFactory(account=account)
    teams.decline_ownership(offer=declined, by=declined.person)
    withdrawn = OwnershipOfferFactory(account=account)
    teams.withdraw_offer(offer=withdrawn, by=olga)

    assert [kind for kind, _words in told(olga)] == ["ownership"]
    assert told(withdrawn.person)[-1] == ("ownership", "Olga withdrew the offer of the ownership to you")


def test_a_claim_stands_in_the_inbox_too_and_is_mailed_once(account, olga, anna):
    claimant = claimant_in(account)
    claim = teams.claim_ownership(
        account=account, reason="Nobody hears of her", shown_at=timezone.now(), by=claimant.person
    )
    first = mails_to(olga)
    teams.refuse_claim(claim=claim, by=olga)

    assert [kind for kind, _words in told(olga)] == ["ownership"]
    assert len(first) == 1
    assert len(told(anna)) == 2
    assert [kind for kind, _words in told(claimant.person)] == ["ownership"]


def test_a_named_successor_stays_sealed(account, olga, anna, eddie):
    teams.name_successor(account=account, membership=eddie, by=olga)

    assert not Notice.objects.exists()


def test_a_changed_policy_is_told_to_managers_and_where_it_asks_something_else_to_everybody(account, olga, anna, eddie):
    teams.change_policy(account=account, by=olga, invitation_days=3)
    first = [len(told(person)) for person in (olga, anna, eddie.person)]
    teams.change_policy(account=account, by=olga, confirmation="never")

    assert first == [0, 1, 0]
    assert [len(told(person)) for person in (olga, anna, eddie.person)] == [0, 2, 1]
    assert mails_to(eddie.person) == ["Olga changed the security policy of Northwind · Northwind"]


def test_a_planned_policy_is_told_to_managers_and_to_who_would_lose_access_and_its_start_to_all(account, olga, eddie):
    for person in (olga, MembershipFactory(account=account).person):
        TOTP.activate(person, TOTP_SECRET)
    starts_at = timezone.now() + dt.timedelta(days=3)

    teams.plan_policy(account=account, by=olga, starts_at=starts_at, second_factor="everyone")
    planned = [(notice.person, notice.needs) for notice in Notice.objects.order_by("pk")]
    first = mails_to(eddie.person)
    SecurityPolicy.objects.filter(account=account).update(planned_from=timezone.now())
    teams.start_plan(account=account, by=SYSTEM)

    assert planned == [(eddie.person, "")]
    assert first == ["Your access to Northwind needs something from you"]
    assert len(mails_to(eddie.person)) == 1  # that it counts
    assert set(Notice.objects.values_list("person", flat=True)) == set(
        Membership.objects.filter(account=account).values_list("person", flat=True)
    )


def test_a_changed_way_of_signing_in_is_told_to_oneself_and_mailed_by_the_sign_in_alone(client, olga):
    client.force_login(olga)
    client.post("/auth/reauthenticate/", {"password": PASSWORD})

    answer = client.post(
        "/auth/password/change/",
        {"oldpassword": PASSWORD, "password1": "another long sentence 77", "password2": "another long sentence 77"},
    )

    assert answer.status_code == 302
    assert told(olga) == [("signing_in", "Olga changed the password")]
    assert len(mails_to(olga)) == 1


def test_nobody_is_told_of_a_refused_act(account, anna, eddie):
    with pytest.raises((PermissionDenied, Refused)):
        teams.change_role(membership=eddie, role=role("analyst"), by=PersonFactory())

    assert not Notice.objects.exists()


def test_who_is_switched_off_is_told_nothing(account, olga, eddie):
    eddie.person.is_active = False
    eddie.person.save(update_fields=["is_active"])

    teams.change_role(membership=eddie, role=role("analyst"), by=olga)

    assert told(eddie.person) == []


def test_another_account_learns_nothing(account, olga, eddie):
    elsewhere = MembershipFactory(holding="administrator")

    teams.change_role(membership=eddie, role=role("administrator"), by=olga)

    assert told(elsewhere.person) == told(elsewhere.account.owner) == []


@pytest.mark.rule(12)
def test_a_notice_is_a_part_of_its_act(account, olga, eddie, monkeypatch):
    def fails(_done):
        raise ZeroDivisionError

    monkeypatch.setitem(recording._listeners, "role.changed", [*recording._listeners["role.changed"], fails])

    with pytest.raises(ZeroDivisionError):
        teams.change_role(membership=eddie, role=role("analyst"), by=olga)

    eddie.refresh_from_db()
    assert eddie.role == role("editor")
    assert not Notice.objects.exists()
    assert not Event.objects.exists()


def test_the_cost_of_an_act_does_not_grow_with_those_who_are_told(account, olga, eddie):
    def queries_of_telling_all(confirmation):
        with CaptureQueriesContext(connection) as asked:
            teams.change_policy(account=account, by=olga, confirmation=confirmation)
        return len(asked), Notice.objects.filter(person=eddie.person).count()

    queries_of_telling_all("never")  # prepares statements
    few = queries_of_telling_all("after")
    MembershipFactory.create_batch(60, account=account)
    imprints([account.pk])  # what the factories touched stands in no act's event
    many = queries_of_telling_all("never")

    assert (few[1], many[1]) == (2, 3)
    assert many[0] == few[0]
    assert Notice.objects.filter(number=Event.objects.of(account).latest("number").number).count() == 61


def test_an_act_of_which_somebody_is_told_takes_three_statements_more(account, olga, eddie, monkeypatch):
    def queries_of_a_change(to):
        with CaptureQueriesContext(connection) as asked:
            teams.change_role(membership=eddie, role=role(to), by=olga)
        return len(asked)

    queries_of_a_change("moderator")  # prepares statements
    heard = queries_of_a_change("analyst")
    others = {name: [one for one in all_of_it if one is not tell] for name, all_of_it in recording._listeners.items()}
    monkeypatch.setattr(recording, "_listeners", others)
    silent = queries_of_a_change("editor")

    assert heard - silent == 3  # who and how, the notices, the mails


def test_every_kind_has_a_line_and_no_security_notice_can_be_chosen():
    assert {telling.kind.code for telling in TELLINGS} == set(KINDS) - {"checkpoint"}  # a mail, and no notice
    assert {telling.of for telling in TELLINGS} <= set(all_acts())
    assert set(CHOOSABLE) & set(SECURITY) == set()
    assert all(KINDS[code].fixed for code in SECURITY)

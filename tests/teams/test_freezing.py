"""The freeze of an account, and the probation of new administrators."""

import datetime as dt
import re

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts.errors import ChangedMeanwhile, Frozen, MissingPermission, PolicyViolation
from accounts.models import BusinessAccount
from audit.models import Event
from invitations import actions as invitations
from notices.models import Notice
from teams import actions
from teams.models import Membership, Role
from tests.factories import (
    POLICY_FORM,
    AccessRequestFactory,
    BusinessAccountFactory,
    InvitationFactory,
    MembershipFactory,
    PersonFactory,
    RoleFactory,
    owner_of,
)
from tests.post import the_post_goes_out

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def frozen(account, by):
    return actions.freeze(account=account, by=by, reason="Invitations that nobody knows of")


def page(account):
    return reverse("freeze_account", args=[account.slug])


# --- The freeze -------------------------------------------------------------------------------------------------------
def test_an_administrator_freezes_and_a_second_one_lifts(client):
    account = BusinessAccountFactory()
    anna, bert = (MembershipFactory(account=account, holding="administrator").person for _each in range(2))
    eddie = MembershipFactory(account=account)
    client.force_login(anna)
    client.post(page(account), {"reason": "Invitations that nobody knows of"})

    by_herself = client.post(page(account), {"lift": "yes"})
    shown = client.get(reverse("member", args=[account.slug, eddie.pk])).content.decode()
    refused = client.post(reverse("suspend_member", args=[account.slug, eddie.pk]), {})
    client.force_login(bert)
    lifted = client.post(page(account), {"lift": "yes", "reason": "It was a new colleague"})
    suspended = client.post(reverse("suspend_member", args=[account.slug, eddie.pk]), {})

    assert [answer.status_code for answer in (by_herself, refused, lifted, suspended)] == [422, 422, 302, 302]
    assert "You froze the account" in by_herself.content.decode()
    assert f"Frozen by {anna}" in shown
    assert "is frozen: nobody’s access changes" in refused.content.decode()
    told = [(event.name, event.result) for event in Event.objects.of(account).order_by("number")]
    assert told[-5:] == [
        ("account.frozen", "done"), ("account.freeze_lifted", "refused"), ("member.suspended", "refused"),
        ("account.freeze_lifted", "done"), ("member.suspended", "done"),
    ]  # fmt: skip


def test_all_who_manage_the_team_are_told_at_once(django_capture_on_commit_callbacks):
    account = BusinessAccountFactory()
    anna, bert = (MembershipFactory(account=account, holding="administrator").person for _each in range(2))
    MembershipFactory(account=account)

    frozen(account, anna)
    the_post_goes_out()

    assert set(Notice.objects.values_list("person", flat=True)) == {account.owner_id, bert.pk}
    assert {address for sent in mail.outbox for address in sent.to} == {account.owner.email, bert.email}


def test_the_owner_lifts_even_their_own_freeze():
    account = BusinessAccountFactory()

    actions.lift_freeze(account=frozen(account, account.owner), by=account.owner)

    assert BusinessAccount.objects.get(pk=account.pk).frozen_at is None


def test_an_editor_neither_freezes_nor_lifts(client):
    account = BusinessAccountFactory()
    eddie = MembershipFactory(account=account).person

    with pytest.raises(MissingPermission):
        frozen(account, eddie)
    frozen(account, account.owner)
    with pytest.raises(MissingPermission):
        actions.lift_freeze(account=account, by=eddie)


def test_who_lost_the_right_to_manage_the_team_does_not_lift():
    account = BusinessAccountFactory()
    bert = MembershipFactory(account=account, holding="administrator")
    frozen(account, account.owner)
    actions.suspend(membership=bert, by=account.owner)

    with pytest.raises(MissingPermission):
        actions.lift_freeze(account=account, by=bert.person)


def test_a_freeze_is_neither_doubled_nor_lifted_twice():
    account = BusinessAccountFactory()
    frozen(account, account.owner)
    with pytest.raises(Frozen):
        frozen(account, account.owner)
    actions.lift_freeze(account=account, by=account.owner)
    with pytest.raises(ChangedMeanwhile):
        actions.lift_freeze(account=account, by=account.owner)


def test_a_standard_account_has_nothing_to_freeze(client):
    account = BusinessAccountFactory(kind="standard")
    client.force_login(account.owner)

    assert client.get(page(account)).status_code == 302
    assert client.post(page(account), {}).status_code == 422


@pytest.mark.rule(9)
def test_an_invited_person_reads_why_they_cannot_join_yet(client):
    account = BusinessAccountFactory()
    invitation = InvitationFactory(account=account)
    person = PersonFactory(email=invitation.address)
    frozen(account, account.owner)

    with pytest.raises(Frozen) as refusal:
        invitations.accept(invitation=invitation, by=person)

    assert "is frozen" in refusal.value.words
    assert not Membership.objects.filter(person=person).exists()


def test_a_freeze_holds_in_its_own_account_only():
    account, other = BusinessAccountFactory(), BusinessAccountFactory()
    member = MembershipFactory(account=other)
    frozen(account, account.owner)

    actions.suspend(membership=member, by=other.owner)

    member.refresh_from_db()
    assert member.state == "suspended"


def test_an_offboarding_in_several_accounts_stops_at_a_frozen_one():
    account = BusinessAccountFactory()
    other = BusinessAccountFactory(owner=account.owner)
    person = PersonFactory()
    anna = PersonFactory()
    for place in (account, other):
        MembershipFactory(account=place, person=anna, holding="administrator")
    seats = [MembershipFactory(account=place, person=person) for place in (account, other)]
    frozen(other, account.owner)

    with pytest.raises(Frozen):
        actions.offboard(membership=seats[0], also=[seats[1]], by=anna, reason="Left")

    assert Membership.objects.current().filter(person=person).count() == 2


# --- Probation --------------------------------------------------------------------------------------------------------
def newcomer(days_ago, *, policy=7):
    account = BusinessAccountFactory(policy_and_seat={"probation_days": policy})
    since = timezone.now() - dt.timedelta(days=days_ago)
    return MembershipFactory(account=account, holding="administrator", administers_since=since)


def administrator():
    return Role.objects.built_in("administrator")


RAISING = {
    "a change of role": lambda anna: actions.change_role(
        membership=MembershipFactory(account=anna.account), role=administrator(), by=anna.person
    ),
    "an invitation": lambda anna: invitations.invite(
        account=anna.account, address="new@example.com", role=administrator(), by=anna.person
    ),
    "a confirmation": lambda anna: actions.confirm_role(
        membership=MembershipFactory(account=anna.account, holding="administrator", unconfirmed=True), by=anna.person
    ),
    "a request": lambda anna: actions.approve_request(
        request=AccessRequestFactory(account=anna.account, wanted="administrator"), by=anna.person
    ),
    "a role of the account": lambda anna: actions.create_role(
        account=anna.account, name="Deputy", codes=["manage_team"], by=anna.person
    ),
}


@pytest.mark.parametrize("way", RAISING)
def test_somebody_new_makes_nobody_else_an_administrator(way):
    with pytest.raises((PolicyViolation, MissingPermission)):
        RAISING[way](newcomer(6))


def test_after_the_probation_they_do():
    RAISING["a change of role"](newcomer(8))


def test_without_a_probation_nobody_is_new():
    RAISING["a change of role"](newcomer(0, policy=0))


def test_somebody_new_gives_lesser_roles():
    anna = newcomer(0)

    actions.change_role(
        membership=MembershipFactory(account=anna.account), role=Role.objects.built_in("analyst"), by=anna.person
    )


def test_somebody_new_leaves_the_policy_on_second_factors_and_the_probation_itself_as_they_are(client):
    anna = newcomer(1)
    client.force_login(anna.person)
    same = POLICY_FORM | {"probation_days": 7}
    policy = reverse("security_policy", args=[anna.account.slug])
    from_everyone = {**same, "second_factor": "everyone", "starts_at_span": "7"}
    asked = client.post(policy, from_everyone).content.decode()
    sure = re.search(r'name="sure" value="([^"]+)"', asked)[1]

    refused = [
        client.post(policy, {**from_everyone, "sure": sure}),
        client.post(policy, {**same, "second_factor_kinds": "passkey"}),
        client.post(policy, {**same, "probation_days": 0, "starts_at_span": "7"}),
        client.post(policy, {**same, "probation_days": 0}),
    ]
    days = client.post(policy, {**same, "invitation_days": 3})

    assert [answer.status_code for answer in (*refused, days)] == [422, 422, 422, 422, 302]
    for answer in refused:
        assert "You are new among those who manage the team" in answer.content.decode()


def test_somebody_new_lifts_no_freeze():
    anna = newcomer(1)
    frozen(anna.account, anna.account.owner)

    with pytest.raises(PolicyViolation):
        actions.lift_freeze(account=anna.account, by=anna.person)


def test_the_owner_is_never_on_probation():
    account = BusinessAccountFactory(policy_and_seat={"probation_days": 7})
    owner_of(account)
    Membership.objects.filter(person=account.owner).update(administers_since=timezone.now())

    actions.change_role(membership=MembershipFactory(account=account), role=administrator(), by=account.owner)


def test_one_of_whom_nobody_knows_since_when_counts_as_new():
    anna = newcomer(30)
    Membership.objects.filter(pk=anna.pk).update(administers_since=None)

    with pytest.raises(PolicyViolation):
        RAISING["a change of role"](anna)


def test_the_time_counts_from_when_the_role_began_to_manage_the_team():
    account = BusinessAccountFactory(policy_and_seat={"probation_days": 7})
    raised = MembershipFactory(account=account, joined_at=timezone.now() - 100 * DAY)
    moved = MembershipFactory(account=account, holding="administrator")
    by_edit = MembershipFactory(account=account, role=RoleFactory(account=account))
    deputy = RoleFactory(account=account, held=["manage_team", "view_account"], name="Deputy")

    actions.change_role(membership=raised, role=administrator(), by=account.owner)
    actions.change_role(membership=moved, role=deputy, by=account.owner)
    actions.edit_role(role=by_edit.role, name="Lead", codes=["manage_team"], by=account.owner)

    since = dict(Membership.objects.values_list("pk", "administers_since"))
    new = timezone.now() - DAY
    assert since[raised.pk] > new
    assert since[by_edit.pk] > new
    assert since[moved.pk] < new  # managed the team before

"""Undoing what one person changed lately, as one act (rules 2, 3, 12)."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.errors import ChangedMeanwhile, MissingPermission, PolicyViolation
from audit.models import Event
from invitations import actions as invitations
from invitations.models import Invitation
from notices.models import Notice
from teams import actions
from teams.models import AssetGrant, Membership, Role, Terms
from teams.undoing import fingerprint
from tests.factories import AssetFactory, BusinessAccountFactory, MembershipFactory, PersonFactory, grant

pytestmark = pytest.mark.django_db


def role(code):
    return Role.objects.built_in(code)


class Intruder:
    """Anna's session is in wrong hands: she changes this and that in an account of Olga's."""

    def __init__(self):
        self.account = BusinessAccountFactory()
        self.olga = self.account.owner
        self.anna = MembershipFactory(account=self.account, holding="administrator").person
        self.eddie = MembershipFactory(account=self.account)
        self.asset = AssetFactory(account=self.account)

    def undo(self, **given):
        return actions.undo_changes(
            **{"account": self.account, "person": self.anna, "hours": 24, "by": self.olga, **given}
        )

    def page(self, **asked):
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        return f"{reverse('undo_changes', args=[self.account.slug])}?{query}"


@pytest.fixture
def it():
    return Intruder()


def test_all_that_somebody_changed_goes_back_in_one_act_with_one_event(it):
    rita, sam, kim = (MembershipFactory(account=it.account) for _each in range(3))
    grant(kim, it.asset, "run_ads")
    actions.change_role(membership=it.eddie, role=role("finance"), by=it.olga)  # not Anna's: stays
    actions.change_role(membership=rita, role=role("analyst"), by=it.anna)
    actions.change_role(membership=rita, role=role("moderator"), by=it.anna)
    actions.suspend(membership=sam, by=it.anna)
    actions.set_grants(membership=kim, asset=it.asset, codes=["publish_content"], by=it.anna)
    actions.change_terms(membership=kim, terms=Terms(kind="contractor"), by=it.anna)
    invitation = invitations.invite(account=it.account, address="x@example.com", role=role("editor"), by=it.anna)
    before = Event.objects.of(it.account).count()

    outcomes = it.undo(reason="It was not her")

    for row in (it.eddie, rita, sam, kim, invitation):
        row.refresh_from_db()
    assert [row.problem for row in outcomes] == [""] * 5
    assert (it.eddie.role.code, rita.role.code, sam.state, kim.kind) == ("finance", "editor", "active", "employee")
    assert [row.permission.codename for row in AssetGrant.objects.of(kim)] == ["run_ads"]
    assert invitation.state == Invitation.State.REVOKED
    [event] = Event.objects.of(it.account).order_by("number")[before:]
    assert event.name == "account.changes_undone"
    assert event.sentence == f"{it.olga} undid what {it.anna} had changed in the last 24 h"
    assert {row["whose"] for row in event.parts["after"]["undone"]} == {
        str(rita), str(sam), str(kim), "x@example.com",
    }  # fmt: skip


def test_who_was_offboarded_is_back_and_who_joined_by_an_invitation_rests(it):
    sam = MembershipFactory(account=it.account)
    actions.offboard(membership=sam, by=it.anna, reason="Left")
    accomplice = PersonFactory()
    invitation = invitations.invite(account=it.account, address=accomplice.email, role=role("editor"), by=it.anna)
    seat = invitations.accept(invitation=invitation, by=accomplice)

    it.undo()

    assert Membership.objects.current().filter(account=it.account, person=sam.person).exists()
    seat.refresh_from_db()
    assert seat.state == "suspended"
    assert not accomplice.has_perm("view_account", it.account)


def test_what_is_older_than_the_span_stays(it):
    with time_machine.travel(timezone.now() - dt.timedelta(hours=7)):
        actions.change_role(membership=it.eddie, role=role("analyst"), by=it.anna)

    with pytest.raises(PolicyViolation):
        it.undo(hours=6)
    it.undo(hours=24)

    it.eddie.refresh_from_db()
    assert it.eddie.role.code == "editor"


def test_what_somebody_else_has_changed_since_stays_and_is_named(it):
    sam = MembershipFactory(account=it.account)
    actions.change_role(membership=it.eddie, role=role("analyst"), by=it.anna)
    actions.suspend(membership=sam, by=it.anna)
    actions.change_role(membership=it.eddie, role=role("moderator"), by=it.olga)

    outcomes = it.undo()

    it.eddie.refresh_from_db()
    assert it.eddie.role.code == "moderator"
    assert sorted(row.problem for row in outcomes) == ["", "Somebody else has changed it since."]
    [left] = Event.objects.of(it.account).get(name="account.changes_undone").parts["after"]["left"]
    assert left["whose"] == str(it.eddie)


def test_what_went_back_and_forth_is_no_change(it):
    actions.change_role(membership=it.eddie, role=role("analyst"), by=it.anna)
    actions.change_role(membership=it.eddie, role=role("editor"), by=it.anna)

    with pytest.raises(PolicyViolation):
        it.undo()


def test_undoing_twice_finds_nothing_more(it):
    actions.change_role(membership=it.eddie, role=role("analyst"), by=it.anna)
    it.undo()

    with pytest.raises(PolicyViolation):
        it.undo()


@pytest.mark.rule(2)
def test_an_administrator_puts_back_only_what_they_could_give(it):
    bert = MembershipFactory(account=it.account, holding="administrator").person
    paula = MembershipFactory(account=it.account, holding="finance")
    actions.change_role(membership=paula, role=role("analyst"), by=it.anna)
    actions.change_role(membership=it.eddie, role=role("analyst"), by=it.anna)

    outcomes = it.undo(by=bert)

    paula.refresh_from_db()
    it.eddie.refresh_from_db()
    assert (paula.role.code, it.eddie.role.code) == ("analyst", "editor")
    assert any("You can’t give" in row.problem for row in outcomes)


@pytest.mark.rule(2)
def test_nobody_gets_their_own_role_back_by_undoing(it):
    bert = MembershipFactory(account=it.account, holding="administrator")
    actions.change_role(membership=bert, role=role("administrator"), by=it.olga)
    deputy = actions.create_role(account=it.account, name="Deputy", codes=["manage_team", "manage_roles"], by=it.olga)
    actions.change_role(membership=bert, role=deputy, by=it.olga)

    with pytest.raises(PolicyViolation):
        it.undo(person=it.olga, by=bert.person)

    bert.refresh_from_db()
    assert bert.role == deputy


@pytest.mark.rule(5)
def test_an_administrators_seat_that_is_taken_by_now_stays_taken(it):
    bert = MembershipFactory(account=it.account, holding="administrator")
    actions.change_role(membership=bert, role=role("editor"), by=it.olga)
    actions.change_role(membership=it.eddie, role=role("administrator"), by=it.olga)
    actions.change_policy(account=it.account, by=it.olga, most_administrators=2)

    outcomes = it.undo(person=it.olga)

    # The newest goes back first, which frees the seat that the older one needs.
    assert [row.problem for row in outcomes] == ["", ""]


def test_an_editor_undoes_nothing(it):
    actions.change_role(membership=it.eddie, role=role("analyst"), by=it.anna)

    with pytest.raises(MissingPermission):
        it.undo(by=it.eddie.person)


def test_another_accounts_events_are_no_part_of_it(it):
    other = BusinessAccountFactory(owner=it.olga)
    MembershipFactory(account=other, person=it.anna, holding="administrator")
    seat = MembershipFactory(account=other)
    actions.change_role(membership=seat, role=role("analyst"), by=it.anna)

    with pytest.raises(PolicyViolation):
        it.undo()


@pytest.mark.requirement("AZ10")
def test_the_page_shows_first_and_a_yes_counts_for_that_only(client, it):
    actions.change_role(membership=it.eddie, role=role("analyst"), by=it.anna)
    client.force_login(it.olga)
    page = it.page(person=it.anna.pk, hours=24)

    shown = client.get(page)
    events = Event.objects.count()
    seen = shown.context["seen"]
    actions.suspend(membership=it.eddie, by=it.anna)
    stale = client.post(page, {"seen": seen})
    it.eddie.refresh_from_db()
    assert it.eddie.role.code == "analyst"
    done = client.post(page, {"seen": client.get(page).context["seen"], "reason": "It was not her"}, follow=True)

    it.eddie.refresh_from_db()
    assert shown.context["count"] == 1
    assert Event.objects.count() > events
    assert stale.status_code == 409
    assert (it.eddie.role.code, it.eddie.state) == ("editor", "active")
    assert "2 changes of" in done.content.decode()
    assert "can be put back" in done.content.decode()


def test_looking_changes_nothing(client, it):
    actions.change_role(membership=it.eddie, role=role("analyst"), by=it.anna)
    client.force_login(it.olga)
    known = Event.objects.count()

    client.get(it.page(person=it.anna.pk, hours=24))

    it.eddie.refresh_from_db()
    assert it.eddie.role.code == "analyst"
    assert Event.objects.count() == known


@pytest.mark.parametrize("asked", [{"person": "x", "hours": 24}, {"person": 10**30, "hours": 24}, {"person": ""},
                                   {"person": 1, "hours": 5}])  # fmt: skip
def test_a_choice_without_sense_is_said(client, it, asked):
    client.force_login(it.olga)

    assert client.get(it.page(**asked)).status_code == 200
    assert client.post(it.page(**asked), {"seen": "x"}).status_code == 422


def test_a_stranger_to_the_account_can_not_be_chosen(client, it):
    client.force_login(it.olga)
    stranger = PersonFactory()

    shown = client.get(it.page(person=stranger.pk, hours=24)).content.decode()

    assert stranger.email not in shown


def test_who_is_concerned_is_told(it):
    actions.change_role(membership=it.eddie, role=role("analyst"), by=it.anna)
    Notice.objects.all().delete()

    it.undo()

    told = Notice.objects.values_list("person", flat=True)
    assert set(told) == {it.eddie.person_id, it.anna.pk}


def test_of_a_yes_to_something_else_nothing_is_done(it):
    actions.change_role(membership=it.eddie, role=role("analyst"), by=it.anna)

    with pytest.raises(ChangedMeanwhile):
        it.undo(seen=fingerprint([]))


def test_too_much_for_one_look_is_said_and_a_shorter_time_can_be_chosen(client, it, monkeypatch):
    monkeypatch.setattr("teams.undoing.MOST_EVENTS", 2)
    for code in ("analyst", "moderator", "editor"):
        actions.change_role(membership=it.eddie, role=role(code), by=it.anna)
    client.force_login(it.olga)
    page = it.page(person=it.anna.pk, hours=24)

    shown = client.get(page)
    refused = client.post(page, {"seen": "x"})

    assert (shown.status_code, refused.status_code) == (200, 422)
    assert "did more than 2 things in this time" in shown.content.decode()
    assert "did more than 2 things in this time" in refused.content.decode()

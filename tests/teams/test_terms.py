"""On what terms somebody is a member, and what happens when an access ends by its time (rules 1, 2, 3, 12)."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.errors import ChangedMeanwhile, MissingPermission, PolicyViolation
from accounts.models import OutgoingMail, Person
from audit.models import Event
from audit.recording import SYSTEM
from invitations import actions as invitations
from invitations.models import Invitation
from invitations.tasks import note_expiries
from teams import actions
from teams.models import AssetGrant, Membership, Role, Terms, Told
from teams.tasks import watch_ends
from tests.factories import (
    AssetFactory,
    BusinessAccountFactory,
    InvitationFactory,
    MembershipFactory,
    PersonFactory,
    grant,
    owner_of,
)
from tests.post import the_post_goes_out
from tests.together import at_once, committed

db = pytest.mark.django_db


def in_days(days):
    return timezone.now() + dt.timedelta(days=days)


def later(days):
    return time_machine.travel(in_days(days))


def url(name, member, **more):
    return reverse(name, kwargs={"slug": member.account.slug, "pk": member.pk, **more})


def contractor(**given):
    return MembershipFactory(**{"kind": "contractor", "organisation": "Studio Nord", **given})


# --- The check itself -------------------------------------------------------------------------------------------------
@db
@pytest.mark.rule(1)
def test_power_ends_at_that_very_moment_with_no_job_in_between(client):
    kim = contractor(ends_at=in_days(1))
    client.force_login(kim.person)
    home = reverse("account_home", args=[kim.account.slug])

    before = client.get(home).status_code
    with later(1.0001):
        client.force_login(kim.person)  # no session lasts that long
        after = client.get(home)

    assert before == 200
    assert after.status_code == 403
    assert "ran out" in after.content.decode() or "run out" in after.content.decode()


@db
@pytest.mark.rule(1)
def test_a_grant_ends_at_its_own_time():
    milo = MembershipFactory(holding="member")
    asset = AssetFactory(account=milo.account)
    actions.set_grants(membership=milo, asset=asset, codes=["run_ads"], ends_at=in_days(2), by=milo.account.owner)

    assert milo.person.has_perm("run_ads", asset)
    with later(2.0001):
        assert not Person.objects.get(pk=milo.person_id).has_perm("run_ads", asset)


# --- Setting an end ---------------------------------------------------------------------------------------------------
@db
@pytest.mark.rule(2)
def test_a_later_end_is_a_grant_and_needs_all_that_the_member_holds():
    fiona = MembershipFactory(holding="finance", ends_at=in_days(5))
    anna = MembershipFactory(account=fiona.account, holding="administrator").person

    with pytest.raises(MissingPermission) as refusal:
        actions.set_end(membership=fiona, ends_at=in_days(50), by=anna)
    with pytest.raises(MissingPermission):
        actions.set_end(membership=fiona, ends_at=None, by=anna)
    actions.set_end(membership=fiona, ends_at=in_days(2), by=anna)  # less, not more

    assert refusal.value.code == "manage_billing"
    fiona.refresh_from_db()
    assert fiona.ends_at < in_days(3)


@db
@pytest.mark.rule(2)
def test_a_later_end_of_a_membership_needs_what_is_granted_on_single_assets_too():
    milo = MembershipFactory(holding="member", ends_at=in_days(5))
    grant(milo, AssetFactory(account=milo.account), "run_ads")
    lead = Role.objects.create(account=milo.account, code="lead", name="Lead", held=["view_account", "manage_team"])
    lia = MembershipFactory(account=milo.account, role=lead).person

    with pytest.raises(MissingPermission) as refusal:
        actions.set_end(membership=milo, ends_at=in_days(50), by=lia)

    assert refusal.value.code == "run_ads"


@db
@pytest.mark.rule(2)
@pytest.mark.parametrize("act", ["set_end", "change_terms"])
def test_only_the_owner_sets_an_end_to_who_manages_the_team_and_nobody_to_oneself(act):
    account = BusinessAccountFactory()
    anna, bo = (MembershipFactory(account=account, holding="administrator") for _number in range(2))
    given = {"ends_at": in_days(3)} if act == "set_end" else {"terms": Terms(kind="contractor", ends_at=in_days(3))}

    with pytest.raises(MissingPermission):
        getattr(actions, act)(membership=bo, by=anna.person, **given)
    with pytest.raises(PolicyViolation):
        getattr(actions, act)(membership=anna, by=anna.person, **given)
    getattr(actions, act)(membership=bo, by=account.owner, **given)


@db
@pytest.mark.rule(3)
@pytest.mark.parametrize("act", ["set_end", "change_terms"])
def test_the_owner_has_no_end(act):
    account = BusinessAccountFactory()
    anna = MembershipFactory(account=account, holding="administrator").person
    given = {"ends_at": in_days(3)} if act == "set_end" else {"terms": Terms(ends_at=in_days(3))}

    for by in (anna, account.owner):
        with pytest.raises(PolicyViolation):
            getattr(actions, act)(membership=owner_of(account), by=by, **given)


@db
@pytest.mark.rule(3)
def test_an_agency_never_takes_the_ownership():
    kim = MembershipFactory(kind="agency", organisation="Brightside")
    with pytest.raises(PolicyViolation):
        actions.offer_ownership(account=kim.account, membership=kim, by=kim.account.owner)
    employed = MembershipFactory(account=kim.account)
    offer = actions.offer_ownership(account=kim.account, membership=employed, by=kim.account.owner)
    Membership.objects.filter(pk=employed.pk).update(kind="agency", organisation="Brightside")

    with pytest.raises(PolicyViolation):
        actions.accept_ownership(offer=offer, by=employed.person)

    assert list(Membership.objects.heirs(kim.account)) == []


@db
def test_an_end_in_the_past_is_refused():
    kim = contractor()

    with pytest.raises(PolicyViolation):
        actions.set_end(membership=kim, ends_at=in_days(-1), by=kim.account.owner)


@db
def test_what_ran_out_comes_back_with_a_later_end():
    kim = contractor(ends_at=in_days(-2))
    watch_ends()

    actions.set_end(membership=kim, ends_at=in_days(10), by=kim.account.owner)

    assert kim.person.has_perm("view_account", kim.account)
    kim.refresh_from_db()
    assert kim.told == Told.NOTHING  # people will be told of the new end


@db
@pytest.mark.rule(2)
def test_a_later_end_of_a_grant_needs_the_granted_power():
    milo = MembershipFactory(holding="member")
    asset = AssetFactory(account=milo.account)
    lead = Role.objects.create(account=milo.account, code="lead", name="Lead", held=["view_account", "manage_team"])
    lia = MembershipFactory(account=milo.account, role=lead).person
    given = {"membership": milo, "asset": asset, "codes": ["run_ads"]}
    actions.set_grants(**given, ends_at=in_days(5), by=milo.account.owner)

    for ends_at in (in_days(9), None):
        with pytest.raises(MissingPermission):
            actions.set_grants(**given, ends_at=ends_at, by=lia)
    actions.set_grants(**given, ends_at=in_days(1), by=lia)

    with later(1.5), pytest.raises(MissingPermission):
        actions.set_grants(**given, ends_at=in_days(1), by=lia)  # it has run out: that is giving it anew
    event = Event.objects.named("grants.changed").filter(result="done").order_by("pk").last()
    assert set(event.parts["after"]["ends"]) == {"run_ads"}


# --- Kinds of people, sponsors, the policy ----------------------------------------------------------------------------
@db
def test_the_policy_limits_how_long_people_from_outside_may_have_access():
    account = BusinessAccountFactory(policy_and_seat={"outside_days": 90})
    kim, eddie = contractor(account=account, ends_at=in_days(5)), MembershipFactory(account=account)

    for refused in (None, in_days(91)):
        with pytest.raises(PolicyViolation, match="at most 90 days"):
            actions.set_end(membership=kim, ends_at=refused, by=account.owner)
    with pytest.raises(PolicyViolation, match="at most 90 days"):
        actions.change_terms(membership=eddie, terms=Terms(kind="contractor"), by=account.owner)
    actions.set_end(membership=kim, ends_at=in_days(90), by=account.owner)
    actions.change_terms(membership=eddie, terms=Terms(kind="contractor", ends_at=in_days(30)), by=account.owner)


@db
def test_the_policy_counts_for_invitations_too_when_made_and_when_accepted():
    account = BusinessAccountFactory(policy_and_seat={"outside_days": 90})
    offer = {"account": account, "address": "kim@example.com", "role": Role.objects.built_in("editor")}
    with pytest.raises(PolicyViolation, match="at most 90 days"):
        invitations.invite(**offer, terms=Terms(kind="contractor"), by=account.owner)
    invitation = invitations.invite(**offer, terms=Terms(kind="contractor", ends_at=in_days(60)), by=account.owner)
    actions.change_policy(account=account, outside_days=30, by=account.owner)

    with pytest.raises(PolicyViolation, match="at most 30 days"):
        invitations.accept(invitation=invitation, by=PersonFactory(email="kim@example.com"))


@db
def test_whoever_answers_for_somebody_is_an_active_member_and_not_from_outside():
    kim = contractor()
    account = kim.account
    outsider = contractor(account=account)
    stranger, gone = PersonFactory(), MembershipFactory(account=account, suspended=True)

    for sponsor in (kim.person, outsider.person, stranger, gone.person):
        with pytest.raises(PolicyViolation):
            actions.change_terms(membership=kim, terms=Terms(kind="contractor", sponsor=sponsor), by=account.owner)
    actions.change_terms(membership=kim, terms=Terms(kind="contractor", sponsor=account.owner), by=account.owner)
    with pytest.raises(PolicyViolation, match="Name the agency"):
        actions.change_terms(membership=kim, terms=Terms(kind="agency"), by=account.owner)


@db
@pytest.mark.rule(13)
@pytest.mark.parametrize("ends", ["offboard", "leave"])
def test_whom_a_leaver_answered_for_is_left_without_and_shown(client, ends):
    anna = MembershipFactory()
    kim = contractor(account=anna.account, sponsor=anna.person)
    invited = InvitationFactory(account=anna.account, kind="contractor", sponsor=anna.person)
    client.force_login(anna.account.owner)
    preview = client.get(url("offboard_member", anna)).content.decode()

    if ends == "offboard":
        act = actions.offboard(membership=anna, by=anna.account.owner, reason="Left")
        assert act.receipts.get().is_complete
    else:
        actions.leave(membership=anna, by=anna.person)

    kim.refresh_from_db()
    invited.refresh_from_db()
    assert (kim.sponsor, invited.sponsor) == (None, None)
    assert str(kim.person) in preview
    shown = client.get(reverse("team", args=[anna.account.slug]) + "?state=no_sponsor").content.decode()
    assert kim.person.email in shown


@db
def test_the_terms_of_an_invitation_become_those_of_the_membership():
    account = BusinessAccountFactory()
    terms = Terms("agency", "Brightside", account.owner, in_days(60))
    invitation = invitations.invite(
        account=account, address="kim@example.com", role=Role.objects.built_in("editor"), terms=terms, by=account.owner
    )

    member = invitations.accept(invitation=invitation, by=PersonFactory(email="kim@example.com"))

    assert member.terms == terms
    assert Event.objects.about(invitation).get(name="invitation.created").parts["after"]["terms"]["kind"] == "agency"


@db
def test_an_offer_whose_access_would_have_ended_is_not_accepted():
    invitation = InvitationFactory(ends_at=in_days(1))

    with later(2), pytest.raises(PolicyViolation):
        invitations.accept(invitation=invitation, by=PersonFactory(email=invitation.address))


@db
def test_who_is_brought_back_has_the_terms_of_then():
    anna = MembershipFactory()
    kim = contractor(account=anna.account, sponsor=anna.person, ends_at=in_days(60))
    receipt = actions.offboard(membership=kim, by=kim.account.owner, reason="Left").receipts.get()
    actions.leave(membership=anna, by=anna.person)

    [back] = actions.bring_back(receipt=receipt, by=kim.account.owner)

    assert (back.kind, back.organisation, back.ends_at) == ("contractor", "Studio Nord", kim.ends_at)
    assert back.sponsor is None  # has left meanwhile


# --- Telling people, and the record -----------------------------------------------------------------------------------
@db
def test_member_sponsor_and_administrators_are_told_a_week_and_a_day_before_and_once_each(mailoutbox):
    account = BusinessAccountFactory(name="Northwind")
    anna = MembershipFactory(account=account, holding="administrator").person
    sponsor = MembershipFactory(account=account).person
    kim = contractor(account=account, sponsor=sponsor, ends_at=in_days(20))
    concerned = sorted([kim.person.email, anna.email, sponsor.email, account.owner.email])

    watch_ends()
    the_post_goes_out()
    assert mailoutbox == []
    for days in (13.5, 19.2):
        with later(days):
            watch_ends()
            watch_ends()
            the_post_goes_out()
            assert sorted(mail.to[0] for mail in mailoutbox) == concerned
            assert all("Northwind" in mail.subject for mail in mailoutbox)
            mailoutbox.clear()

    events = Event.objects.about(kim).named("member.end_announced")
    assert [(event.actor_kind, event.parts["after"]["told"]) for event in events] == [
        ("system", "week_before"),
        ("system", "day_before"),
    ]


@db
@pytest.mark.rule(12)
def test_when_it_ends_the_system_writes_one_event_and_the_member_is_told(mailoutbox):
    kim = contractor(ends_at=in_days(1), told=Told.DAY_BEFORE)

    with later(1.01):
        watch_ends()
        watch_ends()
        the_post_goes_out()

    event = Event.objects.about(kim).get(name="member.ran_out")
    assert (event.actor_kind, event.parts["before"]["role"]["code"]) == ("system", "editor")
    [mail] = mailoutbox
    assert mail.to == [kim.person.email]
    assert "run out" in mail.subject


@db
@pytest.mark.rule(12)
def test_a_grant_that_ran_out_is_taken_away_by_the_system():
    milo = MembershipFactory(holding="member")
    asset = AssetFactory(account=milo.account, name="Northwind US")
    codes = ["run_ads", "view_analytics"]
    actions.set_grants(membership=milo, asset=asset, codes=codes, ends_at=in_days(3), by=milo.account.owner)

    with later(3.01):
        watch_ends()
        watch_ends()

    assert not AssetGrant.objects.exists()
    event = Event.objects.about(milo).get(name="member.ran_out")
    assert set(event.parts["before"]["grants"]) == set(codes)


@db
def test_an_end_that_was_moved_is_told_anew_and_nobody_is_told_of_the_old_one(mailoutbox):
    kim = contractor(ends_at=in_days(5))
    watch_ends()
    actions.set_end(membership=kim, ends_at=in_days(40), by=kim.account.owner)

    the_post_goes_out()  # the letters find nothing that ends soon
    assert mailoutbox == []
    with later(35):
        watch_ends()
        the_post_goes_out()

    assert kim.person.email in [mail.to[0] for mail in mailoutbox]


@db
def test_nothing_is_told_of_what_is_over_or_closed():
    contractor(ends_at=in_days(2), ended=True)
    closed = contractor(ends_at=in_days(2))
    actions.close_account(account=closed.account, by=closed.account.owner)

    watch_ends()

    assert not OutgoingMail.objects.exclude(kind="notice").exists()  # that the account was closed is told
    with pytest.raises(ChangedMeanwhile):
        actions.announce_end(membership=closed, by=SYSTEM)


@db
def test_an_invitation_that_ran_out_is_written_down_once_and_again_after_a_resend():
    invitation = InvitationFactory(expired=True)
    note_expiries()
    note_expiries()
    invitations.resend(invitation=invitation, by=invitation.account.owner)
    with later(8):
        note_expiries()

    events = Event.objects.about(invitation).named("invitation.ran_out")
    assert [event.actor_kind for event in events] == ["system", "system"]


def test_two_workers_at_once_announce_and_note_an_end_once(fresh_database):
    soon = committed(lambda: contractor(ends_at=in_days(3)))
    over = committed(lambda: contractor(account=soon.account, ends_at=in_days(-1)))

    at_once(*[watch_ends] * 4)

    assert Event.objects.about(soon).named("member.end_announced").count() == 1
    assert Event.objects.about(over).named("member.ran_out").count() == 1


# --- Pages ------------------------------------------------------------------------------------------------------------
@db
def test_terms_are_changed_on_a_page_that_keeps_what_was_typed(client):
    kim = MembershipFactory()
    account = kim.account
    client.force_login(account.owner)
    given = {
        "kind": "contractor", "organisation": "Studio Nord", "sponsor": account.owner.email,
        "ends_at_span": "until", "ends_at_until": "2020-01-01T10:00",
    }  # fmt: skip

    wrong = client.post(url("change_terms", kim), given)
    right = client.post(url("change_terms", kim), {**given, "ends_at_span": "90"}, follow=True)

    assert wrong.status_code == 422
    assert "Studio Nord" in wrong.content.decode()
    assert "has passed already" in wrong.content.decode()
    kim.refresh_from_db()
    assert (kim.kind, kim.organisation, kim.sponsor) == ("contractor", "Studio Nord", account.owner)
    assert in_days(89) < kim.ends_at < in_days(91)
    assert "Studio Nord" in right.content.decode()


@db
@pytest.mark.parametrize(
    "given",
    [
        {"ends_at_span": "until"},
        {"ends_at_span": "until", "ends_at_until": "tomorrow"},
        {"ends_at_span": "until", "ends_at_until": "0001-01-01T00:00"},
        {"ends_at_span": "until", "ends_at_until": "9999-12-31T23:59"},
        {"ends_at_span": "-7"},
        {"ends_at_span": "1e9"},
        {"kind": "robot"},
        {"kind": "agency"},
        {"organisation": "x" * 101},
        {"sponsor": "nobody@example.com"},
        {"sponsor": "not an address"},
        {"sponsor": "\0"},
    ],
)
def test_what_makes_no_sense_gets_words_and_changes_nothing(client, given):
    kim = contractor(ends_at=in_days(9))
    client.force_login(kim.account.owner)

    response = client.post(url("change_terms", kim), {"kind": "contractor", **given})

    assert response.status_code == 422
    kim.refresh_from_db()
    assert kim.organisation == "Studio Nord"


@db
def test_one_click_extends_from_the_present_end_or_from_now(client):
    soon, over = contractor(ends_at=in_days(3)), contractor(ends_at=in_days(-3))
    for member in (soon, over):
        client.force_login(member.account.owner)
        client.post(url("extend_member", member), {"days": "30"})
        member.refresh_from_db()

    assert in_days(32) < soon.ends_at < in_days(34)
    assert in_days(29) < over.ends_at < in_days(31)


@db
def test_what_the_policy_refuses_to_extend_is_said_where_another_end_can_be_chosen(client):
    account = BusinessAccountFactory(policy_and_seat={"outside_days": 20})
    kim = contractor(account=account, ends_at=in_days(3))
    client.force_login(account.owner)

    for given in ({"days": "30"}, {"days": "31"}, {}):
        shown = client.post(url("extend_member", kim), given, follow=True)
        assert shown.redirect_chain[0][0] == url("change_terms", kim)
    assert Event.objects.about(kim).get().refused
    kim.refresh_from_db()
    assert kim.ends_at < in_days(4)


@db
def test_the_list_filters_by_what_ends_soon_and_by_kind(client):
    account = BusinessAccountFactory()
    soon = contractor(account=account, ends_at=in_days(6), person__name="Kim Soon")
    contractor(account=account, ends_at=in_days(60), person__name="Lou Later")
    contractor(account=account, ends_at=in_days(-1), person__name="Max Over")
    client.force_login(account.owner)
    team = reverse("team", args=[account.slug])

    def names(query):
        return {str(row.person) for row in client.get(team + query).context["page_obj"]}

    assert names("?state=ends_soon") == {"Kim Soon"}
    assert names("?state=run_out") == {"Max Over"}
    assert names("?kind=contractor") == {"Kim Soon", "Lou Later", "Max Over"}
    assert names("?kind=employee") == {str(account.owner)}
    assert names("?kind=robot") == {"Kim Soon", "Lou Later", "Max Over", str(account.owner)}
    first = client.get(team + "?sort=ends").context["page_obj"][0]
    assert str(first.person) == "Max Over"
    assert "ends soon" in client.get(url("member", soon)).content.decode()


@db
def test_inviting_somebody_from_outside_for_a_time(client):
    account = BusinessAccountFactory()
    client.force_login(account.owner)
    form = {
        "addresses": "kim@example.com", "role": "editor", "kind": "agency", "organisation": "Brightside",
        "sponsor": account.owner.email, "ends_at_span": "30", "expires_at_span": "1",
    }  # fmt: skip

    client.post(reverse("invite", args=[account.slug]), form)

    invitation = Invitation.objects.get()
    assert (invitation.kind, invitation.organisation, invitation.sponsor) == ("agency", "Brightside", account.owner)
    assert in_days(29) < invitation.ends_at < in_days(31)
    assert in_days(0.9) < invitation.expires_at < in_days(1.1)
    shown = client.get(reverse("invitation", args=[account.slug, invitation.pk])).content.decode()
    assert "Brightside" in shown


@db
def test_an_invitation_stays_open_no_longer_than_the_policy_says():
    account = BusinessAccountFactory(policy_and_seat={"invitation_days": 2})

    invitation = invitations.invite(
        account=account, address="kim@example.com", role=Role.objects.built_in("editor"), expires_at=in_days(20),
        by=account.owner,
    )  # fmt: skip

    assert invitation.expires_at < in_days(2.1)


@db
def test_what_ends_soon_waits_on_the_overview_and_at_home(client):
    kim = contractor(ends_at=in_days(6), person__name="Kim Soon")
    client.force_login(kim.account.owner)

    overview = client.get(reverse("account_home", args=[kim.account.slug])).content.decode()
    home = client.get(reverse("dashboard")).content.decode()

    assert "The access of Kim Soon ends soon" in overview
    assert "1 access ends soon" in home

"""Agencies and firms in an account: their named people, one end for all, and the whole engagement ended in one act."""

import datetime as dt
import hashlib
import json

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.errors import ChangedMeanwhile, MissingPermission, PolicyViolation
from accounts.models import OutgoingMail, Person, Session
from audit.models import Event
from invitations import actions as invitations
from invitations.models import Invitation
from teams import actions
from teams.engagements import engagement_of, engagements_in, key_of
from teams.models import AssetGrant, EndedEngagement, Membership, Role, Terms
from tests.factories import (
    AssetFactory,
    BusinessAccountFactory,
    EndedEngagementFactory,
    InvitationFactory,
    MembershipFactory,
    OwnershipClaimFactory,
    PersonFactory,
    claimant_in,
    grant,
    owner_of,
)
from tests.post import the_post_goes_out
from tests.together import at_once, committed, one_behind_the_other

db = pytest.mark.django_db
NAME = "Brightside Agency"
KEY = key_of(NAME)


def of_agency(account, name=NAME, **given):
    return MembershipFactory(account=account, kind="agency", organisation=name, **given)


def end(account, *, by=None, key=KEY, seen=None, reason="The contract has ended"):
    seen = engagement_of(account, key).fingerprint() if seen is None else seen
    return actions.end_engagement(account=account, key=key, seen=seen, reason=reason, by=by or account.owner)


def at(account, name, *args):
    return reverse(name, args=[account.slug, *args])


def make():
    """Northwind, with Ines and Jonas of Brightside, and an employee; Ines holds a grant and has sent an invitation."""
    account = BusinessAccountFactory(name="Northwind")
    ines = of_agency(account, person=PersonFactory(name="Ines Duarte"))
    of_agency(account, "BRIGHTSIDE-agency", person=PersonFactory(name="Jonas Weber"), holding="analyst")
    grant(ines, AssetFactory(account=account, name="Northwind US"), "run_ads")
    MembershipFactory(account=account, person=PersonFactory(name="Eddie"))
    InvitationFactory(
        account=account, address="priya@brightside.example", kind="agency", organisation="brightside agency"
    )
    return account


@pytest.fixture
def northwind(db):
    return make()


@pytest.fixture
def anna(northwind):
    return MembershipFactory(account=northwind, holding="administrator", person=PersonFactory(name="Anna")).person


# --- Who is here for whom ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "spelt", ["Brightside Agency", "BRIGHTSIDE  AGENCY", "brightside-agency", "Ｂｒｉｇｈｔｓｉｄｅ Agency."]
)
def test_spellings_of_one_name_have_one_key(spelt):
    assert key_of(spelt) == KEY


def test_names_of_other_letters_and_of_none_have_keys_of_their_own():
    names = ["株式会社光", "Студия", "!!!", "???", "Brightside", "Brightside Agency", "a" * 100]

    assert len({key_of(name) for name in names}) == len(names)
    assert all(reverse("engagement", args=["x", key_of(name)]) for name in names)


def test_an_organisation_stands_once_with_its_people_under_the_name_that_most_spell(northwind):
    of_agency(northwind, "brightside agency")
    of_agency(northwind, "brightside agency", ended=True)
    MembershipFactory(account=northwind, kind="contractor", organisation="Studio Sol")
    MembershipFactory(account=northwind, kind="contractor")
    of_agency(BusinessAccountFactory(), "Elsewhere")

    found = {(one.organisation, len(one.members)) for one in engagements_in(northwind)}

    assert found == {("BRIGHTSIDE-agency", 3), ("Studio Sol", 1)}


def test_the_list_is_searched_by_organisation_and_by_person(northwind, anna, client):
    of_agency(northwind, "Studio Sol")
    client.force_login(anna)

    def shown(q):
        text = client.get(at(northwind, "engagements"), {"q": q}).content.decode()
        return [name for name in ("BRIGHTSIDE-agency", "Studio Sol") if f">{name}<" in text]

    assert shown("") == ["BRIGHTSIDE-agency", "Studio Sol"]
    assert shown("jonas") == ["BRIGHTSIDE-agency"]
    assert shown("sol") == ["Studio Sol"]
    assert shown("nobody") == []
    assert shown("\0") == ["BRIGHTSIDE-agency", "Studio Sol"]


def test_the_people_are_named_with_second_factor_last_activity_and_end(northwind, anna, client):
    ines = Membership.objects.get(person__name="Ines Duarte")
    Authenticator.objects.create(user=ines.person, type="totp", data={})
    Membership.objects.filter(pk=ines.pk).update(ends_at=dt.datetime(2027, 3, 4, 12, tzinfo=dt.UTC), sponsor=anna)
    with time_machine.travel("2026-10-05 12:00Z"):
        actions.ask_for_access(membership=ines, by=ines.person, role=_role("administrator"), reason="Campaign")
    client.force_login(anna)

    text = client.get(at(northwind, "engagement", KEY)).content.decode()

    row = text[text.index("Ines Duarte") : text.index("Jonas Weber")]
    assert "2026-10-05" in row
    assert "4 Mar 2027" in row
    assert "Anna answers for them" in row
    assert "Eddie" not in text[text.index("<main") :]


def test_a_page_asks_as_much_for_many_people_as_for_two(northwind, anna, client, django_assert_max_num_queries):
    client.force_login(anna)
    for name in ("engagements", "engagement"):
        page = at(northwind, name, *([KEY] if name == "engagement" else []))
        client.get(page)
        with django_assert_max_num_queries(60) as few:
            client.get(page)
        for _number in range(8):
            of_agency(northwind)
        with django_assert_max_num_queries(len(few)):
            client.get(page)


@pytest.mark.rule(4)
def test_an_organisation_of_another_account_answers_like_one_that_never_was(northwind, anna, client):
    of_agency(BusinessAccountFactory(), "Elsewhere")
    foreign = EndedEngagementFactory(account=BusinessAccountFactory(), organisation="Gone")
    client.force_login(anna)

    for name in ("engagement", "end_engagement", "set_engagement_end"):
        for key in (key_of("Elsewhere"), "never-was", foreign.key):
            assert client.get(at(northwind, name, key)).status_code == 404
            assert client.post(at(northwind, name, key), {"reason": "x"}).status_code == 404
    for name, more in (("engagement_receipt", []), ("engagement_receipt_file", ["pdf"]), ("bring_engagement_back", [])):
        assert client.get(at(northwind, name, foreign.pk, *more)).status_code == 404


# --- Ending it --------------------------------------------------------------------------------------------------------
@pytest.mark.rule(13)
def test_the_whole_engagement_ends_in_one_act(northwind, anna):
    people = [row.person for row in engagement_of(northwind, KEY).members]
    for person in people:
        Client().force_login(person)

    act = end(northwind, by=anna)

    assert {row.person for row in act.members.all()} == set(people)
    assert set(act.members.values_list("state", flat=True)) == {"ended"}
    assert not AssetGrant.objects.filter(user__in=people).exists()
    assert not Session.objects.filter(person__in=people).exists()
    assert Invitation.objects.get(address="priya@brightside.example").state == "revoked"
    assert not any(Person.objects.get(pk=person.pk).has_usable_password() for person in people)
    assert Membership.objects.current().filter(person__name="Eddie").exists()


@pytest.mark.rule(12)
@pytest.mark.rule(13)
def test_there_is_one_event_and_one_receipt_that_lists_each_person(northwind, anna):
    act = end(northwind, by=anna)

    event = Event.objects.of(northwind).get()
    assert (event.name, event.number) == ("engagement.ended", act.event_number)
    assert event.parts["after"]["digest"] == act.digest
    assert [one["person"] for one in event.parts["after"]["people"]] == ["Ines Duarte", "Jonas Weber"]
    assert [one["person"]["name"] for one in act.statement["people"]] == ["Ines Duarte", "Jonas Weber"]
    assert act.statement["people"][0]["ended"]["grants"][0]["code"] == "run_ads"
    assert act.statement["people"][0]["checked"]
    assert act.statement["checked"]
    assert act.statement["invitations"] == ["priya@brightside.example as Editor"]
    assert act.left == 0
    assert EndedEngagement.objects.count() == 1


@pytest.mark.rule(13)
def test_the_receipt_can_be_checked_without_the_portal_and_shows_when_it_was_changed(northwind, anna, client):
    act = end(northwind, by=anna)
    client.force_login(anna)

    kept = client.get(at(northwind, "engagement_receipt_file", act.pk, "json")).json()
    paper = client.get(at(northwind, "engagement_receipt_file", act.pk, "pdf"))

    text = json.dumps(kept["statement"], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    assert hashlib.sha256(text.encode()).hexdigest() == kept["sha256"] == act.digest
    assert kept["event"]["number"] == act.event_number
    assert paper.content.startswith(b"%PDF")
    assert paper["Content-Type"] == "application/pdf"
    assert client.get(at(northwind, "engagement_receipt_file", act.pk, "exe")).status_code == 404
    assert "exactly this receipt" in client.get(at(northwind, "engagement_receipt", act.pk)).content.decode()
    act.statement["reason"] = "Another"
    act.save()
    assert "Not the receipt of the log" in client.get(at(northwind, "engagement_receipt", act.pk)).content.decode()


@pytest.mark.rule(4)
@pytest.mark.rule(13)
def test_what_the_agencys_people_hold_elsewhere_stays(northwind):
    ines = Person.objects.get(name="Ines Duarte")
    elsewhere = of_agency(BusinessAccountFactory(), person=ines)

    act = end(northwind)

    assert Membership.objects.get(pk=elsewhere.pk).state == "active"
    assert Person.objects.get(pk=ines.pk).has_usable_password()
    assert act.statement["people"][0]["ended"]["password"] == "kept"
    assert elsewhere.account.name not in str(act.statement)


@pytest.mark.rule(2)
@pytest.mark.rule(12)
def test_where_one_of_them_manages_the_team_only_the_owner_can_end_it_and_nothing_ends_for_others(
    northwind, anna, client
):
    rosa = of_agency(northwind, holding="administrator", person=PersonFactory(name="Rosa"))

    with pytest.raises(MissingPermission) as refusal:
        end(northwind, by=anna)
    client.force_login(anna)
    page = client.get(at(northwind, "end_engagement", KEY)).content.decode()

    assert "Rosa manages the team, so only the owner" in refusal.value.words
    assert "Rosa manages the team, so only the owner" in page
    assert "<textarea" not in page
    assert len(engagement_of(northwind, KEY).members) == 3
    with pytest.raises(PolicyViolation):
        end(northwind, by=rosa.person)
    assert len(end(northwind).statement["people"]) == 3


@pytest.mark.rule(4)
@pytest.mark.rule(12)
@pytest.mark.parametrize("holding", ["editor", "auditor", None])
def test_who_does_not_manage_the_team_ends_nothing(northwind, holding, client):
    person = MembershipFactory(account=northwind, holding=holding).person if holding else PersonFactory()
    client.force_login(person)
    seen = engagement_of(northwind, KEY).fingerprint()

    answer = client.post(at(northwind, "end_engagement", KEY), {"reason": "x", "seen": seen})

    assert answer.status_code == (403 if holding else 404)
    with pytest.raises(MissingPermission):
        end(northwind, by=person)
    assert not EndedEngagement.objects.exists()


@pytest.mark.rule(13)
def test_it_is_shown_asked_and_done_on_the_pages_and_each_is_told(northwind, anna, client, mailoutbox):
    client.force_login(anna)
    page = client.get(at(northwind, "end_engagement", KEY))
    seen = page.context["seen"]

    empty = client.post(at(northwind, "end_engagement", KEY), {"seen": seen, "reason": " "})
    done = client.post(at(northwind, "end_engagement", KEY), {"seen": seen, "reason": "It is over"}, follow=True)
    the_post_goes_out()

    assert empty.status_code == 422
    for words in ("Ines Duarte", "Jonas Weber", "Northwind US", "priya@brightside.example"):
        assert words in page.content.decode()
        assert words in done.content.decode()
    letters = {mail.to[0]: mail.body for mail in mailoutbox}
    assert set(letters) == set(
        Person.objects.filter(name__in=["Ines Duarte", "Jonas Weber"]).values_list("email", flat=True)
    )
    assert all(
        "Northwind" in text and "It is over" not in text and "/password/reset/key/" in text for text in letters.values()
    )
    assert "has ended" in client.get(at(northwind, "engagement", KEY)).content.decode()
    assert "has ended" in client.get(at(northwind, "end_engagement", KEY)).content.decode()
    event = client.get(at(northwind, "event", EndedEngagement.objects.get().event_number)).content.decode()
    assert at(northwind, "engagement_receipt", EndedEngagement.objects.get().pk) in event


@pytest.mark.rule(13)
def test_the_person_and_the_members_page_lead_to_the_receipt(northwind, anna, client):
    act = end(northwind, by=anna)
    then = act.members.first()
    client.force_login(anna)

    pages = [client.get(at(northwind, "member", then.pk)), client.get(reverse("person", args=[then.person_id]))]

    for page in pages:
        assert at(northwind, "engagement_receipt", act.pk) in page.content.decode()
    assert "ended the engagement" in pages[0].content.decode()


@pytest.mark.rule(13)
def test_whose_access_ended_with_an_engagement_finds_it_in_their_own_activity(northwind, client):
    of_agency(BusinessAccountFactory(), person=Person.objects.get(name="Ines Duarte"))
    end(northwind)
    client.force_login(Person.objects.get(name="Ines Duarte"))

    text = client.get(reverse("my_activity")).content.decode()

    assert "ended the engagement of BRIGHTSIDE-agency" in text
    assert "Jonas" not in text


@pytest.mark.parametrize(
    "form", [{}, {"reason": "x"}, {"reason": "x" * 9999, "seen": "y" * 9999}, {"reason": "\0", "seen": "\0"}]
)
def test_nonsense_ends_nothing(northwind, anna, client, form):
    client.force_login(anna)

    assert client.post(at(northwind, "end_engagement", KEY), form).status_code in {409, 422}
    assert not EndedEngagement.objects.exists()


# --- What changes meanwhile -------------------------------------------------------------------------------------------
@pytest.mark.requirement("AZ10")
@pytest.mark.parametrize("change", ["joined", "left", "another role", "invited"])
def test_a_yes_counts_only_for_who_was_shown(northwind, anna, client, change):
    client.force_login(anna)
    seen = client.get(at(northwind, "end_engagement", KEY)).context["seen"]
    jonas = Membership.objects.get(person__name="Jonas Weber")
    match change:
        case "joined":
            of_agency(northwind)
        case "left":
            actions.offboard(membership=jonas, by=anna, reason="Left")
        case "another role":
            actions.change_role(membership=jonas, role=_role("editor"), by=anna)
        case "invited":
            InvitationFactory(account=northwind, kind="agency", organisation=NAME)

    answer = client.post(at(northwind, "end_engagement", KEY), {"seen": seen, "reason": "It is over"})

    assert answer.status_code == 409
    assert "changed since you looked" in answer.content.decode()
    assert not EndedEngagement.objects.exists()


@pytest.mark.rule(12)
def test_ended_twice_at_once_it_ends_once(fresh_database):
    account = committed(make)
    seen = engagement_of(account, KEY).fingerprint()

    outcomes = at_once(*[lambda: end(account, seen=seen)] * 2)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ChangedMeanwhile", "EndedEngagement"]
    assert Event.objects.of(account).named("engagement.ended").count() == 1


def test_who_accepts_while_the_engagement_ends_is_not_left_behind(fresh_database):
    account = committed(make)
    priya = committed(lambda: PersonFactory(email="priya@brightside.example"))
    offer = Invitation.objects.get(address=priya.email)
    seen = engagement_of(account, KEY).fingerprint()

    race = one_behind_the_other(lambda: invitations.accept(invitation=offer, by=priya), lambda: end(account, seen=seen))

    assert isinstance(race.second, ChangedMeanwhile)
    assert len(engagement_of(account, KEY).members) == 3


def test_who_accepts_after_the_engagement_ended_does_not_get_in(fresh_database):
    account = committed(make)
    priya = committed(lambda: PersonFactory(email="priya@brightside.example"))
    offer = Invitation.objects.get(address=priya.email)

    race = one_behind_the_other(lambda: end(account), lambda: invitations.accept(invitation=offer, by=priya))

    assert race.first.statement["invitations"] == ["priya@brightside.example as Editor"]
    assert isinstance(race.second, Exception)
    assert not engagement_of(account, KEY).members


def test_a_member_leads_to_everybody_of_the_same_organisation(northwind, anna, client):
    client.force_login(anna)

    pages = {
        name: client.get(at(northwind, "member", Membership.objects.get(person__name=name).pk)).content.decode()
        for name in ("Ines Duarte", "Eddie")
    }

    assert at(northwind, "engagement", KEY) in pages["Ines Duarte"]
    assert "/agencies/" not in pages["Eddie"]


@pytest.mark.rule(12)
@pytest.mark.parametrize("where", ["audit.recording._append", "teams.engagements.residue", "teams.offboarding.residue"])
def test_broken_off_anywhere_it_leaves_nothing_behind(northwind, monkeypatch, where):
    before = list(Membership.objects.order_by("pk").values_list("pk", "state", "person__password"))
    monkeypatch.setattr(where, lambda *args: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        end(northwind)

    assert list(Membership.objects.order_by("pk").values_list("pk", "state", "person__password")) == before
    assert AssetGrant.objects.exists()
    assert Invitation.objects.open().exists()
    assert not EndedEngagement.objects.exists()
    assert not OutgoingMail.objects.exists()


# --- Bringing back ----------------------------------------------------------------------------------------------------
@pytest.mark.rule(13)
def test_the_people_come_back_in_one_act_with_role_grants_and_terms(northwind, anna, client):
    act = end(northwind)
    client.force_login(northwind.owner)
    form = client.get(at(northwind, "bring_engagement_back", act.pk)).context["form"]

    answer = client.post(at(northwind, "bring_engagement_back", act.pk), {"members": form.initial["members"]})

    assert answer.status_code == 302
    back = engagement_of(northwind, KEY).members
    assert {(str(row.person), row.role.code, row.organisation) for row in back} == {
        ("Ines Duarte", "editor", "Brightside Agency"), ("Jonas Weber", "analyst", "BRIGHTSIDE-agency"),
    }  # fmt: skip
    assert AssetGrant.objects.filter(user__name="Ines Duarte").count() == 1
    event = Event.objects.of(northwind).named("engagement.brought_back").get()
    assert len(event.parts["after"]["people"]) == 2
    assert client.post(
        at(northwind, "bring_engagement_back", act.pk), {"members": form.initial["members"]}
    ).status_code in {409, 422}


@pytest.mark.rule(13)
def test_who_can_not_come_back_stays_away_and_the_page_says_why(northwind, client):
    act = end(northwind)
    jonas = act.members.get(person__name="Jonas Weber")
    Person.objects.filter(pk=jonas.person_id).update(is_active=False)
    client.force_login(northwind.owner)

    page = client.get(at(northwind, "bring_engagement_back", act.pk))
    client.post(at(northwind, "bring_engagement_back", act.pk), {"members": page.context["form"].initial["members"]})

    assert "switched off" in page.content.decode()
    assert [str(row.person) for row in engagement_of(northwind, KEY).members] == ["Ines Duarte"]


@pytest.mark.rule(2)
@pytest.mark.rule(13)
def test_bringing_back_is_giving_anew(northwind, anna):
    finance = of_agency(northwind, holding="finance")
    act = end(northwind)

    with pytest.raises(MissingPermission):
        actions.bring_engagement_back(engagement=act, members=[finance], by=anna)
    with time_machine.travel(timezone.now() + dt.timedelta(days=31)), pytest.raises(PolicyViolation):
        actions.bring_engagement_back(engagement=act, members=list(act.members.all()), by=northwind.owner)
    with pytest.raises(ChangedMeanwhile):
        actions.bring_engagement_back(engagement=act, members=[MembershipFactory(ended=True)], by=northwind.owner)

    assert not engagement_of(northwind, KEY).members


# --- One end for all --------------------------------------------------------------------------------------------------
def test_one_end_is_set_for_all_after_a_look(northwind, anna, client):
    client.force_login(anna)
    form = {"ends_at_span": "until", "ends_at_until": "2027-03-04T12:00", "reason": "Contract"}

    shown = client.post(at(northwind, "set_engagement_end", KEY), form)
    untouched = set(Membership.objects.filter(kind="agency").values_list("ends_at", flat=True))
    done = client.post(at(northwind, "set_engagement_end", KEY), {**form, "sure": shown.context["asked"]})

    assert untouched == {None}
    assert {f"{row.ends_at:%Y-%m-%d}" for row in engagement_of(northwind, KEY).members} == {"2027-03-04"}
    assert done.context["done"] == 2
    assert Event.objects.of(northwind).named("member.end_changed").count() == 2
    assert not Membership.objects.exclude(kind="agency").exclude(ends_at=None).exists()


@pytest.mark.rule(2)
def test_whose_end_the_reader_can_not_set_is_named_and_left(northwind, anna, client):
    of_agency(northwind, holding="administrator", person=PersonFactory(name="Rosa"))
    northwind.policy.outside_days = 30
    northwind.policy.save()
    client.force_login(anna)

    soon = client.post(at(northwind, "set_engagement_end", KEY), {"ends_at_span": "7"})
    late = client.post(at(northwind, "set_engagement_end", KEY), {"ends_at_span": "365"})

    assert soon.context["changing"] == 2
    assert "Rosa manages the team" in soon.content.decode()
    assert late.context["changing"] == 0
    assert "at most 30 days" in late.content.decode()


@pytest.mark.parametrize(
    "form", [{"ends_at_span": "x"}, {"ends_at_span": "until"}, {"ends_at_span": "until", "ends_at_until": "\0"}]
)
def test_an_end_that_makes_no_sense_is_asked_for_again(northwind, anna, client, form):
    client.force_login(anna)

    assert client.post(at(northwind, "set_engagement_end", KEY), form).status_code == 422


# --- The agency never owns --------------------------------------------------------------------------------------------
@pytest.mark.rule(3)
def test_who_becomes_an_agencys_person_while_an_offer_is_open_can_not_accept_it(northwind):
    eddie = Membership.objects.get(person__name="Eddie")
    offer = actions.offer_ownership(account=northwind, membership=eddie, by=northwind.owner)
    actions.change_terms(membership=eddie, terms=Terms("agency", NAME), by=northwind.owner)

    with pytest.raises(PolicyViolation, match="own"):
        actions.accept_ownership(offer=offer, by=eddie.person)

    northwind.refresh_from_db()
    assert northwind.owner != eddie.person


@pytest.mark.rule(3)
def test_who_becomes_an_agencys_person_while_a_claim_is_open_can_not_carry_it_out(northwind):
    claim = OwnershipClaimFactory(account=northwind, days=15)
    seat = Membership.objects.get(account=northwind, person=claim.person)
    actions.change_terms(membership=seat, terms=Terms("agency", NAME), by=northwind.owner)

    with pytest.raises(PolicyViolation, match="own"):
        actions.carry_out_claim(claim=claim, shown_at=timezone.now(), by=claim.person)

    northwind.refresh_from_db()
    assert northwind.owner != claim.person


@pytest.mark.rule(3)
def test_an_agencys_person_is_offered_nothing_claims_nothing_and_is_no_successor(northwind):
    rosa = claimant_in(northwind, kind="agency", organisation=NAME)
    owner = northwind.owner
    attempts = [
        lambda: actions.offer_ownership(account=northwind, membership=rosa, by=owner),
        lambda: actions.name_successor(account=northwind, membership=rosa, by=owner),
        lambda: actions.claim_ownership(account=northwind, reason="x", shown_at=timezone.now(), by=rosa.person),
    ]

    for attempt in attempts:
        with pytest.raises(PolicyViolation):
            attempt()


@pytest.mark.rule(3)
def test_a_named_successor_who_becomes_an_agencys_person_claims_nothing(northwind):
    eddie = claimant_in(northwind, holding="editor")
    actions.name_successor(account=northwind, membership=eddie, by=northwind.owner)
    actions.change_terms(membership=eddie, terms=Terms("agency", NAME), by=northwind.owner)

    with pytest.raises(PolicyViolation):
        actions.claim_ownership(account=northwind, reason="x", shown_at=timezone.now(), by=eddie.person)


@pytest.mark.rule(3)
@pytest.mark.parametrize("act", ["change_terms", "bring_back"])
def test_the_owner_is_never_from_an_agency(northwind, act):
    if act == "change_terms":
        with pytest.raises(PolicyViolation):
            actions.change_terms(
                membership=owner_of(northwind), terms=Terms("agency", NAME),
                by=MembershipFactory(account=northwind, holding="administrator").person,
            )  # fmt: skip
        with pytest.raises(PolicyViolation):
            actions.change_terms(membership=owner_of(northwind), terms=Terms("agency", NAME), by=northwind.owner)
    else:
        ended = end(northwind)
        back = actions.bring_engagement_back(engagement=ended, members=list(ended.members.all()), by=northwind.owner)
        with pytest.raises(PolicyViolation):
            actions.offer_ownership(account=northwind, membership=back[0], by=northwind.owner)

    assert owner_of(northwind).kind == "employee"


@pytest.mark.rule(3)
def test_accepting_races_with_becoming_an_agencys_person(fresh_database):
    account = committed(make)
    eddie = Membership.objects.get(person__name="Eddie")
    offer = actions.offer_ownership(account=account, membership=eddie, by=account.owner)

    race = one_behind_the_other(
        lambda: actions.change_terms(membership=eddie, terms=Terms("agency", NAME), by=account.owner),
        lambda: actions.accept_ownership(offer=offer, by=eddie.person),
    )

    assert isinstance(race.second, PolicyViolation)
    assert not Membership.objects.filter(lasting_role__code="owner", kind="agency").exists()


def _role(code):
    return Role.objects.built_in(code)

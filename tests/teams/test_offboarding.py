"""Ending all access with a receipt, and bringing it back (rule 13, and what it must not break: rules 2 to 5, 11, 12)."""

import datetime as dt
import hashlib
import json

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.errors import ChangedMeanwhile, MissingPermission, PolicyViolation
from accounts.models import OutgoingMail, Person, Session
from audit.models import Event
from invitations.actions import invite, resend
from invitations.models import Invitation
from teams import actions, offboarding
from teams.models import AssetGrant, Membership, Offboarding, OwnershipOffer, Receipt, Role
from tests.factories import (
    PASSWORD,
    AssetFactory,
    BusinessAccountFactory,
    InvitationFactory,
    MembershipFactory,
    OwnershipOfferFactory,
    PersonFactory,
    ReceiptFactory,
    grant,
)
from tests.post import the_post_goes_out
from tests.together import at_once, committed, one_behind_the_other

pytestmark = pytest.mark.rule(13)
db = pytest.mark.django_db


def end(member, *, by=None, also=(), reason="Left the company"):
    return actions.offboard(membership=member, by=by or member.account.owner, reason=reason, also=also)


def page(client, name, account, row, **query):
    return client.get(reverse(name, args=[account.slug, row.pk]), query)


@pytest.fixture
def leaver():
    """Anna administers, is invited nowhere else, has sent an invitation, holds a grant, is offered the ownership."""
    account = BusinessAccountFactory(name="Northwind")
    anna = MembershipFactory(account=account, holding="administrator", person=PersonFactory(name="Anna Kowalska"))
    grant(anna, AssetFactory(account=account, name="Northwind US"), "run_ads")
    InvitationFactory(account=account, invited_by=anna.person, address="new@example.com")
    OwnershipOfferFactory(account=account, person=anna.person)
    return anna


# --- What ends --------------------------------------------------------------------------------------------------------
@db
def test_all_that_gave_access_ends_in_one_act(leaver, client):
    client.force_login(leaver.person)
    client.get("/dashboard/")

    end(leaver)

    assert Membership.objects.get(pk=leaver.pk).state == "ended"
    assert not AssetGrant.objects.filter(user=leaver.person).exists()
    assert not OwnershipOffer.objects.open().filter(person=leaver.person).exists()
    assert Invitation.objects.get(address="new@example.com").state == "revoked"
    assert not Session.objects.filter(person=leaver.person).exists()
    assert not UserSession.objects.filter(user=leaver.person).exists()
    assert client.get("/dashboard/").status_code == 302


@db
def test_the_password_is_reset_where_no_membership_is_left_and_the_mail_leads_to_a_new_one(leaver, mailoutbox):
    from accounts.actions import deliver

    end(leaver)
    deliver(mail_id=OutgoingMail.objects.get(kind="access_ended").pk)

    assert not Client().login(email=leaver.person.email, password=PASSWORD)
    assert "/password/reset/key/" in mailoutbox[-1].body
    assert "Left the company" not in mailoutbox[-1].body


@db
def test_the_password_is_kept_where_a_membership_is_left_elsewhere_but_every_session_ends(leaver, client):
    MembershipFactory(person=leaver.person)
    client.force_login(leaver.person)

    receipt = end(leaver).receipts.get()

    assert receipt.statement["ended"]["password"] == "kept"
    assert Person.objects.get(pk=leaver.person_id).has_usable_password()
    assert client.get("/dashboard/").status_code == 302


@db
@pytest.mark.rule(4)
def test_what_lies_in_other_accounts_stays_untouched(leaver):
    elsewhere = MembershipFactory(person=leaver.person)
    grant(elsewhere, AssetFactory(account=elsewhere.account), "run_ads")
    InvitationFactory(account=elsewhere.account, invited_by=leaver.person)

    end(leaver)

    assert Membership.objects.get(pk=elsewhere.pk).state == "active"
    assert elsewhere.asset_grants.count() == 1
    assert Invitation.objects.get(account=elsewhere.account).state == "open"
    assert not Event.objects.of(elsewhere.account).exists()


@db
@pytest.mark.requirement("SE5")
def test_invitations_to_the_person_end_too(leaver):
    InvitationFactory(account=leaver.account, address=leaver.person.email)

    end(leaver)

    assert not Invitation.objects.open().filter(address=leaver.person.email).exists()


@db
def test_an_invitation_that_ran_out_does_not_come_back_with_a_sponsor_who_is_gone(leaver):
    new = InvitationFactory(account=leaver.account, sponsor=leaver.person, expired=True)

    receipt = end(leaver).receipts.get()
    sent_again = resend(invitation=new, by=leaver.account.owner)

    assert sent_again.sponsor is None
    ended = receipt.statement["ended"]["others"]["Invitations left without anyone who answers for them"]
    assert ended == [f"{new.address} as Editor"]


@db
@pytest.mark.rule(12)
def test_several_accounts_end_together_with_one_event_and_one_receipt_in_each(leaver):
    other = MembershipFactory(person=leaver.person, account=BusinessAccountFactory(owner=leaver.account.owner))

    act = end(leaver, also=[other])

    assert act.receipts.count() == 2
    for receipt in act.receipts.all():
        event = Event.objects.of(receipt.account).get()
        assert (event.name, event.number) == ("member.offboarded", receipt.event_number)
        assert event.parts["after"]["digest"] == receipt.digest
    assert other.account.name not in str(act.receipts.get(account=leaver.account).statement)


@db
@pytest.mark.rule(2)
def test_where_one_of_several_accounts_refuses_nothing_ends(leaver):
    stranger_here = MembershipFactory(person=leaver.person)

    with pytest.raises(MissingPermission):
        end(leaver, also=[stranger_here])

    assert Membership.objects.current().filter(person=leaver.person).count() == 2
    assert not Offboarding.objects.exists()


@db
def test_one_act_ends_one_person(leaver):
    other = MembershipFactory(account=BusinessAccountFactory(owner=leaver.account.owner))

    with pytest.raises(PolicyViolation):
        end(leaver, also=[other])

    assert Membership.objects.get(pk=other.pk).state == "active"


@pytest.mark.rule(12)
def test_two_who_offboard_the_same_people_in_the_other_order_do_not_deadlock(fresh_database):
    owner = committed(PersonFactory)
    first, second = (committed(lambda: BusinessAccountFactory(owner=owner)) for _number in range(2))
    people = [committed(PersonFactory) for _number in range(4)]
    seats = [
        [committed(lambda a=account, p=person: MembershipFactory(account=a, person=p)) for account in (first, second)]
        for person in people
    ]

    answers = at_once(
        *(lambda s=pair: end(s[0], by=owner, also=[s[1]]) for pair in seats),
        *(lambda s=pair: end(s[1], by=owner, also=[s[0]]) for pair in seats),
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["ChangedMeanwhile"] * 4 + ["Offboarding"] * 4
    assert Receipt.objects.count() == 8


# --- What is looked for afterwards ------------------------------------------------------------------------------------
def _fields_that_name_people():
    found = set()
    for model in apps.get_models(include_auto_created=False):
        if model._meta.app_label == "audit":
            continue  # snapshots, made to outlive people
        for field in [*model._meta.get_fields(include_parents=False)]:
            names_a_person = (
                isinstance(field, models.ForeignKey | models.OneToOneField) and field.related_model is Person
            )
            own_rights = model is Person and isinstance(field, models.ManyToManyField)
            if names_a_person or own_rights or isinstance(field, models.EmailField):
                found.add(f"{model._meta.app_label}.{model.__name__}.{field.name}")
    return found


def test_every_table_that_names_a_person_is_registered():
    assert _fields_that_name_people() == offboarding.registered_fields()


@db
def test_a_receipt_lists_every_place_that_was_asked_and_found_empty(leaver):
    receipt = end(leaver).receipts.get()

    asked = {row["field"] for row in receipt.statement["checked"]}
    assert asked >= {
        "teams.Membership.person", "teams.AssetGrant.user", "teams.OwnershipOffer.person", "accounts.Session.person",
        "invitations.Invitation.address", "invitations.Invitation.invited_by", "usersessions.UserSession.user",
    }  # fmt: skip
    assert receipt.is_complete
    assert all(row["found"] == 0 for row in receipt.statement["checked"])


@db
def test_what_was_not_ended_is_found_and_said(leaver, monkeypatch, client):
    monkeypatch.setattr(offboarding, "_traces", [])  # as if an app had forgotten how its invitations end

    receipt = end(leaver).receipts.get()
    client.force_login(leaver.account.owner)
    shown = page(client, "receipt", leaver.account, receipt).content.decode()

    left = {row["field"]: row["found"] for row in receipt.statement["checked"] if row["found"]}
    assert left == {"invitations.Invitation.invited_by": 1}
    assert "Something is left" in shown
    assert "1 left" in shown


# --- The receipt ------------------------------------------------------------------------------------------------------
@db
def test_the_page_tells_what_ended_by_whom_and_why_and_that_the_log_holds_it(leaver, client):
    receipt = end(leaver).receipts.get()
    client.force_login(leaver.account.owner)

    shown = page(client, "receipt", leaver.account, receipt).content.decode()

    for words in ("Administrator", "Run ads", "new@example.com as Editor", "Left the company", "Nothing is left"):
        assert words in shown
    assert "The log holds the digest of exactly this receipt." in shown


@db
def test_a_receipt_that_was_changed_is_told_from_the_one_in_the_log(leaver, client):
    receipt = end(leaver).receipts.get()
    receipt.statement["reason"] = "Something nicer"
    receipt.save()
    client.force_login(leaver.account.owner)

    assert "Not the receipt of the log" in page(client, "receipt", leaver.account, receipt).content.decode()


@db
def test_the_json_can_be_checked_by_whoever_holds_it(leaver, client):
    receipt = end(leaver).receipts.get()
    client.force_login(leaver.account.owner)

    kept = client.get(reverse("receipt_file", args=[leaver.account.slug, receipt.pk, "json"])).json()

    text = json.dumps(kept["statement"], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    event = Event.objects.of(leaver.account).get(number=kept["event"]["number"])
    assert hashlib.sha256(text.encode()).hexdigest() == kept["sha256"] == event.parts["after"]["digest"]
    assert kept["event"]["hash"] == bytes(event.hash).hex()


@db
def test_the_pdf_holds_names_of_every_alphabet(client):
    account = BusinessAccountFactory(name="Łódź Żółć")
    member = MembershipFactory(account=account, person=PersonFactory(name="Jörg Šťastný Γιώργος Иван"))
    receipt = end(member, reason="Ende der Zusammenarbeit – später mehr").receipts.get()
    client.force_login(account.owner)

    response = client.get(reverse("receipt_file", args=[account.slug, receipt.pk, "pdf"]))

    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")
    assert client.get(reverse("receipt_file", args=[account.slug, receipt.pk, "exe"])).status_code == 404


@db
def test_an_auditor_reads_receipts_and_brings_nobody_back(leaver, client):
    ruth = MembershipFactory(account=leaver.account, holding="auditor")
    receipt = end(leaver).receipts.get()
    client.force_login(ruth.person)

    shown = page(client, "receipt", leaver.account, receipt)

    assert shown.status_code == 200
    assert reverse("bring_back", args=[leaver.account.slug, receipt.pk]) not in shown.content.decode()
    assert page(client, "bring_back", leaver.account, receipt).status_code == 403


@db
@pytest.mark.rule(4)
def test_a_receipt_names_those_of_the_same_act_only_where_the_reader_may_see_them(leaver, client):
    other = MembershipFactory(
        person=leaver.person, account=BusinessAccountFactory(name="Lumen", owner=leaver.account.owner)
    )
    bea = MembershipFactory(account=leaver.account, holding="administrator")
    receipt = end(leaver, also=[other]).receipts.get(account=leaver.account)

    client.force_login(leaver.account.owner)
    by_owner = page(client, "receipt", leaver.account, receipt).content.decode()
    client.force_login(bea.person)
    by_other = page(client, "receipt", leaver.account, receipt).content.decode()

    assert "The same act, elsewhere" in by_owner
    assert "Lumen" not in by_other


# --- The page that asks -----------------------------------------------------------------------------------------------
@db
def test_the_preview_says_what_ends_and_what_is_left_to_one_person(leaver, client):
    client.force_login(leaver.account.owner)

    shown = page(client, "offboard_member", leaver.account, leaver).content.decode()

    assert "The role Administrator ends" in shown
    assert "Invitations sent by the person: new@example.com as Editor" in shown
    assert "Then only one person is left for" in shown
    alone = (
        "manage the team, manage roles, manage assets, manage security policy, run access reviews, view the audit log"
    )
    assert f"<b>{leaver.account.owner}</b>: {alone}" in shown
    assert "The password stops working" in shown


@db
def test_a_reason_is_asked_for(leaver, client):
    client.force_login(leaver.account.owner)

    response = client.post(reverse("offboard_member", args=[leaver.account.slug, leaver.pk]), {"reason": "  "})

    assert response.status_code == 422
    assert "Say why, for those who ask later." in response.content.decode()
    assert Membership.objects.get(pk=leaver.pk).is_current


@db
def test_everywhere_shows_and_ends_all_that_the_reader_administers_and_names_what_stays(leaver, client):
    owner = leaver.account.owner
    lumen = MembershipFactory(person=leaver.person, account=BusinessAccountFactory(name="Lumen", owner=owner))
    halo = BusinessAccountFactory(name="Halo")
    MembershipFactory(person=owner, account=halo, holding="administrator")
    out_of_reach = MembershipFactory(person=leaver.person, account=halo, holding="administrator")
    unseen = MembershipFactory(person=leaver.person, account=BusinessAccountFactory(name="Secret client"))
    client.force_login(owner)

    shown = page(client, "offboard_member", leaver.account, leaver, scope="all")
    address = reverse("offboard_member", args=[leaver.account.slug, leaver.pk])
    client.post(address, {"reason": "Left", "also": shown.context["form"]["also"].value()})

    text = shown.content.decode()
    assert "in these 2 accounts?" in text
    assert "Halo</b>: " in text
    assert "Secret client" not in text
    ended = set(Membership.objects.filter(person=leaver.person, state="ended").values_list("pk", flat=True))
    assert ended == {leaver.pk, lumen.pk}
    assert {out_of_reach.pk, unseen.pk}.isdisjoint(ended)


@db
@pytest.mark.rule(4)
def test_a_membership_that_the_page_did_not_offer_does_not_end(leaver, client):
    unseen = MembershipFactory(person=leaver.person)
    client.force_login(leaver.account.owner)

    response = client.post(
        reverse("offboard_member", args=[leaver.account.slug, leaver.pk]), {"reason": "Left", "also": [unseen.pk]}
    )

    assert response.status_code == 422
    assert Membership.objects.current().filter(person=leaver.person).count() == 2


# --- One person across accounts ---------------------------------------------------------------------------------------
@db
@pytest.mark.rule(4)
def test_a_person_is_shown_across_the_accounts_that_the_reader_administers_and_no_others(leaver, client):
    unseen = MembershipFactory(person=leaver.person, account=BusinessAccountFactory(name="Secret client"))
    client.force_login(leaver.account.owner)

    shown = client.get(reverse("person", args=[leaver.person_id]))

    assert "Northwind" in shown.content.decode()
    assert unseen.account.name not in shown.content.decode()


@db
@pytest.mark.rule(4)
@pytest.mark.parametrize("who", ["stranger", "fellow editor", "suspended administrator"])
def test_a_person_is_no_page_for_who_administers_none_of_the_accounts(leaver, client, who):
    reader = {
        "stranger": PersonFactory,
        "fellow editor": lambda: MembershipFactory(account=leaver.account).person,
        "suspended administrator": lambda: (
            MembershipFactory(account=leaver.account, holding="administrator", suspended=True).person
        ),
    }[who]()
    client.force_login(reader)

    assert client.get(reverse("person", args=[leaver.person_id])).status_code == 404
    assert client.get(reverse("person", args=[9_999_999_999])).status_code == 404


# --- Bringing back ----------------------------------------------------------------------------------------------------
@db
def test_it_is_brought_back_as_it_was(leaver, client, mailoutbox):
    receipt = end(leaver).receipts.get()
    client.force_login(leaver.account.owner)

    response = client.post(reverse("bring_back", args=[leaver.account.slug, receipt.pk]), follow=True)

    back = Membership.objects.current().get(account=leaver.account, person=leaver.person)
    assert (back.role.code, back.pk != leaver.pk) == ("administrator", True)
    assert [row.permission.codename for row in back.asset_grants.all()] == ["run_ads"]
    assert "is a member again" in response.content.decode()
    assert Event.objects.about(back).get().name == "member.brought_back"
    assert not Invitation.objects.open().exists()
    assert not Person.objects.get(pk=leaver.person_id).has_usable_password()


@db
@pytest.mark.rule(6)
def test_who_is_brought_back_is_not_invited_any_more(leaver):
    receipt = end(leaver).receipts.get()
    owner, address = leaver.account.owner, leaver.person.email
    sent = invite(account=leaver.account, address=address, role=Role.objects.built_in("editor"), by=owner)
    elsewhere = InvitationFactory(address=address)

    [back] = actions.bring_back(receipt=receipt, by=owner)

    assert Invitation.objects.get(pk=sent.pk).state == "revoked"
    assert Invitation.objects.get(pk=elsewhere.pk).state == "open"
    assert Event.objects.about(back).get().parts["before"] == {"others": {"Invitations to the person": 1}}


@db
@pytest.mark.rule(11)
def test_who_is_brought_back_is_confirmed_like_anybody_new():
    member = MembershipFactory(account=BusinessAccountFactory(policy_and_seat={"confirmation": "before"}))
    receipt = end(member).receipts.get()

    [back] = actions.bring_back(receipt=receipt, by=member.account.owner)

    assert back.confirmed_at is None
    assert not back.person.has_perm("view_account", back.account)


@db
def test_who_was_suspended_comes_back_suspended():
    member = MembershipFactory(suspended=True)
    receipt = end(member).receipts.get()

    [back] = actions.bring_back(receipt=receipt, by=member.account.owner)

    assert back.state == "suspended"


@db
@pytest.mark.rule(2)
def test_nobody_brings_back_a_power_they_lack():
    fiona = MembershipFactory(holding="finance")
    anna = MembershipFactory(account=fiona.account, holding="administrator")
    receipt = end(fiona, by=anna.person).receipts.get()

    with pytest.raises(MissingPermission) as refusal:
        actions.bring_back(receipt=receipt, by=anna.person)

    assert refusal.value.code == "manage_billing"


@db
@pytest.mark.rule(5)
def test_nobody_is_brought_back_into_a_seat_that_is_taken():
    account = BusinessAccountFactory(policy_and_seat={"most_administrators": 1})
    anna = MembershipFactory(account=account, holding="administrator")
    receipt = end(anna).receipts.get()
    MembershipFactory(account=account, holding="administrator")

    with pytest.raises(PolicyViolation):
        actions.bring_back(receipt=receipt, by=account.owner)


@db
def test_after_thirty_days_it_takes_a_new_invitation(client):
    receipt = ReceiptFactory()

    with time_machine.travel(timezone.now() + dt.timedelta(days=30, minutes=1)), pytest.raises(PolicyViolation):
        actions.bring_back(receipt=receipt, by=receipt.account.owner)


@db
def test_grants_on_assets_that_are_archived_by_now_stay_away(leaver):
    receipt = end(leaver).receipts.get()
    leaver.account.assets.update(archived_at=timezone.now())

    [back] = actions.bring_back(receipt=receipt, by=leaver.account.owner)

    assert not back.asset_grants.exists()


def test_two_accounts_that_end_the_last_memberships_at_once_reset_the_password(fresh_database):
    here = committed(MembershipFactory)
    there = committed(lambda: MembershipFactory(person=here.person))

    race = one_behind_the_other(lambda: end(here), lambda: end(there))

    first, second = (act.receipts.get().statement["ended"]["password"] for act in (race.first, race.second))
    assert (race.waited_for, first, second) == ("accounts_person", "kept", "reset")
    assert not Person.objects.get(pk=here.person_id).has_usable_password()


def test_two_who_bring_back_at_once_make_one_member(fresh_database):
    member = committed(MembershipFactory)
    receipt = end(member).receipts.get()

    answers = at_once(*[lambda: actions.bring_back(receipt=receipt, by=member.account.owner)] * 4)

    assert sum(isinstance(answer, list) for answer in answers) == 1
    assert sum(isinstance(answer, ChangedMeanwhile) for answer in answers) == 3


@pytest.fixture
def gone_from_two(leaver):
    """Anna's access ended in two accounts of one owner, in one act; returns the receipts, of Northwind and of Harbour."""
    harbour = BusinessAccountFactory(name="Harbour", owner=leaver.account.owner)
    other = MembershipFactory(person=leaver.person, account=harbour, holding="editor")
    act = end(leaver, also=[other])
    return act.receipts.get(account=leaver.account), act.receipts.get(account=harbour)


@db
@pytest.mark.rule(12)
def test_what_ended_together_comes_back_in_one_act_with_one_event_each_and_one_mail(gone_from_two, client, mailoutbox):
    here, there = gone_from_two
    owner = here.account.owner
    client.force_login(owner)
    mailoutbox.clear()

    shown = page(client, "bring_back", here.account, here)
    response = client.post(shown.request["PATH_INFO"], {"also": [there.pk]}, follow=True)
    the_post_goes_out()

    assert "Harbour" in shown.content.decode()
    assert f'value="{there.pk}"' in shown.content.decode()
    assert "is a member of 2 accounts again" in response.content.decode()
    for receipt in (here, there):
        back = Membership.objects.current().get(account=receipt.account, person=receipt.offboarding.person)
        assert Event.objects.about(back).get().name == "member.brought_back"
    [mail] = [mail for mail in mailoutbox if "is back" in mail.subject]
    assert "Harbour" in mail.subject
    assert "Northwind" in mail.subject


@db
def test_one_account_alone_can_come_back(gone_from_two, client):
    here, there = gone_from_two
    client.force_login(here.account.owner)

    shown = page(client, "bring_back", here.account, here, scope="here").content.decode()
    client.post(reverse("bring_back", args=[here.account.slug, here.pk]))

    assert f'value="{there.pk}"' not in shown
    person = here.offboarding.person
    assert (
        Membership.objects.current().filter(person=person).values_list("account__name", flat=True).get() == "Northwind"
    )


@db
def test_where_one_of_several_accounts_refuses_nothing_comes_back(gone_from_two, client):
    here, there = gone_from_two
    MembershipFactory(account=there.account, person=there.offboarding.person)
    client.force_login(here.account.owner)

    shown = page(client, "bring_back", here.account, here).content.decode()
    with pytest.raises(ChangedMeanwhile) as refusal:
        actions.bring_back(receipt=here, by=here.account.owner, also=[there])

    assert "is a member of Harbour again already" in shown
    assert "Harbour" in refusal.value.words
    assert not Membership.objects.current().filter(account=here.account, person=here.offboarding.person).exists()


@db
@pytest.mark.rule(2)
def test_receipts_of_other_acts_and_of_accounts_that_one_does_not_administer_are_not_offered(gone_from_two, client):
    here, there = gone_from_two
    bert = MembershipFactory(account=there.account)
    other_act = end(bert).receipts.get()
    anna = MembershipFactory(account=here.account, holding="administrator").person
    with pytest.raises(PolicyViolation):
        actions.bring_back(receipt=here, by=here.account.owner, also=[other_act])
    with pytest.raises(MissingPermission):
        actions.bring_back(receipt=here, by=anna, also=[there])
    client.force_login(anna)

    response = client.post(reverse("bring_back", args=[here.account.slug, here.pk]), {"also": [there.pk]})

    assert response.status_code == 422
    assert not Membership.objects.current().filter(person=here.offboarding.person).exists()
    assert "Harbour" not in page(client, "bring_back", here.account, here).content.decode()

"""From the link to the membership: rules 7, 8 and 9, first of all what must not happen."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import OutgoingMail, Person, SecurityPolicy, Session
from audit.models import Event
from invitations import actions
from invitations.models import Invitation
from invitations.policies import fingerprint
from invitations.tokens import LENGTH, token_for
from teams.actions import change_role, leave, suspend
from teams.models import Membership, Role
from tests.factories import (
    PASSWORD,
    AssetFactory,
    BusinessAccountFactory,
    InvitationFactory,
    MembershipFactory,
    PersonFactory,
    token_of,
)
from tests.post import the_post_goes_out
from tests.together import at_once, committed, one_behind_the_other


def link(invitation, name="invitation_offer"):
    return reverse(name, args=[token_of(invitation)])


def seen(invitation):
    return {"seen": fingerprint(invitation)}


def invited_person(invitation, **given):
    return PersonFactory(email=invitation.address, **given)


def accept_over_http(client, invitation):
    return client.post(link(invitation, "accept_invitation"), seen(invitation))


@pytest.mark.django_db
@pytest.mark.rule(7)
@pytest.mark.requirement("IN4")
@pytest.mark.parametrize("method", ["get", "head", "options"])
@pytest.mark.parametrize("headers", [{}, {"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}])
def test_opening_the_link_changes_nothing(client, method, headers):
    invitation = InvitationFactory()
    client.force_login(invited_person(invitation))

    for name in ("invitation_offer", "decline_invitation"):
        getattr(client, method)(link(invitation, name), headers=headers)
    getattr(client, method)(link(invitation, "accept_invitation"), headers=headers)

    assert Invitation.objects.get(pk=invitation.pk).state == "open"
    assert not Membership.objects.filter(person__email=invitation.address).exists()
    looked = Event.objects.about(invitation).named("invitation.opened").count()
    assert looked == (1 if method == "get" and not headers else 0)


@pytest.mark.django_db
@pytest.mark.rule(7)
def test_the_page_shows_inviter_account_role_and_every_permission_before_it_asks(client):
    asset = AssetFactory(name="Northwind US")
    invitation = InvitationFactory(account=asset.account, holding="analyst", message="<b>Welcome</b>\nto us")
    invitation.grants.create(asset=asset, code="run_ads")
    client.force_login(invited_person(invitation))

    page = client.get(link(invitation)).content.decode()

    for words in (
        str(invitation.invited_by),
        asset.account.name,
        "Analyst",
        "View analytics",
        "Run ads",
        "Northwind US",
    ):
        assert words in page
    assert "&lt;b&gt;Welcome&lt;/b&gt;" in page


@pytest.mark.django_db
@pytest.mark.rule(9)
@pytest.mark.rule(11)
def test_accepting_gives_exactly_what_the_row_offers(client):
    asset = AssetFactory()
    invitation = InvitationFactory(account=asset.account, holding="member")
    invitation.grants.create(asset=asset, code="run_ads")
    person = invited_person(invitation)
    client.force_login(person)

    response = client.post(
        link(invitation, "accept_invitation"), {**seen(invitation), "role": "administrator", "account": "1"}
    )

    assert response.headers["Location"] == reverse("account_home", args=[asset.account.slug])
    membership = Membership.objects.get(person=person)
    assert (membership.account, membership.role.code) == (asset.account, "member")
    assert membership.waits_for_confirmation
    fresh = Person.objects.get(pk=person.pk)
    assert fresh.has_perm("run_ads", asset)
    assert not fresh.has_perm("draft_content", asset)
    assert list(Event.objects.about(invitation).values_list("name", "result")) == [("invitation.accepted", "done")]


@pytest.mark.django_db
@pytest.mark.rule(7)
@pytest.mark.requirement("IN5")
@pytest.mark.parametrize(
    "address", ["other@example.com", "invited+tag@example.com", "ınvited@example.com", "nvited@example.com"]
)
def test_another_address_gets_the_kind_page_and_never_joins(client, address):
    invitation = InvitationFactory(address="invited@example.com")
    other = PersonFactory.build(email=address, verified=False)
    other.save()
    client.force_login(other)

    page = client.get(link(invitation))
    tried = accept_over_http(client, invitation)

    assert page.status_code == 200
    assert "i••••••@e•••.com" in page.content.decode()
    assert invitation.address not in page.content.decode()
    assert address in page.content.decode()
    assert tried.status_code == 422
    assert not Membership.objects.filter(person=other).exists()
    opened = Event.objects.about(invitation).named("invitation.opened_by_other").get()
    assert opened.actor_id == other.pk


@pytest.mark.django_db
@pytest.mark.rule(7)
def test_the_right_address_must_be_verified(client):
    invitation = InvitationFactory()
    client.force_login(invited_person(invitation, verified=False))

    assert "Confirm your address first" in client.get(link(invitation)).content.decode()
    assert accept_over_http(client, invitation).status_code == 422
    assert not Membership.objects.filter(person__email=invitation.address).exists()


def _expired(invitation):
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() - dt.timedelta(seconds=1))


DEAD_LINKS = {
    "expired": _expired,
    "revoked": lambda invitation: actions.revoke(invitation=invitation, by=invitation.account.owner),
    "superseded": lambda invitation: actions.resend(invitation=invitation, by=invitation.account.owner),
    "declined": lambda invitation: actions.decline(invitation=invitation, by=invited_person(invitation)),
    "used": lambda invitation: actions.accept(invitation=invitation, by=invited_person(invitation)),
}


@pytest.mark.django_db
@pytest.mark.rule(8)
@pytest.mark.requirement("IN3")
@pytest.mark.parametrize("how", DEAD_LINKS)
def test_every_dead_link_gives_the_same_neutral_page(client, how):
    invitation = InvitationFactory()
    token = token_of(invitation)
    DEAD_LINKS[how](invitation)

    dead = client.get(reverse("invitation_offer", args=[token]))
    unknown = client.get(reverse("invitation_offer", args=["x" * LENGTH]))
    broken = client.get("/invitations/../etc/passwd\x00")

    plain = [
        re.sub(r'nonce="[^"]*"|name="csrfmiddlewaretoken" value="[^"]*"', "", page.content.decode())
        for page in (dead, unknown, broken)
    ]
    assert plain[0] == plain[1] == plain[2]
    assert {dead.status_code, unknown.status_code, broken.status_code} == {404}
    for name in ("accept_invitation", "enter_invitation", "decline_invitation"):
        assert client.post(reverse(name, args=[token])).status_code == 404


@pytest.mark.django_db
@pytest.mark.rule(8)
@pytest.mark.requirement("IN8")
def test_pages_behind_the_link_hand_it_to_nobody(client):
    invitation = InvitationFactory()

    response = client.get(link(invitation))

    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    assert not re.search(r'(src|href)="(https?:)?//', response.content.decode())


@pytest.mark.django_db
@pytest.mark.rule(8)
@pytest.mark.requirement("IN7")
def test_a_forged_host_is_refused(client):
    invitation = InvitationFactory()

    assert client.get(link(invitation), headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.django_db
@pytest.mark.rule(9)
@pytest.mark.requirement("IN6")
@pytest.mark.requirement("SE5")
@pytest.mark.parametrize("lost", ["demoted", "suspended", "switched off", "without a second factor"])
def test_who_may_no_longer_give_the_role_gives_it_to_nobody(client, lost):
    anna = MembershipFactory(holding="administrator")
    invitation = InvitationFactory(account=anna.account, invited_by=anna.person)
    owner = anna.account.owner
    match lost:
        case "demoted":
            change_role(membership=anna, role=Role.objects.built_in("editor"), by=owner)
        case "suspended":
            suspend(membership=anna, by=owner)
        case "switched off":
            Person.objects.filter(pk=anna.person_id).update(is_active=False)
        case "without a second factor":
            SecurityPolicy.objects.filter(account=anna.account).update(second_factor="administrators")
    client.force_login(invited_person(invitation))

    response = accept_over_http(client, invitation)

    assert response.status_code == 422
    assert "can no longer give this access" in response.content.decode()
    assert not Membership.objects.filter(person__email=invitation.address).exists()
    assert Event.objects.about(invitation).filter(name="invitation.accepted").get().refused
    assert anna.account.mails.get(kind="invitation_refused").address == owner.email


@pytest.mark.django_db
@pytest.mark.rule(9)
def test_who_leaves_takes_the_invitations_along_that_they_sent(client):
    anna = MembershipFactory(holding="administrator")
    invitation = InvitationFactory(account=anna.account, invited_by=anna.person)

    leave(membership=anna, by=anna.person)

    invitation.refresh_from_db()
    assert invitation.state == "revoked"
    event = Event.objects.about(anna).get(name="member.left")
    assert event.parts["before"]["others"] == {"Invitations sent by the person": 1}


@pytest.mark.django_db
@pytest.mark.rule(11)
@pytest.mark.parametrize(
    ("confirmation", "begins", "waits"), [("never", True, False), ("after", True, True), ("before", False, True)]
)
def test_the_policy_says_whether_access_begins_at_acceptance_and_waits_for_a_yes(client, confirmation, begins, waits):
    account = BusinessAccountFactory(policy_and_seat={"confirmation": confirmation})
    invitation = InvitationFactory(account=account)
    person = invited_person(invitation)
    client.force_login(person)

    accept_over_http(client, invitation)

    home = client.get(reverse("account_home", args=[account.slug]))
    assert home.status_code == (200 if begins else 403)
    assert Person.objects.get(pk=person.pk).has_perm("view_account", account) is begins
    membership = Membership.objects.get(person=person)
    assert (membership.confirmed_at is None) is waits
    client.force_login(account.owner)
    to_do = reverse("confirm_role", args=[account.slug, membership.pk])
    assert (to_do in client.get(reverse("team", args=[account.slug])).content.decode()) is waits


@pytest.mark.django_db
@pytest.mark.rule(5)
@pytest.mark.rule(9)
def test_acceptance_stops_at_the_limit_of_administrators(client):
    account = BusinessAccountFactory(policy_and_seat={"most_administrators": 1})
    invitation = InvitationFactory(account=account, holding="administrator")
    MembershipFactory(account=account, holding="administrator")
    client.force_login(invited_person(invitation))

    response = accept_over_http(client, invitation)

    assert response.status_code == 422
    assert "as many administrators as it may have" in response.content.decode()


@pytest.mark.django_db
@pytest.mark.rule(7)
@pytest.mark.requirement("AZ10")
def test_nobody_accepts_what_they_have_not_seen(client):
    invitation = InvitationFactory(holding="analyst")
    client.force_login(invited_person(invitation))
    shown = seen(invitation)
    actions.change_offer(
        invitation=invitation,
        terms=invitation.terms,
        role=Role.objects.built_in("administrator"),
        grants={},
        by=invitation.account.owner,
    )

    response = client.post(link(invitation, "accept_invitation"), shown)

    assert response.status_code == 409
    assert not Membership.objects.filter(person__email=invitation.address).exists()


@pytest.mark.django_db
@pytest.mark.rule(9)
def test_an_invitation_revoked_while_its_refusal_is_written_down_is_gone_and_breaks_nothing(client, monkeypatch):
    anna = MembershipFactory(holding="administrator")
    invitation = InvitationFactory(account=anna.account, invited_by=anna.person)
    suspend(membership=anna, by=anna.account.owner)
    refuse = actions.refuse_acceptance

    def refuse_too_late(**given):
        actions.revoke(invitation=invitation, by=anna.account.owner)
        return refuse(**given)

    monkeypatch.setattr(actions, "refuse_acceptance", refuse_too_late)
    client.force_login(invited_person(invitation))

    answer = accept_over_http(client, invitation)

    assert answer.status_code == 404
    told = Event.objects.about(invitation).order_by("number").values_list("name", "result")
    assert list(told) == [("invitation.revoked", "done"), ("invitation.accepted", "refused")]


@pytest.mark.django_db
@pytest.mark.rule(9)
def test_a_current_member_keeps_the_role_held(client):
    invitation = InvitationFactory(holding="analyst")
    eddie = MembershipFactory(account=invitation.account, person=invited_person(invitation))
    client.force_login(eddie.person)

    assert "You are in already" in client.get(link(invitation)).content.decode()
    assert accept_over_http(client, invitation).status_code == 422
    assert Membership.objects.get(person=eddie.person).role.code == "editor"


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"closed_at": timezone.now()}, {"kind": "standard"}])
@pytest.mark.rule(9)
def test_an_account_that_takes_no_members_says_so(client, change):
    invitation = InvitationFactory()
    type(invitation.account).objects.filter(pk=invitation.account_id).update(**change)
    client.force_login(invited_person(invitation))

    assert "takes no members now" in client.get(link(invitation)).content.decode()
    assert accept_over_http(client, invitation).status_code in {409, 422}
    assert not Membership.objects.filter(person__email=invitation.address).exists()


# --- A new person, in a fresh browser ---------------------------------------------------------------------------------
def sign_up(client, invitation, **typed):
    entered = client.post(link(invitation, "enter_invitation"))
    form = {"email": invitation.address, "name": "Nina New", "password1": PASSWORD, "next": "/invitations/continue/"}
    return client.post(entered.headers["Location"], {**form, **typed})


@pytest.mark.django_db
@pytest.mark.rule(7)
def test_a_new_person_is_in_by_link_password_and_one_more_click(client, mailoutbox):
    invitation = InvitationFactory()

    signed_up = sign_up(client, invitation)
    back = client.get(signed_up.headers["Location"])
    offer = client.get(back.headers["Location"])
    accepted = accept_over_http(client, invitation)

    assert signed_up.headers["Location"] == "/invitations/continue/"
    assert "Accept and join" in offer.content.decode()
    assert accepted.status_code == 302
    assert Membership.objects.get(account=invitation.account, person__email=invitation.address).role.code == "editor"
    the_post_goes_out()
    assert mailoutbox == []  # no code, no confirmation: the link came by mail


@pytest.mark.django_db
@pytest.mark.rule(7)
def test_the_proven_address_cannot_be_exchanged_for_another(client):
    invitation = InvitationFactory()

    response = sign_up(client, invitation, email="attacker@example.com")

    assert response.status_code == 200
    assert "The invitation is for" in response.content.decode()
    assert not Person.objects.filter(email__in=["attacker@example.com", invitation.address]).exists()


@pytest.mark.django_db
@pytest.mark.rule(7)
def test_a_link_that_was_handed_over_proves_no_mailbox(client, mailoutbox):
    invitation = InvitationFactory()
    token = actions.copy_link(invitation=invitation, by=invitation.account.owner)
    invitation.refresh_from_db()
    entered = client.post(reverse("enter_invitation", args=[token]))

    client.post(entered.headers["Location"], {"email": invitation.address, "name": "Nina", "password1": PASSWORD})
    the_post_goes_out()

    person = Person.objects.get(email=invitation.address)
    assert not person.emailaddress_set.get().verified
    assert len(mailoutbox) == 1  # with the code
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
@pytest.mark.rule(7)
def test_what_the_link_proved_does_not_outlive_the_invitation(client):
    invitation = InvitationFactory()
    entered = client.post(link(invitation, "enter_invitation"))
    actions.revoke(invitation=invitation, by=invitation.account.owner)

    client.post(entered.headers["Location"], {"email": invitation.address, "name": "Nina", "password1": PASSWORD})

    person = Person.objects.filter(email=invitation.address).first()
    assert person is None or not person.emailaddress_set.get().verified


@pytest.mark.django_db
@pytest.mark.rule(8)
@pytest.mark.requirement("SE8")
@pytest.mark.requirement("IN1")
def test_no_session_row_and_no_other_row_holds_a_token(client, caplog):
    caplog.set_level("DEBUG")
    invitation = InvitationFactory()
    token = token_of(invitation)

    sign_up(client, invitation)
    client.get("/invitations/continue/")
    client.get(f"/invitations/{token}/nowhere/")
    accept_over_http(client, invitation)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type IN ('text', 'character varying', 'json', 'jsonb')"
        )
        for table, column in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE "{column}"::text LIKE %s', [f"%{token}%"])
            assert cursor.fetchone() == (0,), (table, column)
    assert all(token not in str(session.get_decoded()) for session in Session.objects.all())
    from accessportal.logs import LineFormatter, RedactTokens  # as the handler is set up

    printed = [LineFormatter().format(record) for record in caplog.records if RedactTokens().filter(record)]
    assert all(token not in line for line in printed)


# --- Two at once ------------------------------------------------------------------------------------------------------
@pytest.mark.rule(9)
@pytest.mark.requirement("IN2")
def test_twenty_accepts_at_once_make_one_membership_and_one_event(fresh_database):
    invitation = committed(InvitationFactory)
    person = committed(lambda: invited_person(invitation))
    form, address = seen(invitation), link(invitation, "accept_invitation")

    def accept():
        client = Client(headers={"host": "localhost"})
        client.force_login(person)
        return client.post(address, form).status_code

    answers = at_once(*[accept] * 20)

    assert Membership.objects.filter(person=person).count() == 1
    assert list(Event.objects.about(invitation).values_list("name", "result")) == [("invitation.accepted", "done")]
    assert set(answers) == {302}  # a second click leads on: it is no refusal


@pytest.mark.rule(9)
@pytest.mark.parametrize("first", ["accept", "revoke"])
def test_of_accept_and_revoke_the_second_waits_for_the_account_and_then_comes_too_late(fresh_database, first):
    invitation = committed(InvitationFactory)
    person = committed(lambda: invited_person(invitation))
    acts = {
        "accept": lambda: actions.accept(invitation=invitation, by=person),
        "revoke": lambda: actions.revoke(invitation=invitation, by=invitation.account.owner),
    }

    race = one_behind_the_other(acts.pop(first), *acts.values())

    assert race.waited_for == "accounts_businessaccount"
    assert not isinstance(race.first, Exception)
    assert isinstance(race.second, ChangedMeanwhile)
    assert Invitation.objects.get(pk=invitation.pk).state == {"accept": "accepted", "revoke": "revoked"}[first]
    assert Membership.objects.filter(person=person).exists() == (first == "accept")
    name = {"accept": "invitation.accepted", "revoke": "invitation.revoked"}[first]
    assert list(Event.objects.about(invitation).values_list("name", "result")) == [(name, "done")]


@pytest.mark.rule(10)
def test_a_link_opened_by_many_at_once_is_noted_once(fresh_database):
    invitation = committed(InvitationFactory)
    address = link(invitation)

    answers = at_once(*[lambda: Client(headers={"host": "localhost"}).get(address).status_code] * 8)

    assert answers == [200] * 8
    assert list(Event.objects.about(invitation).values_list("name", flat=True)) == ["invitation.opened"]


@pytest.mark.rule(6)
def test_of_two_invitations_to_one_address_the_second_waits_and_is_told_of_the_first(fresh_database):
    account = committed(BusinessAccountFactory)
    anna = committed(lambda: MembershipFactory(account=account, holding="administrator")).person
    role = Role.objects.built_in("editor")

    race = one_behind_the_other(
        *(
            lambda by=by: actions.invite(account=account, address="nina@example.com", role=role, by=by)
            for by in (account.owner, anna)
        )
    )

    assert race.waited_for == "accounts_businessaccount"
    assert isinstance(race.second, PolicyViolation)
    assert "has an open invitation already" in race.second.words
    assert list(Invitation.objects.values_list("invited_by", flat=True)) == [account.owner_id]
    assert OutgoingMail.objects.count() == 1


@pytest.mark.rule(6)
def test_many_invitations_to_one_address_at_once_make_one(fresh_database):
    account = committed(BusinessAccountFactory)
    role = Role.objects.built_in("editor")

    answers = at_once(
        *[lambda: actions.invite(account=account, address="nina@example.com", role=role, by=account.owner)] * 8
    )

    assert sum(isinstance(answer, PolicyViolation) for answer in answers) == 7
    assert Invitation.objects.count() == OutgoingMail.objects.count() == 1
    assert Event.objects.named("invitation.created").filter(result="done").count() == 1


@pytest.mark.django_db
@pytest.mark.rule(8)
@pytest.mark.requirement("IN1")
def test_tokens_are_of_256_bits_and_survive_a_change_of_keys(settings):
    invitation = InvitationFactory()
    token = token_of(invitation)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret, long enough to be one: " + "y" * 30

    assert len(token) == LENGTH == 43
    assert invitation.present_token() == token
    assert token_for(invitation.pk, invitation.sending) != token

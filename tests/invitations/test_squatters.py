"""Somebody signed up with the invited address and never proved it: whoever follows the mailed link comes first (rule 7)."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.actions import make_recovery_codes
from accounts.models import OutgoingMail, Person, Session
from audit.models import Event
from audit.verification import verify
from invitations import actions
from invitations.policies import fingerprint
from teams.models import Membership
from tests.factories import BusinessAccountFactory, InvitationFactory, MembershipFactory, PersonFactory, token_of
from tests.post import the_post_goes_out
from tests.together import at_once, committed

NINA = "nina@example.com"
HERS, SQUATTERS = "the sentence that Nina chose", "the sentence of a squatter"
CODE = re.compile(r"^\s*([A-Z0-9]{4}-[A-Z0-9]{4})\s*$", re.MULTILINE)

pytestmark = pytest.mark.rule(7)


def link(invitation, name="invitation_offer"):
    return reverse(name, args=[token_of(invitation)])


def squats(client=None):
    """Sign up with Nina's address, as anybody can, and return who that makes."""
    form = {"email": NINA, "name": "Not Nina", "password1": SQUATTERS}
    (client or Client()).post(reverse("account_signup"), form)
    return Person.objects.get(email=NINA)


def signs_in(client, password):
    client.post(reverse("account_login"), {"login": NINA, "password": password})
    return "_auth_user_id" in client.session


def follows_the_link(client, invitation):
    """What Nina does: the mailed link, its one button, a name and a password. Returns the last answer."""
    client.get(link(invitation))
    door = client.post(link(invitation, "enter_invitation")).headers["Location"]
    return client.post(door, {"email": NINA, "name": "Nina Berg", "password1": HERS})


def some_time_passes():
    """An address is mailed a code once in ten seconds; the count is kept in the cache."""
    cache.clear()


@pytest.fixture
def invitation(db):
    return InvitationFactory(address=NINA)


# --- Nina gets in -----------------------------------------------------------------------------------------------------
def test_the_invited_person_gets_in_by_the_same_page_as_if_there_were_no_squatter(client, invitation):
    squatter = squats()

    page = client.get(link(invitation)).content.decode()
    answer = follows_the_link(client, invitation)
    offer = client.get(answer.headers["Location"], follow=True).content.decode()
    client.post(link(invitation, "accept_invitation"), {"seen": fingerprint(invitation)})

    assert "Create your sign-in" in page
    assert "Accept and join" in offer
    nina = Person.objects.get(email=NINA)
    assert (nina.name, nina.check_password(HERS)) == ("Nina Berg", True)
    assert list(EmailAddress.objects.values_list("user", "email", "verified", "primary").filter(email=NINA)) == [
        (nina.pk, NINA, True, True)
    ]
    assert Membership.objects.get(person=nina).account == invitation.account
    assert nina.pk != squatter.pk


def test_what_the_squatter_did_stands_in_another_chain_than_what_nina_does(client, invitation):
    squatter = squats()

    follows_the_link(client, invitation)

    nina = Person.objects.get(email=NINA)
    of_the_squatter = Event.objects.of(squatter).order_by("number")
    assert [event.name for event in of_the_squatter] == ["person.signed_up", "person.unproven_removed"]
    removed = of_the_squatter.last()
    assert removed.actor_id == nina.pk
    assert removed.parts["after"] == {"address": NINA, "invitation": invitation.pk, "person_id": nina.pk}
    assert (
        removed.sentence
        == f"Nina Berg came by a mailed link to {NINA}; the sign-in Not Nina, which never proved it, was removed"
    )
    assert [event.name for event in Event.objects.of(nina).order_by("number")] == [
        "person.address_confirmed", "person.signed_up", "person.signed_in",
    ]  # fmt: skip
    assert all(verdict.broken is None for verdict in verify())


def test_nina_s_own_sign_up_that_she_left_half_done_does_not_stand_in_her_way(client, invitation):
    squats(client)  # she herself, in this very browser: the code never came

    answer = follows_the_link(client, invitation)

    assert answer.headers["Location"] == reverse("invitation_continue")
    assert Person.objects.get(email=NINA).check_password(HERS)


# --- The squatter is out ----------------------------------------------------------------------------------------------
def test_the_squatter_s_password_opens_nothing_any_more(client, invitation):
    squats()
    squatter = Client()

    follows_the_link(client, invitation)

    assert not signs_in(squatter, SQUATTERS)
    assert "account_login" not in squatter.session  # not even half signed in
    assert signs_in(Client(), HERS)


def test_sessions_second_factors_and_passkeys_of_the_squatter_end(client, invitation):
    squatter, browser = squats(), Client()
    browser.force_login(squatter)
    TOTP.activate(squatter, "JBSWY3DPEHPK3PXP")
    make_recovery_codes(person=squatter, by=squatter)
    Authenticator.objects.create(user=squatter, type="webauthn", data={"name": "a passkey"})

    follows_the_link(client, invitation)

    assert browser.get(reverse("dashboard")).status_code == 302
    assert not Session.objects.filter(person=squatter.pk).exists()
    assert not Authenticator.objects.exists()
    assert client.get(reverse("dashboard")).status_code == 200


@pytest.mark.parametrize("begun_by", ["signing up", "signing in"])
def test_a_squatter_in_the_middle_of_confirming_gets_nowhere_even_with_the_right_code(
    client, invitation, mailoutbox, begun_by
):
    browser = Client()
    squats(browser)
    if begun_by == "signing in":
        browser = Client()
        some_time_passes()
        browser.post(reverse("account_login"), {"login": NINA, "password": SQUATTERS})
    the_post_goes_out()
    code, confirm = CODE.search(mailoutbox[-1].body)[1], reverse("account_email_verification_sent")

    follows_the_link(client, invitation)
    nina = Person.objects.get(email=NINA)
    for form in ({"code": code}, {"action": "resend"}, {"action": "change", "email": "other@example.com"}):
        some_time_passes()
        assert browser.post(confirm, form).status_code in {200, 302}
    for page in (confirm, reverse("account_login"), reverse("account_signup"), reverse("dashboard")):
        assert browser.get(page).status_code in {200, 302}

    assert "_auth_user_id" not in browser.session
    assert list(Person.objects.filter(email__in=[NINA, "other@example.com"])) == [nina]
    assert EmailAddress.objects.get(email=NINA).verified


def test_a_link_to_a_new_password_that_was_asked_for_the_squatter_s_sign_in_is_dead(client, invitation, mailoutbox):
    squats()
    Client().post(reverse("account_reset_password"), {"email": NINA})
    the_post_goes_out()
    asked = re.search(r"/auth/password/reset/key/\S+", mailoutbox[-1].body)[0]

    follows_the_link(client, invitation)
    page = Client().get(asked, follow=True)

    assert b"password1" not in page.content
    assert Person.objects.get(email=NINA).check_password(HERS)


def test_a_code_for_the_squatter_that_still_waits_is_not_sent(client, invitation, mailoutbox):
    squats()

    follows_the_link(client, invitation)
    the_post_goes_out()

    assert mailoutbox == []
    assert OutgoingMail.objects.get(kind="sign_in.email_confirmation_signup").state == "dropped"


def test_squatting_again_is_the_same_as_for_any_known_address(client, invitation, mailoutbox):
    squats()
    follows_the_link(client, invitation)
    nina = Person.objects.get(email=NINA)
    some_time_passes()

    squats(Client())
    the_post_goes_out()

    assert Person.objects.get(email=NINA) == nina
    assert [message.subject for message in mailoutbox] == ["You already have an account"]
    assert signs_in(Client(), HERS)


# --- Who is never touched ---------------------------------------------------------------------------------------------
def verified():
    return PersonFactory(email=NINA)


def unproven(**given):
    return PersonFactory(email=NINA, verified=False, **given)


def member(**given):
    return MembershipFactory(person=unproven(), **given).person


def verified_elsewhere():
    person = unproven()
    EmailAddress.objects.create(user=person, email="other@example.com", verified=True, primary=True)
    return person


UNTOUCHABLE = {
    "a verified address": verified,
    "another verified address": verified_elsewhere,
    "a membership": member,
    "a suspended membership": lambda: member(suspended=True),
    "a membership that ended": lambda: member(ended=True),
    "an account": lambda: BusinessAccountFactory(owner=unproven()).owner,
    "the platform's staff": lambda: unproven(is_staff=True),
    "switched off": lambda: unproven(is_active=False),
}


def everything_of(person):
    rows = [Person.objects.filter(pk=person.pk), Membership.objects.filter(person=person)]
    return [list(found.values()) for found in [*rows, EmailAddress.objects.filter(user=person)]]


@pytest.mark.parametrize("holding", UNTOUCHABLE)
def test_who_has_anything_is_never_removed_and_is_led_to_sign_in(client, invitation, holding):
    person = UNTOUCHABLE[holding]()
    before = everything_of(person)

    page = client.get(link(invitation)).content.decode()
    door = client.post(link(invitation, "enter_invitation")).headers["Location"]
    forced = client.post(reverse("account_signup"), {"email": NINA, "name": "Nina", "password1": HERS})

    assert "Sign in to accept" in page
    assert door.startswith(reverse("account_login"))
    assert forced.headers["Location"] == reverse("invitation_continue")
    assert everything_of(person) == before
    assert "_auth_user_id" not in client.session
    refused = Event.objects.named("person.address_confirmed").get()
    assert (refused.result, refused.parts["reason"]) == (
        "refused",
        "There is a sign-in with this address. Sign in with it.",
    )


def test_a_link_that_was_handed_over_removes_nobody(client, invitation, mailoutbox):
    squatter = squats()
    token = actions.copy_link(invitation=invitation, by=invitation.account.owner)
    invitation.refresh_from_db()
    some_time_passes()

    client.get(reverse("invitation_offer", args=[token]))
    door = client.post(reverse("enter_invitation", args=[token])).headers["Location"]
    answer = client.post(door, {"email": NINA, "name": "Nina Berg", "password1": HERS})

    assert answer.headers["Location"].startswith(reverse("account_email_verification_sent"))
    assert Person.objects.get(email=NINA) == squatter
    assert Person.objects.get(email=NINA).check_password(SQUATTERS)
    assert "_auth_user_id" not in client.session


def test_the_act_itself_refuses_a_link_that_was_handed_over(invitation):
    squatter = squats()
    actions.copy_link(invitation=invitation, by=invitation.account.owner)
    invitation.refresh_from_db()

    with pytest.raises(actions.signing_up.PolicyViolation):
        actions.sign_up(invitation=invitation, name="N", time_zone="UTC", password=HERS, by=squatter)

    assert Person.objects.get(email=NINA) == squatter


def test_a_link_that_has_died_since_it_was_opened_removes_nobody(client, invitation):
    squatter = squats()
    door = client.post(link(invitation, "enter_invitation")).headers["Location"]
    actions.revoke(invitation=invitation, by=invitation.account.owner)

    client.post(door, {"email": NINA, "name": "Nina Berg", "password1": HERS})

    assert Person.objects.get(email=NINA) == squatter
    assert not EmailAddress.objects.get(email=NINA).verified


# --- Several at once --------------------------------------------------------------------------------------------------
def at_the_door(invitation):
    """A browser that has followed the link and now fills in the form. Django's client would raise what fails beside it."""
    client = Client(raise_request_exception=False)
    client.post(link(invitation, "enter_invitation"))
    return client


def fills_in(client, password):
    form = {"email": NINA, "name": "Nina", "password1": password, "next": reverse("invitation_continue")}
    return client.post(reverse("account_signup"), form)


@pytest.mark.parametrize("squatted", [True, False])
def test_of_two_sign_ups_at_once_by_the_same_link_one_makes_the_person(fresh_database, squatted):
    invitation = committed(lambda: InvitationFactory(address=NINA))
    if squatted:
        squats()
    browsers = [at_the_door(invitation) for _browser in range(2)]
    passwords = [f"a sentence of its own, number {number}" for number in range(2)]

    answers = at_once(*[lambda pair=pair: fills_in(*pair) for pair in zip(browsers, passwords, strict=True)])

    assert {answer.headers["Location"] for answer in answers} == {reverse("invitation_continue")}
    nina = Person.objects.get(email=NINA)
    inside = [browser.session.get("_auth_user_id") == str(nina.pk) for browser in browsers]
    assert inside == [nina.check_password(password) for password in passwords]
    assert inside.count(True) == 1
    assert Event.objects.of(nina).named("person.address_confirmed").filter(result="done").count() == 1


def test_of_two_sign_ups_at_once_by_links_of_two_accounts_one_makes_the_person(fresh_database):
    invitations = [committed(lambda: InvitationFactory(address=NINA)) for _account in range(2)]
    squats()
    browsers = [at_the_door(invitation) for invitation in invitations]

    answers = at_once(*[lambda browser=browser: fills_in(browser, HERS) for browser in browsers])

    assert {answer.headers["Location"] for answer in answers} == {reverse("invitation_continue")}
    assert EmailAddress.objects.get(email=NINA, verified=True).user == Person.objects.get(email=NINA)
    assert sum("_auth_user_id" in browser.session for browser in browsers) == 1


@pytest.mark.parametrize("attempt", range(3))
def test_following_the_link_at_once_with_the_squatter_s_code_ends_in_one_proven_person(
    fresh_database, mailoutbox, attempt
):
    invitation = committed(lambda: InvitationFactory(address=NINA))
    browser, hers = Client(raise_request_exception=False), at_the_door(invitation)
    squatter = squats(browser)
    the_post_goes_out()
    code = CODE.search(mailoutbox[-1].body)[1]

    at_once(
        lambda: fills_in(hers, HERS),
        lambda: browser.post(reverse("account_email_verification_sent"), {"code": code}),
    )

    now = Person.objects.get(email=NINA)
    assert EmailAddress.objects.get(email=NINA, verified=True).user == now
    assert now.check_password(HERS) == (now != squatter)
    assert ("_auth_user_id" in hers.session) == (now != squatter)

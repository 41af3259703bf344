"""The pages behind the link as an attacker tries them: forged forms, logs, what an address gives away (rules 7, 8)."""

import datetime as dt
import logging

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from invitations import actions
from invitations.models import Invitation
from invitations.policies import fingerprint
from invitations.tokens import LENGTH
from teams.models import Membership
from tests.factories import BusinessAccountFactory, InvitationFactory, MembershipFactory, PersonFactory, token_of

pytestmark = pytest.mark.django_db

ACTS = ["accept_invitation", "decline_invitation", "enter_invitation"]


def link(invitation, name="invitation_offer"):
    return reverse(name, args=[token_of(invitation)])


def seen(invitation):
    return {"seen": fingerprint(invitation)}


def strict(person=None):
    client = Client(enforce_csrf_checks=True)
    if person:
        client.force_login(person)
    return client


def with_token(client, invitation):
    """The form's token and the cookie, as a browser gets both from the page."""
    page = client.get(link(invitation))
    return {**seen(invitation), "csrfmiddlewaretoken": page.context["csrf_token"]}


# --- Forged forms -------------------------------------------------------------------------------------------------------
@pytest.mark.rule(7)
@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize(
    ("origin", "site"),
    [("null", "same-origin"), ("null", None), ("http://testserver", "same-origin"), (None, None)],
)
def test_no_form_counts_without_the_page_s_own_token(name, origin, site):
    invitation = InvitationFactory()
    client = strict(PersonFactory(email=invitation.address))
    headers = {key: value for key, value in (("Origin", origin), ("Sec-Fetch-Site", site)) if value}

    for form in (seen(invitation), {**seen(invitation), "csrfmiddlewaretoken": "x" * 64}):
        response = client.post(link(invitation, name), form, headers=headers)
        assert response.status_code == 403

    assert Invitation.objects.get(pk=invitation.pk).state == "open"
    assert not Membership.objects.filter(person__email=invitation.address).exists()


@pytest.mark.rule(7)
@pytest.mark.parametrize(
    ("origin", "site"),
    [
        ("https://evil.example", "cross-site"),
        ("null", "cross-site"),
        ("null", "same-site"),
        ("null", "none"),
        ("http://testserver.evil.example", "same-origin"),
    ],
)
def test_no_form_of_another_site_counts_even_with_the_token(origin, site):
    invitation = InvitationFactory()
    client = strict(PersonFactory(email=invitation.address))
    form = with_token(client, invitation)

    response = client.post(
        link(invitation, "accept_invitation"), form, headers={"Origin": origin, "Sec-Fetch-Site": site}
    )

    assert response.status_code == 403
    assert not Membership.objects.filter(person__email=invitation.address).exists()


@pytest.mark.rule(7)
@pytest.mark.requirement("IN8")
@pytest.mark.parametrize("secure", [False, True])
def test_the_page_s_own_form_counts_as_a_browser_sends_it_without_a_referrer(secure):
    invitation = InvitationFactory()
    client = strict(PersonFactory(email=invitation.address))
    form = with_token(client, invitation)

    response = client.post(
        link(invitation, "accept_invitation"),
        form,
        headers={"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        secure=secure,
    )

    assert response.status_code == 302
    assert Membership.objects.get(person__email=invitation.address).account == invitation.account


@pytest.mark.requirement("IN8")
@pytest.mark.parametrize("name", ["invitation_offer", *ACTS])
@pytest.mark.parametrize("method", ["get", "post", "head", "options", "put", "delete", "patch"])
def test_whatever_is_asked_of_the_link_the_answer_names_it_to_nobody(name, method):
    invitation = InvitationFactory()
    addresses = [link(invitation, name), reverse(name, args=["y" * LENGTH])]

    for client in (strict(), Client()):
        for address in addresses:
            response = getattr(client, method)(address)
            if response.status_code != 403:  # a form without its token is refused before any page is made
                assert response.headers["Referrer-Policy"] == "no-referrer"
                assert "no-store" in response.headers["Cache-Control"]


def test_the_address_of_an_act_leads_back_to_the_offer():
    invitation = InvitationFactory()

    for name in ("accept_invitation", "enter_invitation"):
        assert Client().get(link(invitation, name)).headers["Location"] == link(invitation)


# --- Logs ---------------------------------------------------------------------------------------------------------------
@pytest.mark.rule(8)
@pytest.mark.requirement("IN8")
def test_no_handler_of_any_log_is_handed_a_token(caplog):
    caplog.set_level(logging.DEBUG)
    invitation = InvitationFactory()
    token, unknown = token_of(invitation), "Z" * LENGTH
    person = PersonFactory()

    for client in (strict(), strict(person)):
        for known in (token, unknown):
            for name in ("invitation_offer", *ACTS):
                for method in ("get", "post", "put"):
                    getattr(client, method)(reverse(name, args=[known]), headers={"Origin": "https://evil.example"})
            client.get(f"/invitations/{known}")
            client.get(f"/invitations/{known}/nowhere")

    printed = [record.getMessage() + str(record.args) + (record.exc_text or "") for record in caplog.records]
    assert any("/invitations/…" in line for line in printed)
    assert not [line for line in printed if token in line or unknown in line]


# --- What the link gives away -------------------------------------------------------------------------------------------
@pytest.mark.requirement("GU4")
def test_a_link_that_was_handed_over_does_not_tell_whether_the_address_has_a_sign_in():
    pages = []
    for exists in (True, False):
        invitation = InvitationFactory(address=f"known-{str(exists).lower()}@example.com")
        if exists:
            PersonFactory(email=invitation.address)
        token = actions.copy_link(invitation=invitation, by=invitation.account.owner)
        client = Client()
        page = client.get(reverse("invitation_offer", args=[token])).content.decode()
        entered = client.post(reverse("enter_invitation", args=[token])).headers["Location"]
        chosen = client.post(reverse("enter_invitation", args=[token]), {"door": "sign_in"}).headers["Location"]
        pages.append(("Create your sign-in" in page, "I have a sign-in already" in page, entered, chosen))

    assert pages[0] == pages[1]
    assert pages[0][3].startswith("/auth/login/")


@pytest.mark.rule(7)
def test_another_s_page_shows_neither_address_nor_act():
    invitation = InvitationFactory(address="invited@secret.example")
    client = Client()
    client.force_login(PersonFactory())

    for name in ("invitation_offer", "decline_invitation"):
        page = client.get(link(invitation, name), follow=True).content.decode()
        assert invitation.address not in page
        assert link(invitation, "accept_invitation") not in page
        assert link(invitation, "decline_invitation") not in page
    assert client.post(link(invitation, "decline_invitation")).status_code == 422
    assert Invitation.objects.get(pk=invitation.pk).state == "open"


@pytest.mark.rule(7)
def test_switching_signs_the_other_person_out_and_comes_back_to_the_link():
    invitation = InvitationFactory()
    person = PersonFactory(email=invitation.address)
    client = Client()
    client.force_login(PersonFactory())

    entered = client.post(link(invitation, "enter_invitation"))
    assert "_auth_user_id" not in client.session
    client.force_login(person)
    back = client.get("/invitations/continue/")

    assert entered.headers["Location"] == "/auth/login/?next=/invitations/continue/"
    assert back.headers["Location"] == link(invitation)
    assert back.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.rule(8)
@pytest.mark.parametrize("key_is", ["gone", "kept as a fallback"])
def test_after_a_change_of_keys_the_way_back_works_or_says_so(settings, key_is):
    invitation = InvitationFactory()
    token, client = token_of(invitation), Client()
    client.force_login(PersonFactory(email=invitation.address))
    session = client.session
    session["invitation"] = [invitation.pk, invitation.sending]
    session.save()
    former, settings.SECRET_KEY = settings.SECRET_KEY, "z" * 60
    settings.SECRET_KEY_FALLBACKS = [former] if key_is != "gone" else [former[:-1] + "y"]
    if key_is == "gone":  # only the key of the link is gone, so that the session can still be read
        Invitation.objects.filter(pk=invitation.pk).update(token_hash="0" * 64)
        settings.SECRET_KEY_FALLBACKS.append(former)

    back = client.get("/invitations/continue/")

    assert back.headers["Location"] == (reverse("dashboard") if key_is == "gone" else f"/invitations/{token}/")


@pytest.mark.rule(9)
@pytest.mark.rule(12)
def test_the_second_of_two_clicks_leads_on_and_refuses_nothing():
    invitation = InvitationFactory()
    person, client = PersonFactory(email=invitation.address), Client()
    client.force_login(person)

    answers = [client.post(link(invitation, "accept_invitation"), seen(invitation)) for _click in range(2)]

    home = reverse("account_home", args=[invitation.account.slug])
    assert [answer.headers["Location"] for answer in answers] == [home, home]
    assert list(Event.objects.about(invitation).values_list("name", "result")) == [("invitation.accepted", "done")]
    other = Client()
    other.force_login(PersonFactory())
    assert other.post(link(invitation, "accept_invitation"), seen(invitation)).status_code == 404


@pytest.mark.rule(9)
def test_an_offboarded_person_does_not_come_back_by_the_used_link():
    from teams.actions import offboard

    invitation = InvitationFactory()
    person, client = PersonFactory(email=invitation.address), Client()
    client.force_login(person)
    client.post(link(invitation, "accept_invitation"), seen(invitation))
    offboard(membership=Membership.objects.get(person=person), by=invitation.account.owner, reason="Left")
    person.refresh_from_db()  # offboarding has taken the password, and with it every session
    client.force_login(person)

    client.post(link(invitation, "accept_invitation"), seen(invitation))

    assert not Membership.objects.current().filter(person=person).exists()
    home = client.get(link(invitation), follow=True)
    assert home.redirect_chain == [(invitation.account.get_absolute_url(), 302)]
    assert "Your access has ended" in home.content.decode()


FATES = {
    "expired": ({"expires_at": timezone.now() - dt.timedelta(days=1)}, "Your invitation has run out"),
    "revoked": ({"state": "revoked", "answered_at": timezone.now()}, "Your invitation was taken back"),
    "declined": ({"state": "declined", "answered_at": timezone.now()}, "You have declined"),
}


@pytest.mark.requirement("IN3")
@pytest.mark.parametrize("fate", FATES)
def test_the_invited_person_learns_what_became_of_it_and_nobody_else_does(fate):
    ended, words = FATES[fate]
    invitation = InvitationFactory(account__name="Northwind", invited_by__name="Olga", **ended)
    invited = PersonFactory(email=invitation.address, verified=False)
    told, stranger = Client(), Client()
    told.force_login(invited)
    stranger.force_login(PersonFactory())

    neutral = [client.get(link(invitation)) for client in (Client(), stranger, told)]
    EmailAddress.objects.create(user=invited, email=invited.email, verified=True, primary=True)
    page = told.get(link(invitation))

    assert page.status_code == 410
    assert page.headers["Referrer-Policy"] == "no-referrer"
    text = page.content.decode()
    assert words in text
    assert "Northwind" in text
    assert invitation.account.owner.email in text  # whom to ask: this inviter holds no role here
    assert link(invitation, "accept_invitation") not in text
    for other in neutral:
        assert other.status_code == 404
        assert "Northwind" not in other.content.decode()


@pytest.mark.requirement("IN3")
def test_who_joined_already_is_led_into_the_account_by_the_used_link():
    invitation, client = InvitationFactory(), Client()
    client.force_login(PersonFactory(email=invitation.address))
    client.post(link(invitation, "accept_invitation"), seen(invitation))

    page = client.get(link(invitation))

    assert page.status_code == 200
    assert "You are in already" in page.content.decode()
    assert invitation.account.get_absolute_url() in page.content.decode()


@pytest.mark.rule(11)
@pytest.mark.parametrize(
    ("confirmation", "words"),
    [
        ("after", "Welcome to Northwind. You are Editor."),
        ("before", "You have accepted: you will be Editor in Northwind."),
    ],
)
def test_what_joining_says_is_true_under_each_policy(confirmation, words):
    account = BusinessAccountFactory(name="Northwind", policy_and_seat={"confirmation": confirmation})
    invitation, client = InvitationFactory(account=account), Client()
    client.force_login(PersonFactory(email=invitation.address))

    page = client.post(link(invitation, "accept_invitation"), seen(invitation), follow=True)

    assert words in page.content.decode()
    assert ("Almost there" in page.content.decode()) == (confirmation == "before")


@pytest.mark.parametrize("act", ["resend", "copy_invitation_link", "correct", "change", "revoke"])
def test_a_page_for_an_act_on_an_answered_invitation_says_so_and_does_not_ask(client, act):
    invitation = InvitationFactory(state="revoked", answered_at=timezone.now())
    client.force_login(invitation.account.owner)
    name = act if act.endswith("link") else f"{act}_invitation"

    page = client.get(reverse(name, args=[invitation.account.slug, invitation.pk]), follow=True)

    assert page.redirect_chain == [(reverse("invitation", args=[invitation.account.slug, invitation.pk]), 302)]
    assert "The invitation is revoked. Nothing can be changed about it." in page.content.decode()


def test_a_revoked_link_points_to_the_newer_invitation_that_took_its_place():
    former = InvitationFactory(state="revoked", answered_at=timezone.now())
    InvitationFactory(account=former.account, address=former.address)
    client = Client()
    client.force_login(PersonFactory(email=former.address))

    assert "A newer mail has taken its place" in client.get(link(former)).content.decode()


@pytest.mark.rule(9)
def test_who_was_switched_off_meanwhile_joins_nothing():
    invitation = InvitationFactory()
    person = PersonFactory(email=invitation.address)
    type(person).objects.filter(pk=person.pk).update(is_active=False)

    with pytest.raises(Exception, match="another address"):
        actions.accept(invitation=invitation, by=person)

    assert not Membership.objects.filter(person=person).exists()


@pytest.mark.rule(7)
def test_the_name_of_an_account_is_plain_text_on_the_page():
    anna = MembershipFactory(holding="administrator", person__name="<img src=x onerror=alert(1)>")
    anna.account.name = "<script>alert(1)</script>"
    anna.account.save()
    invitation = InvitationFactory(account=anna.account, invited_by=anna.person, message="<script>x</script>{{ 7 }}")

    page = Client().get(link(invitation)).content.decode()

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;x&lt;/script&gt;{{ 7 }}" in page


@pytest.mark.requirement("GU4")
@pytest.mark.parametrize("channel", ["mail", "hand"])
def test_the_sign_in_page_says_what_for_and_fills_in_a_mailed_address_only(channel):
    invitation = InvitationFactory(account__name="Northwind", channel=channel)
    PersonFactory(email=invitation.address)
    client = Client()

    page = client.post(link(invitation, "enter_invitation"), {"door": "sign_in"}, follow=True).content.decode()

    assert "To join <b>Northwind</b>." in page
    assert (f'value="{invitation.address}"' in page) == (channel == "mail")
    assert "Northwind" not in client.get("/auth/login/").content.decode()

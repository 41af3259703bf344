"""Whatever host a request names, links lead to the configured site (rule 8, IN7)."""

import re
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from accounts.actions import deliver
from accounts.models import OutgoingMail, Person
from audit.models import Event
from tests.factories import PASSWORD, InvitationFactory, PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.rule(8), pytest.mark.requirement("IN7")]

FORGED = [
    {"Host": "evil.example"},
    {"Host": "localhost.evil.example"},
    {"Host": "localhost:8000@evil.example"},
    {"Host": "evil.example#localhost"},
]
IGNORED = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Host": "evil.example",
    "X-Original-Host": "evil.example",
    "Forwarded": "host=evil.example;proto=https",
}


def _inside(name, form=None):
    def ask(headers):
        invitation, client = InvitationFactory(), Client()
        client.force_login(invitation.account.owner)
        things = [] if name == "invite" else [invitation.pk]
        return client.post(reverse(name, args=[invitation.account.slug, *things]), form or {}, headers=headers)

    return ask


def _reset(headers):
    return Client().post(reverse("account_reset_password"), {"email": PersonFactory().email}, headers=headers)


def _sign_up(headers):
    form = {"email": "nina@example.com", "name": "Nina", "password1": PASSWORD}
    return Client().post(reverse("account_signup"), form, headers=headers)


def _sign_up_again(headers):
    PersonFactory(email="nina@example.com")
    return _sign_up(headers)


# What makes a mail or a link: each is asked with these headers.
MAKES_A_LINK = {
    "invite": _inside("invite", {"addresses": "new@example.com", "role": "editor"}),
    "resend": _inside("resend_invitation"),
    "correct the address": _inside("correct_invitation", {"address": "right@example.com"}),
    "copy the link": _inside("copy_invitation_link"),
    "reset the password": _reset,
    "sign up": _sign_up,
    "sign up with an address that is known": _sign_up_again,
}


def _told(response, mailoutbox):
    """All that went out to anybody: the page and every mail, the outbox's included."""
    for mail in OutgoingMail.objects.all():
        deliver(mail_id=mail.pk)
    return [response.content.decode(), str(response.headers), *(str(mail.message()) for mail in mailoutbox)]


@pytest.mark.parametrize("headers", FORGED, ids=lambda headers: headers["Host"])
@pytest.mark.parametrize("act", MAKES_A_LINK)
def test_a_forged_host_makes_no_link_and_no_mail(act, headers, mailoutbox):
    response = MAKES_A_LINK[act](headers)

    assert response.status_code == 400
    assert "evil" not in response.content.decode()
    assert mailoutbox == []
    assert not OutgoingMail.objects.exists()
    assert not Event.objects.exclude(name="person.signed_in").exists()
    assert Person.objects.filter(email="nina@example.com").exists() == ("known" in act)


@pytest.mark.parametrize("act", MAKES_A_LINK)
def test_a_forwarded_host_is_ignored_and_links_lead_to_the_configured_site(act, mailoutbox, settings):
    settings.SITE_URL = "https://portal.example"

    response = MAKES_A_LINK[act](IGNORED)

    told = _told(response, mailoutbox)
    assert response.status_code in {200, 302}
    assert len(mailoutbox) == (0 if act == "copy the link" else 1)
    assert "evil" not in "".join(told)
    bodies = [response.content.decode()] if act == "copy the link" else [mail.body for mail in mailoutbox]
    links = [urlsplit(link) for link in re.findall(r"https?://[^\s\"<>]+", "".join(bodies))]
    assert {(link.scheme, link.netloc) for link in links} == {("https", "portal.example")}
    assert any(len(link.path) > 1 for link in links) is (act != "sign up")  # which sends a code to type

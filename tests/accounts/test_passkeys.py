"""What a browser says about a passkey is read from anybody: whatever it is, it is refused and breaks nothing."""

import html
import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from tests.accounts.keys import SoftKey
from tests.factories import PASSWORD, PersonFactory

pytestmark = pytest.mark.django_db
ANSWERS = {
    "nested lists": "[" * 60_000,
    "nested objects": '{"a":' * 10_000,
    "a text without an end": "[" * 100_000,
    "a number of 5,000 digits": "1" * 5_000,
    "the number within": '{"rawId": "AAAA", "type": ' + "1" * 5_000 + "}",
    "nothing": "",
    "null": "null",
    "a list": "[]",
    "a text": '"x"',
    "not a number": "NaN",
    "no rawId": '{"id": "AAAA", "type": "public-key", "response": {}}',
    "no response": '{"id": "AAAA", "rawId": "AAAA", "response": null}',
    "a list for a response": '{"id": "AAAA", "rawId": "AAAA", "response": []}',
    "numbers for texts": '{"rawId": 1, "response": {"userHandle": 1, "clientDataJSON": 1}}',
    "a zero sign": '{"id": "AAAA", "rawId": "AAAA", "x": "\\u0000"}',
    "half a sign": '{"id": "\\ud800", "rawId": "\\ud800"}',
    "a stranger's handle": '{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"userHandle":"enp6enp6","clientDataJSON":"AAAA","authenticatorData":"AAAA","signature":"AAAA"}}',
    "data that is no authenticator's": '{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"userHandle":"MQ","clientDataJSON":"e30","authenticatorData":"AAAA","signature":"AAAA"}}',
    "an attestation that is none": '{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"gYGBgYGBgYGB"}}',
}


@pytest.mark.requirement("IO1")
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("door", ["mfa_login_webauthn", "mfa_add_webauthn", "mfa_reauthenticate_webauthn"])
def test_whatever_is_said_about_a_passkey_is_refused_in_words(door, answer):
    client, person = Client(), PersonFactory()
    if door == "mfa_login_webauthn":
        client.get(reverse(door), headers={"X-Requested-With": "XMLHttpRequest"})
    else:
        client.force_login(person)
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        client.get(reverse(door))

    refused = client.post(reverse(door), {"credential": answer, "name": "Key", "passwordless": "on"})

    assert refused.status_code in (200, 302)
    assert ("_auth_user_id" in client.session) is (door != "mfa_login_webauthn")
    assert not person.authenticator_set.exists()


# --- What a passkey may say ---------------------------------------------------------------------------------------------
def options_of(page):
    return json.loads(html.unescape(re.search(r'<script id="js_data"[^>]*>(.*?)</script>', page, re.DOTALL)[1]))


def enrols(client, key, **said):
    """Add a passkey by its page; say whether it was taken."""
    page = client.get(reverse("mfa_add_webauthn")).content.decode()
    options = options_of(page)["creation_options"]
    form = {"credential": key.enrols(options, **said), "name": "Key", "passwordless": "on"}
    return client.post(reverse("mfa_add_webauthn"), form).headers.get("Location") == reverse("recovery_codes")


def challenged(client):
    asked = client.get(reverse("mfa_login_webauthn"), headers={"X-Requested-With": "XMLHttpRequest"})
    return asked.json()["request_options"]


def is_let_in(client, answer):
    client.post(reverse("mfa_login_webauthn"), {"credential": answer})
    return client.get(reverse("profile")).status_code == 200


@pytest.fixture
def nadia():
    """Somebody with a passkey: her browser, and the key."""
    client, key, person = Client(), SoftKey(), PersonFactory()
    client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    assert enrols(client, key)
    return person, key


@pytest.mark.requirement("MF6")
def test_a_passkey_alone_signs_in_without_a_password_and_stands_in_the_log(nadia):
    person, key = nadia
    client = Client()

    assert is_let_in(client, key.signs(challenged(client)))

    names = list(Event.objects.of(person).values_list("name", flat=True))
    assert "person.second_factor_shown" in names


@pytest.mark.requirement("MF6")
def test_an_answer_that_is_played_again_opens_nothing(nadia):
    _person, key = nadia
    client, thief, later = Client(), Client(), Client()
    answer = key.signs(challenged(client))
    first = is_let_in(client, answer)
    client.post(reverse("account_logout"))
    challenged(thief)

    assert (first, is_let_in(client, answer), is_let_in(thief, answer), is_let_in(later, answer)) == (
        True, False, False, False,
    )  # fmt: skip


@pytest.mark.requirement("MF6")
def test_a_challenge_is_spent_by_the_first_answer_even_a_wrong_one(nadia):
    _person, key = nadia
    client = Client()
    options = challenged(client)

    wrong = is_let_in(client, SoftKey().signs(options))

    assert (wrong, is_let_in(client, key.signs(options))) == (False, False)
    assert is_let_in(client, key.signs(challenged(client)))


OTHER_PAGES = {
    "another site": {"origin": "https://evil.example"},
    "a site that looks like ours": {"origin": "http://localhost.evil.example:8000"},
    "another port": {"origin": "http://localhost:9999"},
    "a part of ours": {"origin": "http://sub.localhost:8000"},
    "ours inside another's": {"cross": True},
    "without knowing who holds it": {"verified": False},
}


@pytest.mark.requirement("MF6")
@pytest.mark.parametrize("said", OTHER_PAGES.values(), ids=OTHER_PAGES)
@pytest.mark.parametrize("insecure", [False, True])
def test_an_answer_of_another_page_or_of_nobody_in_particular_is_refused(said, insecure, nadia, settings):
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = insecure  # as on an embedded machine
    person, key = nadia
    client, owner = Client(), Client()

    let_in = is_let_in(client, key.signs(challenged(client), **said))
    owner.post(reverse("account_login"), {"login": PersonFactory().email, "password": PASSWORD})

    assert not let_in
    assert not enrols(owner, SoftKey(), **said)
    assert person.authenticator_set.filter(type="webauthn").count() == 1


@pytest.mark.requirement("MF6")
def test_a_passkey_is_for_the_configured_site_whatever_host_is_asked(nadia, settings):
    settings.ALLOWED_HOSTS = ["*"]

    asked = Client().get(
        reverse("mfa_login_webauthn"), headers={"X-Requested-With": "XMLHttpRequest", "Host": "evil.example"}
    )

    assert asked.json()["request_options"]["publicKey"]["rpId"] == settings.SITE_HOST

"""What a browser says about a passkey is read from anybody: whatever it is, it is refused and breaks nothing."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD, PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IO1")]
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

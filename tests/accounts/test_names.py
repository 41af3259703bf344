"""A name can be seen, and is nobody else's who matters: the log names people by it (rule 17)."""

import pytest
from django.urls import reverse

from accounts.models import Asset, BusinessAccount, Person
from tests.factories import BusinessAccountFactory, PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IN10")]
UNSEEN = ["\u3164", "\u2800", "\u115f\u1160", "\uffa0", "\ufe0f", "\u034f", "\u200b", " \u3164 \u2800 "]
SENTENCE = "a sentence that is long enough"


@pytest.mark.parametrize("name", UNSEEN)
def test_nobody_signs_up_under_a_name_that_cannot_be_seen(name, client):
    answer = client.post("/auth/signup/", {"email": "nina@example.com", "name": name, "password1": SENTENCE})

    assert answer.status_code == 200
    assert not Person.objects.exists()


@pytest.mark.parametrize("name", UNSEEN)
def test_no_person_account_or_asset_gets_a_name_that_cannot_be_seen(name, client):
    account = BusinessAccountFactory(name="Northwind", owner__name="Olga")
    client.force_login(account.owner)

    answers = [
        client.post(reverse("profile"), {"name": name, "time_zone": "UTC"}),
        client.post(reverse("open_account"), {"name": name, "kind": "business"}),
        client.post(reverse("account_settings", args=[account.slug]), {"name": name}),
        client.post(reverse("add_asset", args=[account.slug]), {"name": name, "kind": "other", "handle": ""}),
    ]

    assert [answer.status_code for answer in answers] == [422] * 4
    assert list(BusinessAccount.objects.values_list("name", "owner__name")) == [("Northwind", "Olga")]
    assert not Asset.objects.exists()


def test_what_cannot_be_seen_is_taken_out_of_a_name_that_can(client):
    person = PersonFactory()
    client.force_login(person)

    client.post(reverse("profile"), {"name": "Nina\u3164\u2800Berg ❤️", "time_zone": "UTC"})

    person.refresh_from_db()
    assert person.name == "Nina Berg ❤️"


@pytest.mark.rule(17)
@pytest.mark.parametrize(
    "name", ["AccessPortal", "ACCESSPORTAL", " access  portal. ", "Ａccess\u3164Ｐortal", "Access-Portal"]
)
def test_nobody_is_called_like_the_portal_itself(name, client):
    person = PersonFactory(name="Nina")
    signing_up = client.post("/auth/signup/", {"email": "new@example.com", "name": name, "password1": SENTENCE})
    client.force_login(person)

    changing = client.post(reverse("profile"), {"name": name, "time_zone": "UTC"})

    assert (signing_up.status_code, changing.status_code) == (200, 422)
    assert "name of this portal" in changing.content.decode()
    assert list(Person.objects.values_list("name", flat=True)) == ["Nina"]


def test_a_name_may_hold_the_portals_among_others(client):
    person = PersonFactory()
    client.force_login(person)

    client.post(reverse("profile"), {"name": "Nina of AccessPortal", "time_zone": "UTC"})

    person.refresh_from_db()
    assert person.name == "Nina of AccessPortal"

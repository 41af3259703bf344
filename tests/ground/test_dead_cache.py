"""With the cache out of reach nothing that is limited runs unlimited, and everything else goes on (GU2, RE5)."""

import socket
import time

import pytest
from django.urls import reverse

from accounts.models import Person
from audit.models import Event
from teams.models import Membership
from tests.factories import PASSWORD, MembershipFactory, PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("RE5")]
PATIENCE = 2.0  # seconds


@pytest.fixture
def silent_port():
    """A port that takes connections and never answers: the worst way to be dead."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture(params=["refuses", "is silent"])
def dead_cache(request, settings, silent_port):
    port = silent_port if request.param == "is silent" else 1
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": f"redis://127.0.0.1:{port}/0"}}


def quickly(ask, *args):
    began = time.monotonic()
    answer = ask(*args)
    assert time.monotonic() - began < PATIENCE
    return answer


@pytest.mark.requirement("GU2")
def test_signing_in_signing_up_and_resetting_wait_for_the_cache_and_say_so(client, dead_cache, mailoutbox):
    person = PersonFactory()

    answers = [
        quickly(client.post, "/auth/login/", {"login": person.email, "password": PASSWORD}),
        quickly(client.post, "/auth/signup/", {"email": "new@example.com", "name": "New", "password1": PASSWORD}),
        quickly(client.post, "/auth/password/reset/", {"email": person.email}),
        quickly(client.post, "/auth/2fa/webauthn/login/", {"credential": "{}"}),
    ]

    assert [answer.status_code for answer in answers] == [503] * 4
    assert all("This is not possible just now" in answer.content.decode() for answer in answers)
    assert "_auth_user_id" not in client.session
    assert list(Person.objects.all()) == [person]
    assert mailoutbox == []


@pytest.mark.requirement("GU2")
def test_a_password_asked_for_again_is_not_guessed_unlimited_either(client, dead_cache):
    client.force_login(PersonFactory())

    answer = quickly(client.post, reverse("account_reauthenticate"), {"password": PASSWORD})

    assert answer.status_code == 503


def test_the_pages_of_signing_in_are_shown(client, dead_cache):
    pages = ["/", "/auth/login/", "/auth/signup/", "/auth/password/reset/"]

    assert [quickly(client.get, page).status_code for page in pages] == [200] * 4


def test_whoever_is_signed_in_goes_on_working(client, dead_cache):
    eddie = MembershipFactory()
    client.force_login(eddie.account.owner)

    pages = [
        quickly(client.get, "/dashboard/"),
        quickly(client.get, reverse("team", args=[eddie.account.slug])),
        quickly(client.post, reverse("suspend_member", args=[eddie.account.slug, eddie.pk])),
        quickly(client.post, reverse("account_logout")),
    ]

    assert [page.status_code for page in pages] == [200, 200, 302, 302]
    assert Membership.objects.get(pk=eddie.pk).state == Membership.State.SUSPENDED
    assert Event.objects.about(eddie).named("member.suspended").exists()

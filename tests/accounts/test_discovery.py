"""Nobody learns who is here (GU4), and nobody's mailbox is flooded by asking for mails (GU5)."""

import datetime as dt
import re
from collections import Counter

import pytest
from django.conf import settings as project
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import BusinessAccount
from invitations.models import Invitation
from tests.factories import PASSWORD, BusinessAccountFactory, PersonFactory
from tests.post import the_post_goes_out

pytestmark = pytest.mark.django_db
KNOWN, UNKNOWN = "nina.known@example.com", "nobody.here@example.com"
NEW = "another sentence, long enough"
LINK = re.compile(r"/auth/password/reset/key/\S+")
VARIES = [re.compile(r'(?<=name="csrfmiddlewaretoken" value=")\w+'), re.compile(r"(?<=nonce[=-])[\"']?[\w+/=-]+")]


@pytest.fixture
def nina():
    return PersonFactory(email=KNOWN)


def signs_in(address):
    return [Client().post("/auth/login/", {"login": address, "password": "not this one at all"})]


def signs_up(address):
    client = Client()
    given = {"email": address, "name": "Nina", "password1": NEW}
    return [client.post("/auth/signup/", given), client.get(reverse("account_email_verification_sent"))]


def asks_for_a_password(address):
    client = Client()
    return [
        client.post("/auth/password/reset/", {"email": address}),
        client.get(reverse("account_reset_password_done")),
    ]


def types_a_wrong_code(address):
    client = Client()
    client.post("/auth/signup/", {"email": address, "name": "Nina", "password1": NEW})
    return [client.post(reverse("account_email_verification_sent"), {"code": "AAAA-AAAA"}) for _try in range(4)]


def asks_for_the_code_again(address):
    client = Client()
    client.post("/auth/signup/", {"email": address, "name": "Nina", "password1": NEW})
    form = {"action": "resend"}
    return [client.post(reverse("account_email_verification_sent"), form) for _try in range(2)]


def is_invited(address):
    Invitation.objects.all().delete()  # the list of one account shows the one alone
    account = BusinessAccount.objects.first() or BusinessAccountFactory(name="Northwind Coffee")
    client = Client()
    client.force_login(account.owner)
    form = {"addresses": address, "role": "editor", "message": "", "kind": "employee"}
    answer = client.post(reverse("invite", args=[account.slug]), form)
    assert Invitation.objects.filter(address=address).exists()
    return [answer]


DOORS = [signs_in, signs_up, asks_for_a_password, types_a_wrong_code, asks_for_the_code_again, is_invited]


def seen(answer, address):
    """What a stranger sees of an answer, without what is another one each time."""
    body = answer.content.decode().replace(address, "@")
    for varying in VARIES:
        body = varying.sub("", body)
    body = re.sub(r"\bbrand-\d+|Brand \d+|[Pp]erson ?\d+(@example\.com)?|/\d+/|\d{4}-\d\d-\d\d[T ][\d:.+]+", "#", body)
    headers = {
        name: VARIES[1].sub("", value)
        for name, value in answer.headers.items()
        if name not in {"X-Request-ID", "Content-Length", "Expires"}
    }
    headers["Location"] = re.sub(r"brand-\d+|/\d+/", "#", headers.get("Location", ""))
    cookies = sorted((name, bool(cookie.value), cookie["max-age"]) for name, cookie in answer.cookies.items())
    return answer.status_code, headers, cookies, body


@pytest.mark.requirement("GU4")
@pytest.mark.parametrize("door", DOORS)
def test_every_door_answers_alike_for_an_address_that_is_known_and_one_that_is_not(door, nina):
    known, unknown = door(KNOWN), door(UNKNOWN)

    for one, other in zip(known, unknown, strict=True):
        for part, same in zip(seen(one, KNOWN), seen(other, UNKNOWN), strict=True):
            assert part == same


@pytest.mark.requirement("GU4")
def test_the_doors_answer_alike_when_there_were_too_many_tries(nina):
    known, unknown = ([signs_in(address)[0] for _try in range(7)] for address in (KNOWN, UNKNOWN))
    asked = [[asks_for_a_password(address)[0] for _try in range(7)] for address in (KNOWN, UNKNOWN)]

    for one, other in [*zip(known, unknown, strict=True), *zip(*asked, strict=True)]:
        assert seen(one, KNOWN) == seen(other, UNKNOWN)


def work_of(door, address, monkeypatch):
    """How many passwords were hashed, and which rows were written."""
    hashed = []
    with monkeypatch.context() as patch, CaptureQueriesContext(connection) as queries:
        encode = MD5PasswordHasher.encode
        patch.setattr(MD5PasswordHasher, "encode", lambda *given: hashed.append(given) or encode(*given))
        door(address)
    written = Counter(
        " ".join(query["sql"].split()[:3]) for query in queries if query["sql"].startswith(("INSERT", "UPDATE"))
    )
    return len(hashed), written, len([query for query in queries if query["sql"].startswith("SELECT")])


@pytest.mark.requirement("GU4")
@pytest.mark.parametrize("door", [signs_in, asks_for_a_password])
def test_the_same_work_is_done_for_an_address_that_nobody_has(door, nina, monkeypatch):
    for address in (KNOWN, UNKNOWN):
        door(address)  # begins the chains and the counts

    hashes, written, read = work_of(door, KNOWN, monkeypatch)
    hashes_of_unknown, written_of_unknown, read_of_unknown = work_of(door, UNKNOWN, monkeypatch)

    assert hashes == hashes_of_unknown == (1 if door is signs_in else 0)
    assert written == written_of_unknown
    assert abs(read - read_of_unknown) <= 2  # a look-up by index each: microseconds


@pytest.mark.requirement("GU4")
def test_a_sign_up_hashes_as_often_for_a_known_address(nina, monkeypatch):
    assert work_of(signs_up, KNOWN, monkeypatch)[0] == work_of(signs_up, UNKNOWN, monkeypatch)[0] == 1


# --- Floods -----------------------------------------------------------------------------------------------------------
@pytest.mark.requirement("GU5")
def test_at_most_five_mails_an_hour_go_to_whoever_is_asked_for_and_nobody_is_locked_out(nina, mailoutbox, time_machine):
    now = timezone.now()
    for minute in range(8):
        time_machine.move_to(now + dt.timedelta(minutes=5 * minute))
        asks_for_a_password(KNOWN)
        the_post_goes_out()
    in_an_hour, client = len(mailoutbox), Client()

    client.post("/auth/login/", {"login": KNOWN, "password": PASSWORD})
    page = client.get(LINK.search(mailoutbox[-1].body)[0], follow=True)
    time_machine.move_to(now + dt.timedelta(minutes=66))
    asks_for_a_password(KNOWN)
    the_post_goes_out()

    assert in_an_hour == 5
    assert client.session["_auth_user_id"] == str(nina.pk)
    assert page.status_code == 200
    assert len(mailoutbox) == 6


@pytest.mark.requirement("GU5")
def test_at_most_five_codes_an_hour_go_to_an_address_that_is_typed_again_and_again(mailoutbox, time_machine):
    now = timezone.now()
    for minute in range(8):
        time_machine.move_to(now + dt.timedelta(minutes=5 * minute))
        asks_for_the_code_again(UNKNOWN)
        the_post_goes_out()

    assert len(mailoutbox) == 5
    assert {letter.to[0] for letter in mailoutbox} == {UNKNOWN}
    assert project.ACCOUNT_RATE_LIMITS["confirm_email"] == "1/10s/key,5/h/key"

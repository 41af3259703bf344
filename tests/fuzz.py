"""`make fuzz`: generated bad requests to every route, as every kind of reader, for as long as wanted (IO1).

Each request follows from SEED and its number alone: `SEED=7 FROM=20000 TRIES=5000 make fuzz` sends the numbers 20000 to
24999 of seed 7 again. What a page did not stand is printed as a test to be copied, one for each kind of failure.
Not collected by `make test`, whose small form of this is tests/test_input.py.
"""

import copy
import json
import os
import random
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import PASSWORD, InvitationFactory, PersonFactory, token_of
from tests.matrix import INSIDE, OUTSIDE
from tests.showing import shows_factor
from tests.test_input import BROKEN, FIELDS, PLAUSIBLE
from tests.test_matrix import BEHIND_A_LINK, World, world  # noqa: F401  # a fixture: an account with all kinds of things

SEED = os.environ.get("SEED") or "1"
FIRST = int(os.environ.get("FROM") or 0)
TRIES = int(os.environ.get("TRIES") or 100_000)
TOLD = 1_000  # after so many requests it says how far it is

FORM = "application/x-www-form-urlencoded"
HUGE = 1_000_000
MORE_BROKEN = [
    b"x" * HUGE, b"\xf0\x9f\x98\x80" * 500, b"-9" * 40, b"9223372036854775808", b"-9223372036854775809", b"2147483648",
    b"NaN", b"Infinity", b"1e-400", b"0x7f", b"1_000", b" 1 ", b"0", b"-0", b"1.5", b"true", b"{}", b'{"id": 1}',
    b'{"id":' * 3_000, b'{"a":1,"a":2}', b'"\\ud800"', b'"\\u0000"', b"0001-01-01T00:00", b"9999-12-31T23:59:59+14:00",
    b"0000-01-01", b"10000-01-01", b"2026-02-30", b"2026-01-01T24:00", b"2026-01-01T00:00:00.9999999", b"\r\nBcc: a@b.c",
    b"=cmd|' /C calc'!A0", b"<script>alert(1)</script>", b"{{ 7*7 }}{% debug %}", b"../../../etc/passwd", b"%00", b"%",
    b"a@b", b"@", b"a@b@c.d", b"a@[127.0.0.1]", b"a" * 64 + b"@" + b"b" * 250 + b".example", b"a@xn--", b"a@xn--a.example",
    b"\xc2\xa0", b"\xe2\x80\x8b", b"\xef\xbb\xbf", b"\xc3\x28", b"\xcc\x81" * 200, b"\xef\xbf\xbe", b"\xf4\x8f\xbf\xbf",
]  # fmt: skip
HEADERS: dict[str, list[str]] = {
    "accept-language": ["", "xx" * 500, "en;q=x", "\x00", "de-" + "a" * 90, "../../x"],
    "accept": ["", "*/*", "x" * 900, "application/json", ";;;q="],
    "user-agent": ["", "x" * 9_000, "Mozilla/5.0 (" * 80, "\u202e\x7f"],
    "referer": ["", "//evil.example", "http://[", "javascript:1", "http://localhost:8000/\u20ac" + "x" * 900],
    "origin": ["null", "http://evil.example", "http://[", "x"],
    "hx-request": ["true", "x"],
    "hx-target": ["", "\x00", "x" * 900],
    "hx-current-url": ["http://[", "javascript:1", "//evil", "http://localhost:8000/\ud800".encode("utf-8", "replace").decode()],
    "hx-current-url-uri-autoencoded": ["true"],
    "hx-trigger-uri-autoencoded": ["true"],
    "hx-prompt": ["x" * 900, "%ff%fe"],
    "triggering-event": ["{", "[" * 3_000, "null", "%"],
    "x-forwarded-for": ["", "x", "1.2.3.4, " * 90, "::1%eth0", "999.9.9.9"],
    "x-forwarded-proto": ["https", "x"],
    "x-csrftoken": ["x" * 64, "\x00"],
    "if-modified-since": ["x", "Thu, 01 Jan 99999 00:00:00 GMT", "Mon, 31 Feb 2026 00:00:00 GMT"],
    "if-none-match": ['"', "W/", "*" * 900],
    "range": ["bytes=0-", "bytes=9-1", "x"],
    "cookie": ["session=", "csrf=\x00", "a" * 4_000, "messages=W1tdXQ:x:y", "=;=;", 'session="\\377"'],
}  # fmt: skip


@dataclass(frozen=True)
class Attempt:
    """One request, whole: enough to send it again."""

    route: str
    reader: str
    method: str
    path: str
    query: str = ""
    body: bytes = b""
    kind: str = FORM
    headers: dict[str, str] = field(default_factory=dict)


class Maker:
    """Makes the attempt of one number; everything it draws follows from seed and number."""

    def __init__(self, world: World, links: dict[str, str], number: int) -> None:  # noqa: F811  # the imported fixture
        self.world, self.links = world, links
        self.draw = random.Random(f"{SEED}:{number}")

    def attempt(self) -> Attempt:
        """Choose a route and a reader, then what is wrong with the request."""
        draw = self.draw
        route = draw.choice([*INSIDE, *OUTSIDE, *self.links])
        path = self._path(route)
        ways: list[tuple[int, Callable[[str], dict[str, Any]]]] = [
            (45, self._typed), (20, self._asked), (12, self._uploaded), (8, self._of_another_kind), (5, self._by_method),
        ]  # fmt: skip
        way = draw.choices([way for _, way in ways], [weight for weight, _ in ways])[0]
        headers = {
            name: draw.choice(HEADERS[name]) for name in draw.sample(sorted(HEADERS), draw.choice([0, 0, 0, 1, 3]))
        }
        return Attempt(route=route, reader=self._reader(route), path=path, headers=headers, **way(route))

    def _reader(self, route: str) -> str:
        if route in INSIDE:
            usual = INSIDE[route].only or "owner"
            return self.draw.choice(
                [usual, usual, usual, "administrator", "member", "suspended", "owner elsewhere", "anonymous"]
            )
        return self.draw.choice(
            ["anonymous", "somebody", "somebody fresh", "half signed up", "half signed in", "invited"]
        )

    def _path(self, route: str) -> str:
        if route in self.links:
            return self.links[route]
        row = INSIDE.get(route)
        things = {**self.world.things, **(self.world.foreign if self.draw.random() < 0.1 else {})}
        path = self.world.address(route, row, things) if row else reverse(route, kwargs=OUTSIDE[route].arguments)
        if self.draw.random() < 0.12:  # a part of the path is something else
            parts = path.split("/")
            at = self.draw.randrange(1, len(parts))
            parts[at] = quote(self._value()[:3_000], safe="@:+-_.~")
            path = "/".join(parts)
        return path if path.startswith("/") else f"/{path}"

    def _value(self) -> bytes:
        draw = self.draw
        return draw.choices(
            [draw.choice(BROKEN), draw.choice(MORE_BROKEN), draw.choice(PLAUSIBLE), draw.randbytes(draw.randrange(40)),
             str(draw.choice(list(self.world.things.values()))).encode(), str(draw.choice(list(self.world.foreign.values()))).encode()],
            [5, 5, 3, 2, 2, 1],
        )[0]  # fmt: skip

    def _fields(self, route: str) -> list[tuple[str, bytes]]:
        """The whole form of the act, where there is one, with something wrong in it; some fields doubled or left out."""
        draw = self.draw
        fields = [(name, value.encode()) for name, value in self.world.form(route).items()]
        if draw.random() < 0.1:
            fields = []
        for _ in range(draw.choice([1, 1, 2, 3, 8])):
            if fields and draw.random() < 0.6:
                at = draw.randrange(len(fields))
                if draw.random() < 0.15:
                    del fields[at]
                elif draw.random() < 0.2:
                    fields.append((fields[at][0], self._value()))
                else:
                    fields[at] = (fields[at][0], self._value())
            else:
                fields.append((draw.choice(FIELDS), self._value()))
        if draw.random() < 0.02:
            fields = fields * draw.choice([50, 300, 2_500])
        return fields

    def _typed(self, route: str) -> dict[str, Any]:
        return {"method": "POST", "body": urlencode(self._fields(route)).encode()}

    def _asked(self, route: str) -> dict[str, Any]:
        fields = [(name, value[:5_000]) for name, value in self._fields(route)]  # servers take lines only so long
        return {"method": "GET", "query": urlencode(fields)[:60_000]}

    def _uploaded(self, route: str) -> dict[str, Any]:
        draw = self.draw
        mark = b"x" * draw.choice([1, 1, 30, 400])
        heads = [b'form-data; name="%s"', b'form-data; name="%s"; filename="list.csv"', b"form-data; name=%s", b"form-data",
                 b'form-data; name="%s"; filename="\x00../../x"', b"form-data; name*=utf-8''%s", b'form-data; name="%s"; filename=""']  # fmt: skip
        body = b""
        for name, value in self._fields(route):
            head = draw.choice(heads)
            body += b"--" + mark + b"\r\nContent-Disposition: " + (head % name.encode() if b"%s" in head else head)
            body += draw.choice(
                [
                    b"",
                    b"",
                    b"\r\nContent-Type: text/csv",
                    b"\r\nContent-Transfer-Encoding: base64",
                    b"\r\nContent-Type: ;;=",
                ]
            )
            body += b"\r\n\r\n" + value + b"\r\n"
        body += draw.choice([b"--" + mark + b"--\r\n", b"--" + mark + b"--\r\n", b"", b"--" + mark])
        file = draw.choice(
            [
                b"address,role\r\n" + self._value() + b"," + self._value(),
                b"PK\x03\x04" + self._value(),
                b"\xff\xfe" + self._value(),
            ]
        )
        if draw.random() < 0.7:
            upload = (
                b"--"
                + mark
                + b'\r\nContent-Disposition: form-data; name="%s"; filename="l.csv"\r\n\r\n'
                % draw.choice([b"list", b"file", b"people"])
            )
            body = upload + file + b"\r\n" + body
        told = draw.choice([mark, mark, mark, b"", b"other"]).decode()
        return {"method": "POST", "body": body[: 2 * HUGE], "kind": f"multipart/form-data; boundary={told}"}

    def _of_another_kind(self, route: str) -> dict[str, Any]:
        draw = self.draw
        told: Any = {name: value.decode("utf-8", "replace") for name, value in self._fields(route)}
        for _ in range(draw.choice([0, 1, 900])):
            told = [told]
        kind = draw.choice(
            ["application/json", "text/plain", "application/xml", "", "x/" + "y" * 90, FORM, "multipart/form-data"]
        )
        return {"method": "POST", "body": draw.choice([json.dumps(told).encode(), self._value(), b"{"]), "kind": kind}

    def _by_method(self, route: str) -> dict[str, Any]:
        method = self.draw.choice(
            ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "CONNECT", "GETT", "get", "PROPFIND"]
        )
        return {"method": method, "body": self._typed(route)["body"]}


def _links() -> dict[str, str]:
    """The pages behind an invitation's link that works; and the one invited."""
    invitation = InvitationFactory(address="invited@example.com")
    return {f"{name} (a link that works)": reverse(name, args=[token_of(invitation)]) for name in BEHIND_A_LINK}


def _readers(world: World) -> dict[str, Client]:  # noqa: F811  # the imported fixture
    """Every kind of reader with a session of their own; a fresh one has typed the password just now."""
    clients = dict(world.clients)
    for audience, person in world.people.items():
        shows_factor(clients[audience], person)
    somebody, second_factor = PersonFactory(), PersonFactory()
    Authenticator.objects.create(user=second_factor, type=Authenticator.Type.TOTP, data={"secret": ""})
    for name, person in {
        "somebody": somebody,
        "somebody fresh": somebody,
        "invited": PersonFactory(email="invited@example.com"),
    }.items():
        clients[name] = Client()
        clients[name].force_login(person)
    clients["somebody fresh"].post(reverse("account_reauthenticate"), {"password": PASSWORD})
    clients["half signed up"], clients["half signed in"] = Client(), Client()
    new = {"email": "half@example.com", "name": "Half", "password1": PASSWORD}
    clients["half signed up"].post(reverse("account_signup"), new)
    clients["half signed in"].post(reverse("account_login"), {"login": second_factor.email, "password": PASSWORD})
    for client in clients.values():
        client.raise_request_exception = False
    return clients


def _failure(client: Client, attempt: Attempt) -> str:
    """Send it, take back what it changed, and return where it broke; empty where it was answered."""
    kept = copy.deepcopy(client.cookies)
    block = transaction.atomic()  # noqa: TID251  # so that one world serves all attempts
    block._from_testcase = True  # an action may begin its own transaction inside
    try:
        with block:
            answer = client.generic(
                attempt.method, attempt.path, attempt.body, content_type=attempt.kind,
                query_params=None, QUERY_STRING=attempt.query, headers=attempt.headers,
            )  # fmt: skip
            if getattr(answer, "streaming", False):
                b"".join(answer)
            transaction.set_rollback(True)
    finally:
        client.cookies = kept
    if answer.status_code < 500:
        return ""
    broken = getattr(answer, "exc_info", None)
    if not broken:
        return f"answered {answer.status_code}"
    last = traceback.extract_tb(broken[2])[-1]
    return f"{broken[0].__name__} in {last.filename.rpartition('/site-packages/')[2]}:{last.lineno}: {str(broken[1])[:200]}"


def _as_a_test(number: int, attempt: Attempt, why: str) -> str:
    said = f"client.generic({attempt.method!r}, {attempt.path!r}, {attempt.body!r}, content_type={attempt.kind!r}, "
    said += f"QUERY_STRING={attempt.query!r}, headers={attempt.headers!r})"
    return f"""
# {why}: number {number} of seed {SEED}, {attempt.route} as {attempt.reader}
def test_{attempt.route.split()[0]}_stands_number_{number}(world):
    client = world.clients[{attempt.reader!r}]  # tests/fuzz.py makes the readers that the world hasn't
    answer = {said}
    assert answer.status_code < 500
"""


@pytest.fixture(autouse=True)
def _unlimited(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False  # a page that says "too many" reads nothing


@pytest.mark.django_db
@pytest.mark.requirement("IO1")
def test_whatever_is_sent_every_route_answers(world, capsys, time_machine):  # noqa: F811  # the imported fixture
    time_machine.move_to(timezone.now(), tick=False)  # or sessions, and the factors they showed, would grow old
    links, readers = _links(), _readers(world)
    found: dict[str, str] = {}
    for number in range(FIRST, FIRST + TRIES):
        attempt = Maker(world, links, number).attempt()
        why = _failure(readers[attempt.reader], attempt)
        if why and (kind := f"{attempt.route} {why[:80]}") not in found:
            found[kind] = _as_a_test(number, attempt, why)
            with capsys.disabled():
                print(found[kind][:4_000], flush=True)  # noqa: T201  # it is for whoever waits
        if (number + 1) % TOLD == 0:
            with capsys.disabled():
                print(  # noqa: T201  # for who reads the run
                    f"seed {SEED}: {number + 1 - FIRST} sent, next FROM={number + 1}, {len(found)} kinds of failure",
                    flush=True,
                )

    assert list(found) == []

"""Whatever is typed, sent or forged, no page breaks (IO1), and nobody is led away from the site (IO4)."""

import itertools
import re
import zlib
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.factories import PASSWORD, InvitationFactory, PersonFactory, token_of
from tests.matrix import INSIDE, OUTSIDE
from tests.showing import shows_factor
from tests.test_matrix import world  # noqa: F401  # a fixture: one account with everybody and everything in it

pytestmark = pytest.mark.django_db
FIELDS = [  # of every form and filter
    "a", "about", "act", "address", "address_column", "addresses", "after", "again", "all", "also", "answer", "asset",
    "asset_kind", "assets", "assets_page", "at", "authority", "b", "before", "begin", "behalf", "changed", "changed_at", "changes",
    "checkpoint", "claim_days", "code", "codes", "company", "confirmation", "country", "credential", "days",
    "decision", "domains", "door", "email", "end_others", "ends_at_span", "ends_at_until", "every", "expires_at_span",
    "expires_at_until", "exports", "failures", "form", "format", "from", "grants", "handle", "here", "history",
    "hours", "how", "invitation_days", "joined", "kind", "known_since", "label", "lift", "live", "login", "member",
    "member_days", "members", "membership", "message", "message_column", "most_administrators", "move_to", "name",
    "next", "next_on", "note", "opened", "organisation", "outside_days", "page", "password", "password1", "people",
    "permission", "person", "plan", "platform", "points", "postal_address", "preset", "purpose", "q", "reason",
    "reduce_to", "result", "reviewer", "risk", "role", "role_column", "rule", "scope", "second_factor",
    "second_factor_kinds", "seen", "send", "sensitive_ranges", "session_idle_minutes", "session_total_hours",
    "severity", "show", "side", "signature", "silence", "since", "since_on", "sort", "sponsor", "starts_at_span",
    "starts_at_until", "state", "statement", "sure", "target", "tax_number", "time_zone", "times", "told", "told_by",
    "typed_name", "until", "up_to", "username", "way_administrator", "way_billing", "way_closing", "way_export",
    "way_offboarding", "way_ownership", "way_policy", "what", "which", "words", "years",
]  # fmt: skip
BROKEN = [
    b"", b"\0", b"a\0b@example.com", b"\xff\xfe", b"\xed\xa0\x80", "\u202e".encode(), b"9" * 19, b"9" * 5_000, b"-1",
    b"1e400", "²".encode(), "٣".encode(), b"0000-00-00", b"9999-12-31", b"0001-01-01", b"[]", b"[" * 5_000, b"null",
    b"%s%n{0}{{7}}", b"' OR 1=1 --", b"//evil.example", b'"a\x0bb"@example.com', "nina@straße.de".encode(), b"x" * 50_000,
]  # fmt: skip
PLAUSIBLE = [b"editor", b"business", b"1", b"on", b"UTC", b"nina@example.com", b"archived", b"2026-01-01", b"Northwind"]
TYPED = st.text(max_size=40).map(lambda text: text.encode("utf-8", "replace"))
VALUES = st.one_of(
    st.sampled_from(BROKEN), st.sampled_from(BROKEN), st.sampled_from(PLAUSIBLE), st.binary(max_size=40), TYPED
)
SENT = st.lists(VALUES, min_size=3, max_size=12).map(
    lambda values: dict(zip(FIELDS, itertools.cycle(values), strict=False))
)
TRIED = settings(
    max_examples=3, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
AWAY = [
    "//evil.example", "///evil.example", "\\\\evil.example", "/\\evil.example", "https:evil.example",
    "http:\\\\evil.example", "http:///evil.example", "https://evil.example", "https://localhost.evil.example",
    "https://localhost:8000@evil.example", "\thttps://evil.example", " //evil.example", "javascript:alert(1)",
    "data:text/html,x",
]  # fmt: skip


def stands(name, address, person=None, *, reauthenticated=False):
    """Send generated and broken fields to a page, in its address and as its form; no answer may be a failure of ours."""

    @seed(zlib.crc32(name.encode()))  # other values for every page, the same in every run
    @TRIED
    @given(SENT)
    def holds(sent):
        client, text = Client(raise_request_exception=False), urlencode(sent)
        block = transaction.atomic()  # noqa: TID251  # so that one world serves all tries
        block._from_testcase = True  # an action may begin its own transaction inside
        with block:
            if person is not None:
                client.force_login(person)
                shows_factor(client, person)
            if reauthenticated:
                client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
            shown = client.get(f"{address}?{text}")
            sent_to = client.generic("POST", address, text, content_type="application/x-www-form-urlencoded")
            transaction.set_rollback(True)
        assert (address, shown.status_code < 500, sent_to.status_code < 500) == (address, True, True)

    holds()


@pytest.fixture(autouse=True)
def _unlimited(settings):
    settings.ACCOUNT_RATE_LIMITS = False  # a page that says "too many" reads nothing


@pytest.mark.requirement("IO1")
def test_no_form_and_no_filter_inside_an_account_breaks(world):  # noqa: F811  # the imported fixture
    for name, row in INSIDE.items():
        stands(name, world.address(name, row, world.things), world.people[row.only or "owner"])


@pytest.mark.requirement("IO1")
def test_no_page_outside_of_accounts_breaks():
    person = PersonFactory()
    for name, row in OUTSIDE.items():
        address = reverse(name, kwargs=row.arguments)
        stands(name, address)
        stands(name, address, person, reauthenticated=True)


@pytest.mark.requirement("IO1")
@pytest.mark.parametrize("name", ["session", "csrf", "messages"])
@pytest.mark.parametrize(
    "cookie",
    [r'"abcdefgh\000ijk"', r'"abcdefgh\377\200"', r'"\012\015aaaaaaaa"', "x" * 4_000, "é" * 32, "A" * 32, "a" * 33],
)
def test_whatever_a_cookie_holds_it_is_a_visitors(cookie, name):
    client = Client()

    answers = [client.get(address, headers={"cookie": f"{name}={cookie}"}) for address in ("/", "/dashboard/")]

    assert [answer.status_code for answer in answers] == [200, 302]


@pytest.mark.requirement("IO4")
@pytest.mark.parametrize("away", AWAY)
def test_nobody_is_led_away_from_the_site(away):
    person, invitation = PersonFactory(), InvitationFactory()
    visitor, invited, member = Client(), Client(), Client()
    invited.post(reverse("enter_invitation", args=[token_of(invitation)]))
    new = {"email": invitation.address, "name": "Nina", "password1": PASSWORD}

    answers = [
        visitor.post(reverse("account_login"), {"login": person.email, "password": PASSWORD, "next": away}),
        visitor.post(reverse("account_reauthenticate"), {"password": PASSWORD, "next": away}),
        visitor.post(reverse("account_logout"), {"next": away}),
        invited.post(reverse("account_signup"), {**new, "next": away}),
    ]
    member.force_login(person)
    pages = ["account_login", "account_signup", "account_reauthenticate", "account_logout", "account_reset_password"]
    answers += [client.get(reverse(page), {"next": away}) for page in pages for client in (member, Client())]

    assert [answer.status_code for answer in answers[:4]] == [302] * 4
    led_to = [answer.headers["Location"] for answer in answers if answer.status_code == 302]
    assert [target for target in led_to if not re.match(r"/[a-z]*(/|\Z)", target)] == []
    assert not any(target.partition("?")[0] == away for target in led_to)

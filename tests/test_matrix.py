"""Every URL x every role x (own account, other account, anonymous) x method, from the table in tests/matrix.py."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import Person
from audit.events import ACCESS_REFUSED
from audit.models import Event
from audit.recording import SYSTEM, note
from teams.permissions import BUILT_IN
from tests.factories import (
    AssetFactory,
    BusinessAccountFactory,
    InvitationFactory,
    MembershipFactory,
    OwnershipOfferFactory,
    PersonFactory,
    ReceiptFactory,
)
from tests.matrix import EMBEDDED_ONLY, INSIDE, OUTSIDE, Inside

pytestmark = pytest.mark.django_db
POWERLESS = ("suspended", "ended", "expired")
NEVER = 9_999_999_999


@dataclass
class World:
    """An account with somebody in every role and state, a thing of every kind, and the same things elsewhere."""

    account: Any
    people: dict[str, Person]
    things: dict[str, Any]
    foreign: dict[str, Any]

    def address(self, name: str, row: Inside, things: dict[str, Any]) -> str:
        arguments = {argument: things[thing] for argument, thing in row.things.items()}
        return reverse(name, kwargs={"slug": self.account.slug, **arguments, **row.given})


def _things(account: Any, heir: Person) -> dict[str, Any]:
    for _number in range(3):
        note(ACCESS_REFUSED, by=SYSTEM, on=account, after={"permission": "x"})
    return {
        "member": MembershipFactory(account=account, unconfirmed=True).pk,
        "asset": AssetFactory(account=account).pk,
        "archived_asset": AssetFactory(account=account, archived_at=timezone.now()).pk,
        "invitation": InvitationFactory(account=account).pk,
        "offer": OwnershipOfferFactory(account=account, person=heir).pk,
        "receipt": ReceiptFactory(account=account).pk,
        "event": 2,
    }


@pytest.fixture
def world() -> World:
    account, elsewhere = BusinessAccountFactory(), BusinessAccountFactory()
    people = {
        role: account.owner if role == "owner" else MembershipFactory(account=account, holding=role).person
        for role in BUILT_IN
    }
    people["suspended"] = MembershipFactory(account=account, holding="administrator", suspended=True).person
    people["ended"] = MembershipFactory(account=account, holding="administrator", ended=True).person
    past = timezone.now()
    people["expired"] = MembershipFactory(account=account, holding="administrator", ends_at=past).person
    people["stranger"] = elsewhere.owner  # an owner, but of another account
    foreign = _things(elsewhere, PersonFactory())
    return World(account, people, _things(account, people["administrator"]), {**foreign, "event": NEVER})


def _ask(person: Person | None, method: str, address: str) -> HttpResponse:
    """Ask with an own client, and take back what the request changed."""
    client = Client()
    if person is not None:
        client.force_login(person)
    block = transaction.atomic()  # noqa: TID251  # so that one world serves all questions
    block._from_testcase = True  # an action may begin its own transaction inside
    with block:
        response = getattr(client, method)(address)
        transaction.set_rollback(True)
    return response


def _expected(row: Inside, audience: str, method: str) -> set[int]:
    if audience == "anonymous":
        return {302}
    if audience == "stranger":
        return {404}
    if audience in POWERLESS or row.permission not in BUILT_IN[audience].holds:
        return {403}
    if row.only and audience != row.only:
        return {404}
    if method not in row.methods:
        return {405}
    return {200, 302} if method == "get" else {200, 302, 403, 409, 422}


def _plain(response: HttpResponse) -> str:
    return re.sub(r'nonce="[^"]*"|value="[A-Za-z0-9]{64}"|[0-9a-f]{32}', "", response.content.decode())


def _walk(patterns: list[Any]) -> set[str]:
    names: set[str] = set()
    for pattern in patterns:
        names |= (
            _walk(pattern.url_patterns) if isinstance(pattern, URLResolver) else {pattern.name or str(pattern.pattern)}
        )
    return names


@pytest.mark.requirement("AZ1")
def test_every_url_of_the_site_is_in_the_table():
    assert _walk(get_resolver().url_patterns) - EMBEDDED_ONLY == set(INSIDE) | set(OUTSIDE)


@pytest.mark.rule(4)
@pytest.mark.requirement("AZ1")
@pytest.mark.parametrize("name", INSIDE)
def test_each_page_inside_an_account_answers_each_role_as_the_table_says(name, world):
    row = INSIDE[name]
    address = world.address(name, row, world.things)
    wrong = []
    for audience in [*world.people, "anonymous"]:
        for method in ("get", "post", "put"):
            status = _ask(world.people.get(audience), method, address).status_code
            if status not in _expected(row, audience, method):
                wrong.append((audience, method, status, _expected(row, audience, method)))

    assert wrong == []


@pytest.mark.rule(4)
@pytest.mark.requirement("AZ3")
@pytest.mark.parametrize("name", [name for name, row in INSIDE.items() if row.things])
def test_an_id_of_another_account_answers_exactly_like_one_that_never_was(name, world):
    row = INSIDE[name]
    reader = world.people[row.only or "owner"]
    for method in row.methods:
        foreign = _ask(reader, method, world.address(name, row, {**world.things, **world.foreign}))
        never = _ask(reader, method, world.address(name, row, dict.fromkeys(world.things, NEVER)))

        assert (foreign.status_code, never.status_code) == (404, 404)
        assert _plain(foreign) == _plain(never)


@pytest.mark.rule(4)
@pytest.mark.parametrize("name", [name for name, row in INSIDE.items() if row.permission != "view_account"])
def test_a_refusal_names_the_permission_and_who_can_give_it_and_is_recorded(name, world):
    row = INSIDE[name]
    client = Client()
    client.force_login(world.people["member"])

    page = client.get(world.address(name, row, world.things))

    from accounts.permissions import words_for

    assert page.status_code == 403
    assert words_for(row.permission).capitalize()[1:] in page.content.decode()
    assert world.account.owner.email in page.content.decode()
    assert Event.objects.of(world.account).named(ACCESS_REFUSED.name).done_by(world.people["member"].pk).exists()


@pytest.mark.rule(4)
def test_a_strange_account_answers_exactly_like_one_that_never_was(world):
    client = Client()
    client.force_login(world.people["stranger"])

    strange = client.get(f"/accounts/{world.account.slug}/team/")
    never = client.get("/accounts/no-such-account/team/")

    assert (strange.status_code, never.status_code) == (404, 404)
    assert _plain(strange).replace(world.account.slug, "no-such-account") == _plain(never)


@pytest.mark.requirement("AZ1")
@pytest.mark.parametrize("name", OUTSIDE)
def test_each_page_outside_of_accounts_answers_as_the_table_says(name):
    row = OUTSIDE[name]
    address = reverse(name, kwargs=row.arguments)
    person = PersonFactory()

    found = (
        _ask(None, "get", address).status_code,
        _ask(person, "get", address).status_code,
        _ask(None, "post", address).status_code,
        _ask(person, "post", address).status_code,
    )

    assert found == (row.anonymous, row.signed_in, row.post_anonymous, row.post_signed_in)


@pytest.mark.requirement("SE10")
@pytest.mark.parametrize("name", [name for name, row in INSIDE.items() if "post" in row.methods])
def test_no_post_is_taken_without_the_token_against_forgery(name, world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.account.owner)

    assert client.post(world.address(name, INSIDE[name], world.things)).status_code == 403

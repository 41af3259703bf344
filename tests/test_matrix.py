"""Every URL x every role x (own account, other account, anonymous) x method, from the table in tests/matrix.py."""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from accounts.models import Person
from audit.events import ACCESS_REFUSED
from audit.models import Event
from audit.recording import SYSTEM, note
from invitations.policies import fingerprint
from teams.engagements import key_of
from teams.models import Membership
from teams.permissions import BUILT_IN
from tests.factories import (
    AccessRequestFactory,
    AssetFactory,
    AssetGroupFactory,
    BusinessAccountFactory,
    EndedEngagementFactory,
    ImportFactory,
    InvitationFactory,
    KnowerFactory,
    MembershipFactory,
    OwnershipClaimFactory,
    OwnershipOfferFactory,
    PeopleGroupFactory,
    PersonFactory,
    ReceiptFactory,
    RoleFactory,
    SharedLoginFactory,
    named_as_successor,
    owner_of,
    token_of,
)
from tests.matrix import EMBEDDED_ONLY, INSIDE, OUTSIDE, POSTS, Inside, Post

pytestmark = pytest.mark.django_db
POWERLESS = ("suspended", "ended", "expired", "unconfirmed", "without a second factor")
STRANGERS = (*(f"{role} elsewhere" for role in BUILT_IN), "nobody's member")
NEVER = 9_999_999_999
OTHER_METHODS = ("put", "patch", "delete", "trace")


@dataclass
class World:
    """An account with somebody in every role and state, a thing of every kind, and the same things elsewhere."""

    account: Any
    people: dict[str, Person]
    things: dict[str, Any]
    foreign: dict[str, Any]
    clients: dict[str, Client] = field(init=False)

    def __post_init__(self) -> None:
        """Sign everybody in, once for all questions."""
        self.clients = {"anonymous": Client(), **{audience: Client() for audience in self.people}}
        for audience, person in self.people.items():
            self.clients[audience].force_login(person)

    def address(self, name: str, row: Inside, things: dict[str, Any]) -> str:
        arguments = {argument: things[thing] for argument, thing in row.things.items()}
        return reverse(name, kwargs={"slug": self.account.slug, **arguments, **row.given})

    def form(self, name: str) -> dict[str, str]:
        things = {thing: str(pk) for thing, pk in self.things.items()}
        return {key: value.format(**things) for key, value in POSTS.get(name, Post()).form.items()}

    def ask(self, audience: str, method: str, address: str, form: dict[str, str] | None = None) -> HttpResponse:
        return _ask(self.clients[audience], method, address, form)


def _things(account: Any, heir: Membership) -> dict[str, Any]:
    for _number in range(3):
        note(ACCESS_REFUSED, by=SYSTEM, on=account, after={"permission": "x"})
    login = SharedLoginFactory(account=account)
    ended = EndedEngagementFactory(account=account)
    agency = f"Agency of {account.name}"
    MembershipFactory(account=account, kind="agency", organisation=agency)
    return {
        "shared_login": login.pk,
        "knower": KnowerFactory(login=login).pk,
        "member": MembershipFactory(account=account, unconfirmed=True).pk,
        "suspended_member": MembershipFactory(account=account, suspended=True).pk,
        "engagement": key_of(agency),
        "ended_engagement": ended.pk,
        "ended_seat": ended.members.get().pk,
        "heir": heir.pk,
        "asset": AssetFactory(account=account).pk,
        "asset_group": AssetGroupFactory(account=account).pk,
        "people_group": PeopleGroupFactory(account=account).pk,
        "archived_asset": AssetFactory(account=account, archived_at=timezone.now()).pk,
        "invitation": InvitationFactory(account=account).pk,
        "offer": OwnershipOfferFactory(account=account, person=heir.person).pk,
        "claim": OwnershipClaimFactory(account=account, person=heir.person).pk,
        "receipt": ReceiptFactory(account=account).pk,
        "request": AccessRequestFactory(account=account).pk,
        "import": ImportFactory(account=account).pk,
        "role": RoleFactory(account=account).code,
        "event": 2,
    }


def _everyone_in(account: Any) -> dict[str, Membership]:
    return {
        role: owner_of(account) if role == "owner" else MembershipFactory(account=account, holding=role)
        for role in BUILT_IN
    }


def _made() -> World:
    policy = {"confirmation": "before", "second_factor": "everyone"}
    account, elsewhere = BusinessAccountFactory(name="Northwind", policy_and_seat=policy), BusinessAccountFactory()
    roles, foreign_roles = _everyone_in(account), _everyone_in(elsewhere)
    named_as_successor(roles["editor"])
    states = {
        "suspended": {"suspended": True},
        "ended": {"ended": True},
        "expired": {"ends_at": timezone.now()},
        "unconfirmed": {"unconfirmed": True},
        "without a second factor": {},
    }
    members = {**roles, **{state: _administrator(account, **given) for state, given in states.items()}}
    for audience, member in members.items():
        if audience != "without a second factor":
            Authenticator.objects.create(user=member.person, type=Authenticator.Type.TOTP, data={})
    people = {audience: member.person for audience, member in members.items()}
    strangers = [*(member.person for member in foreign_roles.values()), PersonFactory()]
    people |= dict(zip(STRANGERS, strangers, strict=True))
    foreign = {**_things(elsewhere, foreign_roles["administrator"]), "event": NEVER}
    return World(account, people, _things(account, roles["administrator"]), foreign)


def _administrator(account: Any, **given: Any) -> Membership:
    return MembershipFactory(account=account, holding="administrator", **given)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """One world for all questions: each takes back what it changed, and the world goes with its transaction."""
    with django_db_blocker.unblock(), transaction.atomic():  # noqa: TID251  # rows of a test, not an act
        yield _made()
        transaction.set_rollback(True)


def _ask(client: Client, method: str, address: str, form: dict[str, str] | None = None) -> HttpResponse:
    """Ask, and take back what the request changed, in the database and in the client's cookies."""
    kept = copy.deepcopy(client.cookies)
    block = transaction.atomic()  # noqa: TID251  # so that one world serves all questions
    block._from_testcase = True  # an action may begin its own transaction inside
    with block:
        response = getattr(client, method)(address, *([form] if form else []))
        transaction.set_rollback(True)
    client.cookies = kept
    return response


def _shut_out(row: Inside, audience: str) -> int | None:
    """Return the status for who does not get to see the page at all."""
    if audience == "anonymous":
        return 302
    if audience in STRANGERS:
        return 404
    if audience in POWERLESS:
        return None if audience in row.open_to else 403
    if row.permission not in BUILT_IN[audience].holds:
        return 403
    if row.seen_with and row.seen_with not in BUILT_IN[audience].holds:
        return 404
    return 404 if row.only and audience != row.only else None


def _expected(row: Inside, audience: str, method: str, post: Post | None) -> set[int]:
    if shut_out := _shut_out(row, audience):
        return {shut_out}
    if method == "options":
        return {200}
    if ("get" if method == "head" else method) not in row.methods:
        return {405}
    if method in {"get", "head"}:
        return {302 if row.leads else 200}
    if post is None:
        return {200, 302, 422}
    if post.needs and post.needs not in BUILT_IN[audience].holds:
        return {403}
    return {422 if audience == post.not_for else post.answer}


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
    row, post = INSIDE[name], POSTS.get(name)
    address, form = world.address(name, row, world.things), world.form(name)
    wrong = []
    for audience in world.clients:
        for method in ("get", "post"):
            response = world.ask(audience, method, address, form if method == "post" else None)
            expected = _expected(row, audience, method, post)
            if response.status_code not in expected:
                wrong.append((audience, method, response.status_code, expected))
            elif method == "get" and row.leads and response.status_code == 302 and audience != "anonymous":
                assert response.headers["Location"] == reverse(row.leads, args=[world.account.slug])

    assert wrong == []


@pytest.mark.requirement("AZ1")
@pytest.mark.parametrize("name", INSIDE)
def test_other_methods_inside_an_account_do_nothing_and_tell_nobody_more_than_a_get(name, world):
    row = INSIDE[name]
    address = world.address(name, row, world.things)
    wrong = []
    for audience in (row.only or "owner", "member", "suspended", "owner elsewhere", "anonymous"):
        for method in ("head", "options", *OTHER_METHODS):
            response = world.ask(audience, method, address)
            expected = _expected(row, audience, method, None)
            if response.status_code not in expected or (method == "head" and response.content):
                wrong.append((audience, method, response.status_code, expected))

    assert wrong == []


@pytest.mark.rule(1)
@pytest.mark.rule(4)
@pytest.mark.parametrize("name", INSIDE)
def test_in_a_closed_account_nobody_may_do_anything(name, world):
    type(world.account).objects.filter(pk=world.account.pk).update(closed_at=timezone.now())
    row = INSIDE[name]
    address, form = world.address(name, row, world.things), world.form(name)

    found = {
        (audience, method): world.ask(audience, method, address, form if method == "post" else None).status_code
        for audience in ("owner", "administrator", "auditor", "member", "owner elsewhere", "anonymous")
        for method in ("get", "post")
    }

    expected = {"owner elsewhere": 404, "anonymous": 302}
    assert found == {(audience, method): expected.get(audience, 403) for audience, method in found}


@pytest.mark.rule(4)
@pytest.mark.requirement("AZ3")
@pytest.mark.parametrize("name", [name for name, row in INSIDE.items() if row.things])
def test_an_id_of_another_account_answers_exactly_like_one_that_never_was(name, world):
    row = INSIDE[name]
    reader, form = row.only or "owner", world.form(name)
    for method in row.methods:
        given = form if method == "post" else None
        foreign = world.ask(reader, method, world.address(name, row, {**world.things, **world.foreign}), given)
        never = world.ask(reader, method, world.address(name, row, dict.fromkeys(world.things, NEVER)), given)

        assert (foreign.status_code, never.status_code) == (404, 404)
        assert _plain(foreign) == _plain(never)


@pytest.mark.rule(4)
@pytest.mark.parametrize("name", [name for name, row in INSIDE.items() if row.permission != "view_account"])
def test_a_refusal_names_the_permission_and_who_can_give_it_and_is_recorded(name, world):
    row = INSIDE[name]
    client = _signed_in(world.people["member"])

    page = client.get(world.address(name, row, world.things))

    from accounts.permissions import words_for

    assert page.status_code == 403
    assert words_for(row.permission).capitalize()[1:] in page.content.decode()
    assert world.account.owner.email in page.content.decode()
    assert Event.objects.of(world.account).named(ACCESS_REFUSED.name).done_by(world.people["member"].pk).exists()


@pytest.mark.rule(4)
def test_a_strange_account_answers_exactly_like_one_that_never_was(world):
    client = _signed_in(world.people["owner elsewhere"])

    strange = client.get(f"/accounts/{world.account.slug}/team/")
    never = client.get("/accounts/no-such-account/team/")

    assert (strange.status_code, never.status_code) == (404, 404)
    assert _plain(strange).replace(world.account.slug, "no-such-account") == _plain(never)


@pytest.mark.requirement("AZ1")
@pytest.mark.parametrize("name", OUTSIDE)
def test_each_page_outside_of_accounts_answers_as_the_table_says(name):
    row = OUTSIDE[name]
    address = reverse(name, kwargs=row.arguments)
    nobody, somebody = Client(), _signed_in(PersonFactory())

    found = (
        _ask(nobody, "get", address).status_code,
        _ask(somebody, "get", address).status_code,
        _ask(nobody, "post", address).status_code,
        _ask(somebody, "post", address).status_code,
    )

    assert found == (row.anonymous, row.signed_in, row.post_anonymous, row.post_signed_in)


# The sign-in library's page for a link that is dead answers every method with the same page.
ONE_ANSWER = {"account_reset_password_from_key"}


@pytest.mark.requirement("AZ1")
@pytest.mark.parametrize("name", OUTSIDE)
def test_other_methods_outside_of_accounts_do_no_more_than_the_table_says(name):
    row = OUTSIDE[name]
    address = reverse(name, kwargs=row.arguments)
    wrong = []
    for client, get, post in (
        (Client(), row.anonymous, row.post_anonymous),
        (_signed_in(PersonFactory()), row.signed_in, row.post_signed_in),
    ):
        refusals = {405} | ({get} if get != 200 or name in ONE_ANSWER else set())
        answers = {"head": {get}, "options": {200, *refusals}, **dict.fromkeys(OTHER_METHODS, refusals)}
        answers["put"] = {*refusals, post}  # Django's forms take it for a POST without fields
        for method, expected in answers.items():
            cache.clear()  # some pages count how often they are asked
            status = _ask(client, method, address).status_code
            if status not in expected:
                wrong.append((get, method, status, expected))

    assert wrong == []


def _signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


# Behind a link that works: what a GET and a POST answer to nobody signed in, the invited person and another one.
BEHIND_A_LINK = {
    "invitation_offer": [(200, 405), (200, 405), (200, 405)],
    "accept_invitation": [(302, 302), (302, 302), (302, 422)],
    "decline_invitation": [(200, 200), (200, 200), (302, 422)],
    "enter_invitation": [(302, 302), (302, 302), (302, 302)],
}


@pytest.mark.rule(7)
@pytest.mark.requirement("AZ1")
@pytest.mark.parametrize("name", BEHIND_A_LINK)
def test_each_page_behind_a_link_that_works_answers_each_reader_as_the_table_says(name):
    invitation = InvitationFactory()
    address = reverse(name, args=[token_of(invitation)])
    form = {"seen": fingerprint(invitation)}
    readers = [Client(), _signed_in(PersonFactory(email=invitation.address)), _signed_in(PersonFactory())]

    found = [(_ask(r, "get", address).status_code, _ask(r, "post", address, form).status_code) for r in readers]

    assert found == BEHIND_A_LINK[name]
    for reader, (get, _post) in zip(readers, found, strict=True):
        assert _ask(reader, "head", address).status_code == get
        assert {_ask(reader, method, address).status_code for method in OTHER_METHODS} == {405}


@pytest.mark.requirement("SE10")
@pytest.mark.parametrize("name", [name for name, row in INSIDE.items() if "post" in row.methods])
def test_no_post_is_taken_without_the_token_against_forgery(name, world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.account.owner)

    assert client.post(world.address(name, INSIDE[name], world.things)).status_code == 403

"""Every URL x every role x (own account, other account, anonymous) x method, from the table in tests/matrix.py."""

import copy
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLResolver, get_resolver, resolve, reverse
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from accounts.models import OutgoingMail, Person
from accounts.sensitive import PAGES
from audit.events import ACCESS_REFUSED
from audit.models import Event
from audit.recording import SYSTEM, note
from invitations.policies import fingerprint
from teams.engagements import key_of
from teams.imprints import imprints
from teams.models import Membership
from teams.permissions import BUILT_IN
from tests.factories import (
    PASSWORD,
    AccessRequestFactory,
    AlertFactory,
    AssetFactory,
    AssetGroupFactory,
    BusinessAccountFactory,
    DeliveryFactory,
    EndedEngagementFactory,
    FactorResetFactory,
    ImportFactory,
    InvitationFactory,
    KnowerFactory,
    LogExportFactory,
    MembershipFactory,
    OwnershipClaimFactory,
    OwnershipOfferFactory,
    PendingActFactory,
    PeopleGroupFactory,
    PersonFactory,
    ReceiptFactory,
    ReviewItemFactory,
    RoleFactory,
    SavedViewFactory,
    SharedLoginFactory,
    StreamFactory,
    closed_review_in,
    named_as_successor,
    owner_of,
    token_of,
    with_factor,
    with_plan,
)
from tests.house.test_every_act import everything
from tests.matrix import EMBEDDED_ONLY, INSIDE, OUTSIDE, POSTS, Inside, Post
from tests.pages import Page, body_of
from tests.showing import shows_factor
from tests.showing import signed_in as fresh

pytestmark = pytest.mark.django_db
POWERLESS = ("suspended", "ended", "expired", "unconfirmed", "without a second factor")
STRANGERS = (*(f"{role} elsewhere" for role in BUILT_IN), "nobody's member")
NEVER = 9_999_999_999
LONG = 900.0  # seconds: a sign-in so old is not fresh any more
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
            shows_factor(self.clients[audience], person, ago=LONG)

    def address(self, name: str, row: Inside, things: dict[str, Any]) -> str:
        arguments = {argument: things[thing] for argument, thing in row.things.items()}
        return reverse(name, kwargs={"slug": self.account.slug, **arguments, **row.given})

    def form(self, name: str) -> dict[str, str]:
        things = {thing: str(pk) for thing, pk in self.things.items()}
        return {key: value.format(**things) for key, value in POSTS.get(name, Post()).form.items()}

    def ask(self, audience: str, method: str, address: str, form: dict[str, str] | None = None) -> HttpResponse:
        if method == "post" and audience in self.people and resolve(address).url_name in PAGES:
            # The table says who may, not who has waited too long since showing a factor.
            shows_factor(self.clients[audience], self.people[audience])
        return _ask(self.clients[audience], method, address, form)


def _things(account: Any, heir: Membership) -> dict[str, Any]:
    for _number in range(3):
        note(ACCESS_REFUSED, by=SYSTEM, on=account, after={"permission": "x"})
    login = SharedLoginFactory(account=account)
    stream = StreamFactory(account=account, failing_since=timezone.now())
    review_item = ReviewItemFactory(campaign__account=account)
    ended = EndedEngagementFactory(account=account)
    with_plan(account)
    agency = f"Agency of {account.name}"
    MembershipFactory(account=account, kind="agency", organisation=agency)
    return {
        "shared_login": login.pk,
        "review": review_item.campaign_id,
        "review_item": review_item.pk,
        "closed_review": closed_review_in(account).pk,
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
        "reset": FactorResetFactory(account=account).pk,
        "receipt": ReceiptFactory(account=account).pk,
        "pending": PendingActFactory(account=account, person=account.owner).pk,
        "request": AccessRequestFactory(account=account).pk,
        "import": ImportFactory(account=account).pk,
        "role": RoleFactory(account=account).code,
        "event": 2,
        "stream": stream.pk,
        "log_export": LogExportFactory(account=account, person=heir.person, narrowed={"name": "Rita"}).pk,
        "saved_view": SavedViewFactory(account=account, person=heir.person).pk,
        "batch": DeliveryFactory(stream=stream).pk,
        "alert": AlertFactory(account=account).pk,
        "answered_alert": AlertFactory(account=account, acknowledged=True).pk,
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
    with _taken_back(client):
        return getattr(client, method)(address, *([form] if form else []))


@contextmanager
def _taken_back(client: Client) -> Iterator[None]:
    kept = copy.deepcopy(client.cookies)
    block = transaction.atomic()  # noqa: TID251  # so that one world serves all questions
    block._from_testcase = True  # an action may begin its own transaction inside
    with block:
        yield
        transaction.set_rollback(True)
    client.cookies = kept


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


# --- Every address again: what a session may not do ---------------------------------------------------------------------


def _addresses(world: World) -> dict[str, str]:
    inside = {name: world.address(name, row, world.things) for name, row in INSIDE.items()}
    return inside | {name: reverse(name, kwargs=row.arguments) for name, row in OUTSIDE.items()}


# What a browser sends by itself, without a cookie or a token, and what changes nothing.
BY_THE_BROWSER = {"csp_report"}


# What a look leaves: when a session was in use last.
KEPT_BY_LOOKING = {"accounts.Session", "usersessions.UserSession"}


def _posted(name: str) -> bool:
    return "post" in INSIDE[name].methods if name in INSIDE else OUTSIDE[name].post_signed_in != 405


@pytest.mark.requirement("SE10")
@pytest.mark.parametrize("name", [name for name in (*INSIDE, *OUTSIDE) if _posted(name) and name not in BY_THE_BROWSER])
def test_no_form_is_taken_without_its_token_or_from_another_site(name, world, settings):
    address = _addresses(world)[name]
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.people["owner"])
    token = "a" * 32
    client.cookies[settings.CSRF_COOKIE_NAME] = token
    form = world.form(name)

    without = _ask(client, "post", address, form)
    block = {**form, "csrfmiddlewaretoken": token}
    foreign = client.post(address, block, headers={"Origin": "https://evil.example"})
    own = _ask(client, "post", address, block)

    assert (without.status_code, foreign.status_code) == (403, 403)
    assert "csrf" not in str(getattr(own, "reason_phrase", "")).lower()
    assert own.status_code != 403 or "does not come from" not in own.content.decode()


@pytest.mark.requirement("SE9")
@pytest.mark.parametrize("name", [name for name in (*INSIDE, *OUTSIDE) if name not in BY_THE_BROWSER])
def test_no_answer_to_somebody_who_is_signed_in_is_stored_anywhere(name, world):
    answer = _ask(world.clients["owner"], "get", _addresses(world)[name])

    assert "no-store" in answer.headers.get("Cache-Control", ""), answer.status_code


@pytest.mark.requirement("SE10")
@pytest.mark.parametrize("name", [*INSIDE, *OUTSIDE])
def test_looking_changes_nothing(name, world):
    client = world.clients["owner"]
    with _taken_back(client):
        before = everything()
        client.get(_addresses(world)[name])
        after = everything()

    assert {table for table, rows in after.items() if rows != before[table]} <= KEPT_BY_LOOKING


# --- Every form with more than it has ------------------------------------------------------------------------------------
PLANTED = 987_654_321  # the id of rows that no form names, one of each kind: whoever is given one shows it
WORD, DAY = "zxqvextra", "2031-03-17"
# Fields under whose name a form means something else than the column.
BY_CODE = {"role": WORD, "lasting_role": WORD, "raised_to": WORD}


def _extras() -> dict[str, str]:
    """A value for every column of every table, under its name and the name of its id."""
    values: dict[str, str] = {}
    for model in apps.get_models():
        for column in model._meta.concrete_fields:
            kind = column.get_internal_type()
            value = DAY if "Date" in kind else "on" if kind == "BooleanField" else WORD
            value = str(PLANTED) if column.is_relation or "Integer" in kind or "AutoField" in kind else value
            values |= {column.name: value, column.attname: value}
    return {**values, "groups": str(PLANTED), "user_permissions": str(PLANTED), "user": str(PLANTED), **BY_CODE}


EXTRAS = _extras()


def _switches() -> dict[str, int]:
    """How often each yes-or-no stands on yes, in every table."""
    return {
        f"{model._meta.label}.{column.name}": model._base_manager.filter(**{column.name: True}).count()
        for model in apps.get_models()
        for column in model._meta.concrete_fields
        if column.get_internal_type() == "BooleanField" and model._meta.managed
    }


@pytest.fixture(scope="module")
def planted(world):
    """Rows of each kind that nothing leads to, in the account and beside it."""
    person, elsewhere = PersonFactory(pk=PLANTED), BusinessAccountFactory(pk=PLANTED)
    MembershipFactory(pk=PLANTED, account=elsewhere, person=person)
    AssetFactory(pk=PLANTED, account=world.account)
    RoleFactory(pk=PLANTED, account=world.account, code=WORD)
    InvitationFactory(pk=PLANTED, account=world.account)
    SharedLoginFactory(pk=PLANTED, account=world.account)
    StreamFactory(pk=PLANTED, account=world.account)
    imprints([elsewhere.pk, world.account.pk])  # what a transaction has touched stands in its next event: not these


@contextmanager
def _written() -> Iterator[list[str]]:
    """Collect every statement that writes, with what it writes; not what is kept in a session."""
    said: list[str] = []

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE", "WITH")) and "accounts_session" not in sql:
            said.append(f"{sql} {params}")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield said


def _sent_whole(client: Client, address: str, form: Mapping[str, Any], extras: Mapping[str, str]) -> list[int]:
    """Send a form with what it does not have, and then, where the answer asks for a yes, that too."""
    form, answers = {**form, **{name: value for name, value in extras.items() if name not in form}}, []
    for _step in range(2):
        answer = client.post(address, form)
        answers.append(answer.status_code)
        asked = (
            []
            if answer.status_code == 302
            else [f for to, f in Page(body_of(answer)).forms if {"sure", "seen", "statement"} & set(f)]
        )
        if not asked:
            break
        form = {**extras, **asked[0]}
    return answers


@pytest.mark.requirement("AZ5")
@pytest.mark.parametrize("name", [name for name, row in INSIDE.items() if "post" in row.methods])
def test_what_a_form_does_not_have_is_ignored(name, world, planted):
    row, post = INSIDE[name], POSTS.get(name)
    reader = row.only or "owner" if not post or post.not_for != "owner" else "administrator"
    address, client = world.address(name, row, world.things), world.clients[reader]
    shown = Page(body_of(client.get(address))).forms if "get" in row.methods else []
    offered = (
        {field for _to, fields in shown for field in fields}
        | set(world.form(name))
        | READ_ALL_THE_SAME.get(name, set())
    )
    extras = {field: value for field, value in EXTRAS.items() if field not in offered}
    shows_factor(client, world.people[reader])
    with _taken_back(client), _written() as written:
        switches = _switches()
        answers = _sent_whole(client, address, world.form(name), extras)
        after = _switches()

    assert len(extras) > 150
    assert answers[0] in _expected(row, reader, "post", post)
    assert [statement for statement in written if any(v in statement for v in (WORD, DAY, str(PLANTED)))] == []
    assert {switch for switch, count in after.items() if count > switches[switch]} <= SWITCHED_ON.get(name, set())


# What narrows an export, what the second step of a signature sends, and whom of a list one reminds: shown only then.
READ_ALL_THE_SAME = {
    "export_activity": {"act", "address", "asset", "behalf", "kind", "result", "person", "target"},
    "export_members": {"kind", "role", "state"},
    "sign_change": {"statement", "signature"},
    "remind_of_plan": {"membership"},
}
# The acts that turn something on, and what.
SWITCHED_ON = {
    "claim_as_successor": {"teams.OwnershipClaim.as_successor"},
    "test_stream": {"streams.Delivery.is_test"},
    "keep_rest": {"reviews.Item.in_bulk"},
    "start_review": {"reviews.Item.must_decide"},
}


NEW_PASSWORD = {"password1": "another long enough sentence 5", "password2": "another long enough sentence 5"}
# Whole forms outside of accounts; those that are not here are sent empty. The first ones are for nobody signed in.
ANONYMOUS_FORMS = {
    "account_login": {"login": "nadia@example.com", "password": PASSWORD},
    "account_signup": {"email": "new@example.com", "name": "New", "password1": PASSWORD},
    "account_reset_password": {"email": "nadia@example.com"},
}
FORMS_OUTSIDE = {
    "open_account": {"name": "Southwind", "kind": "business"},
    "profile": {"name": "Another", "time_zone": "UTC"},
    "account_email": {"email": "new@example.com", "action_add": ""},
    "account_change_password": {"oldpassword": PASSWORD, **NEW_PASSWORD},
    "accept_invitation": {},
    "staff_open": {"reason": "The owner asked for help with a mail"},
    "staff_password_mail": {"reason": "The person asked for it by phone"},
}


@pytest.mark.requirement("AZ5")
@pytest.mark.parametrize("name", [*ANONYMOUS_FORMS, *FORMS_OUTSIDE, "the others"])
def test_what_a_form_outside_of_accounts_does_not_have_is_ignored(name, planted):
    nadia, invitation = PersonFactory(email="nadia@example.com", is_staff=name.startswith("staff")), InvitationFactory()
    if name.startswith("staff"):
        with_factor(nadia)
    person = PersonFactory(email=invitation.address) if name == "accept_invitation" else nadia
    client = Client() if name in ANONYMOUS_FORMS else fresh(person)
    form = {**ANONYMOUS_FORMS, **FORMS_OUTSIDE}.get(name, {})
    arguments = {
        "accept_invitation": {"token": token_of(invitation)},
        "staff_open": {"pk": BusinessAccountFactory().pk},
        "staff_password_mail": {"pk": PersonFactory().pk},
    }
    form |= {"seen": fingerprint(invitation)} if name == "accept_invitation" else {}
    names = (
        [name] if name != "the others" else [n for n, row in OUTSIDE.items() if row.post_signed_in not in {404, 405}]
    )
    done, switches = Event.objects.count() + OutgoingMail.objects.count(), _switches()
    with _written() as written:
        for each in names:
            address = reverse(each, kwargs=arguments.get(each, OUTSIDE[each].arguments))
            offered = {f for _to, fields in Page(body_of(client.get(address))).forms for f in fields}
            extras = {field: value for field, value in EXTRAS.items() if field not in {*offered, *form}}
            client.post(address, {**extras, **form})

    gained = {switch for switch, count in _switches().items() if count > switches[switch]}
    assert Event.objects.count() + OutgoingMail.objects.count() > done or name == "the others"
    assert [statement for statement in written if any(v in statement for v in (WORD, DAY, str(PLANTED)))] == []
    assert gained <= {"accounts.Person.is_active", "account.EmailAddress.primary"}


# --- Every act again: what is answered, ended or taken back is a step that was made --------------------------------------
# No steps on a way to something: a link is sent anew, the same is said once more.
AS_OFTEN_AS_ONE_LIKES = {"resend_invitation", "correct_invitation", "name_successor", "end_member_sessions"}
NOTHING_TO_DO = {"extend_member", "extend_role", "remind_of_plan", "carry_out_review"}  # in this world


@pytest.mark.requirement("AZ10")
@pytest.mark.parametrize("name", sorted({name for name, post in POSTS.items() if post.answer == 302} - NOTHING_TO_DO))
def test_no_step_is_made_twice(name, world):
    row, form = INSIDE[name], world.form(name)
    reader = row.only or "owner" if POSTS[name].not_for != "owner" else "administrator"
    address, client = world.address(name, row, world.things), world.clients[reader]
    done = Event.objects.filter(result="done")
    shows_factor(client, world.people[reader])
    counted = [done.count()]
    with _taken_back(client):
        for _turn in range(2):
            client.post(address, form)
            counted.append(done.count())

    first, second = counted[1] - counted[0], counted[2] - counted[1]
    assert first > 0
    assert bool(second) is (name in AS_OFTEN_AS_ONE_LIKES)

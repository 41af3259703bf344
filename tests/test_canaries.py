"""What is planted in every field of one account: nobody elsewhere sees it, each role only what is for it, and it is text."""

import datetime as dt
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts import letters
from accounts.actions.devices import hash_of
from accounts.models import Billing, BusinessAccount, OutgoingMail, Person, SecurityPolicy, SignInAlarm
from accounts.permissions import (
    MANAGE_ASSETS,
    MANAGE_BILLING,
    MANAGE_SECURITY,
    MANAGE_TEAM,
    RUN_REVIEWS,
    VIEW_ACCOUNT,
    VIEW_AUDIT,
)
from audit.models import Event
from invitations.models import Import, ImportRow, Invitation
from logins.models import Knower, SharedLogin, Signature
from notices import actions as notices
from notices.models import Notice
from teams.models import AssetGrant, FactorReset, Membership, Role
from teams.permissions import BUILT_IN
from tests.factories import PASSWORD, MembershipFactory, grant, token_of, with_factor
from tests.house.test_every_act import ACTS, House
from tests.matrix import INSIDE, OUTSIDE, POSTS, STAFF, Inside
from tests.pages import Page, body_of
from tests.planting import MARKUP, NAMES, comes_alive, marks_in, plant
from tests.showing import shows_factor
from tests.staff.desk import at_the_desk, opens
from tests.test_input import FIELDS
from tests.test_matrix import World, _plain, _taken_back, world  # noqa: F401  # a fixture: two accounts with all kinds of things

pytestmark = pytest.mark.django_db
TEMPLATES = Path(__file__).parents[1] / "templates"
OWN, FOREIGN = "zq", "fq"
OVER_ACCOUNTS = {"dashboard", "switch_accounts", "portfolio", "my_activity", "inbox", "people", "people_grid"}
READERS = ("owner", "administrator", "finance", "auditor", "member")
ADDRESS = "finance@elsewhere.example"  # of somebody of the other account
HALF_WAY = "half-way@example.com"  # of somebody whose second factor is lost
NETWORK = "198.51.100.77"  # from which everybody is signed in
ALARM = "the-token-of-a-mail-about-a-sign-in-"


@dataclass
class Seen:
    """What was shown: at each place, whose words; and where a word was more than text, or a secret came out."""

    secrets: frozenset[str]
    marks: dict[tuple[str, str], set[tuple[str, str, int]]] = field(default_factory=dict)
    wrong: list[tuple[Any, ...]] = field(default_factory=list)
    filters: dict[str, set[str]] = field(default_factory=dict)
    mails: set[str] = field(default_factory=set)

    def look(self, reader: str, place: str, answer: HttpResponse) -> None:
        """Keep what an answer shows, also the messages that wait for the next page."""
        text, kind = body_of(answer), answer.headers.get("Content-Type", "")
        if kind.startswith("text/html"):
            page = Page(text)
            self.filters[place] = self.filters.get(place, set()) | page.filters
            self.wrong += [(reader, place, found) for found in comes_alive(page.elements, text)]
        elif text and not _is_a_file(answer):
            self.wrong.append((reader, place, kind))
        waiting = list(get_messages(answer.wsgi_request)) if hasattr(answer, "wsgi_request") else []
        self.wrong += [
            (reader, place, "a message that is not escaped") for m in waiting if isinstance(m.message, SafeString)
        ]
        self.read(reader, place, text + " ".join(map(str, waiting)) + answer.headers.get("Location", ""))
        if answer.status_code >= 500:
            self.wrong.append((reader, place, answer.status_code))

    def read(self, reader: str, place: str, text: str) -> None:
        """Keep whose words stand in a text, and whether a secret does."""
        self.marks.setdefault((reader, place), set()).update(marks_in(text))
        self.wrong += [(reader, place, secret) for secret in set(LONG_WORDS.findall(text)) & self.secrets]
        self.wrong += [(reader, place, "where somebody is signed in")] if NETWORK in text else []

    def places_of(self, begins: str) -> list[tuple[str, str]]:
        """Return where words that begin so were seen."""
        return [where for where, marks in self.marks.items() if any(mark[0] == begins for mark in marks)]


def _is_a_file(answer: HttpResponse) -> bool:
    """Whether a browser keeps what it was sent instead of showing it."""
    told = answer.headers
    kept = (
        told.get("Content-Disposition", "").startswith("attachment") and told.get("X-Content-Type-Options") == "nosniff"
    )
    return kept and not re.search("html|svg|xml(?!formats)", told["Content-Type"])


LONG_WORDS = re.compile(r"[A-Za-z0-9_$+/=.,-]{20,}")
# What nobody is shown, not even whom it is about.
SECRETS = {
    "accounts.Person": "password", "accounts.Session": "session_key", "usersessions.UserSession": "session_key",
    "accounts.KnownDevice": "digest", "accounts.SignInAlarm": "token_hash", "accounts.RecoveryCode": "digest",
    "accounts.OutgoingMail": "sealed", "invitations.Invitation": "token_hash", "teams.Succession": "sealed",
    "streams.Stream": "secret",
}  # fmt: skip


def _secrets() -> frozenset[str]:
    rows = (apps.get_model(label)._base_manager.values_list(column, flat=True) for label, column in SECRETS.items())
    values = {value for column in rows for value in column if len(value) >= 20}
    values |= {token_of(invitation) for invitation in Invitation.objects.all()}
    return frozenset(values)


def _more_in(account: BusinessAccount, number: int) -> None:
    """What the world of the table of addresses lacks: rows of every kind that holds words."""
    Billing.objects.create(
        account=account, name="x", address="x", company="x", postal_address="x", country="x", tax_number="x"
    )
    login = SharedLogin.objects.filter(account=account).first()
    now = timezone.now()
    Signature.objects.create(
        login=login, kind="changed", at=now, statement="x", digest="0" * 64, signed_by=account.owner
    )
    invitation = Invitation.objects.filter(account=account).first()
    Invitation.objects.filter(account=account).update(message="x", organisation="x")
    given = {"about_kind": "invitation", "about_id": invitation.pk, "sending": invitation.sending, "state": "parked"}
    OutgoingMail.objects.create(
        kind="invitation", account=account, address="x", problem="x", message_id=f"<{number}>", **given
    )
    for person in Person.objects.filter(memberships__account=account):
        told = {"event": "role.changed", "number": 1, "words": "x", "page": "account_home", "channel": "digest"}
        Notice.objects.create(
            person=person, account=account, kind="changed", created_at=now - dt.timedelta(days=2), **told
        )
        UserSession.objects.create(
            user=person, ip=NETWORK, user_agent="x", session_key=f"a-session-of-{person.pk}-{number}"
        )
    alarm = {"device": "x", "network": "x", "at": now, "expires_at": now + dt.timedelta(days=1)}
    SignInAlarm.objects.create(person=account.owner, token_hash=hash_of(f"{ALARM}{number}"), **alarm)


@pytest.fixture(scope="module")
def planted(world: World) -> set[str]:  # noqa: F811  # the imported fixture
    """Both accounts, with one member in common, and a word in every field of each."""
    elsewhere = world.people["owner elsewhere"].owned_accounts.get()
    shared = Person.objects.get(memberships=world.things["member"])
    there = MembershipFactory(account=elsewhere, person=shared, kind="agency", organisation="x")
    for member, account in ((there, elsewhere), (MembershipFactory(account=world.account), world.account)):
        grant(member, account.assets.first(), "run_ads")
    Membership.objects.filter(pk=world.things["member"]).update(confirmed_at=timezone.now())
    with_factor(shared)  # so that its end can be asked for, of which the other account is told
    SecurityPolicy.objects.filter(account=elsewhere).update(second_factor="everyone")
    for number, account in enumerate((world.account, elsewhere)):
        _more_in(account, number)
    found = plant({world.account.pk: OWN, elsewhere.pk: FOREIGN})
    Person.objects.filter(pk=world.people["finance elsewhere"].pk).update(email=ADDRESS)
    locked_out = FactorReset.objects.get(pk=world.things["reset"]).person
    Person.objects.filter(pk=locked_out.pk).update(email=HALF_WAY)
    EmailAddress.objects.filter(user=locked_out).update(email=HALF_WAY)
    world.account.refresh_from_db()
    return found


@pytest.fixture(scope="module")
def seen(world: World, planted: set[str]) -> Seen:  # noqa: F811  # the imported fixture
    """A walk through every page as each kind of reader, with every form sent as it should be, and as it should not."""
    seen = Seen(_secrets())
    for reader in READERS:
        for name, row in INSIDE.items():
            holds = row.permission in BUILT_IN[reader].holds and row.only in {"", reader}
            if reader == "administrator" and row.permission not in {VIEW_ACCOUNT, VIEW_AUDIT} and not row.only:
                continue  # shows what it shows to the owner: who holds what decides on pages for everybody alone
            if "get" in row.methods and holds:
                seen.look(reader, name, world.ask(reader, "get", world.address(name, row, world.things)))
        for name, row in OUTSIDE.items():
            if row.signed_in == 200 and (reader == "owner" or name in OVER_ACCOUNTS):
                seen.look(reader, name, world.ask(reader, "get", reverse(name, kwargs=row.arguments)))
    _walk_links(world, seen)
    _walk_filters(world, seen)
    for name, row in INSIDE.items():
        if "post" in row.methods:
            _send(world, seen, name, row)
    _send_outside(world, seen)
    _walk_states(world, seen)
    _walk_staff(world, seen)
    return seen


def _walk_links(world: World, seen: Seen) -> None:  # noqa: F811  # the imported fixture
    """What somebody sees who has a mailed link, or has given the password alone; and one person over all accounts."""
    token = token_of(Invitation.objects.get(pk=world.things["invitation"]))
    reset = FactorReset.objects.get(pk=world.things["reset"])
    links = [reverse(name, args=[token]) for name in ("invitation_offer", "decline_invitation")]
    links.append(reverse("refuse_factor_reset", args=[reset.pk, reset.refusal_token]))
    links.append(reverse("not_me", args=[f"{ALARM}0"]))
    browser = Client()
    with _taken_back(browser):
        for link in links:
            answer = browser.get(link)
            assert answer.status_code == 200
            seen.look("anonymous", resolve(link).url_name, answer)
        browser.post(reverse("account_login"), {"login": HALF_WAY, "password": PASSWORD})
        for name in ("mfa_authenticate", "locked_out"):
            seen.look("half signed in", name, browser.get(reverse(name)))
    shared = reverse("person", args=[Person.objects.get(memberships=world.things["member"]).pk])
    seen.look("owner", "person", world.ask("owner", "get", shared))


def _walk_filters(world: World, seen: Seen) -> None:  # noqa: F811  # the imported fixture
    """Every filter with the ids of the other account, with a word of its, and with markup."""
    ids = {"role": world.foreign["role"], "person": world.people["finance elsewhere"].pk, "a": world.foreign["role"]}
    for name, fields in list(seen.filters.items()):
        if not fields or name not in {**INSIDE, **OUTSIDE}:
            continue
        row = INSIDE.get(name)
        address = world.address(name, row, world.things) if row else reverse(name, kwargs=OUTSIDE[name].arguments)
        foreign = {each: ids.get(each, world.foreign["member"]) for each in fields - {"q"}}
        for query in (foreign, dict.fromkeys(fields, MARKUP)):
            seen.look("owner", f"{name} narrowed", world.ask("owner", "get", f"{address}?{urlencode(query)}"))
        if "q" in fields:  # found or counted, it would read otherwise than a word that stands nowhere
            with time_machine.travel(timezone.now(), tick=False):  # a page that says the second may not differ by it
                found, never = (_plain(world.ask("owner", "get", f"{address}?q={word}")) for word in (FOREIGN, "qf"))
            seen.wrong += [] if found.replace(FOREIGN, "qf") == never else [("owner", name, "finds what is elsewhere")]


def _send(world: World, seen: Seen, name: str, row: Inside) -> None:  # noqa: F811  # the imported fixture
    """Send a form as it should be, with what is of the other account, and with markup in every field; look at all it makes."""
    post = POSTS.get(name)
    reader = row.only or "owner" if not post or post.not_for != "owner" else "administrator"
    address, form = world.address(name, row, world.things), world.form(name)
    client = world.clients[reader]
    foreign = {key: value.format(**world.foreign) for key, value in (post.form if post else {}).items()}
    foreign |= {key: ADDRESS for key in ("address", "addresses", "people") if key in form or name == "offboard_many"}
    markup = {**dict.fromkeys(FIELDS, MARKUP), "upload": SimpleUploadedFile(f"{MARKUP.replace('/', '')}.csv", FILE)}
    for how, sent in (("right", _right(world, name)), ("foreign", foreign), ("markup", markup)):
        if how == "foreign" and foreign == form:
            continue
        shows_factor(client, world.people[reader])
        with _taken_back(client):
            newest = {
                model: model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
                for model in (Event, Notice, OutgoingMail)
            }
            answer = client.post(address, sent)
            seen.look(reader, f"{name} ({how})", answer)
            _look_at_what_it_made(world, seen, f"{name} ({how})", newest)


def _send_outside(world: World, seen: Seen) -> None:  # noqa: F811  # the imported fixture
    """Send markup in every field of the forms outside of accounts, by nobody and by somebody who has just signed in."""
    for name, row in OUTSIDE.items():
        for reader, client, answer in (
            ("anonymous", Client(), row.post_anonymous),
            ("owner", world.clients["owner"], row.post_signed_in),
        ):
            if answer not in {404, 405, 415}:
                cache.clear()  # some pages count how often they are asked
                with _taken_back(client):
                    given = client.post(reverse(name, kwargs=row.arguments), dict.fromkeys(FIELDS, MARKUP))
                    seen.look(reader, f"{name} (markup)", given)


FILE = f"Address,Role\nsomebody{MARKUP}@example.com,{MARKUP}\n".encode()


def _look_at_what_it_made(world: World, seen: Seen, place: str, newest: dict[Any, int]) -> None:  # noqa: F811  # the imported fixture
    """Read the events, notices and mails that came since: each for whom it is."""
    for event in Event.objects.filter(pk__gt=newest[Event], chain__kind="account").select_related("chain"):
        seen.read(
            _whose(world, event.chain.subject_id),
            f"{place}: event",
            f"{event.canonical}{event.actor_words}{event.target_words}",
        )
    for notice in Notice.objects.filter(pk__gt=newest[Notice]).exclude(account=None):
        seen.read(_whose(world, notice.account_id), f"{place}: notice", notice.words)
    for mail in OutgoingMail.objects.filter(pk__gt=newest[OutgoingMail]):
        _look_at_mail(world, seen, mail)


def _look_at_mail(world: World, seen: Seen, mail: OutgoingMail) -> None:  # noqa: F811  # the imported fixture
    letter = letters.write(mail)
    if letter is None:
        return
    accounts = (
        [mail.account_id]
        if mail.account_id
        else list(BusinessAccount.objects.filter(memberships__person__email=mail.address).values_list("pk", flat=True))
    )
    seen.mails.add(mail.kind)
    for account in accounts if len(accounts) == 1 else []:
        seen.read(_whose(world, account), f"mail: {mail.kind}", f"{letter.subject} {letter.text} {letter.html}")
    seen.wrong += [("mail", mail.kind, found) for found in comes_alive(Page(letter.html).elements)]


def _whose(world: World, account: int) -> str:  # noqa: F811  # the imported fixture
    return "the account" if account == world.account.pk else "elsewhere"


# Acts that are done one after the other, so that the log, the inbox and the overview tell of them.
DONE = (
    "account_settings", "make_role", "change_role", "change_asset", "make_asset_group", "make_people_group", "note_knower",
    "billing", "name_successor", "withdraw_plan", "withdraw_reset", "suspend_member", "offboard_member",
    "invite", "access_request", "refuse_claim", "freeze_account",
)  # fmt: skip


def _walk_states(world: World, seen: Seen) -> None:  # noqa: F811  # the imported fixture
    """What shows only after something: a list that ran, a login that somebody knows who is gone, a freeze, the log of it."""
    client = world.clients["owner"]
    account, mine = world.account, {"account": world.account}
    with _taken_back(client):
        shows_factor(client, world.people["owner"])
        Import.objects.filter(**mine).update(state="done", total=2)
        ImportRow.objects.filter(source__account=account).update(fate="refused")
        Knower.objects.filter(login__account=account).update(gone_at=timezone.now())
        for name in ("import", "import_problems", "shared_login", "sign_change"):
            seen.look("owner", name, client.get(world.address(name, INSIDE[name], world.things)))
        reset = Membership.objects.get(account=account, person__factor_resets=world.things["reset"])
        seen.look("owner", "ask_for_reset", client.get(reverse("ask_for_reset", args=[account.slug, reset.pk])))
        seen.look(
            "owner", "usersessions_list", client.get(reverse("usersessions_list"), headers={"User-Agent": MARKUP})
        )
        newest = Event.objects.order_by("-pk").first().pk
        answers = {
            name: client.post(world.address(name, INSIDE[name], world.things), _right(world, name)) for name in DONE
        }
        assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(DONE, 302)
        BusinessAccount.objects.filter(pk=account.pk).update(frozen_because=account.frozen_because)  # as it was planted
        done = Event.objects.of(account).filter(pk__gt=newest, result="done")
        assert done.count() >= len(DONE)
        pages = [reverse(name, args=[account.slug]) for name in ("activity", "account_home", "freeze_account", "team")]
        pages += [reverse(name) for name in ("dashboard", "inbox", "my_activity", "portfolio", "people")]
        pages += [
            reverse("event", args=[account.slug, number]) for number in done.values_list("number", flat=True)[:12]
        ]
        for page in pages:
            seen.look("owner", resolve(page).url_name, client.get(page))
        for reader, name in (
            ("auditor", "export_activity"),
            ("administrator", "export_activity"),
            ("administrator", "export_members"),
        ):
            shows_factor(world.clients[reader], world.people[reader])
            for kind in ("csv", "xlsx") if name == "export_members" else ("csv",):
                answer = world.clients[reader].post(reverse(name, args=[account.slug]), {"format": kind})
                assert answer.headers["Content-Disposition"].startswith("attachment")
                seen.look(reader, name, answer)


def _right(world: World, name: str) -> dict[str, str]:  # noqa: F811  # the imported fixture
    form = world.form(name)
    return {**form, "typed_name": world.account.name} if "typed_name" in form else form


def _walk_staff(world: World, seen: Seen) -> None:  # noqa: F811  # the imported fixture
    """The area of the platform's staff, with this account open."""
    client, account = at_the_desk(), world.account
    pks = {
        "account": account.pk, "person": world.people["member"].pk, "mail": OutgoingMail.objects.get(account=account, state="parked").pk,
        "member": world.things["member"], "invitation": world.things["invitation"],
        "policy": account.pk, "event": Event.objects.of(account).first().pk,
        "role": Role.objects.get(account=account, code=world.things["role"]).pk,
        "grant": AssetGrant.objects.filter(membership__account=account).first().pk,
    }  # fmt: skip
    with _taken_back(client):
        opens(client, account)
        for name, arguments in STAFF.items():
            kind = name.removeprefix("staff_")
            if not arguments or kind in pks:
                answer = client.get(reverse(name, args=[pks[kind]] if arguments else []))
                assert answer.status_code == 200, name
                seen.look("staff", name, answer)


# --- AZ4 ----------------------------------------------------------------------------------------------------------------
@pytest.mark.rule(4)
@pytest.mark.requirement("AZ4")
def test_nothing_of_another_account_is_shown_sent_told_or_written_down(world, planted, seen):  # noqa: F811  # the imported fixture
    elsewhere = world.people["owner elsewhere"].owned_accounts.get()
    control = world.ask("owner elsewhere", "get", reverse("team", args=[elsewhere.slug]))

    assert [where for where in seen.places_of(FOREIGN) if where[0] not in {"elsewhere", "staff"}] == []
    assert [where for where in seen.places_of(OWN) if where[0] == "elsewhere"] == []
    assert len(seen.marks) > 600
    assert {where for where in seen.marks if where[0] == "elsewhere"}, (
        "something was told elsewhere: who is a member of both"
    )
    assert FOREIGN in {begins for begins, _name, _person in marks_in(control.content.decode())}, (
        "it could have been seen"
    )


@pytest.mark.requirement("AZ4")
def test_a_digest_tells_each_of_the_accounts_that_they_are_in(world, planted):  # noqa: F811  # the imported fixture
    found = {}
    with _taken_back(Client()):
        assert notices.send_digests() > 10
        for mail in OutgoingMail.objects.filter(kind="notice_digest"):
            letter = letters.write(mail)
            begins = {begins for begins, _name, _person in marks_in(letter.text + letter.html + letter.subject)}
            accounts = Membership.objects.filter(person_id=mail.about_id).values_list("account_id", flat=True)
            found[mail.about_id] = (begins, {OWN if pk == world.account.pk else FOREIGN for pk in accounts})
            assert comes_alive(Page(letter.html).elements) == []

    assert {person: told for person, (told, expected) in found.items() if told - expected} == {}
    assert {OWN} in [told for told, _expected in found.values()]
    assert {OWN, FOREIGN} in [told for told, _expected in found.values()]


# --- AZ5 ----------------------------------------------------------------------------------------------------------------
# Who is shown what, by the permission that it takes; a person's own rows show to that person. What is not here, to nobody.
SHOWN_WITH = {
    "accounts.BusinessAccount.name": VIEW_ACCOUNT, "accounts.Asset": VIEW_ACCOUNT, "teams.Role": VIEW_ACCOUNT,
    "accounts.BusinessAccount.frozen_because": MANAGE_TEAM, "accounts.Billing": MANAGE_BILLING,
    "accounts.SecurityPolicy": MANAGE_SECURITY, "accounts.OutgoingMail": MANAGE_TEAM, "invitations": MANAGE_TEAM,
    "streams": VIEW_AUDIT, "streams.Stream.address": MANAGE_SECURITY, "streams.Stream.authority": MANAGE_SECURITY,
    "reviews": RUN_REVIEWS, "reviews.Campaign.report": VIEW_AUDIT, "reviews.Campaign.name": VIEW_AUDIT,
    "logins": MANAGE_TEAM, "teams.AccessRequest": MANAGE_TEAM, "teams.AssetGroup": MANAGE_ASSETS,
    "teams.PeopleGroup": MANAGE_TEAM, "teams.Membership": MANAGE_TEAM, "teams.OwnershipClaim": MANAGE_TEAM,
    "teams.FactorReset": MANAGE_TEAM, "teams.PendingAct": MANAGE_TEAM, "teams.EndedEngagement.organisation": MANAGE_TEAM,
    "teams.EndedEngagement.statement": VIEW_AUDIT, "teams.Receipt": VIEW_AUDIT, "accounts.Person": VIEW_AUDIT,
    "watching": VIEW_AUDIT,
}  # fmt: skip


LOG = {
    "activity",
    "event",
    "export_activity",
    "log_exports",
    "log_export",
}  # who may read the log reads all that it holds


@pytest.mark.requirement("AZ5")
def test_each_role_is_shown_what_is_for_it_and_nothing_else(world, planted, seen):  # noqa: F811  # the imported fixture
    members = Membership.objects.filter(account=world.account).select_related("lasting_role")
    asked = {member.person_id for member in members if member.role.administers or member.role.code == "owner"}

    def may_see(reader, place, name, person):
        table = name.rpartition(".")[0]
        needed = SHOWN_WITH.get(name) or SHOWN_WITH.get(table) or SHOWN_WITH.get(table.partition(".")[0], "for nobody")
        holds = BUILT_IN[reader].holds
        return (
            person == world.people[reader].pk
            or needed in holds
            or (table == "accounts.Person" and person in asked)  # whom to ask
            or (place in LOG and VIEW_AUDIT in holds)
        )

    walked = {where: marks for where, marks in seen.marks.items() if where[0] in READERS}
    shown = {(*where, name, person) for where, marks in walked.items() for _begins, name, person in marks}
    assert {row for row in shown if not may_see(*row)} == set()
    for reader in READERS:
        assert len({name for by, _place, name, _person in shown if by == reader}) > 5


# --- IO3 ----------------------------------------------------------------------------------------------------------------
# Planted, but on no page: kept for the record, for the mail server, or told in other words.
NOT_SHOWN = {
    "accounts.OutgoingMail.address", "invitations.ImportRow.address", "invitations.ImportRow.message",
    "logins.Knower.gone_reason", "logins.Signature.statement", "oversight.LogExport.problem", "oversight.SavedView.asks", "teams.FactorReset.reason", "usersessions.UserSession.user_agent",
}  # fmt: skip


@pytest.mark.requirement("IO3")
@pytest.mark.requirement("AZ5")
def test_what_was_planted_is_text_wherever_it_shows_and_no_secret_shows_at_all(planted, seen):
    shown = {name for marks in seen.marks.values() for _begins, name, _person in marks}

    assert planted == set(NAMES), (
        "every field of every table that holds words: plant in it, or say in tests/planting.py why not"
    )
    assert planted - shown == NOT_SHOWN
    assert seen.wrong == []


# The acts whose mails no form of the table of addresses brings about; and those whose mails are written at once.
BY_ACTS = {
    "plan_policy", "announce_plan", "announce_end", "announce_role_end", "note_role_end", "note_end", "ask_for_access",
    "ask_for_reset", "offer_ownership", "remind_of_claim", "cancel_act", "refuse_acceptance", "finish_export", "end_engagement",
}  # fmt: skip
WRITTEN_AT_ONCE = {"stop_password", "note_place", "send_password_mail"}


@pytest.mark.requirement("IO3")
def test_every_kind_of_mail_holds_what_was_planted_as_text(seen):
    found, kinds, marked = [], set(seen.mails), set()
    known = set(OutgoingMail.objects.values_list("pk", flat=True))
    with _taken_back(Client()):
        for act in ACTS:
            if act.__name__ in BY_ACTS:
                act(**ACTS[act](House()))
        at_once = [(act, ACTS[act](House())) for act in ACTS if act.__name__ in WRITTEN_AT_ONCE]
        people = dict(Person.objects.values_list("email", "pk"))
        to = {mail.pk: people.get(mail.address) for mail in OutgoingMail.objects.exclude(pk__in=known)}
        plant(dict.fromkeys(BusinessAccount.objects.values_list("pk", flat=True), OWN))
        for mail, person in to.items():  # still to whom it was
            OutgoingMail.objects.filter(pk=mail).update(address=Person.objects.filter(pk=person).values("email")[:1])
        for act, given in at_once:
            for row in given.values():
                if isinstance(row, Model) and row.pk:
                    row.refresh_from_db()
            typed = {name: f"Asked for by phone{MARKUP}" for name in ("reason", "user_agent") if name in given}
            act(**{**given, **typed})
        for mail in OutgoingMail.objects.exclude(pk__in=known):
            letter = letters.write(mail)
            kinds |= {mail.kind} if letter else set()
            found += [(mail.kind, alive) for alive in _alive_in(letter)] if letter else []
            marked |= {mail.kind} if letter and "svg/onload" in letter.html else set()
    of_library = sorted(TEMPLATES.glob("*/email/*_subject.txt"))
    names = {name for file in TEMPLATES.glob("*/email/*") for name in re.findall(r"[a-z_]+", file.read_text())}
    context = {**dict.fromkeys(names, MARKUP), "left": 3}  # whatever a template asks for
    for subject in of_library:
        letter = letters.compose_for_library(
            str(subject.relative_to(TEMPLATES)).removesuffix("_subject.txt"), context=context
        )
        found += [(subject.name, alive) for alive in _alive_in(letter)]

    assert found == []
    assert set(letters._writers) - kinds == {"notice_digest", "checkpoint"}, "which have tests of their own"
    assert len(marked) > 10
    assert len(of_library) > 15


def _alive_in(letter):
    return [*comes_alive(Page(letter.html).elements), *re.findall("[\r\n]", letter.subject)]

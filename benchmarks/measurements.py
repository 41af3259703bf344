"""What is measured: the permission check, the team page, an audited act, the log, its verification, an offboarding."""

import contextlib
import datetime as dt
import io
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from struct import Struct

from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from guardian.backends import ObjectPermissionBackend

from accounts.models import Asset, BusinessAccount, Person, SecurityPolicy
from accounts.permissions import DRAFT_CONTENT, REPLY_COMMENTS, RUN_ADS, VIEW_ACCOUNT, VIEW_ANALYTICS
from audit.canonical import GENESIS, digest_of, instant, link, text_of
from audit.models import Chain
from audit.origin import Origin, stands_for
from audit.recording import record
from audit.verification import verify
from invitations.models import Invitation
from teams.actions import offboard, open_account
from teams.actions.grants import write_grants
from teams.events import ROLE_CHANGED
from teams.models import AssetGrant, Membership, Role

from .turns import Fact, Figure, medians

EVENTS = 1_000_000
A_PAGE = 50
LEAVER_ACCOUNTS, OFFBOARDINGS = 500, 3
GRANTED = [DRAFT_CONTENT, REPLY_COMMENTS, RUN_ADS, VIEW_ANALYTICS]  # on each of 500 assets: 2,000 grants
ORIGIN = Origin("192.0.2.44", "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0", "0123456789abcdef", "f" * 32)


@dataclass(frozen=True)
class Measurement:
    """One measurement: the letter by which the issue names it, its title, and the function that yields its lines."""

    letter: str
    title: str
    measure: Callable[[], Iterator[Figure | Fact]]


def permission_check() -> Iterator[Figure]:
    """has_perm on a cold request, against one raw indexed SELECT and against guardian's own."""
    account = _account("check")
    member, asset = _member(account, 1), Asset.objects.create(account=account, name="Profile")
    write_grants(member, asset, [RUN_ADS])
    person = Person.objects.get(pk=member.person_id)
    connection.ensure_connection()
    raw = connection.connection

    def select() -> None:
        with raw.cursor() as cursor:
            cursor.execute(
                "SELECT role_id FROM teams_membership WHERE account_id = %s AND person_id = %s", (account.pk, person.pk)
            )
            cursor.fetchone()

    def forgetful(question: Callable[[], object]) -> Callable[[], None]:
        def ask() -> None:
            for memory in ("_access", "_answers"):  # as a person fresh from the session
                person.__dict__.pop(memory, None)
            question()

        return ask

    times = medians(
        {
            "select": select,
            "role": forgetful(lambda: person.has_perm(VIEW_ACCOUNT, account)),
            "grant": forgetful(lambda: person.has_perm(RUN_ADS, asset)),
            "again": lambda: person.has_perm(RUN_ADS, asset),
            "guardian": lambda: ObjectPermissionBackend().has_perm(person, f"accounts.{RUN_ADS}", asset),
        },
        turns=2_000,
    )
    yield Figure("has_perm, cold, by role / raw indexed SELECT", times["role"] / times["select"], "at most 1.5")
    yield Figure("has_perm, cold, by grant (two queries) / raw SELECT", times["grant"] / times["select"], "-")
    yield Figure("has_perm, again in the request / raw SELECT", times["again"] / times["select"], "under 0.03")
    yield Figure("guardian's has_perm / ours, cold, by role", times["guardian"] / times["role"], "at least 10")
    yield Figure("guardian's has_perm / ours, cold, by grant", times["guardian"] / times["grant"], "-")


def team_page() -> Iterator[Figure | Fact]:
    """The team page at 100 and at 10,000 members: queries and time."""
    small, large = _account("small"), _account("large")
    _crowd(small, 100)
    _crowd(large, 10_000)
    pages = {}
    for account in (small, large):
        client = Client(headers={"host": "localhost"})
        client.force_login(account.owner)
        pages[account.slug] = _page(client, f"/accounts/{account.slug}/team/")
    counted = {slug: _queries(page) for slug, page in pages.items()}
    times = medians(pages, turns=40)
    yield Fact("queries at 100 members (aim: the same for both, at most 12)", str(counted["small"]))
    yield Fact("queries at 10,000 members", str(counted["large"]))
    yield Figure("time at 10,000 members / at 100", times["large"] / times["small"], "under 1.5")


def audited_change() -> Iterator[Figure]:
    """One change with its event, against the same change without it; both committed."""
    account = _account("audited")
    member = _member(account, 1)
    roles = [Role.objects.built_in("editor"), Role.objects.built_in("analyst")]

    def change() -> tuple[Role, Role]:
        before, after = member.role, roles[member.role == roles[0]]
        member.role = after
        member.save(update_fields=["role"])
        return before, after

    def bare() -> None:
        with transaction.atomic():  # noqa: TID251  # the same without its event, to compare with
            change()

    def audited() -> None:
        with transaction.atomic():  # noqa: TID251  # likewise
            before, after = change()
            was, now = {"role": before.as_event()}, {"role": after.as_event()}
            record(ROLE_CHANGED, by=account.owner, on=account, target=member, before=was, after=now, reason="bench")

    with stands_for(ORIGIN):
        times = medians({"bare": bare, "audited": audited}, turns=1_500, warm_up=50)
    yield Figure("a change with its event / the same without", times["audited"] / times["bare"], "at most 1.6")


def activity_page() -> Iterator[Figure | Fact]:
    """The activity page 1 and page 10,000 of a million events."""
    account = _long_history()
    client = Client(headers={"host": "localhost"})
    client.force_login(account.owner)
    first = f"/accounts/{account.slug}/activity/"
    pages = {"first": _page(client, first), "late": _page(client, f"{first}?before={EVENTS - 9_999 * A_PAGE}")}
    times = medians(pages, turns=40)
    yield Figure("page 10,000 / page 1", times["late"] / times["first"], "within 1.3")
    yield Fact("queries for page 1 and for page 10,000", " ".join(str(_queries(page)) for page in pages.values()))


def verification() -> Iterator[Figure | Fact]:
    """verify_audit against hashing the same texts alone."""
    account = _long_history()
    chain = Chain.objects.get(kind="account", subject_id=account.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT canonical FROM audit_event WHERE chain_id = %s ORDER BY number LIMIT 200000", [chain.pk])
        texts = [text for (text,) in cursor.fetchall()]
    start = time.perf_counter()
    head, pack = bytes(GENESIS), Struct(">q").pack
    for number, text in enumerate(texts, 1):
        head = sha256(head + pack(number) + sha256(text.encode()).digest()).digest()
    alone = len(texts) / (time.perf_counter() - start)
    start = time.perf_counter()
    (verdict,) = verify([chain])
    rate = verdict.events / (time.perf_counter() - start)
    if verdict.broken:
        raise SystemExit(f"the generated history does not hold: {verdict.broken}")
    yield Fact("events verified in a second", f"{rate:,.0f}")
    yield Figure("verifying / hashing alone, in events a second", rate / alone, "at least 0.25")


def offboarding() -> Iterator[Figure | Fact]:
    """One person with 500 accounts, 2,000 grants and 100 sent invitations: statements, and time."""
    owner = Person.objects.create_user("owner@offboarded.example", name="Olga Berg")
    few, many = (_busy(name, accounts, owner=owner) for name, accounts in (("few", 5), ("many", LEAVER_ACCOUNTS)))
    counted = {}
    for name, seats in (("few", few), ("many", many)):
        with CaptureQueriesContext(connection) as asked:
            offboard(membership=seats[0], also=seats[1:], by=owner, reason="bench")
        counted[name] = Counter(_table_of(query["sql"]) for query in asked)
        yield Fact(f"statements over {len(seats)} accounts", str(len(asked)))
    most, times = counted["many"].most_common(1)[0]
    yield Fact("the same on each table", "yes" if counted["few"] == counted["many"] else "no")
    yield Fact(f"most on one table ({most})", str(times))
    fresh = iter([_busy(f"run{turn}", LEAVER_ACCOUNTS, owner=owner) for turn in range(2 * OFFBOARDINGS)])

    def bare() -> None:
        seats = next(fresh)
        with transaction.atomic():  # noqa: TID251  # the same rows without an act, to compare with
            AssetGrant.objects.filter(membership__in=seats).delete()
            Invitation.objects.filter(invited_by=seats[0].person_id).update(state=Invitation.State.REVOKED)
            ended = {"state": Membership.State.ENDED, "ended_at": timezone.now()}
            Membership.objects.filter(pk__in=[seat.pk for seat in seats]).update(**ended)

    def act() -> None:
        first, *also = next(fresh)
        offboard(membership=first, also=also, by=owner, reason="bench")

    with stands_for(ORIGIN):
        taken = medians({"bare": bare, "act": act}, turns=OFFBOARDINGS, warm_up=0)
    yield Figure("offboarding / ending the same rows by three bare statements", taken["act"] / taken["bare"], "-")
    yield Fact("offboarding, in seconds on this machine", f"{taken['act']:.2f}")


ALL = [
    Measurement("a", "The permission check", permission_check),
    Measurement("b", "The team page", team_page),
    Measurement("c", "One audited change", audited_change),
    Measurement("d", "The activity page, one million events", activity_page),
    Measurement("e", "verify_audit, one million events", verification),
    Measurement("f", "Offboarding one person from 500 accounts", offboarding),
]


def _account(slug: str) -> BusinessAccount:
    owner = Person.objects.create_user(f"owner@{slug}.example", name="Olga Berg")
    return open_account(name=slug, kind="business", by=owner)


def _member(account: BusinessAccount, number: int) -> Membership:
    person = Person.objects.create_user(f"member{number}@{account.slug}.example", name=f"Member {number}")
    role = Role.objects.built_in("editor")
    return Membership.objects.create(account=account, person=person, role=role, confirmed_at=timezone.now())


def _crowd(account: BusinessAccount, count: int) -> None:
    people = Person.objects.bulk_create(
        Person(email=f"m{number}@{account.slug}.example", name=f"Person {number}", password="!")
        for number in range(count)
    )
    roles = [Role.objects.built_in(code) for code in ("editor", "moderator", "analyst", "finance", "member")]
    Membership.objects.bulk_create(
        Membership(account=account, person=person, role=roles[number % 5], confirmed_at=timezone.now())
        for number, person in enumerate(people)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _busy(name: str, count: int, *, owner: Person) -> list[Membership]:
    """One person's memberships in so many accounts, with four grants in each, and 100 invitations in the first ones."""
    editor, owning = Role.objects.built_in("editor"), Role.objects.built_in("owner")
    person = Person.objects.create_user(f"{name}@leaver.example", name="Lea Leaver")
    now = timezone.now()
    with transaction.atomic():  # noqa: TID251  # rows to measure with, not an act: the owners are checked at its end
        accounts = BusinessAccount.objects.bulk_create(
            BusinessAccount(name=f"{name} {number}", slug=f"{name}-{number}", kind="business", owner=owner)
            for number in range(count)
        )
        SecurityPolicy.objects.bulk_create(SecurityPolicy(account=account) for account in accounts)
        Membership.objects.bulk_create(
            Membership(account=account, person=owner, role=owning, confirmed_at=now) for account in accounts
        )
        seats = Membership.objects.bulk_create(
            Membership(account=account, person=person, role=editor, confirmed_at=now) for account in accounts
        )
        assets = Asset.objects.bulk_create(Asset(account=account, name="Profile") for account in accounts)
        acts = Permission.objects.filter(codename__in=GRANTED, content_type__model="asset")
        AssetGrant.objects.bulk_create(
            AssetGrant(user=person, membership=seat, content_object=asset, permission=permission)
            for seat, asset in zip(seats, assets, strict=True)
            for permission in acts
        )
        Invitation.objects.bulk_create(
            Invitation(
                account=accounts[number % count], address=f"{number}@{name}.example", role=editor, invited_by=person,
                expires_at=now + dt.timedelta(days=7), token_hash=sha256(f"{name}{number}".encode()).hexdigest(),
            )
            for number in range(100)
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return seats


def _table_of(statement: str) -> str:
    found = re.search(r'(?:FROM|INTO|UPDATE) "?(\w+)', statement)
    return found[1] if found else ""


def _page(client: Client, path: str) -> Callable[[], None]:
    def get() -> None:
        answer = client.get(path)
        if answer.status_code != 200:
            raise SystemExit(f"{path} answered {answer.status_code}")

    return get


def _queries(page: Callable[[], None]) -> int:
    page()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page()
    return len(queries)


def _long_history() -> BusinessAccount:
    """An account with a million events that form a valid chain, written by COPY; made once in a run."""
    account = BusinessAccount.objects.filter(slug="history").select_related("owner").first()
    if account is not None:
        return account
    account = _account("history")
    members = [_member(account, number) for number in range(20)]
    chain = Chain.objects.create(kind="account", subject_id=-1)
    head, rows, number = bytes(GENESIS), io.StringIO(), 0
    editor, analyst = Role.objects.built_in("editor").as_event(), Role.objects.built_in("analyst").as_event()
    begin = timezone.now() - dt.timedelta(days=700)
    for number in range(1, EVENTS + 1):
        member, at = members[number % 20], begin + dt.timedelta(minutes=number)
        searched = ("role.changed", "done", "person", account.owner_id, "membership", member.pk, member.person_id)
        rest = {
            "v": 1,
            "actor": "Olga Berg",
            "target": f"Member {number % 20}",
            "reason": "",
            "before": {"role": editor},
            "after": {"role": analyst},
            "origin": {"address": "192.0.2.44", "agent": ORIGIN.user_agent, "session": "", "request": f"{number:032x}"},
        }
        text = text_of([f"account/{account.pk}", instant(at), *searched], rest)
        digest = digest_of(text)
        previous, head = head, link(head, number, digest)
        blobs = "\t".join(f"\\\\x{part.hex()}" for part in (previous, digest, head))
        columns = "\t".join(str(value) for value in searched)
        rows.write(f"{chain.pk}\t{number}\t{blobs}\t{text}\t{instant(at)}\t{columns}\n")
        if number % 50_000 == 0:
            _copy(rows)
            rows = io.StringIO()
    with connection.cursor() as cursor, contextlib.suppress(Exception):
        cursor.execute("SET session_replication_role = replica")  # the head jumps to the end: a trigger refuses that
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM audit_event WHERE chain_id IN (SELECT id FROM audit_chain WHERE subject_id = %s)", [account.pk]
        )
        cursor.execute("DELETE FROM audit_chain WHERE subject_id = %s AND kind = 'account'", [account.pk])
        cursor.execute(
            "UPDATE audit_chain SET subject_id = %s, length = %s, head = %s WHERE id = %s",
            [account.pk, number, head, chain.pk],
        )
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("ANALYZE audit_event")
    return account


def _copy(rows: io.StringIO) -> None:
    rows.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(
            "COPY audit_event (chain_id, number, previous, digest, hash, canonical, at, name, result, actor_kind,"
            " actor_id, target_kind, target_id, about_id) FROM STDIN",
            rows,
        )

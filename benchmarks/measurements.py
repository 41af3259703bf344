"""What is measured: the permission check, pages, an audited act, the record, offboarding, the doors."""

import contextlib
import datetime as dt
import io
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from struct import Struct
from threading import Barrier

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Permission
from django.db import connection, connections, transaction
from django.db.models import Max, Min
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone
from guardian.backends import ObjectPermissionBackend

from accounts.events import ACCOUNT_SETTINGS_CHANGED, ASSET_CHANGED
from accounts.models import Asset, BusinessAccount, Person, SecurityPolicy, Tally
from accounts.permissions import DRAFT_CONTENT, REPLY_COMMENTS, RUN_ADS, VIEW_ACCOUNT, VIEW_ANALYTICS
from audit.canonical import GENESIS, digest_of, instant, link, text_of
from audit.models import Chain, Event
from audit.origin import Origin, stands_for
from audit.personal import words_of
from audit.planned import Planned
from audit.recording import FORM, record
from audit.verification import verify
from invitations.models import Invitation
from oversight.demo.stage import new_stage
from oversight.demo.story import write
from teams.actions import offboard, open_account
from teams.actions.grants import write_grants
from teams.events import ROLE_CHANGED
from teams.models import AssetGrant, Membership, Role
from watching.actions import read_all
from watching.models import Alert

from .searching import searching
from .turns import Fact, Figure, medians
from .year import outcome_of

EVENTS = 1_000_000
A_PAGE = 50
YEARS = (26, 27, 28)  # seeds that the defaults of the rules were not chosen by; those were 1 to 6
IN_THE_DEMO = {("Northwind Coffee", rule) for rule in ("mass_export", "unusual_sign_in", "wandering_invitation")}
LEAVER_ACCOUNTS, OFFBOARDINGS = 500, 3
DISCOVERIES = 200
WRITERS, CHAINS = (1, 8), 100
A_ROUND, ROUNDS = 400, 9  # events, of all writers together
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
    """One change with its event against the same without it, both committed; one of which nobody is told first."""
    account = _account("audited")
    member, asset = _member(account, 1), Asset.objects.create(account=account, name="Profile")
    roles = [Role.objects.built_in("editor"), Role.objects.built_in("analyst")]
    number = count()

    def rename() -> tuple[str, str]:
        before, asset.name = asset.name, f"Profile {next(number)}"
        asset.save(update_fields=["name"])
        return before, asset.name

    def renamed() -> None:
        before, after = rename()
        was, now = {"name": before}, {"name": after}
        record(ASSET_CHANGED, by=account.owner, on=account, target=asset, before=was, after=now, reason="bench")

    def change() -> tuple[Role, Role]:
        before, after = member.role, roles[member.role == roles[0]]
        member.lasting_role = after
        member.save(update_fields=["lasting_role"])
        return before, after

    def changed() -> None:
        before, after = change()
        was, now = {"role": before.as_event()}, {"role": after.as_event()}
        record(ROLE_CHANGED, by=account.owner, on=account, target=member, before=was, after=now, reason="bench")

    def committed(act: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            with transaction.atomic():  # noqa: TID251  # with and without its event, to compare
                act()

        return run

    acts = {"rename": rename, "renamed": renamed, "change": change, "changed": changed}
    with stands_for(ORIGIN):
        times = medians({name: committed(act) for name, act in acts.items()}, turns=1_500, warm_up=50)
    yield Figure(
        "an asset renamed, with its event / the same without", times["renamed"] / times["rename"], "at most 1.6"
    )
    words = "a role changed, with its event, a notice and a mail / the same without"
    yield Figure(words, times["changed"] / times["change"], "-")


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


def discovery() -> Iterator[Figure | Fact]:
    """How long the doors take for an address that is known and one that is not: nobody may learn it so (GU4)."""
    person = Person.objects.create_user("known@discovery.example", "seven slow rivers and a kite", name="Nina Berg")
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    number = count()

    def sign_in(address: str) -> None:
        Client().post("/auth/login/", {"login": address, "password": "not this one at all"})

    def ask_for_a_password(address: str) -> None:
        Client().post("/auth/password/reset/", {"email": address})

    def sign_up(address: str) -> None:
        form = {"email": address, "name": "Nina Berg", "password1": "eight slow rivers and a kite"}
        Client().post("/auth/signup/", form)

    with override_settings(ACCOUNT_RATE_LIMITS=False, ALLOWED_HOSTS=["testserver"]):
        for name, door in (
            ("a wrong password", sign_in),
            ("a new password", ask_for_a_password),
            ("a sign-up", sign_up),
        ):

            def try_it(address: str, door: Callable[[str], None] = door) -> None:
                Tally.objects.update(failed=0, closed_until=None)  # or the pauses would be measured
                door(address)

            taken = medians(
                {
                    "known": lambda: try_it(person.email),  # called before the loop goes on
                    "unknown": lambda: try_it(f"nobody{next(number)}@discovery.example"),
                },
                turns=DISCOVERIES,
            )
            yield Figure(f"{name}: unknown / known address", taken["unknown"] / taken["known"], "0.9 to 1.1, or 5 ms")
            apart = 1000 * abs(taken["unknown"] - taken["known"])
            yield Fact(f"{name}: apart, of {1000 * taken['known']:.0f} ms", f"{apart:.1f} ms")


def events_per_second() -> Iterator[Figure | Fact]:
    """Events written and committed one by one, against the same rows put into a table of the same indexes alone."""
    accounts = [_account(f"written{number}") for number in range(CHAINS)]
    plain = _plain_insert()

    def event(account: BusinessAccount) -> None:
        with transaction.atomic():  # noqa: TID251  # the transaction of an act
            record(ACCOUNT_SETTINGS_CHANGED, by=account.owner, on=account, before={"name": "A"}, after={"name": "B"})

    for writers in WRITERS:
        with ThreadPoolExecutor(writers) as pool:
            for chains in (1, CHAINS):

                def written(
                    one: Callable[[BusinessAccount], None],
                    pool: ThreadPoolExecutor = pool,
                    each: int = A_ROUND // writers,
                    chosen: list[BusinessAccount] = accounts[:chains],
                    begins: range = range(writers),
                ) -> None:
                    def write(first: int) -> None:
                        with stands_for(ORIGIN):
                            for turn in range(each):
                                one(chosen[(first * 31 + turn) % len(chosen)])

                    list(pool.map(write, begins))

                taken = medians(
                    {"plain": lambda written=written: written(plain), "event": lambda written=written: written(event)},
                    turns=ROUNDS,
                    warm_up=1,
                )
                where = f"{writers} writer{'s' * (writers > 1)}, {chains} chain{'s' * (chains > 1)}"
                yield Figure(f"{where}: an event / a plain INSERT", taken["event"] / taken["plain"], "-")
                rates = [f"{A_ROUND / taken[name]:,.0f}" for name in ("event", "plain")]
                yield Fact(f"{where}: events, and plain rows, a second", " and ".join(rates))
            together = Barrier(writers)  # so that each thread is there to close what is its own
            list(
                pool.map(lambda _writer, all_here=together: (all_here.wait(), connections.close_all()), range(writers))
            )


def watching_rules() -> Iterator[Fact]:
    """What the rules of watching catch of what is planted, and how often they speak of nothing."""
    for seed in YEARS:
        outcome = outcome_of(seed)
        name = f"year {seed}, {outcome.events:,} events"
        yield Fact(f"{name}: attacks caught (aim: at least 19 of 20)", f"{len(outcome.caught)} of 20")
        yield Fact(f"{name}: false alarms a week (aim: under 2)", f"{outcome.false_a_week:.2f}")
        for rule, many in Counter(told.rule.code for told in outcome.false).most_common():
            yield Fact(f"    of these in the year by {rule}", str(many))
        yield Fact(f"{name}: light alerts that were true, in the year", str(len(outcome.housekeeping)))
        for missed in outcome.missed:
            yield Fact(f"    missed: {missed}", "")
    played = new_stage()
    write(played)
    played.play()
    read_all()
    told = Alert.objects.filter(account__in=played.accounts.values())
    found = {(alert.account.name, alert.rule) for alert in told.select_related("account")}
    weeks = Event.objects.filter(chain__kind=Chain.Kind.ACCOUNT).aggregate(days=Max("at") - Min("at"))["days"].days / 7
    yield Fact("the demo: what is planted and caught", f"{len(found & IN_THE_DEMO)} of {len(IN_THE_DEMO)}")
    yield Fact("the demo: other alerts a week", f"{(told.count() - len(found & IN_THE_DEMO)) / weeks:.2f}")


ALL = [
    Measurement("a", "The permission check", permission_check),
    Measurement("b", "The team page", team_page),
    Measurement("c", "One audited change", audited_change),
    Measurement("d", "The activity page, one million events", activity_page),
    Measurement("e", "verify_audit, one million events", verification),
    Measurement("f", "Offboarding one person from 500 accounts", offboarding),
    Measurement("g", "Known and unknown addresses", discovery),
    Measurement("h", "Events a second", events_per_second),
    Measurement("s", "Searching the activity, five million events", searching),
    Measurement("w", "Watching: a year of 200 people with 20 attacks, and the demo", watching_rules),
]


def _plain_insert() -> Callable[[BusinessAccount], None]:
    """Return what commits a row like an event's into a table with the same indexes, and neither chain nor trigger."""
    columns = [each.column for each in Event._meta.concrete_fields if not (each.primary_key or each.generated)]
    numbers = count(1)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE plain_event (LIKE audit_event INCLUDING ALL)")
        cursor.execute(f"SELECT {', '.join(columns)} FROM audit_event ORDER BY id DESC LIMIT 1")
        _chain, _number, *said = cursor.fetchone()
        cursor.execute(
            "SELECT string_agg(format_type(atttypid, NULL), ', ' ORDER BY array_position(%s, attname::text))"
            " FROM pg_attribute WHERE attrelid = 'plain_event'::regclass AND attname = ANY (%s)",
            [columns, columns],
        )
        (types,) = cursor.fetchone()
    places = ", ".join(["%s"] * len(columns))
    statement = Planned("plain_event", types, f"INSERT INTO plain_event ({', '.join(columns)}) VALUES ({places})")

    def insert(account: BusinessAccount) -> None:
        with transaction.atomic(), connection.cursor() as cursor:  # noqa: TID251  # no act, to compare with
            statement.execute(cursor, [account.pk, next(numbers), *said])

    return insert


def _account(slug: str) -> BusinessAccount:
    owner = Person.objects.create_user(f"owner@{slug}.example", name="Olga Berg")
    return open_account(name=slug, kind="business", by=owner)


def _member(account: BusinessAccount, number: int) -> Membership:
    person = Person.objects.create_user(f"member{number}@{account.slug}.example", name=f"Member {number}")
    role = Role.objects.built_in("editor")
    return Membership.objects.create(account=account, person=person, lasting_role=role, confirmed_at=timezone.now())


def _crowd(account: BusinessAccount, count: int) -> None:
    people = Person.objects.bulk_create(
        Person(email=f"m{number}@{account.slug}.example", name=f"Person {number}", password="!")
        for number in range(count)
    )
    roles = [Role.objects.built_in(code) for code in ("editor", "moderator", "analyst", "finance", "member")]
    Membership.objects.bulk_create(
        Membership(account=account, person=person, lasting_role=roles[number % 5], confirmed_at=timezone.now())
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
            Membership(account=account, person=owner, lasting_role=owning, confirmed_at=now) for account in accounts
        )
        seats = Membership.objects.bulk_create(
            Membership(account=account, person=person, lasting_role=editor, confirmed_at=now) for account in accounts
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
    previous, head, rows, number = GENESIS, GENESIS, io.StringIO(), 0
    editor, analyst = Role.objects.built_in("editor").as_event(), Role.objects.built_in("analyst").as_event()
    begin = timezone.now() - dt.timedelta(days=700)
    for number in range(1, EVENTS + 1):
        member, at = members[number % 20], begin + dt.timedelta(minutes=number)
        searched = ("role.changed", "done", "person", account.owner_id, "membership", member.pk, member.person_id)
        rest = {
            "v": FORM,
            "before": {"role": editor},
            "after": {"role": analyst},
            "origin": {"session": "", "request": f"{number:032x}"},
        }
        words = (
            words_of({"label": "Olga Berg", "address": "192.0.2.44", "agent": ORIGIN.user_agent}),
            words_of({"label": f"Member {number % 20}"}),
        )
        text = text_of([f"account/{account.pk}", instant(at), *searched], words, rest)
        digest = digest_of(text)
        previous, head = head, link(head, number, digest)
        blobs = "\t".join(f"\\\\x{part.hex()}" for part in (previous, digest, head))
        columns = "\t".join(str(value) for value in searched)
        texts = "\t".join((text, *words))
        rows.write(f"{chain.pk}\t{number}\t{blobs}\t{texts}\t{instant(at)}\t{columns}\n")
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
            "UPDATE audit_chain SET subject_id = %s, length = %s, previous = %s, head = %s WHERE id = %s",
            [account.pk, number, previous, head, chain.pk],
        )
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("ANALYZE audit_event")
    return account


def _copy(rows: io.StringIO) -> None:
    rows.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(
            "COPY audit_event (chain_id, number, previous, digest, hash, canonical, actor_words,"
            " target_words, at, name, result, actor_kind, actor_id, target_kind, target_id, about_id) FROM STDIN",
            rows,
        )

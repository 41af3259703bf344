"""The activity page over five million events: first page, each filter and page 10,000, against rows by their keys."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlencode

from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import setup_test_environment, teardown_test_environment
from django.utils import timezone

from accounts.models import Asset, BusinessAccount, Person
from audit.models import Chain, Event
from audit.querysets import BY_TIME, stretch
from oversight.forms import ActivityFilter
from teams.actions import open_account
from teams.engagements import key_of
from teams.models import Membership, Role

from .turns import Fact, Figure, medians

EVENTS = 5_000_000
PEOPLE, ASSETS, NETWORKS = 200, 50, 400
ROWS, PAGE = 50, 25
DEEP = 10_000
AGENCY = "Bright Agency"
RARE = "zanzibar"  # a word that one event in 50,000 says
# Written by the database itself: an hour of acts would be too long. Names of acts, people, things, networks and words
# are drawn unevenly, as in life: a few stand in a large part of the log, most in little of it.
_WRITE = """
INSERT INTO audit_event (chain_id, number, previous, digest, hash, canonical, actor_words, target_words, at, name,
                         result, actor_kind, actor_id, target_kind, target_id, about_id)
SELECT %(chain)s, n, zero, zero, zero,
    '["account/1","' || at || '","' || name || '","done","person",' || actor || ',"' || kind || '",' || target
        || ',null,"' || repeat('0', 64) || '","' || repeat('0', 64) || '",{"after":{'
        || CASE WHEN name = 'grants.changed'
           THEN '"asset":{"id":' || asset || ',"name":"Channel ' || asset || '"},' ELSE '' END
        || '"role":' || role || '},"before":{"role":' || role || '},"origin":{"request":"' || md5(n::text)
        || '","session":"' || left(md5(n::text), 16) || '"},"v":2}]',
    '["' || md5(n::text) || '",{"address":"10.0.' || network / 200 || '.' || network %% 200
        || '","agent":"Mozilla/5.0 (X11)"' || CASE WHEN actor %% 10 = 3 THEN ',"behalf":"Bright Agency"' ELSE '' END
        || ',"label":"Person ' || actor || '"}]',
    '["' || md5(n::text) || '",{"label":"Person ' || target || '","reason":"word' || floor(6000 * u1 * u1 * u1)
        || ' word' || floor(6000 * u2 * u2 * u2) || CASE WHEN n %% 50000 = 7 THEN ' zanzibar' ELSE '' END || '"}]',
    at, name, CASE WHEN n %% 97 = 0 THEN 'refused' ELSE 'done' END,
    CASE WHEN n %% 13 = 0 THEN 'system' ELSE 'person' END, CASE WHEN n %% 13 = 0 THEN NULL ELSE %(first)s + actor END,
    kind, target, CASE WHEN kind = 'membership' THEN %(first)s + target END
FROM (
    SELECT n, '{"code":"analyst","name":"Analyst","permissions":["view_account","view_analytics"]}' AS role,
        decode(repeat('00', 32), 'hex') AS zero, %(begin)s::timestamptz + n * interval '18 seconds' AS at,
        floor(%(people)s * u1 * u1)::int AS actor, 1 + floor(%(people)s * u2 * u3)::int AS target,
        %(asset)s + floor(%(assets)s * u3)::int AS asset, floor(%(networks)s * u1 * u2)::int AS network, u1, u2,
        (ARRAY['role.changed', 'grants.changed', 'invitation.created', 'mail.sent', 'invitation.opened',
               'invitation.accepted', 'member.suspended', 'ownership.offered'])[ceil(7 * u3 * u3 + 0.00001
               + CASE WHEN n %% 20000 = 11 THEN 1 ELSE 0 END)::int] AS name,
        (ARRAY['membership', 'membership', 'invitation', 'role'])[1 + floor(4 * u3)::int] AS kind
    FROM (SELECT n, random() AS u1, random() AS u2, random() AS u3 FROM generate_series(%(from)s, %(to)s) AS n) AS drawn
) AS life
"""


def searching() -> Iterator[Figure | Fact]:
    """The rows of a page, found by each filter and rendered, against as many by their keys; and the whole pages."""
    account = _five_millions()
    log = Event.objects.in_chain_of(account)
    middle = log.filter(number__gte=EVENTS // 2).order_by("number")[:ROWS]
    keys = list(middle.values_list("pk", flat=True))
    client = Client(headers={"host": "localhost"})
    client.force_login(account.owner)
    teardown_test_environment()  # tests note every template that is rendered: that would be half of what is measured
    try:
        questions = _questions(account)
        rows = {words: _rows(account, asked) for words, asked in questions.items()}
        times = medians({"by key": lambda: _shown(Event.objects.filter(pk__in=keys), account), **rows}, turns=15)
        yield Fact(f"{ROWS} rows by primary key, rendered, in ms on this machine", f"{times['by key'] * 1000:.1f}")
        for words in questions:
            yield Figure(f"{words} / {ROWS} rows by primary key", times[words] / times["by key"], "at most 2")
        pages = medians({words: _page(client, account, asked) for words, asked in questions.items()}, turns=9)
        first = pages["first page"]
        slowest = max(pages, key=lambda words: pages[words])
        yield Fact("the first page, whole, in ms on this machine", f"{first * 1000:.1f}")
        yield Figure("page 10,000, whole / the first page, whole", pages["page 10,000"] / first, "at most 2")
        yield Figure(f"the slowest page ({slowest}), whole / the first", pages[slowest] / first, "at most 2")
    finally:
        setup_test_environment()


def _rows(account: BusinessAccount, asked: dict[str, object]) -> Callable[[], None]:
    form = ActivityFilter({name: str(value) for name, value in asked.items()}, account=account)
    wanted = form.narrowing()
    log = Event.objects.in_chain_of(account)
    before = asked.get("before")

    def find() -> None:
        older = log.place_of(int(str(before))) if before else None
        _shown(stretch(log.narrowed(wanted), ROWS, by=BY_TIME, older_than=older).events, account)

    return find


def _shown(events: Iterable[Event], account: BusinessAccount) -> None:
    render_to_string("oversight/event_list.html", {"events": list(events), "account": account})


def _questions(account: BusinessAccount) -> dict[str, dict[str, object]]:
    people = dict(Membership.objects.filter(account=account).values_list("person__name", "person_id"))
    asset = Asset.objects.filter(account=account).order_by("pk")[22]
    day = (timezone.now() - dt.timedelta(days=400)).date()
    deep = {"before": EVENTS - (DEEP - 1) * PAGE}
    return {
        "first page": {},
        "page 10,000": deep,
        "person, busy": {"person": people["Person 1"]},
        "person, hardly there": {"person": people["Person 199"]},
        "person by name": {"q": "Person 120"},
        "act, in a third of all": {"act": "role.changed"},
        "act, one in 20,000": {"act": "ownership.offered"},
        "group of acts": {"act": "invitation."},
        "kind of target": {"kind": "role"},
        "one target": {"kind": "role", "target": 77},
        "asset": {"asset": asset.pk},
        "result refused": {"result": "refused"},
        "result done": {"result": "done"},
        "on an agency's behalf": {"behalf": f":{key_of(AGENCY)}"},
        "for the account itself": {"behalf": "own"},
        "by the portal": {"behalf": "portal"},
        "address, common": {"address": "10.0.0.1"},
        "address, rare": {"address": "10.0.1.190"},
        "word, one in 50,000": {"words": RARE},
        "word, one in 5,000": {"words": "word5990"},
        "word, in one of 20": {"words": "word0"},
        "two words": {"words": "word0 person 17"},
        "word that nothing says": {"words": "qqqq"},
        "a day long ago": {"since": day, "until": day},
        "page 10,000 of what was done": {"result": "done", **deep},
        "person, act, result and address": {
            "person": people["Person 1"], "act": "role.changed", "result": "done", "address": "10.0.0.1",
        },
        "word and person": {"words": "word0", "person": people["Person 1"]},
    }  # fmt: skip


def _page(client: Client, account: BusinessAccount, asked: dict[str, object]) -> Callable[[], None]:
    path = f"/accounts/{account.slug}/activity/?{urlencode(asked)}"

    def get() -> None:
        answer = client.get(path)
        if answer.status_code != 200 or b"was not understood" in answer.content:
            raise SystemExit(f"{path} answered {answer.status_code}")

    return get


def _five_millions() -> BusinessAccount:
    owner = Person.objects.create_user("owner@millions.example", name="Olga Berg")
    account = open_account(name="millions", kind="business", by=owner)
    people = Person.objects.bulk_create(
        Person(email=f"p{number}@millions.example", name=f"Person {number}", password="!") for number in range(PEOPLE)
    )
    role = Role.objects.built_in("editor")
    Membership.objects.bulk_create(
        Membership(account=account, person=person, lasting_role=role, confirmed_at=timezone.now()) for person in people
    )
    assets = Asset.objects.bulk_create(Asset(account=account, name=f"Channel {number}") for number in range(ASSETS))
    chain = Chain.objects.get(kind="account", subject_id=account.pk)
    begin = timezone.now() - dt.timedelta(seconds=18 * EVENTS + 60)
    given = {
        "chain": chain.pk, "people": PEOPLE, "assets": ASSETS, "networks": NETWORKS, "begin": begin,
        "first": people[0].pk, "asset": assets[0].pk,
    }  # fmt: skip
    indexes = [index for index in Event._meta.indexes if index.name != "event_chain_at"]
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.remove_index(Event, index)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # rows without an act, for the pages alone
        cursor.execute("DELETE FROM audit_event WHERE chain_id = %s", [chain.pk])
        for start in range(1, EVENTS + 1, 250_000):
            cursor.execute(_WRITE, {**given, "from": start, "to": min(start + 249_999, EVENTS)})
        cursor.execute("UPDATE audit_chain SET length = %s WHERE id = %s", [EVENTS, chain.pk])
        cursor.execute("SET session_replication_role = DEFAULT")
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.add_index(Event, index)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE audit_event")
    return account

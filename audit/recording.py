"""The one way to act and to write it down (rules 12 and 17)."""

import functools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, ParamSpec, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import connection, models, transaction
from django.utils.translation import gettext

from . import clock
from .canonical import Snapshot, digest_of, harmless, harmless_text, instant, text_of
from .events import Act
from .models import Chain, Event
from .origin import origin_of_this_request
from .personal import apart, words_of
from .planned import Planned
from .querysets import kind_of

FORM = 2  # of the canonical text
P = ParamSpec("P")
R = TypeVar("R")


class _System:
    """The portal itself as an actor: deadlines, deliveries."""

    def __str__(self) -> str:
        return "AccessPortal"


class _Portal:
    """The chain of acts by nobody we know, such as a sign-in under an unknown address."""

    audit_kind = Chain.Kind.PORTAL
    pk = 0

    def __str__(self) -> str:
        return "AccessPortal"


SYSTEM = _System()
PORTAL = _Portal()


class Refused(Exception):
    """An act that a rule refuses. `words` tell the person why and what to do; they are safe to show."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was tried when an action was refused: enough for the door to record it."""

    act: Act
    by: Any
    on: Any
    target: Any


def action(act: Act) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function the command of one act: one transaction of its own, never inside another (rule 12).

    The function takes keyword arguments only, `by` among them. When a rule refuses it, the exception carries the
    `attempt`, so that the door which catches it can record the refusal after the rollback.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def acting(*args: P.args, **given: P.kwargs) -> R:
            try:
                with transaction.atomic(durable=True):
                    return function(*args, **given)
            except (Refused, PermissionDenied) as refusal:
                refusal.attempt = _attempt(act, given)  # type: ignore[union-attr]  # read by record_refusal alone
                raise

        acting.act = act  # type: ignore[attr-defined]  # lets the house's tests find every action
        return acting

    return decorate


def _attempt(act: Act, given: Mapping[str, Any]) -> Attempt | None:
    """Find account and target among the arguments of an action: the first row given, and its account.

    Where nothing is given yet, such as when an account is opened, it stands in the chain of the person who tried.
    """
    rows = [value for name, value in given.items() if name != "by" and isinstance(value, models.Model)]
    rows = rows or [value for value in [given.get("by")] if isinstance(value, models.Model)]
    if not rows:
        return None
    target = rows[0]
    on = target if kind_of(target) in Chain.Kind.values else getattr(target, "account", None)
    return Attempt(act, given.get("by"), on, target) if on is not None else None


@dataclass(frozen=True, slots=True)
class Recorded:
    """An act that has just been written down as event `number` in the chain of `on`; `about` is whom it concerns.

    `parts` are those that sentences are made of: actor, target, before, after and reason, with long lists cut; `after`
    is what the act gave, whole.
    """

    of: Act
    on: Any
    target: Any
    number: int
    actor_id: int | None
    about: int | None
    parts: Mapping[str, Any]
    after: Mapping[str, Any]


Listener = Callable[[Sequence[Recorded]], None]
_listeners: dict[str, list[Listener]] = {}


def on_record(acts: Iterable[Act], listener: Listener) -> None:
    """Let an app hear of acts that were done, right after their event and in the same transaction.

    A listener gets the events of one act, one for each chain that it touched. What it writes belongs to the act: when
    it fails, the act doesn't happen. Refused acts are not told.
    """
    for act in acts:
        _listeners.setdefault(act.name, []).append(listener)


Guard = Callable[[Act, Any, Sequence[Any]], None]
_guards: list[Guard] = []


def guard(function: Guard) -> None:
    """Ask this of every act right before its events, with who acts and the things in whose chains they stand.

    What it raises refuses the act, which then has not happened (rule 12).
    """
    _guards.append(function)


def _ask_guards(act: Act, by: Any, places: Sequence[Any]) -> None:
    for ask in _guards:
        ask(act, by, places)


Imprinter = Callable[[Collection[int]], Mapping[int, list[dict[str, Any]]]]
_imprinters: list[Imprinter] = []


def imprint(function: Imprinter) -> None:
    """Put into each event of an account how what its act touched stands now; the floor above knows what that is.

    The function gets the accounts' ids, and returns entries by account: ids, codes and times, and no words of people.
    """
    _imprinters[:] = [function]


Sending = Callable[[Any, Collection[int]], Mapping[int, str]]
_senders: list[Sending] = []


def sent_by(function: Sending) -> None:
    """Put into each event of an account on whose behalf its actor acts there; the floor above knows who sends whom.

    The function gets who acts and the accounts' ids, and returns organisations by account; none for their own people.
    """
    _senders[:] = [function]


def _behalf(by: Any, places: Sequence[Any]) -> Mapping[int, str]:
    accounts = [pk for pk in map(_account, places) if pk]
    return _senders[0](by, accounts) if _senders and accounts else {}


def _imprints(places: Sequence[Any]) -> Mapping[int, list[dict[str, Any]]]:
    accounts = [pk for pk in map(_account, places) if pk]
    return _imprinters[0](accounts) if _imprinters and accounts else {}


def _account(place: Any) -> int:
    """Return the id of the account in whose chain an event stands, 0 for another chain."""
    return place.pk if kind_of(place) == Chain.Kind.ACCOUNT else 0


def record_refusal(refusal: Exception) -> None:
    """Record that an action was refused, in a transaction of its own (rule 12). Does nothing where none was tried.

    A refusal that knows how it goes on (`settle`) sees to that itself: its act is not refused, but waits.
    """
    if settle := getattr(refusal, "settle", None):
        settle()
        return
    attempt: Attempt | None = getattr(refusal, "attempt", None)
    if attempt is not None:
        words, refused = getattr(refusal, "words", str(refusal)), Event.Result.REFUSED
        note(attempt.act, by=attempt.by, on=attempt.on, target=attempt.target, reason=words, result=refused)


def note(act: Act, **event: Any) -> int:
    """Record something that changes nothing here: a sign-in, an opened link, a refusal. Takes what `record` takes."""
    with transaction.atomic():
        return record(act, **event)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one of several events of an act says, each in a chain of its own: which chain, about what, and what changed.

    `on`, `target`, `before` and `after` are those of `record`.
    """

    on: Any
    target: Any = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


def record(
    act: Act,
    *,
    by: Any,
    on: Any,
    target: Any = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    result: str = Event.Result.DONE,
    stood: Sequence[Mapping[str, Any]] = (),
) -> int:
    """Write one event at the head of a chain and return its number there (rules 12, 16, 17).

    `by` is a person, an anonymous user or SYSTEM; `on` is the account, the person or PORTAL whose chain it is;
    `target` is what the act is about (left out: `on` itself). Time, address and request come from the context. `stood`
    is how things stood where the chain begins from now on (`removing.stood_at`).
    """
    if result == Event.Result.DONE:
        _ask_guards(act, by, [on])
    imprints = _imprints([on]) if result == Event.Result.DONE else {}
    held: dict[str, list[Any]] = {"access": imprints.get(_account(on), []), "stood": list(stood)}
    said = _Said(by, _behalf(by, [on]).get(_account(on), ""), reason, result)
    event = _written(act, Entry(on, target, before, after), said, held=held)
    number = _append(event.kind, event.subject_id, event.digest, event.columns)
    if result == Event.Result.DONE:
        _tell(act, [event], [number])
    return number


def record_many(act: Act, *, by: Any, entries: Sequence[Entry], reason: str = "") -> list[int]:
    """Write one event of an act at the head of each of several chains; return their numbers, in the entries' order.

    The number of statements is the same for any number of chains. Raises ValueError for two entries in one chain: an
    act is one event there (rule 12).
    """
    if len({(kind_of(entry.on), entry.on.pk) for entry in entries}) < len(entries):
        raise ValueError("an act is exactly one event in each chain that it touches (rule 12)")
    _ask_guards(act, by, [entry.on for entry in entries])
    result = Event.Result.DONE
    places = [entry.on for entry in entries]
    imprints, senders = _imprints(places), _behalf(by, places)
    events = [
        _written(
            act,
            entry,
            _Said(by, senders.get(_account(entry.on), ""), reason, result),
            held={"access": imprints.get(_account(entry.on), [])},
        )
        for entry in entries
    ]
    numbers = _append_many(events)
    _tell(act, events, numbers)
    return numbers


class _Written(NamedTuple):
    """An event put into words, not yet in its chain; `columns` are those beside the digest, in the table's order."""

    kind: str
    subject_id: int
    digest: bytes
    columns: tuple[Any, ...]
    told: Recorded  # without its number, which the chain gives


class _Said(NamedTuple):
    """What all events of an act say alike, but for on whose behalf its actor acts in an account."""

    by: Any
    behalf: str
    reason: str
    result: str


def _written(act: Act, entry: Entry, said: _Said, *, held: Mapping[str, list[Any]]) -> _Written:
    on, target = entry.on, entry.target
    by, behalf, reason, result = said
    actor, aim = _snapshot(by), _snapshot(on if target is None else target)
    origin = origin_of_this_request()
    now = clock.now()
    about = aim.id if aim.kind == "person" else getattr(target, "person_id", None)
    searched = (act.name, str(result), actor.kind, actor.id, aim.kind, aim.id, about)
    parts = {
        "before": harmless(entry.before or {}),
        "after": harmless(entry.after or {}),
        "reason": harmless(reason),
    }
    (before, before_words), (after, after_words) = apart(parts["before"]), apart(parts["after"])
    agent = {"address": harmless(origin.address), "agent": harmless(origin.user_agent)}
    changed = {"before": before_words, "after": after_words}
    words = (
        words_of({"label": actor.label, "behalf": harmless_text(behalf), **agent}),
        words_of({"label": aim.label, "reason": parts["reason"], **changed}),
    )
    text = text_of(
        [f"{kind_of(on)}/{on.pk}", instant(now), *searched],
        words,
        {
            "v": FORM,
            "before": before,
            "after": after,
            "origin": {"session": origin.session, "request": origin.request_id},
            **{key: entries for key, entries in held.items() if entries},
        },
    )
    aimed_at = on if target is None else target
    person_acting = actor.id if actor.kind == "person" else None
    labels = {"actor": {"label": actor.label}, "target": {"label": aim.label}}
    told = Recorded(act, on, aimed_at, 0, person_acting, about, {**parts, **labels}, entry.after or {})
    return _Written(kind_of(on), on.pk, digest_of(text), (text, *words, now, *searched), told)


def _tell(act: Act, events: Sequence[_Written], numbers: Sequence[int]) -> None:
    """Let whoever asked for it hear of an act that was done, in all chains that it touched at once."""
    if act.name in _listeners:
        done = [replace(event.told, number=number) for event, number in zip(events, numbers, strict=True)]
        for listener in _listeners[act.name]:
            listener(done)


_APPEND = Planned(
    "audit_append",
    "bytea, text, bigint, bytea, text, text, text, timestamptz, text, text, text, bigint, text, bigint, bigint",
    """
WITH head AS (
    UPDATE audit_chain
    SET length = length + 1, previous = head, head = sha256(head || int8send(length + 1) || %s)
    WHERE kind = %s AND subject_id = %s
    RETURNING id, length, previous, head
)
INSERT INTO audit_event (chain_id, number, previous, digest, hash, canonical, actor_words, target_words, at, name,
                         result, actor_kind, actor_id, target_kind, target_id, about_id)
SELECT id, length, previous, %s, head, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s FROM head
RETURNING number
""",
)
_BEGIN = """
INSERT INTO audit_chain (kind, subject_id, length, previous, head)
VALUES (%s, %s, 0, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex')) ON CONFLICT DO NOTHING
"""
# The chains of several events are begun and locked in one order, so that two such acts can't wait for each other.
_BEGIN_MANY = """
INSERT INTO audit_chain (kind, subject_id, length, previous, head)
SELECT kind, subject_id, 0, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex')
FROM unnest(%s::text[], %s::bigint[]) AS wanted (kind, subject_id) ORDER BY kind, subject_id ON CONFLICT DO NOTHING
"""
_LOCK_MANY = """
SELECT chain.kind, chain.subject_id, chain.id
FROM audit_chain chain JOIN unnest(%s::text[], %s::bigint[]) AS wanted (kind, subject_id) USING (kind, subject_id)
ORDER BY chain.kind, chain.subject_id FOR NO KEY UPDATE OF chain
"""
_APPEND_MANY = """
WITH given AS (
    SELECT * FROM unnest(%s::bigint[], %s::bytea[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::text[],
                         %s::text[], %s::text[], %s::bigint[], %s::text[], %s::bigint[], %s::bigint[])
    AS one (chain_id, digest, canonical, actor_words, target_words, at, name, result, actor_kind, actor_id,
            target_kind, target_id, about_id)
), head AS (
    UPDATE audit_chain chain
    SET length = chain.length + 1, previous = chain.head,
        head = sha256(chain.head || int8send(chain.length + 1) || given.digest)
    FROM given WHERE chain.id = given.chain_id
    RETURNING chain.id, chain.length, chain.previous, chain.head
)
INSERT INTO audit_event (chain_id, number, previous, digest, hash, canonical, actor_words, target_words, at, name,
                         result, actor_kind, actor_id, target_kind, target_id, about_id)
SELECT chain_id, head.length, head.previous, digest, head.head, canonical, actor_words, target_words, at, name, result,
       actor_kind, actor_id, target_kind, target_id, about_id
FROM head JOIN given ON given.chain_id = head.id
RETURNING chain_id, number
"""


def _append(kind: str, subject_id: int, digest: bytes, columns: tuple[Any, ...]) -> int:
    """Move the chain's head and insert the event in one statement; begin the chain with its first event."""
    _require_the_transaction_of_the_act()
    with connection.cursor() as cursor:
        for _try in range(2):
            _APPEND.execute(cursor, (digest, kind, subject_id, digest, *columns))
            row = cursor.fetchone()
            if row:
                return row[0]
            cursor.execute(_BEGIN, (kind, subject_id))
    raise RuntimeError(f"the chain {kind}/{subject_id} could not be begun")


def _append_many(events: Sequence[_Written]) -> list[int]:
    """Do for each of several chains what `_append` does for one; return the numbers in the order of the events."""
    _require_the_transaction_of_the_act()
    places = [(event.kind, event.subject_id) for event in events]
    if not places:
        return []
    wanted = [list(column) for column in zip(*places, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN_MANY, wanted)
        cursor.execute(_LOCK_MANY, wanted)
        ids = {(kind, subject_id): pk for kind, subject_id, pk in cursor.fetchall()}
        chains = [ids[place] for place in places]
        rows = [(chain, event.digest, *event.columns) for chain, event in zip(chains, events, strict=True)]
        cursor.execute(_APPEND_MANY, [list(column) for column in zip(*rows, strict=True)])
        numbers = dict(cursor.fetchall())
    return [numbers[chain] for chain in chains]


def _require_the_transaction_of_the_act() -> None:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("an event is written in the transaction of its act (rule 12)")


def _snapshot(thing: Any) -> Snapshot:
    if isinstance(thing, Snapshot):
        return thing
    if thing is SYSTEM:
        return Snapshot("system", None, str(SYSTEM))
    if thing is None or isinstance(thing, AnonymousUser):
        return Snapshot("anonymous", None, gettext("Someone not signed in"))
    return Snapshot(kind_of(thing), thing.pk, harmless_text(str(thing)))

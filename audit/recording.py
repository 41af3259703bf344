"""The one way to act and to write it down (rules 12 and 17)."""

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext

from .canonical import Snapshot, digest_of, harmless, harmless_text, instant, text_of
from .events import Act
from .models import Chain, Event
from .origin import origin_of_this_request
from .planned import Planned
from .querysets import kind_of

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


Listener = Callable[[Recorded], None]
_listeners: dict[str, list[Listener]] = {}


def on_record(acts: Iterable[Act], listener: Listener) -> None:
    """Let an app hear of acts that were done, right after their event and in the same transaction.

    What the listener writes belongs to the act: when it fails, the act doesn't happen. Refused acts are not told.
    """
    for act in acts:
        _listeners.setdefault(act.name, []).append(listener)


def record_refusal(refusal: Exception) -> None:
    """Record that an action was refused, in a transaction of its own (rule 12). Does nothing where none was tried."""
    attempt: Attempt | None = getattr(refusal, "attempt", None)
    if attempt is not None:
        words, refused = getattr(refusal, "words", str(refusal)), Event.Result.REFUSED
        note(attempt.act, by=attempt.by, on=attempt.on, target=attempt.target, reason=words, result=refused)


def note(act: Act, **event: Any) -> int:
    """Record something that changes nothing here: a sign-in, an opened link, a refusal. Takes what `record` takes."""
    with transaction.atomic():
        return record(act, **event)


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
) -> int:
    """Write one event at the head of a chain and return its number there (rules 12, 16, 17).

    `by` is a person, an anonymous user or SYSTEM; `on` is the account, the person or PORTAL whose chain it is;
    `target` is what the act is about (left out: `on` itself). Time, address and request come from the context.
    """
    actor, aim = _snapshot(by), _snapshot(on if target is None else target)
    origin = origin_of_this_request()
    now = timezone.now()
    about = aim.id if aim.kind == "person" else getattr(target, "person_id", None)
    searched = (act.name, str(result), actor.kind, actor.id, aim.kind, aim.id, about)
    parts = {
        "before": harmless(before or {}),
        "after": harmless(after or {}),
        "reason": harmless(reason),
    }
    text = text_of(
        [f"{kind_of(on)}/{on.pk}", instant(now), *searched],
        {
            "v": 1,
            "actor": actor.label,
            "target": aim.label,
            **parts,
            "origin": {
                "address": harmless(origin.address),
                "agent": harmless(origin.user_agent),
                "session": origin.session,
                "request": origin.request_id,
            },
        },
    )
    number = _append(kind_of(on), on.pk, digest_of(text), (text, now, *searched))
    if act.name in _listeners and result == Event.Result.DONE:
        labels = {"actor": {"label": actor.label}, "target": {"label": aim.label}}
        person_acting = actor.id if actor.kind == "person" else None
        aimed_at = on if target is None else target
        done = Recorded(act, on, aimed_at, number, person_acting, about, {**parts, **labels}, after or {})
        for listener in _listeners[act.name]:
            listener(done)
    return number


_APPEND = Planned(
    "audit_append",
    "bytea, text, bigint, bytea, text, timestamptz, text, text, text, bigint, text, bigint, bigint",
    """
WITH head AS (
    UPDATE audit_chain
    SET length = length + 1, previous = head, head = sha256(head || int8send(length + 1) || %s)
    WHERE kind = %s AND subject_id = %s
    RETURNING id, length, previous, head
)
INSERT INTO audit_event (chain_id, number, previous, digest, hash, canonical, at, name, result,
                         actor_kind, actor_id, target_kind, target_id, about_id)
SELECT id, length, previous, %s, head, %s, %s, %s, %s, %s, %s, %s, %s, %s FROM head
RETURNING number
""",
)
_BEGIN = """
INSERT INTO audit_chain (kind, subject_id, length, previous, head)
VALUES (%s, %s, 0, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex')) ON CONFLICT DO NOTHING
"""


def _append(kind: str, subject_id: int, digest: bytes, columns: tuple[Any, ...]) -> int:
    """Move the chain's head and insert the event in one statement; begin the chain with its first event."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("an event is written in the transaction of its act (rule 12)")
    with connection.cursor() as cursor:
        for _try in range(2):
            _APPEND.execute(cursor, (digest, kind, subject_id, digest, *columns))
            row = cursor.fetchone()
            if row:
                return row[0]
            cursor.execute(_BEGIN, (kind, subject_id))
    raise RuntimeError(f"the chain {kind}/{subject_id} could not be begun")


def _snapshot(thing: Any) -> Snapshot:
    if isinstance(thing, Snapshot):
        return thing
    if thing is SYSTEM:
        return Snapshot("system", None, str(SYSTEM))
    if thing is None or isinstance(thing, AnonymousUser):
        return Snapshot("anonymous", None, gettext("Someone not signed in"))
    return Snapshot(kind_of(thing), thing.pk, harmless_text(str(thing)))

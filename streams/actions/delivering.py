"""Sending what is due: whose turn it is, how it went, and what comes next.

The database is the truth (rule 10): a batch is a row before it is sent, and the stream's cursor moves on only when the
receiver took it. A worker that is killed leaves a lease behind; when that runs out, the next one sends the same batch
again, under the same id: at least once, and in the order of the chain.
"""

import datetime as dt
import logging
import time
from dataclasses import dataclass
from itertools import accumulate

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.doorbell import ring
from accounts.errors import ChangedMeanwhile
from audit.recording import SYSTEM

from .. import delivery as handing
from ..delivery import Outcome
from ..messages import Written, batch_of, next_of
from ..models import Delivery, Stream
from ..policies import KEPT_FOR, LEASE, MOST_BYTES, MOST_EVENTS, MOST_TRIES, PAUSES, STOPPED_AFTER
from .keeping import WORK
from .parking import park, stop

logger = logging.getLogger(__name__)

LONGEST_WORK = 45.0  # seconds of one task; the rest is for the next, so that other streams get theirs
MOST_A_SWEEP = 500


@dataclass(frozen=True, slots=True)
class Turn:
    """What a worker has taken: the stream as it holds it, what to send, and the events of that."""

    stream: Stream
    delivery: Delivery
    events: list[Written]


def deliver(*, stream_id: int) -> None:
    """Send what a stream has to send, batch after batch, until it has no more, one fails, or its time is over.

    Running it twice, or at once, sends everything once, unless a worker was killed.
    """
    ends = time.monotonic() + LONGEST_WORK
    while turn := claim(stream_id):
        try:
            if not settle(turn, _tried(turn)):
                return
        except ChangedMeanwhile:  # removed, paused, or its lease ran out and another worker has it
            logger.warning("stream %s was taken over or changed while it was sent", stream_id)
            return
        if time.monotonic() > ends:
            ring(WORK, stream_id=stream_id)
            return


def sweep() -> int:
    """Ring for every stream that has something to send, and return how many they are."""
    due = list(Stream.objects.due().order_by("due_at", "pk").values_list("pk", flat=True)[:MOST_A_SWEEP])
    for stream_id in due:
        ring(WORK, stream_id=stream_id)
    return len(due)


def clear_old() -> int:
    """Delete what was settled long ago, and return how many; what was put aside stays until it is decided."""
    return Delivery.objects.settled_before(timezone.now() - KEPT_FOR).delete()[0]


@transaction.atomic  # noqa: TID251  # taking a turn is no act of anybody
def claim(stream_id: int) -> Turn | None:
    """Take a due stream for the length of a lease, with what is next; None when it is not due, or taken.

    What somebody asked for goes first; then the batch that is being tried, or the next one of the chain.
    """
    rows = Stream.objects.due().select_for_update(skip_locked=True, no_key=True, of=("self",))
    stream = rows.filter(pk=stream_id).select_related("account").first()
    if stream is None:
        return None
    delivery = stream.deliveries.by_hand().order_by("pk").first() or stream.deliveries.open_batch().first()
    if delivery is None:
        delivery, events = _next_batch(stream)
    else:
        events = [] if delivery.is_test else batch_of(stream, delivery.first, delivery.last)
    stream.turn, stream.leased_until = stream.turn + 1, timezone.now() + LEASE
    stream.save(update_fields=["turn", "leased_until"])
    delivery.stream, delivery.tries, delivery.tried_at = stream, delivery.tries + 1, timezone.now()
    delivery.save()
    return Turn(stream, delivery, events)


def _next_batch(stream: Stream) -> tuple[Delivery, list[Written]]:
    """Return the events behind the cursor, as many as one message takes, as a batch that is not saved yet."""
    events = next_of(stream, MOST_EVENTS)
    sizes = accumulate(len(one.line) for one in events)
    events = events[: max(1, sum(size <= MOST_BYTES for size in sizes))]
    return Delivery(stream=stream, first=events[0].event.number, last=events[-1].event.number), events


def _tried(turn: Turn) -> Outcome:
    if turn.delivery.tries > MOST_TRIES:  # each worker died of it
        return Outcome(_("No worker came back from sending it."))
    return handing.hand_over(turn.stream, turn.delivery, turn.events)


def settle(turn: Turn, outcome: Outcome) -> bool:
    """Write down how a try went; return whether the stream goes on. Raises ChangedMeanwhile."""
    if not outcome.problem:
        _settle_taken(turn)
        return True
    logger.warning("stream %s, try %s: %s", turn.stream.pk, turn.delivery.tries, outcome.problem)
    if turn.delivery.state != Delivery.State.WAITING:
        _settle_by_hand(turn, outcome.problem)
        return True
    since = turn.stream.failing_since
    if outcome.gone or (since is not None and timezone.now() - since >= STOPPED_AFTER):
        stop(stream=turn.stream, problem=outcome.problem, by=SYSTEM)
    elif turn.delivery.tries >= MOST_TRIES:
        park(delivery=turn.delivery, turn=turn.stream.turn, problem=outcome.problem, by=SYSTEM)
        return True
    else:
        _settle_delayed(turn, outcome.problem, PAUSES[turn.delivery.tries - 1])
    return False


def _held(turn: Turn) -> tuple[Stream, Delivery]:
    """Lock what the worker holds. Raises ChangedMeanwhile when it is another's by now, or gone."""
    stream = Stream.objects.filter(turn=turn.stream.turn).lock(turn.stream.pk)
    return stream, Delivery.objects.unsettled().lock(turn.delivery.pk)


@transaction.atomic  # noqa: TID251  # a delivery stands in no log: the log would feed itself
def _settle_taken(turn: Turn) -> None:
    stream, delivery = _held(turn)
    now = timezone.now()
    if delivery.state == Delivery.State.WAITING:
        stream.cursor, stream.due_at = delivery.last, now
    stream.last_success_at, stream.failing_since, stream.problem, stream.leased_until = now, None, "", None
    stream.save(update_fields=["cursor", "due_at", "last_success_at", "failing_since", "problem", "leased_until"])
    delivery.state, delivery.problem = Delivery.State.DELIVERED, ""
    delivery.save(update_fields=["state", "problem"])


@transaction.atomic  # noqa: TID251  # as above
def _settle_by_hand(turn: Turn, problem: str) -> None:
    """Leave it at one try: a test has failed, what was put aside stays so, and the order of the log is not held up."""
    stream, delivery = _held(turn)
    stream.leased_until = None
    stream.save(update_fields=["leased_until"])
    delivery.state = Delivery.State.FAILED if delivery.is_test else Delivery.State.PARKED
    delivery.problem = problem
    delivery.save(update_fields=["state", "problem"])


@transaction.atomic  # noqa: TID251  # as above
def _settle_delayed(turn: Turn, problem: str, pause: dt.timedelta) -> None:
    stream, delivery = _held(turn)
    now = timezone.now()
    stream.due_at, stream.leased_until, stream.problem = now + pause, None, problem
    stream.failing_since = stream.failing_since or now
    stream.save(update_fields=["due_at", "leased_until", "problem", "failing_since"])
    delivery.problem = problem
    delivery.save(update_fields=["problem"])

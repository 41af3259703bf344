"""What a receiver did not take: put aside, sent again or dropped; and giving up on a receiver."""

from typing import Any

from django.utils import timezone

from accounts import authority
from accounts.doorbell import ring
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_SECURITY, VIEW_AUDIT
from audit.recording import action, record

from ..events import BATCH_DROPPED, BATCH_PARKED, BATCH_SENT_AGAIN, STREAM_STOPPED
from ..models import Delivery, Stream
from .keeping import WORK


@action(BATCH_PARKED)
def park(*, delivery: Delivery, turn: int, problem: str, by: Any) -> Delivery:
    """Put a batch aside that was tried too often, and let the stream go on behind it. Return the batch.

    Raises ChangedMeanwhile when another worker has the stream by now.
    """
    account = BusinessAccount.objects.lock(delivery.stream.account_id)
    stream = Stream.objects.filter(turn=turn).lock(delivery.stream_id)
    delivery = Delivery.objects.open_batch().lock(delivery.pk)
    delivery.state, delivery.problem = Delivery.State.PARKED, problem
    delivery.save(update_fields=["state", "problem"])
    stream.cursor, stream.due_at, stream.leased_until, stream.problem = delivery.last, timezone.now(), None, problem
    stream.failing_since = stream.failing_since or timezone.now()
    stream.save(update_fields=["cursor", "due_at", "leased_until", "problem", "failing_since"])
    after = {**_as_event(delivery), "tries": delivery.tries}
    record(BATCH_PARKED, by=by, on=account, target=stream, after=after, reason=problem)
    return delivery


@action(STREAM_STOPPED)
def stop(*, stream: Stream, problem: str, by: Any) -> Stream:
    """Pause a stream whose receiver has taken nothing for days, or wants nothing any more. Nothing is lost by it.

    `stream` is as the worker holds it. Raises ChangedMeanwhile when another worker has it by now, or it is paused.
    """
    account = BusinessAccount.objects.lock(stream.account_id)
    stream = Stream.objects.filter(state=Stream.State.ACTIVE, turn=stream.turn).lock(stream.pk)
    stream.state, stream.problem, stream.leased_until = Stream.State.PAUSED, problem, None
    stream.save(update_fields=["state", "problem", "leased_until"])
    record(STREAM_STOPPED, by=by, on=account, target=stream, after={"next": stream.cursor + 1}, reason=problem)
    return stream


@action(BATCH_SENT_AGAIN)
def send_again(*, delivery: Delivery, by: Person) -> Delivery:
    """Let a batch that was put aside be tried once more, under its own id; return it.

    Raises MissingPermission, ChangedMeanwhile (somebody has decided already).
    """
    account, delivery = _lock_parked(delivery, by)
    delivery.state, delivery.tries = Delivery.State.AGAIN, 0
    delivery.save(update_fields=["state", "tries"])
    record(BATCH_SENT_AGAIN, by=by, on=account, target=delivery.stream, after=_as_event(delivery))
    ring(WORK, stream_id=delivery.stream_id)
    return delivery


@action(BATCH_DROPPED)
def drop_batch(*, delivery: Delivery, by: Person) -> Delivery:
    """Decide that a batch that was put aside is not sent any more; return it. The log keeps its events.

    Raises MissingPermission, ChangedMeanwhile (somebody has decided already).
    """
    account, delivery = _lock_parked(delivery, by)
    delivery.state = Delivery.State.DROPPED
    delivery.save(update_fields=["state"])
    record(BATCH_DROPPED, by=by, on=account, target=delivery.stream, after=_as_event(delivery))
    return delivery


def _lock_parked(delivery: Delivery, by: Person) -> tuple[BusinessAccount, Delivery]:
    account = BusinessAccount.objects.open().lock(delivery.stream.account_id)
    stream = Stream.objects.lock(delivery.stream_id)
    delivery = Delivery.objects.parked().lock(delivery.pk)
    delivery.stream, stream.account = stream, account
    authority.require(by, MANAGE_SECURITY, on=account)
    authority.require(by, VIEW_AUDIT, on=account)
    return account, delivery


def _as_event(delivery: Delivery) -> dict[str, int]:
    return {"first": delivery.first, "last": delivery.last}

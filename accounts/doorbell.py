"""Telling a worker that there is something to do. The row in the database is the truth; this is only the bell."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
SILENCE = 10.0  # seconds without ringing after a failure: fifty mails must not wait fifty times for a dead broker
_silent_until = 0.0
_muffled: ContextVar[bool] = ContextVar("muffled", default=False)


@contextmanager
def quiet() -> Iterator[None]:
    """Ring for nothing within the block: who posts mails there sees to them, or leaves them to the sweep."""
    token = _muffled.set(True)
    try:
        yield
    finally:
        _muffled.reset(token)


def ring(task: str, **ids: Any) -> None:
    """Queue `task` with these ids once the transaction is committed.

    With the broker out of reach nothing is lost and nobody waits: the sweep finds the row (rule 10).
    """

    def now() -> None:
        global _silent_until  # noqa: PLW0603  # one bell, one process
        if time.monotonic() < _silent_until:
            return
        try:
            current_app.send_task(task, kwargs=ids, retry=False)
        except (OperationalError, RedisError, OSError) as problem:
            _silent_until = time.monotonic() + SILENCE
            logger.warning("the broker did not take %s: %s; the sweep will find it", task, type(problem).__name__)

    if not _muffled.get():
        transaction.on_commit(now, robust=True)  # the act is done by then: whatever the bell does, it stays done

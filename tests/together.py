"""Several at once, on real connections: what races is tried so."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, connections, transaction

from audit import recording

PATIENCE = 60.0  # seconds until a test gives up on something that never comes


def committed(make: Callable[[], Any]) -> Any:
    """Make rows in one committed transaction: the owner's seat is checked at its end."""
    with transaction.atomic():  # noqa: TID251  # rows of a test, not an act
        return make()


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls at the same time, each with connections of its own; return what they return or raise."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(_outcome, calls))


def waiting_behind(holder: Any, statements: Sequence[tuple[str, Sequence[Any]]], call: Callable[[], Any]) -> Any:
    """Let `call` wait for a lock that `holder` (a connection beside Django's) takes by its statements, then commit them.

    Returns what the call returns or raises, now that things are as the statements left them.
    """
    holder.autocommit = False
    with holder.cursor() as cursor, ThreadPoolExecutor(1) as pool:
        for statement, values in statements:
            cursor.execute(statement, values)
        answer = pool.submit(at_once, call)
        try:
            until(lambda: _waits_for(cursor))
            holder.commit()
        finally:
            holder.rollback()  # whatever happened, nothing waits any longer
        return answer.result()[0]


def _waits_for(cursor: Any) -> bool:
    cursor.execute(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
    )
    return cursor.fetchone()[0]


@dataclass(frozen=True)
class Race:
    """How two acts went, of which the second had to wait for the first: what each returned or raised."""

    first: Any
    second: Any
    waited_for: str  # the table whose row the second waited for; empty where it was no row


def one_behind_the_other(first: Callable[[], Any], second: Callable[[], Any]) -> Race:
    """Run `first` up to its event, begin `second`, and let `first` commit once `second` waits for one of its locks.

    An act writes its event last, so all its locks are held and all its changes are made by then. Fails where `second`
    comes to its end without waiting for anything.
    """
    holds, goes_on = threading.Event(), threading.Event()
    of_first = threading.local()
    begun: Future[int] = Future()

    def held(append: Callable[..., Any]) -> Callable[..., Any]:
        def held_first(*event: Any) -> Any:
            if hasattr(of_first, "here"):
                holds.set()
                assert goes_on.wait(PATIENCE)
            return append(*event)

        return held_first

    def run_first() -> Any:
        of_first.here = True
        return first()

    def run_second() -> Any:
        connection.ensure_connection()
        begun.set_result(connection.connection.info.backend_pid)
        return second()

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        for written in ("_append", "_append_many"):
            patch.setattr(recording, written, held(getattr(recording, written)))
        before = pool.submit(_outcome, run_first)
        try:
            until(lambda: holds.is_set() or before.done())
            assert holds.is_set(), f"the first never came to its event: {before.result()!r}"
            behind = pool.submit(_outcome, run_second)
            waited_for = _table_waited_for(begun.result(PATIENCE), behind)
        finally:
            goes_on.set()
        return Race(before.result(PATIENCE), behind.result(PATIENCE), waited_for)


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as problem:  # noqa: BLE001  # the test looks at it
        return problem
    finally:
        connections.close_all()


def until(happens: Callable[[], Any]) -> Any:
    """Ask until the answer is a yes, and return it."""
    end = time.monotonic() + PATIENCE
    while not (answer := happens()):
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)  # between two questions; nothing depends on how long
    return answer


def _table_waited_for(backend: int, call: Future[Any]) -> str:
    """Return the table of the row that a backend waits for, once it waits."""
    until(lambda: call.done() or _ask("SELECT cardinality(pg_blocking_pids(%s)) > 0", backend))
    assert not call.done(), f"the second waited for nothing: {call.result()!r}"
    # Who waits for a row holds or awaits the lock on the tuple, besides waiting for the transaction that has it.
    return _ask("SELECT relation::regclass::text FROM pg_locks WHERE pid = %s AND locktype = 'tuple'", backend) or ""


def _ask(question: str, backend: int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(question, [backend])
        row = cursor.fetchone()
    return row and row[0]

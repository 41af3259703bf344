"""Several at once, on real connections: what races is tried so."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connections, transaction


def committed(make: Callable[[], Any]) -> Any:
    """Make rows in one committed transaction: the owner's seat is checked at its end."""
    with transaction.atomic():  # noqa: TID251  # rows of a test, not an act
        return make()


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls at the same time, each with connections of its own; return what they return or raise."""

    def run(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception as problem:  # noqa: BLE001  # the test looks at it
            return problem
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


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
            end = time.monotonic() + 10
            while not _waits_for(cursor):
                assert time.monotonic() < end, "it never came to wait for the lock"
                time.sleep(0.02)
            holder.commit()
        finally:
            holder.rollback()  # whatever happened, nothing waits any longer
        return answer.result()[0]


def _waits_for(cursor: Any) -> bool:
    cursor.execute(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
    )
    return cursor.fetchone()[0]

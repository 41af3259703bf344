"""Several at once, on real connections: what races is tried so."""

from collections.abc import Callable
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

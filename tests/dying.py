"""Processes that are killed in the middle of an act, for tests of all or nothing: `python -m tests.dying`.

Reads one JSON object a line: the database, the statement of the act at which to die, and the ids of the memberships to
offboard and of who does it. For each it forks a process that works on it, waits for its end and answers how it ended.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

BEFORE, AFTER, AT_COMMIT = "before", "after", "commit"


def die(*_anything: Any, **_more: Any) -> None:
    """End this very process as nothing else could: no handler runs, no connection is closed."""
    os.kill(os.getpid(), signal.SIGKILL)


def _die_at(moment: list[Any]) -> Callable[..., Any]:
    """Return a wrapper for statements that kills the process before or after the one with a number, from 1."""
    side, number = moment
    count = 0

    def wrapper(execute: Callable[..., Any], *statement: Any) -> Any:
        nonlocal count
        count += 1
        if (side, number) == (BEFORE, count):
            die()
        answer = execute(*statement)
        if (side, number) == (AFTER, count):
            die()
        return answer

    return wrapper


def _offboard(order: dict[str, Any]) -> None:
    from django.db import connection

    from accounts.models import Person
    from teams import actions
    from teams.models import Membership

    first, *also = Membership.objects.filter(pk__in=order["seats"]).order_by("pk")
    by = Person.objects.get(pk=order["by"])
    if order["moment"][0] == AT_COMMIT:
        commit = connection._commit
        connection._commit = lambda: die() if order["moment"][1] == BEFORE else (commit(), die())
    with connection.execute_wrapper(_die_at(order["moment"])):
        actions.offboard(membership=first, also=also, by=by, reason="Left")


def main() -> None:
    """Answer orders until there are no more."""
    import django
    from django.db import connections

    django.setup()
    for line in sys.stdin:
        order = json.loads(line)
        connections.settings["default"]["NAME"] = order["database"]
        if not (child := os.fork()):
            _offboard(order)
            os._exit(0)
        _pid, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

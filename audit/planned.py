"""Statements that each connection plans once: for the few that run in every request, planning is most of the cost."""

from collections.abc import Sequence
from itertools import count
from typing import Any
from weakref import WeakSet


class Planned:
    """One statement with `%s` for each parameter, prepared on a connection when it is first needed there.

    Behind PgBouncer a connection is nobody's own, so that the statement is sent as it is (setting PGBOUNCER).
    """

    def __init__(self, name: str, types: str, statement: str) -> None:
        numbers = count(1)
        pieces = statement.split("%s")
        numbered = "".join(
            piece + (f"${next(numbers)}" if at < len(pieces) - 1 else "") for at, piece in enumerate(pieces)
        )
        self._statement = statement
        self._prepare = f"PREPARE {name} ({types}) AS {numbered}"
        self._execute = f"EXECUTE {name} ({', '.join(['%s'] * (len(pieces) - 1))})"
        self._planned_on: WeakSet[Any] = WeakSet()

    def execute(self, cursor: Any, values: Sequence[Any]) -> None:
        """Run the statement with these values on a cursor of Django's."""
        database = cursor.db
        if database.connection not in self._planned_on:
            if database.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]:
                cursor.execute(self._statement, values)
                return
            cursor.execute(self._prepare)
            self._planned_on.add(database.connection)
        cursor.execute(self._execute, values)

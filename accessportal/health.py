"""/healthz and /readyz, answered before host check, redirect to https, session and database of the request come in.

Container engines and load balancers ask by address, over plain http and without a name: so this is a middleware, the
first in the list, and no view.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg2
import redis
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis.backoff import NoBackoff
from redis.retry import Retry

from audit import clock
from audit.keeping import State, state_of

log = logging.getLogger(__name__)

LAST_SWEEP = "outbox:last_sweep"  # the sweep of the outbox leaves its time here
OLDEST_SWEEP = 120  # seconds
START = 60  # seconds: so long a process that has just begun may wait for the first sweep
LIMIT = 2  # seconds for each check
REMEMBERED = 1  # seconds: whoever asks in a loop costs one check a second
TOLD_ONLY = {"record"}  # an alarm for whoever watches; the portal serves all the same
RECORD = {State.GOOD: "ok", State.NOT_KEPT: "not_kept", State.NEVER: "starting", State.BROKEN: "broken"}  # else late
began_at = time.monotonic()


class HealthMiddleware:
    """Answers the two addresses by itself and passes everything else on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._asked_at = float("-inf")
        self._parts: dict[str, str] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """200 `ok` for /healthz; for /readyz the state of each part, 503 when one fails."""
        if request.path_info not in ("/healthz", "/readyz") or request.method not in ("GET", "HEAD"):
            return self.get_response(request)
        if request.path_info == "/healthz":
            response = HttpResponse("ok", content_type="text/plain")
        else:
            parts = self._present_parts()
            ready = all(state == "ok" for part, state in parts.items() if part not in TOLD_ONLY)
            response = JsonResponse({"ready": ready, **parts}, status=200 if ready else 503)
            response._has_been_logged = "starting" in parts.values()  # type: ignore[attr-defined]  # else an ERROR line
        response["Cache-Control"] = "no-store"
        return response

    def _present_parts(self) -> dict[str, str]:
        if time.monotonic() - self._asked_at > REMEMBERED:
            self._parts = parts_of_the_portal()
            self._asked_at = time.monotonic()
        return self._parts


def parts_of_the_portal() -> dict[str, str]:
    """`ok` or `failed` for database, clock and broker; for the sweep of the outbox also `starting` and `late`.

    `record` says how its last check went; it doesn't make the portal unready.
    """
    database, broker = _tried(_ask_database), _tried(_ask_broker)
    return {
        "database": database,
        "clock": _tried(_ask_clock) if database == "ok" else "failed",
        "broker": broker,
        "outbox_sweep": _tried(_ask_sweep) if broker == "ok" else "failed",
        "record": _tried(_ask_record) if database == "ok" else "failed",
    }


def _tried(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:  # noqa: BLE001  # whatever it is, the part does not work; its kind goes to the log, not to the asker
        log.warning("/readyz: %s failed with %s", check.__name__.removeprefix("_ask_"), type(error).__name__)
        return "failed"


def _ask_record() -> str:
    """How the last check of the record went: `ok`, `not_kept`, `starting`, `broken`, or else `late`."""
    state, _last = state_of()
    return RECORD.get(state, "late")


def _ask_database() -> str:
    with _own_cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _ask_clock() -> str:
    with _own_cursor() as cursor:
        clock.compare(cursor)
    return "ok"


@contextmanager
def _own_cursor() -> Iterator[psycopg2.extensions.cursor]:
    """Through a connection of its own: that of the thread may wait for a lock, and has no limit of time."""
    limits = {"connect_timeout": LIMIT, "options": f"-c statement_timeout={LIMIT * 1000}"}
    asked = psycopg2.connect(**{**connection.get_connection_params(), **limits})
    try:
        with asked.cursor() as cursor:
            yield cursor
    finally:
        asked.close()


def _ask_broker() -> str:
    limits = {"socket_connect_timeout": LIMIT, "socket_timeout": LIMIT, "retry": Retry(NoBackoff(), 0)}
    with redis.Redis.from_url(settings.REDIS_URL, **limits) as broker:
        broker.ping()
    return "ok"


def _ask_sweep() -> str:
    last = cache.get(LAST_SWEEP)
    if last is not None and time.time() - _seconds(last) <= OLDEST_SWEEP:
        return "ok"
    return "starting" if time.monotonic() - began_at < START else "late"


def _seconds(moment: datetime | float) -> float:
    return moment.timestamp() if isinstance(moment, datetime) else float(moment)

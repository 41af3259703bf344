"""What browsers report of the policy of content: a line of the log each, within bounds, and never a failure (CF1)."""

import json
import logging
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

log = logging.getLogger(__name__)

LONGEST = 16_384  # bytes
KINDS = frozenset({"application/csp-report", "application/reports+json", "application/json"})
LINES_A_MINUTE = 30  # of each process: a page with a hostile extension reports on every click
MOST_IN_ONE = 5
LONGEST_PART = 60


class Count:
    """Counts reports, and says which may still have a line of their own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute, self.this_minute, self.ever = 0, 0, 0

    def one_more(self) -> bool:
        """Count a report; True while this minute has lines left."""
        with self._lock:
            minute = int(time.monotonic() // 60)
            if minute != self._minute:
                self._minute, self.this_minute = minute, 0
            self.this_minute += 1
            self.ever += 1
            return self.this_minute <= LINES_A_MINUTE


count = Count()


@csrf_exempt  # a browser sends it by itself, and it changes nothing
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Note a report and answer 204; 415 for another kind of text, 413 for a long one, 400 for what is no report."""
    if request.content_type not in KINDS:
        return HttpResponse(status=415)
    try:
        text = request.read(LONGEST + 1)
    except OSError:  # the browser went away in the midst of it
        return HttpResponse(status=400)
    if len(text) > LONGEST:
        return HttpResponse(status=413)
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return HttpResponse(status=400)
    for body in _bodies(told)[:MOST_IN_ONE]:
        if count.one_more():
            log.warning("the policy of content kept %s (report %d of this process)", _in_words(body), count.ever)
    return HttpResponse(status=204)


def _bodies(told: Any) -> list[dict[str, Any]]:
    """The reports in either form: one under `csp-report`, or a list of those that each hold a `body`."""
    found = [one.get("body") for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    if isinstance(told, dict):
        found = [told.get("csp-report")]
    return [body for body in found if isinstance(body, dict)]


def _in_words(body: dict[str, Any]) -> str:
    """What was kept out, and of which page: never an address, as some carry a secret."""
    directive = _part(body, "effective-directive", "effectiveDirective", "violated-directive")
    source = _part(body, "blocked-uri", "blockedURL")
    page = _page(_part(body, "document-uri", "documentURL"))
    return f"{_origin(source)!r} out by {directive[:LONGEST_PART]!r} on {page}"


def _part(body: dict[str, Any], *names: str) -> str:
    return next((str(body[name]) for name in names if isinstance(body.get(name), str)), "")


def _origin(address: str) -> str:
    try:
        return (urlsplit(address).hostname or address.partition(":")[0])[:LONGEST_PART]
    except ValueError:
        return "what is no address"


def _page(address: str) -> str:
    try:
        return str(resolve(urlsplit(address).path).view_name)
    except (Resolver404, ValueError):
        return "a page that is not ours"

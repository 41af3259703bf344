"""What surrounds every request: where it came from, and the time zone and cache rule of the person who asked."""

import hashlib
import logging
import re
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, MiddlewareNotUsed, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.cache import patch_cache_control
from redis.exceptions import RedisError

from accessportal.logs import request_id as request_id_of_the_log
from accounts.actions import note_use
from audit import clock
from audit.origin import Origin, stands_for

logger = logging.getLogger(__name__)


class IdentifiedRequest(HttpRequest):
    """A request as the middleware leaves it to everyone after it."""

    request_id: str


Answer = Callable[[HttpRequest], HttpResponse]
LONGEST_USER_AGENT = 400


class LocalNameMiddleware:
    """Leads from the number of this machine to the portal's name: cookies, forms and passkeys are tied to the name.

    In the embedded setting only. Whatever else comes under a name that is not the portal's stays refused.
    """

    NUMBERS = frozenset({"127.0.0.1", "[::1]"})

    def __init__(self, get_response: Answer) -> None:
        if not settings.EMBEDDED:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Redirect a page that is asked for by number."""
        asked = re.sub(r":\d+$", "", request.META.get("HTTP_HOST", ""))
        if request.method in ("GET", "HEAD") and asked in self.NUMBERS - set(settings.ALLOWED_HOSTS):
            return HttpResponseRedirect(settings.SITE_URL + request.get_full_path())
        return self.get_response(request)


class RequestOrigin(Origin):
    """The origin of a request that is being answered: its session is read when asked for, as signing in changes it."""

    _request: HttpRequest

    def __init__(self, request: IdentifiedRequest) -> None:
        for name, value in {
            "address": client_address(request),
            "user_agent": request.headers.get("User-Agent", "")[:LONGEST_USER_AGENT],
            "request_id": request.request_id,
            "_request": request,
        }.items():
            object.__setattr__(self, name, value)  # the parent is frozen

    @property
    def session(self) -> str:  # a field above, computed here
        """Sixteen hex digits that name the session without opening it; empty while there is none."""
        session = getattr(self._request, "session", None)
        key = session.session_key if session is not None else None
        return hashlib.sha256(key.encode()).hexdigest()[:16] if key else ""

    @property
    def person_id(self) -> int | None:  # a field above, computed here
        """The id of the person who is signed in, None for nobody."""
        return getattr(getattr(self._request, "user", None), "pk", None)


class RequestOriginMiddleware:
    """Gives each request an id of our own and lets the log and the audit know where the request came from (rule 17)."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: IdentifiedRequest) -> HttpResponse:
        """Answer the request with its origin known, and name its id in the answer."""
        request.request_id = uuid.uuid4().hex  # never the client's: it could make two acts look like one
        token = request_id_of_the_log.set(request.request_id)
        try:
            with stands_for(RequestOrigin(request)):
                response = self.get_response(request)
        finally:
            request_id_of_the_log.reset(token)
        response["X-Request-ID"] = request.request_id
        return response


class PersonMiddleware:
    """Shows times in the person's own zone, and keeps pages of signed-in people out of every cache.

    Whoever signs out takes along what the browser kept: pages, and storage, which ours never fill (SE9).
    """

    LEFT_BEHIND = '"cache", "storage"'  # not "cookies": they would go for the whole domain, its other sites' among them

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the person's time zone (UTC where unknown); `no-store` unless the view said otherwise."""
        signed_in = request.user.is_authenticated
        with timezone.override(zone_of(getattr(request.user, "time_zone", ""))):
            response = self.get_response(request)
        if (signed_in or request.user.is_authenticated) and not response.has_header("Cache-Control"):
            patch_cache_control(response, no_store=True)
        if signed_in and not request.user.is_authenticated:
            response["Clear-Site-Data"] = self.LEFT_BEHIND
        return response


def client_address(request: HttpRequest) -> str:
    """The client's network address, counted from the end of X-Forwarded-For by TRUSTED_PROXY_COUNT; empty if unknown.

    allauth's rate limits ask the same adapter, so the limit and the record can't disagree.
    """
    try:
        return get_adapter().get_client_ip(request)
    except (PermissionDenied, ImproperlyConfigured):  # no address, or fewer proxies than configured: record none
        return ""


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """The time zone of that IANA name; UTC for an empty or unknown one."""
    try:
        return zoneinfo.ZoneInfo(name or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")


BY_ITSELF = "X-By-Itself"  # says a page that looks again and again while nobody may sit before it
LOOK_AGAIN = {"activity", "import", "log_export"}  # the pages that do; what else says so is used by somebody


class SeenMiddleware:
    """Notes that a session is in use, at most once a minute: on every request it would cost four queries.

    A page that looks again by itself says so, and keeps no session alive (SE3). Nothing else can be done unnoticed.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Note it where that is due, then answer."""
        session: Any = request.session  # of our own engine
        if request.user.is_authenticated and session.is_seen_due and not self._looks_again(request):
            note_use(session.session_key)
            UserSession.objects.create_from_request(request)
        return self.get_response(request)

    def _looks_again(self, request: HttpRequest) -> bool:
        if BY_ITSELF not in request.headers or request.method != "GET":
            return False
        try:
            return resolve(request.path_info).url_name in LOOK_AGAIN
        except Resolver404:
            return False


class ClockMiddleware:
    """Answers nothing while this machine's clock is wrong: what has expired would work again (RE7)."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, or 503 in words."""
        try:
            clock.hold_against_database()
        except clock.WrongClock as problem:
            return self._not_now(request, problem)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        """Answer 503 where the clock jumped in the midst of an act, which has not happened then."""
        return self._not_now(request, problem) if isinstance(problem, clock.WrongClock) else None

    def _not_now(self, request: HttpRequest, problem: clock.WrongClock) -> HttpResponse:
        logger.error("nothing is answered: %s", problem)
        return render(request, "503.html", {"because": "clock"}, status=503)


class DeadCacheMiddleware:
    """Says that it is not possible just now where tries can't be counted: what is limited never runs unlimited (GU2).

    Signing in, signing up and asking for a new password count in the cache; every other page goes on without it.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        """Answer 503 in words for a cache out of reach, and leave every other problem to Django."""
        if not isinstance(problem, RedisError):
            return None
        logger.error("the cache is out of reach: %s", type(problem).__name__)
        return render(request, "503.html", {"because": "cache"}, status=503)

"""What surrounds every request: where it came from, and the time zone and cache rule of the person who asked."""

import hashlib
import logging
import re
import uuid
import zoneinfo
from collections.abc import Callable

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured, MiddlewareNotUsed, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from redis.exceptions import RedisError

from accessportal.logs import request_id as request_id_of_the_log
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
    """Shows times in the person's own zone, and keeps pages of signed-in people out of every cache."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the person's time zone (UTC where unknown); `no-store` unless the view said otherwise."""
        signed_in = request.user.is_authenticated
        with timezone.override(zone_of(getattr(request.user, "time_zone", ""))):
            response = self.get_response(request)
        if (signed_in or request.user.is_authenticated) and not response.has_header("Cache-Control"):
            patch_cache_control(response, no_store=True)
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


class SeenMiddleware:
    """Notes that a session is in use, at most once a minute: on every request it would cost three queries and a write.

    Where the cache is out of reach it is noted on each request.
    """

    PAUSE = 60  # seconds

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Note it where that is due, then answer."""
        key = request.session.session_key
        if key and request.user.is_authenticated and self._is_due(key):
            UserSession.objects.create_from_request(request)
        return self.get_response(request)

    def _is_due(self, key: str) -> bool:
        try:
            return cache.add(f"seen:{hashlib.sha256(key.encode()).hexdigest()}", 1, self.PAUSE)
        except (RedisError, OSError):
            return True


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
        return render(request, "503.html", status=503)

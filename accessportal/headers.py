"""The headers that every answer carries, whoever gives it: pages, refusals, files, health, and the door itself."""

import re
from collections.abc import Callable

from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

REPORTS = "/csp-report/"  # where browsers tell what the policy of content kept them from
# Pages of the sign-in library whose address is a secret; the form stands on one whose address is none.
CARRIES_A_KEY = re.compile(r"/auth/password/reset/key/(?!\w+-set-password/)")
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": settings.X_FRAME_OPTIONS,
    "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Reporting-Endpoints": f'{settings.REPORTS_TO}="{REPORTS}"',
}


def headers_of(*, is_secure: bool) -> dict[str, str]:
    """Return what every answer carries unless its view says otherwise (CF2)."""
    headers = {
        **ALWAYS,
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
    }
    if is_secure and settings.SECURE_HSTS_SECONDS:  # over plain http browsers must not listen to it
        headers["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"
    return headers


class HeadersMiddleware:
    """The outermost layer: what the layers below leave out of an answer is put into it here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request; one that brings a report is anybody's, so no session is looked up for it."""
        if request.path_info == REPORTS:
            request.META.pop("HTTP_COOKIE", None)
        response = self.get_response(request)
        for name, value in headers_of(is_secure=request.is_secure()).items():
            response.headers.setdefault(name, value)
        if CARRIES_A_KEY.match(request.path_info):
            response.headers["Referrer-Policy"] = "no-referrer"
        if not settings.DEBUG:  # Django's pages for developers have their styles in line
            response.headers.setdefault("Content-Security-Policy", build_policy())
        return response

"""The door for a WSGI server: `gunicorn accessportal.wsgi`."""

import codecs
import os
from typing import Any

import django
from csp.utils import build_policy
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.http import parse_header_parameters

from accessportal.headers import headers_of
from accessportal.safety import refuse_unsafe_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "accessportal.settings")


class Door(WSGIHandler):
    """Django's own handler; but what can't even be made a request, outside of all middleware, is answered 400."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> HttpResponseBase:
        """Answer a request that is written in UTF-8. What goes wrong inside of it comes as an answer, never raised."""
        try:
            _require_utf8(environ.get("CONTENT_TYPE", ""))
            return super().__call__(environ, start_response)
        except (LookupError, ValueError, SuspiciousOperation):
            headers = {"Content-Security-Policy": build_policy()} | headers_of(
                is_secure=settings.SECURE
            )  # without a request nothing else says whether
            answer = HttpResponseBadRequest(render_to_string("400.html"), headers=headers)
            start_response(f"{answer.status_code} {answer.reason_phrase}", list(answer.items()))
            return answer


def _require_utf8(content_type: str) -> None:
    """Raise LookupError or ValueError for another charset: some name a codec that makes no text at all."""
    charset = parse_header_parameters(content_type)[1].get("charset", "utf-8")
    if codecs.lookup(charset).name != "utf-8":
        raise LookupError(charset)


django.setup(set_prefix=False)
refuse_unsafe_settings()
application = Door()

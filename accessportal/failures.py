"""The pages for failures of ours: what to quote when asking about one, and nothing of what broke (IO8)."""

import sys
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer with the number of the request, under which the log tells what happened.

    503 where the database is down, restarts, or has no room (RE5, RE6): that passes. 500 for everything else. Django
    calls it while it handles the exception.
    """
    passes = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    page, status = (
        ("no-database.html", HTTPStatus.SERVICE_UNAVAILABLE)
        if passes
        else ("500.html", HTTPStatus.INTERNAL_SERVER_ERROR)
    )
    number = getattr(request, "request_id", "")
    return HttpResponse(render_to_string(page, {"request_id": number}), status=status)

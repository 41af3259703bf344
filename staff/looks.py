"""Which accounts a session of the staff has open. It stands in the session, on the server, and goes with it."""

import datetime as dt

from django.http import HttpRequest
from django.utils import timezone

_KEY = "staff_looks"


def open_looks(request: HttpRequest) -> dict[int, dt.datetime]:
    """Return the accounts that this session has open now, by their ids, each with the moment when that ends."""
    now = timezone.now()
    looks = {int(pk): dt.datetime.fromisoformat(end) for pk, end in request.session.get(_KEY, {}).items()}
    return {pk: end for pk, end in looks.items() if end > now}


def begin_look(request: HttpRequest, account_id: int, until: dt.datetime) -> None:
    """Keep an account open in this session until then."""
    _keep(request, {**open_looks(request), account_id: until})


def end_look(request: HttpRequest, account_id: int) -> None:
    """Close an account in this session; nothing happens where it isn't open."""
    _keep(request, {pk: end for pk, end in open_looks(request).items() if pk != account_id})


def _keep(request: HttpRequest, looks: dict[int, dt.datetime]) -> None:
    request.session[_KEY] = {str(pk): end.isoformat() for pk, end in looks.items()}

"""Being sure that it is still you, right before a sensitive act: the fresh sign-in, and what was typed before (MF11).

Signing in counts, and so does showing a factor again, for five minutes, by the strongest factor that the person has: a
passkey before a code, a code before a password. What is sent without it is kept in the session while the person shows
the factor, and then stands on the form again: nothing is lost, and nothing is done before it is sent once more.
"""

import datetime as dt
import enum
import time
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from ..sessions import SIGNED_IN_AT

FRESH_FOR = dt.timedelta(minutes=5)
KEPT_FOR = dt.timedelta(minutes=10)  # long enough to find one's phone
MOST_KEPT = 60_000  # characters of a form that a session takes; a longer one is shown again at once
KEPT = "sent_before_factor"  # where a session keeps what was typed


class Strength(enum.Enum):
    """The ways to show who one is, the strongest first."""

    PASSKEY = "passkey"
    CODE = "code"
    PASSWORD = "password"  # noqa: S105  # a way, not a password


def strongest_of(person: Any) -> Strength:
    """Return the strongest way that a person has set up."""
    kinds = set(Authenticator.objects.filter(user_id=person.pk).values_list("type", flat=True))
    if Authenticator.Type.WEBAUTHN in kinds:
        return Strength.PASSKEY
    return Strength.CODE if kinds else Strength.PASSWORD


def factor_shown_at(request: HttpRequest) -> dt.datetime | None:
    """Return when this session last showed a second factor, at the sign-in or since; None where it never did."""
    return _latest(row["at"] for row in _records(request) if row.get("method") == "mfa")


def strength_shown_at(request: HttpRequest, strength: Strength) -> dt.datetime | None:
    """Return when this session last showed a factor of this strength; None where it never did."""
    if strength is Strength.PASSKEY:
        kind = Authenticator.Type.WEBAUTHN
        return _latest(row["at"] for row in _records(request) if (row.get("method"), row.get("type")) == ("mfa", kind))
    if strength is Strength.CODE:
        return factor_shown_at(request)
    signed_in = request.session.get(SIGNED_IN_AT)
    return _latest([*(row["at"] for row in _records(request)), *([signed_in] if signed_in else [])])


def is_fresh(request: HttpRequest) -> bool:
    """Say whether the person has shown the strongest factor they have within the last five minutes."""
    shown = strength_shown_at(request, strongest_of(request.user))
    return shown is not None and dt.timedelta() <= timezone.now() - shown <= FRESH_FOR


def show_factor_address(request: HttpRequest, back: str = "") -> str:
    """Return the page that asks for the strongest factor and then leads back (to here)."""
    pages = {
        Strength.PASSKEY: "mfa_reauthenticate_webauthn",
        Strength.CODE: "mfa_reauthenticate",
        Strength.PASSWORD: "account_reauthenticate",
    }
    return f"{reverse(pages[strongest_of(request.user)])}?{urlencode({'next': back or request.path})}"


def ask_for_factor(request: HttpRequest, back: str = "") -> HttpResponse | None:
    """Keep what was sent, and lead to the page that asks for the factor; None where it is too long to be kept.

    It leads back to where it was sent, or to the page `back`, where nothing of it is needed.
    """
    if back:
        return HttpResponseRedirect(show_factor_address(request, back))
    sent = request.POST.copy()
    sent.pop("csrfmiddlewaretoken", None)
    text, path = sent.urlencode(), request.get_full_path()
    if len(text) > MOST_KEPT or request.FILES:
        return None
    request.session[KEPT] = {"path": path, "sent": text, "at": time.time(), "by": request.user.pk}
    return HttpResponseRedirect(show_factor_address(request, path))


def take_kept(request: HttpRequest) -> QueryDict | None:
    """Return what was sent to this address before the factor was shown, once; None where nothing was, or long ago."""
    kept = request.session.get(KEPT)
    if not kept:
        return None
    late = not dt.timedelta() <= dt.timedelta(seconds=time.time() - kept["at"]) <= KEPT_FOR
    here = (kept["path"], kept["by"]) == (request.get_full_path(), request.user.pk)
    if not late and not (here and is_fresh(request)):
        return None
    del request.session[KEPT]
    return None if late else QueryDict(kept["sent"])


def _records(request: HttpRequest) -> list[dict[str, Any]]:
    return get_authentication_records(request, request.user)


def _latest(moments: Any) -> dt.datetime | None:
    found = max(moments, default=None)
    return None if found is None else dt.datetime.fromtimestamp(found, dt.UTC)

"""Asking for the second factor once more, right before an act that nothing can take back."""

import datetime as dt

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode


def factor_shown_at(request: HttpRequest) -> dt.datetime | None:
    """Return when this session last showed a second factor, at the sign-in or since; None where it never did."""
    shown = [row["at"] for row in get_authentication_records(request, request.user) if row.get("method") == "mfa"]
    return dt.datetime.fromtimestamp(max(shown), dt.UTC) if shown else None


def show_factor_address(request: HttpRequest) -> str:
    """Return the page that asks for the second factor and then leads back here."""
    codes = [Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES]
    has_codes = Authenticator.objects.filter(user_id=request.user.pk, type__in=codes).exists()
    page = reverse("mfa_reauthenticate" if has_codes else "mfa_reauthenticate_webauthn")
    return f"{page}?{urlencode({'next': request.path})}"

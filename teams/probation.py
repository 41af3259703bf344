"""New administrators: for some days, set by the account's policy, they can't take the account over."""

import datetime as dt
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount

from .models import Membership

WAITING = {"second_factor", "second_factor_kinds", "probation_days"}  # of the policy: what somebody new leaves as it is


def probation_of(by: Any, account: BusinessAccount) -> dt.datetime | None:
    """Return until when a person who manages the team is on probation now; None where not, and for the owner."""
    days = account.policy.probation_days
    if not days or by.pk == account.owner_id:
        return None
    seat = Membership.objects.current().filter(account=account, person=by.pk).first()
    if seat is None:
        return None
    # one of whom nobody knows since when counts as new
    until = (seat.administers_since or timezone.now()) + dt.timedelta(days=days)
    return until if until > timezone.now() else None


def kept_by_probation(by: Any, account: BusinessAccount) -> PolicyViolation | None:
    """Return why `by` can't do now what nobody on probation may, or None where nothing is in the way."""
    until = probation_of(by, account)
    if until is None:
        return None
    words = _("You are new among those who manage the team: until %(until)s somebody who is not new does this.")
    return PolicyViolation(words % {"until": date_format(timezone.localtime(until), "j F Y, H:i")})

"""How long an account keeps its log: for ever, unless its owner says otherwise."""

import datetime as dt
from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .models import BusinessAccount

CHOICES: Sequence[tuple[int, str | Promise]] = [  # years, 0 for ever
    (0, _("for ever")),
    (10, _("10 years")),
    (7, _("7 years")),
    (5, _("5 years")),
    (3, _("3 years")),
    (2, _("2 years")),
    (1, _("1 year")),
]
YEARS = {years for years, _words in CHOICES if years}
LONGEST_YEAR = dt.timedelta(days=366)
CALLED_BACK_WITHIN = dt.timedelta(days=30)  # what is removed does not come back, so that the choice can be undone first


def in_words(years: int | None) -> str:
    """Return how long the log is kept, in words."""
    return str(dict(CHOICES)[years or 0])


def kept_from(account: BusinessAccount, now: dt.datetime) -> dt.datetime | None:
    """Return since when events stay; None where all do, for ever or while the choice can still be undone."""
    if account.log_kept_years is None or account.log_kept_since is None:
        return None
    return now - account.log_kept_years * LONGEST_YEAR if now >= account.log_kept_since + CALLED_BACK_WITHIN else None

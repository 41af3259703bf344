"""The rules of every day: they look at how an account stands, and not at what happens."""

import logging
import time

from django.utils import timezone

from accounts.errors import ChangedMeanwhile
from accounts.models import BusinessAccount
from audit.recording import SYSTEM

from ..happenings import Rule
from ..models import Round, Tuning, tuned_of
from ..past import AccountStanding
from ..rules import LOOKING
from .raising import raise_alert

logger = logging.getLogger(__name__)

LONGEST_RUN = 60.0  # seconds; the next run goes on


def look_over_all() -> int:
    """Let every rule look over the accounts for which it is time, and return how many were looked over.

    A round counts as made when all that it found is raised: one that was killed is made again, and raises nothing
    twice. What fails in one account keeps no other back.
    """
    until, looked = time.monotonic() + LONGEST_RUN, 0
    for account, made in _due():
        if time.monotonic() >= until:
            break
        try:
            _look_over(account, made)
        except ChangedMeanwhile:
            continue  # closed since
        except Exception:
            logger.exception("watching: the account %d could not be looked over", account.pk)
        looked += 1
    return looked


def _due() -> list[tuple[BusinessAccount, Round]]:
    """Return the open accounts for which any rule is due, each with its rounds so far."""
    now, made = timezone.now(), Round.objects.in_bulk()
    accounts = BusinessAccount.objects.open().select_related("policy", "owner").order_by("pk")
    rounds = [(account, made.get(account.pk) or Round(account=account)) for account in accounts]
    return [(account, made) for account, made in rounds if any(made.is_due(rule, now) for rule in LOOKING)]


def _look_over(account: BusinessAccount, made: Round) -> None:
    standing = AccountStanding(account)
    tunings = Tuning.objects.of_accounts([account.pk])
    for rule in LOOKING:
        if made.is_due(rule, standing.now):
            tuning = tunings.get((account.pk, rule.code))
            if not (tuning and tuning.is_muted(standing.now)):
                _raise_all(account, rule, standing, tuning)
            made.done_at[rule.code] = standing.now.isoformat()
    Round.objects.update_or_create(account=account, defaults={"done_at": made.done_at})


def _raise_all(account: BusinessAccount, rule: Rule, standing: AccountStanding, tuning: Tuning | None) -> None:
    if rule.look is not None:
        for finding in rule.look(standing, tuned_of(rule, tuning)):
            raise_alert(account=account, rule=rule.code, finding=finding, by=SYSTEM)

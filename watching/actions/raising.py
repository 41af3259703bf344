"""Raising an alert: an act of the portal itself."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from accounts.models import BusinessAccount
from audit.recording import Entry, action, record_many

from ..events import ALERT_RAISED
from ..happenings import Finding, Rule
from ..models import Alert
from ..rules import RULES


class Raised(NamedTuple):
    """What a rule found in an account."""

    account: BusinessAccount
    rule: Rule
    finding: Finding


@action(ALERT_RAISED)
def raise_alert(*, account: BusinessAccount, rule: str, finding: Finding, by: Any) -> Alert | None:
    """Raise one alert, and return it; None where one tells of it already.

    The lock on the account lets two workers who found the same raise it once. Raises ChangedMeanwhile (closed since).
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    found = Raised(account, RULES[rule], finding)
    return None if is_told(found) else open_alerts([found], by=by)[0]


def is_told(found: Raised) -> bool:
    """Say whether an alert tells of it already."""
    finding = found.finding
    alerts = Alert.objects.filter(account=found.account)
    return alerts.standing_for(found.rule.code, finding.subject, finding.window, finding.at).exists()


def open_alerts(found: Sequence[Raised], *, by: Any) -> list[Alert]:
    """Write the alerts of at most one finding for each account, with the one event of each."""
    alerts = [Alert.objects.create(**_columns(one)) for one in found]
    entries = [Entry(on=alert.account, target=alert, after=as_event(alert)) for alert in alerts]
    record_many(ALERT_RAISED, by=by, entries=entries)
    return alerts


def as_event(alert: Alert) -> dict[str, Any]:
    """Return what an event keeps of an alert."""
    return {"rule": alert.rule, "severity": str(alert.severity), "words": alert.words, "person_id": alert.concerns_id}


def _columns(found: Raised) -> dict[str, Any]:
    finding = found.finding
    return {
        "account": found.account,
        "rule": found.rule.code,
        "severity": found.rule.severity,
        "concerns_id": finding.person_id,
        "subject": finding.subject,
        "window": finding.window,
        "facts": dict(finding.facts),
        "events": [list(place) for place in finding.events],
        "happened_at": finding.at,
        "quiet_until": finding.at + found.rule.quiet,
    }

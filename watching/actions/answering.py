"""What people do about an alert: acknowledge it with a note, or reopen it."""

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import authority
from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from audit.recording import action, record
from teams.models import Membership

from ..events import ALERT_ACKNOWLEDGED, ALERT_REOPENED
from ..models import Alert
from .raising import as_event

FIELDS = ["state", "note", "answered_by", "answered_at"]


@action(ALERT_ACKNOWLEDGED)
def acknowledge(*, alert: Alert, note: str, by: Person) -> Alert:
    """Say that an alert was looked at, and what came of it; return it.

    Nobody answers an alert about themselves while somebody else could. Raises MissingPermission, PolicyViolation,
    ChangedMeanwhile (acknowledged since).
    """
    account = BusinessAccount.objects.open().lock(alert.account_id)
    alert = Alert.objects.open().select_related("concerns", "account").lock(alert.pk)
    authority.require(by, MANAGE_TEAM, on=account)
    if alert.concerns_id == by.pk and others_manage(account, by):
        raise PolicyViolation(_("This alert is about you. Somebody else who manages the team has to look at it."))
    alert.state, alert.note = Alert.State.ACKNOWLEDGED, note
    alert.answered_by, alert.answered_at = by, timezone.now()
    alert.save(update_fields=FIELDS)
    record(ALERT_ACKNOWLEDGED, by=by, on=account, target=alert, after=as_event(alert), reason=note)
    return alert


@action(ALERT_REOPENED)
def reopen(*, alert: Alert, by: Person, reason: str = "") -> Alert:
    """Let an alert be open again, and return it. Raises MissingPermission, ChangedMeanwhile (open already)."""
    account = BusinessAccount.objects.open().lock(alert.account_id)
    alert = Alert.objects.acknowledged().select_related("concerns", "account").lock(alert.pk)
    authority.require(by, MANAGE_TEAM, on=account)
    before = {"note": alert.note, "by": str(alert.answered_by)}
    alert.state, alert.note, alert.answered_by, alert.answered_at = Alert.State.OPEN, "", None, None
    alert.save(update_fields=FIELDS)
    record(ALERT_REOPENED, by=by, on=account, target=alert, before=before, after=as_event(alert), reason=reason)
    return alert


def others_manage(account: BusinessAccount, person: Person) -> bool:
    """Say whether anybody else manages the team, and so can look at an alert about this person."""
    return Membership.objects.active().administering().filter(account=account).exclude(person=person).exists()

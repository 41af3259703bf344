"""Reading and exporting an account's log: acts too, since who looked is part of the record (rule 18)."""

import datetime as dt
from collections.abc import Mapping

from django.utils import timezone

from accounts import authority
from accounts.models import BusinessAccount, Person
from accounts.permissions import VIEW_AUDIT
from audit.events import EXPORTED
from audit.models import Event
from audit.recording import action, record

from .events import LOG_READ

READING = dt.timedelta(days=1)  # opening page after page is one reading


@action(LOG_READ)
def note_reading(*, account: BusinessAccount, by: Person) -> None:
    """Write down that a person reads the account's log, once a day. Raises MissingPermission."""
    lately = Event.objects.in_chain_of(account).named(LOG_READ.name).done_by(by.pk)
    if lately.between(timezone.now() - READING, None).exists():
        return
    authority.require(by, VIEW_AUDIT, on=account)
    record(LOG_READ, by=by, on=account)


@action(EXPORTED)
def export_log(*, account: BusinessAccount, by: Person, narrowed: Mapping[str, str]) -> int:
    """Write down that the log is exported, and how it was narrowed; return the number of that event.

    The file holds what lies before this number, so that it is the same however long the download takes. Raises
    MissingPermission.
    """
    authority.require(by, VIEW_AUDIT, on=account)
    return record(EXPORTED, by=by, on=account, after={"format": "CSV", "narrowed": dict(narrowed)})

"""Reading and exporting an account's log at once: acts too, since who looked is part of the record (rule 18)."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import authority, second_person
from accounts.models import BusinessAccount, Person
from accounts.permissions import VIEW_AUDIT
from accounts.policies import require_exports_left
from accounts.sensitive import SensitiveAct
from audit.events import EXPORTED
from audit.models import Event
from audit.recording import action, record

from ..events import LOG_READ

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
def export_log(
    *,
    account: BusinessAccount,
    by: Person,
    narrowed: Mapping[str, str],
    file: str = "CSV",
    page: str = "",
    approval: Any = None,
) -> int:
    """Write down that the log is exported, as which kind of file and how narrowed; return the number of that event.

    The file holds what lies before this number, so that it is the same however long the download takes. `page`
    is the query of the page that offers it. Raises MissingPermission, PolicyViolation (too often), NeedsSecondPerson.
    """
    account = BusinessAccount.objects.lock(account.pk)
    require_export(account, by=by, narrowed=narrowed, page=page, approval=approval)
    return record(EXPORTED, by=by, on=account, after={"format": file, "narrowed": dict(narrowed)})


def require_export(
    account: BusinessAccount, *, by: Person, narrowed: Mapping[str, str], page: str, approval: Any
) -> None:
    """Demand all that an export asks for, be it made at once or in the background; the account is locked.

    Raises MissingPermission, PolicyViolation (too often), NeedsSecondPerson.
    """
    authority.require(by, VIEW_AUDIT, on=account)
    require_exports_left(EXPORTED, account, by=by)
    second_person.require(
        SensitiveAct.EXPORT,
        account,
        by=by,
        does="export_log",
        given=asked_with(account, narrowed, page),
        says=[f"{label}: {value}" for label, value in narrowed.items()] or [_("The whole log")],
        approval=approval,
    )


def asked_with(account: BusinessAccount, narrowed: Mapping[str, str], page: str) -> dict[str, Any]:
    """Return with what an export is asked for, as the act that waits for a second person keeps it."""
    return {"account": account, "narrowed": {str(label): str(value) for label, value in narrowed.items()}, "page": page}

"""An export in the background: asked for, ready or failed, and fetched."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import authority
from accounts.actions import post
from accounts.doorbell import ring
from accounts.errors import ChangedMeanwhile
from accounts.models import BusinessAccount, Person
from accounts.permissions import VIEW_AUDIT
from audit.events import EXPORTED
from audit.querysets import Narrowing
from audit.recording import action, record

from ..events import EXPORT_FAILED, EXPORT_MADE, EXPORT_TAKEN
from ..evidence.kinds import MADE, PACK
from ..letters import EXPORT_MAIL
from ..models import LogExport
from .reading import require_export

WORK = "oversight.tasks.make_export"
KEPT_FOR = dt.timedelta(days=7)


@action(EXPORTED)
def ask_for_export(
    *,
    account: BusinessAccount,
    by: Person,
    narrowed: Mapping[str, str],
    wanted: Narrowing,
    kind: str = "csv",
    page: str = "",
    approval: Any = None,
) -> LogExport:
    """Let an export be made in the background, of what lies before its event; return it. It counts like any other.

    `kind` names one of `oversight.evidence.kinds`. Raises what `export_log` raises.
    """
    account = BusinessAccount.objects.lock(account.pk)
    require_export(account, by=by, narrowed=narrowed, page=page, approval=approval)
    file, what = MADE[kind], "evidence" if kind == PACK else "activity"
    number = record(
        EXPORTED, by=by, on=account, after={"format": file.name, "narrowed": dict(narrowed), "in_background": True}
    )
    export = LogExport.objects.create(
        account=account,
        person=by,
        name=f"{account.slug}-{what}-{timezone.localdate().isoformat()}.{file.ending}",
        kind=kind,
        narrowed=dict(narrowed),
        wanted=_as_json(wanted),
        before=number,
    )
    ring(WORK, export_id=export.pk)
    return export


@action(EXPORT_MADE)
def finish_export(*, export: LogExport, by: Any, digest: str = "") -> LogExport:
    """Write down that a file is whole, and tell who asked for it by mail; return it.

    `export` is as the worker holds it; `digest` is the SHA-256 of the whole file, where one is known. Raises
    ChangedMeanwhile when another worker has it by now.
    """
    account, export = _lock_held(export)
    _end(export, LogExport.State.READY)
    after = {"events": export.done, "bytes": export.size, **({"digest": digest} if digest else {})}
    record(EXPORT_MADE, by=by, on=account, target=export, after=after)
    post(kind=EXPORT_MAIL, about=export, address=export.person.email, account=account)
    return export


@action(EXPORT_FAILED)
def fail_export(*, export: LogExport, problem: str, by: Any) -> LogExport:
    """Write down that a file can't be made, and tell who asked for it by mail; return it. Raises ChangedMeanwhile."""
    account, export = _lock_held(export)
    export.problem = problem[:300]
    _end(export, LogExport.State.FAILED)
    record(EXPORT_FAILED, by=by, on=account, target=export, reason=export.problem)
    post(kind=EXPORT_MAIL, about=export, address=export.person.email, account=account)
    return export


@action(EXPORT_TAKEN)
def take_export(*, export: LogExport, by: Person) -> list[str]:
    """Write down that a file is fetched by who asked for it, and return the names of its parts in the store.

    Raises MissingPermission, ChangedMeanwhile (not ready, deleted, or somebody else's).
    """
    account = BusinessAccount.objects.lock(export.account_id)
    authority.require(by, VIEW_AUDIT, on=account)
    export = LogExport.objects.of(account, by).lock(export.pk)
    if not export.is_ready:
        raise ChangedMeanwhile(_("The file is not there: it is still being made, or was deleted."))
    record(EXPORT_TAKEN, by=by, on=account, target=export, after={"events": export.done})
    return export.parts


def _lock_held(export: LogExport) -> tuple[BusinessAccount, LogExport]:
    """Lock the account first, then what the worker holds."""
    account = BusinessAccount.objects.lock(export.account_id)
    rows = LogExport.objects.filter(state=LogExport.State.WAITING, turn=export.turn).select_related("person")
    return account, rows.lock(export.pk)


def _end(export: LogExport, state: str) -> None:
    now = timezone.now()
    export.state, export.ended_at, export.expires_at, export.total = state, now, now + KEPT_FOR, export.done
    export.save(update_fields=["state", "ended_at", "expires_at", "total", "problem"])


def _as_json(wanted: Narrowing) -> dict[str, Any]:
    kept = asdict(wanted)
    return {name: value.isoformat() if isinstance(value, dt.datetime) else value for name, value in kept.items()}

"""Making the file of an export, part by part: who is next, how far it is, and what is deleted again.

The row is the truth (rule 10): a part counts only once the row names it. A worker that is killed leaves one part at
most that nobody names; when its lease runs out, the next one goes on where the row says.
"""

import datetime as dt
import hashlib
import logging
import secrets
import tempfile
import time
from itertools import islice
from typing import Any

from django.core.files.base import File
from django.core.files.storage import Storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import authority
from accounts.doorbell import ring
from accounts.errors import ChangedMeanwhile, MissingPermission
from accounts.permissions import VIEW_AUDIT
from audit.exporting import FILES
from audit.models import Event
from audit.querysets import BY_TIME, EventQuerySet, every
from audit.recording import SYSTEM

from ..evidence.kinds import PACK
from ..evidence.pack import write_pack
from ..models import LogExport
from ..store import store
from .exporting import WORK, fail_export, finish_export

logger = logging.getLogger(__name__)

LEASE = dt.timedelta(minutes=3)  # longer than a task may run, so that two workers never hold one export
PART = 20_000  # events of one part: a few seconds
LONGEST_WORK = 40.0  # seconds of one task; the rest is for the next, so that mails get their turn
MOST_TRIES = 5  # of one part
IN_MEMORY = 1_000_000  # bytes of a part; what is more waits on the disk


def make_export(*, export_id: int) -> None:
    """Make the next parts of an export, until it is whole or the time is over. Running it twice makes it once."""
    ends = time.monotonic() + LONGEST_WORK
    while export := _claim(export_id):
        try:
            if not _goes_on(export):
                return
        except ChangedMeanwhile:  # its lease ran out, and another worker has it
            logger.warning("export %s was taken over", export_id)
            return
        if time.monotonic() > ends:
            ring(WORK, export_id=export_id)
            return


def sweep_exports() -> int:
    """Ring for every export that is due, and return how many: those the broker lost or a killed worker held."""
    due = list(LogExport.objects.due().order_by("due_at", "pk").values_list("pk", flat=True)[:500])
    for export_id in due:
        ring(WORK, export_id=export_id)
    return len(due)


def clear_old_exports() -> int:
    """Delete the files that were kept long enough, and return of how many exports; that they were made stays known."""
    kept, old = store(), list(LogExport.objects.outlived().order_by("pk"))
    for export in old:
        if kept is not None:
            _delete_files(kept, export.pk)
        LogExport.objects.outlived().filter(pk=export.pk).update(state=LogExport.State.GONE, parts=[])
    return len(old)


@transaction.atomic  # noqa: TID251  # taking it is no act of anybody
def _claim(export_id: int) -> LogExport | None:
    """Take a due export for the length of a lease; None when it is not due or another worker has it."""
    rows = LogExport.objects.due().select_for_update(skip_locked=True, no_key=True, of=("self",))
    export = rows.select_related("account", "person").filter(pk=export_id).first()
    if export is not None:
        export.turn, export.tries, export.due_at = export.turn + 1, export.tries + 1, timezone.now() + LEASE
        export.save(update_fields=["turn", "tries", "due_at"])
    return export


def _goes_on(export: LogExport) -> bool:
    """Make one part; return whether there may be more. Raises ChangedMeanwhile."""
    kept = store()
    problem = _hindrance(export)
    if kept is None or problem:
        words = problem or _("There is no place where it could be kept.")
        fail_export(export=export, problem=words, by=SYSTEM)
        return False
    if export.kind == PACK:
        return _make_pack(kept, export)
    branches = _branches(export)
    if export.total is None:
        export.total = sum(branch.count() for branch in branches)
    events: list[Any] = []
    name = f"{export.pk}/{export.turn:06}-{secrets.token_hex(4)}"
    try:
        size = _write(kept, name, export, branches, events)
    except OSError as failed:
        logger.warning("export %s: its part was not written: %s", export.pk, type(failed).__name__)
        return False  # its lease runs out, and it is tried again
    if events or not export.parts:  # an empty file has its head all the same
        _settle(export, name, events, size)
    if len(events) == PART:
        return True
    finish_export(export=export, by=SYSTEM)
    return False


def _make_pack(kept: Storage, export: LogExport) -> bool:
    """Make an evidence pack in one piece; return that there is no more. Raises ChangedMeanwhile."""
    wanted, name = export.narrowing, f"{export.pk}/{export.turn:06}-{secrets.token_hex(4)}"
    with tempfile.TemporaryFile() as pack:
        try:
            count = write_pack(
                pack,
                account=export.account,
                asked_by=str(export.person),
                start=wanted.start,
                end=wanted.end,
                before=export.before,
            )
            size = pack.tell()
            pack.seek(0)
            digest = hashlib.file_digest(pack, "sha256").hexdigest()
            pack.seek(0)
            kept.save(name, File(pack))
        except OSError as failed:
            logger.warning("pack %s was not written: %s", export.pk, type(failed).__name__)
            return False  # its lease runs out, and it is tried again
    _settle_whole(export, name, count, size)
    finish_export(export=export, by=SYSTEM, digest=digest)
    return False


def _hindrance(export: LogExport) -> str:
    """Return why it is not made any more, or an empty text."""
    if export.tries > MOST_TRIES:
        return _("It was begun too often and never came to its end.")
    try:
        authority.require(export.person, VIEW_AUDIT, on=export.account)
    except MissingPermission as missing:
        return missing.words
    return ""


def _branches(export: LogExport) -> list[EventQuerySet]:
    log = Event.objects.in_chain_of(export.account).filter(number__lt=export.before)
    return log.narrowed(export.narrowing)


def _write(kept: Storage, name: str, export: LogExport, branches: list[EventQuerySet], events: list[Any]) -> int:
    """Write the next part under a name of its own; `events` gets the place of each event. Return its bytes."""
    rows = islice(every(branches, by=BY_TIME, after=export.reached), PART)
    lines = FILES[export.kind].lines(_noted(rows, events))
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as part:
        if export.kind == "csv" and export.parts:
            next(lines)  # the head stands in the first part
        for line in lines:
            part.write(line)
        size = part.tell()
        part.seek(0)
        kept.save(name, File(part))
    return size


def _noted(rows: Any, events: list[Any]) -> Any:
    """Yield events, and note the place of each."""
    for event in rows:
        events.append((event.at.isoformat(), event.number))
        yield event


@transaction.atomic  # noqa: TID251  # a part is no act of anybody
def _settle(export: LogExport, name: str, events: list[Any], size: int) -> None:
    rows = LogExport.objects.filter(state=LogExport.State.WAITING, turn=export.turn)
    rows.lock(export.pk)
    export.parts = [*export.parts, name]
    export.place = list(events[-1]) if events else []
    export.done, export.size, export.tries = export.done + len(events), export.size + size, 0
    if len(events) == PART:  # else the lease is kept until it is written down as whole
        export.due_at = timezone.now()
    export.save(update_fields=["parts", "place", "done", "size", "total", "tries", "due_at"])


@transaction.atomic  # noqa: TID251  # nor is a pack
def _settle_whole(export: LogExport, name: str, count: int, size: int) -> None:
    LogExport.objects.filter(state=LogExport.State.WAITING, turn=export.turn).lock(export.pk)
    export.parts, export.done, export.size, export.total, export.tries = [name], count, size, count, 0
    export.save(update_fields=["parts", "done", "size", "total", "tries"])


def _delete_files(kept: Storage, pk: int) -> None:
    """Delete every file of an export, those of killed workers too."""
    try:
        _folders, names = kept.listdir(str(pk))
    except FileNotFoundError:
        return
    for name in names:
        kept.delete(f"{pk}/{name}")
    if not names:
        return
    try:
        kept.delete(str(pk))  # the empty folder; other kinds of stores have none
    except OSError:
        logger.info("the folder of export %s stays", pk)

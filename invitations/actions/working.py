"""Working through a list that was started: who is next, how many may go this hour, and what did not work.

The database is the truth (rule 10): a row waits until the transaction that invites its person has settled it. A worker
holds a list for the length of a lease; if it dies, a sweep finds the list again, and no row is done twice.
"""

import datetime as dt
import logging

from django.db import DataError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.doorbell import ring
from accounts.errors import ChangedMeanwhile, MissingPermission
from accounts.permissions import MANAGE_TEAM
from audit.recording import SYSTEM, Refused, record_refusal

from .. import policies
from ..errors import TooManyThisHour
from ..models import Import, ImportRow
from .importing import WORK, finish_import, stop_import
from .inviting import invite

logger = logging.getLogger(__name__)

LEASE = dt.timedelta(minutes=3)  # longer than a task may run, so that two workers never hold one list
BATCH = 25  # rows of one turn: a second or two, so that other lists and mails get theirs
KEPT_FOR = dt.timedelta(days=30)  # how long the rows of a list are kept
HOUR = dt.timedelta(hours=1)


def work_through(*, import_id: int) -> None:
    """Invite the next people of a list, as many as may be this hour. Running it twice, or at once, invites once."""
    listing = _claim(import_id)
    if listing is None:
        return
    free = policies.MOST_AN_HOUR_FROM_LISTS - policies.sent_this_hour(listing.account).count()
    if free <= 0:
        _pause(listing)
        return
    for row in list(listing.rows.waiting().select_related("role")[: min(BATCH, free)]):
        if not _invite(listing, row):
            return
    if listing.rows.waiting().exists():
        Import.objects.running().filter(pk=listing.pk).update(due_at=timezone.now(), paused_until=None)
        ring(WORK, import_id=listing.pk)
        return
    try:
        finish_import(listing=listing, by=SYSTEM)
    except ChangedMeanwhile:  # stopped in this very moment
        logger.info("list %s was stopped while it ended", listing.pk)


def sweep_imports() -> int:
    """Ring again for every list that is due, and return how many: those the broker lost or a killed worker held."""
    due = list(Import.objects.due().order_by("due_at").values_list("pk", flat=True))
    for import_id in due:
        ring(WORK, import_id=import_id)
    return len(due)


def clear_old_imports() -> int:
    """Delete the rows of lists that are older than they are kept, and return how many lists; their counts stay."""
    cleared = 0
    for pk in Import.objects.filter(created_at__lt=timezone.now() - KEPT_FOR, counts={}).values_list("pk", flat=True):
        try:
            _clear(pk)
        except ChangedMeanwhile:  # another worker was quicker
            continue
        cleared += 1
    return cleared


@transaction.atomic  # noqa: TID251  # a deadline that everybody was told: no act of anybody
def _clear(pk: int) -> None:
    listing = Import.objects.filter(counts={}).lock(pk)
    listing.counts = listing.rows.tally() or {"none": 0}
    if listing.is_draft or listing.is_running:
        listing.state, listing.ended_at = Import.State.STOPPED, timezone.now()
    listing.save(update_fields=["counts", "state", "ended_at"])
    listing.rows.all().delete()


@transaction.atomic  # noqa: TID251  # taking a list is no act of anybody: each invitation is
def _claim(import_id: int) -> Import | None:
    """Take a due list for the length of a lease; None when it is not due or another worker has it."""
    rows = Import.objects.due().select_for_update(skip_locked=True, no_key=True, of=("self",))
    listing = rows.select_related("account", "by").filter(pk=import_id).first()
    if listing is not None:
        listing.due_at = timezone.now() + LEASE
        listing.save(update_fields=["due_at"])
    return listing


def _pause(listing: Import) -> None:
    """Let a list wait until the oldest invitation of this hour does not count any more."""
    oldest = policies.sent_this_hour(listing.account).order_by("created_at").values_list("created_at", flat=True)
    until = (oldest.first() or timezone.now()) + HOUR
    Import.objects.running().filter(pk=listing.pk).update(due_at=until, paused_until=until)


def _invite(listing: Import, row: ImportRow) -> bool:
    """Invite one person by the act that every invitation is; return whether the list goes on."""
    if row.role is None:
        _settle(row, _("The role is not in use any more."))
        return True
    try:
        invite(account=listing.account, address=row.address, role=row.role, message=row.message, by=listing.by, row=row)
    except TooManyThisHour:
        _pause(listing)
        return False
    except MissingPermission as refusal:
        _refuse(row, refusal)
        if refusal.code == MANAGE_TEAM:
            _stop(listing, refusal.words)
            return False
    except Refused as refusal:
        _refuse(row, refusal)
    except (ValueError, LookupError, DataError):  # of a row that nobody can invite; the others are not to wait for it
        logger.exception("row %s of list %s could not be invited", row.number, listing.pk)
        _settle(row, _("Something about this row can’t be handled. Invite the person by hand."))
    return True


def _refuse(row: ImportRow, refusal: Refused) -> None:
    """Keep why a row was refused, and record it; unless another worker has settled the row meanwhile."""
    if _settle(row, refusal.words):
        record_refusal(refusal)


def _settle(row: ImportRow, words: str) -> bool:
    rows = ImportRow.objects.filter(pk=row.pk, fate=ImportRow.Fate.WAITING, source__state=Import.State.RUNNING)
    return bool(rows.update(fate=ImportRow.Fate.REFUSED, problem=words[:500]))


def _stop(listing: Import, words: str) -> None:
    """Stop a list whose sender may not invite any more."""
    reason = _("%(person)s can no longer invite people here: %(words)s") % {"person": listing.by, "words": words}
    try:
        stop_import(listing=listing, by=SYSTEM, reason=reason)
    except ChangedMeanwhile:
        logger.info("list %s had ended already", listing.pk)

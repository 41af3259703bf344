"""A list of people to invite: uploaded, its columns chosen, started, stopped, done."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.doorbell import ring
from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from audit.recording import action, record
from teams import authority
from teams.models import Role

from .. import fates, policies
from ..events import LIST_DONE, LIST_MAPPED, LIST_STARTED, LIST_STOPPED, LIST_UPLOADED
from ..models import Import, ImportRow

WORK = "invitations.tasks.work_through_import"
MOST_DRAFTS = 20  # lists of one account that nobody has started
INSERTED_AT_ONCE = 1_000


@action(LIST_UPLOADED)
def upload_list(
    *,
    account: BusinessAccount,
    file_name: str,
    head: Sequence[str],
    rows: Sequence[tuple[int, Sequence[str]]],
    by: Person,
) -> Import:
    """Keep the rows of a file, each with its number there, and return the list. Nobody is invited by it.

    Raises MissingPermission, PolicyViolation (standard account, too many lists that wait to be started).
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, MANAGE_TEAM, on=account)
    policies.require_team(account)
    if Import.objects.draft().filter(account=account).count() >= MOST_DRAFTS:
        raise PolicyViolation(_("Very many lists wait to be started. Start or discard one of them first."))
    listing = Import.objects.create(account=account, by=by, file_name=file_name, head=list(head), total=len(rows))
    ImportRow.objects.bulk_create(
        [ImportRow(source=listing, number=number, typed=list(cells)) for number, cells in rows],
        batch_size=INSERTED_AT_ONCE,
    )
    record(LIST_UPLOADED, by=by, on=account, target=listing, after=listing.as_event())
    return listing


@action(LIST_MAPPED)
def map_columns(
    *, listing: Import, columns: Mapping[str, int | None], role: Role | None, message: str, by: Person
) -> Import:
    """Choose what is read from which column (address, role, message), and what counts for rows without it.

    Raises MissingPermission, ChangedMeanwhile (started, discarded, the role gone).
    """
    account, listing = _lock(listing, Import.State.DRAFT)
    authority.require(by, MANAGE_TEAM, on=account)
    if role is not None and not Role.objects.of(account).filter(pk=role.pk).exists():
        raise ChangedMeanwhile(_("The role is not in use any more. Choose again."))
    chosen = (dict(columns), role, message)
    if chosen == (listing.columns, listing.role, listing.message):
        return listing
    listing.columns, listing.role, listing.message = chosen
    listing.save(update_fields=["columns", "role", "message"])
    names = {name: listing.head[place] for name, place in columns.items() if place is not None}
    after = {**listing.as_event(), "columns": names, "role": role.as_event() if role else None}
    record(LIST_MAPPED, by=by, on=account, target=listing, after=after)
    return listing


@action(LIST_STARTED)
def start_import(*, listing: Import, seen: str, by: Person) -> Import:
    """Begin to invite the people of a list, in the name of `by`. What the dry run refused stays refused (rules 2, 12).

    `seen` is the fingerprint of who would be invited as what. Raises MissingPermission, PolicyViolation (nobody to
    invite), ChangedMeanwhile (started or discarded already, or something of it has changed since it was shown).
    """
    account, listing = _lock(listing, Import.State.DRAFT)
    authority.require(by, MANAGE_TEAM, on=account)
    policies.require_team(account)
    rows = fates.foresee(listing, account, by=Person.objects.get(pk=by.pk))  # a fresh one, which remembers nothing
    if seen != fates.fingerprint(rows):
        raise ChangedMeanwhile(_("What would happen has changed since you looked. Look again, then start."))
    counts = fates.tally(rows)
    if not counts.get(ImportRow.Fate.WAITING):
        raise PolicyViolation(_("Nobody on this list can be invited."))
    listing.rows.all().delete()  # to write them anew is faster by far than to change each
    for row in rows:
        row.pk = None
    ImportRow.objects.bulk_create(rows, batch_size=INSERTED_AT_ONCE)
    now = timezone.now()
    listing.state, listing.by, listing.started_at, listing.due_at = Import.State.RUNNING, by, now, now
    listing.save(update_fields=["state", "by", "started_at", "due_at"])
    after = {**listing.as_event(), "to_invite": counts[ImportRow.Fate.WAITING], "fates": counts}
    record(LIST_STARTED, by=by, on=account, target=listing, after=after)
    ring(WORK, import_id=listing.pk)
    return listing


@action(LIST_STOPPED)
def stop_import(*, listing: Import, by: Any, reason: str = "") -> Import:
    """Invite nobody more from a list; who was invited stays so. A list that was not started is discarded by it.

    Raises MissingPermission, ChangedMeanwhile (done or stopped already).
    """
    account, listing = _lock(listing, Import.State.DRAFT, Import.State.RUNNING)
    authority.require(by, MANAGE_TEAM, on=account)
    _end(listing, Import.State.STOPPED)
    after = {**listing.as_event(), "fates": listing.rows.tally()}
    record(LIST_STOPPED, by=by, on=account, target=listing, after=after, reason=reason)
    return listing


@action(LIST_DONE)
def finish_import(*, listing: Import, by: Any) -> Import:
    """Write down that no row of a list waits any more. Raises ChangedMeanwhile (done, stopped, or a row waits)."""
    account, listing = _lock(listing, Import.State.RUNNING)
    if listing.rows.waiting().exists():
        raise ChangedMeanwhile(_("There is still somebody to invite."))
    _end(listing, Import.State.DONE)
    counts = listing.rows.tally()
    after = {**listing.as_event(), "invited": counts.get(ImportRow.Fate.INVITED, 0), "fates": counts}
    record(LIST_DONE, by=by, on=account, target=listing, after=after)
    return listing


def _lock(listing: Import, *states: str) -> tuple[BusinessAccount, Import]:
    """Lock the account first, always, then the list, which must be in one of these states."""
    account = BusinessAccount.objects.open().select_related("policy").lock(listing.account_id)
    listing = Import.objects.filter(state__in=states).lock(listing.pk)
    listing.account = account
    return account, listing


def _end(listing: Import, state: str) -> None:
    listing.state, listing.ended_at, listing.paused_until = state, timezone.now(), None
    listing.save(update_fields=["state", "ended_at", "paused_until"])

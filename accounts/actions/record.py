"""Minding the record itself: checkpoints every hour, a check of all of it every day, an alarm when either is silent."""

import datetime as dt
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from audit import keeping, store
from audit.canonical import instant
from audit.models import Chain, Event, Verification
from audit.recording import PORTAL, SYSTEM, action, record
from audit.verification import Break

from ..events import RECORD_BROKEN, RECORD_CHECKED, RECORD_SILENT
from ..models import BusinessAccount, Person

logger = logging.getLogger(__name__)

CHECKING = "record:checking"
LONGEST_CHECK = 60 * 60  # seconds
MOST_PROBLEMS = 100  # kept of one check
OUTCOMES = {
    Verification.Outcome.HOLDS: "it holds",
    Verification.Outcome.UNPROVEN: "it holds in itself, but was held against no checkpoint outside",
    Verification.Outcome.BROKEN: "it does not hold",
}


def mind_record() -> None:
    """Make the checkpoint that is due, do the check that is due, and say so when either has been silent for too long.

    What fails is logged, and keeps nothing else from being done. It may be run at any time, and by two at once.
    """
    for part in (_make_checkpoint, check_record, _mind_silence):
        _tried(part)


def check_record(*, now: bool = False) -> Verification | None:
    """Check the whole record when that is due (or `now`), and write down what was found, good news too.

    Returns None when it isn't due, or another worker is at it.
    """
    last = Verification.objects.newest()
    due = now or last is None or timezone.now() - last.at >= keeping.VERIFY_EVERY
    if not due or not cache.add(CHECKING, "1", timeout=LONGEST_CHECK):
        return None
    found = keeping.check()  # a failure leaves the mark: it is tried again in an hour, and not in five minutes
    row = note_check(found=found, by=SYSTEM)
    for place in found.breaks:
        subject = _subject(place.chain)
        if subject is not None:
            _tried(partial(note_break, on=subject, place=place, by=SYSTEM))
    cache.delete(CHECKING)
    return row


@action(RECORD_CHECKED)
def note_check(*, found: keeping.Found, by: Any) -> Verification:
    """Write down how a check of the whole record went."""
    number, checkpoint = found.checkpoint or (None, None)
    at = checkpoint.statement.at if checkpoint else None
    row = Verification.objects.create(
        events=found.events,
        chains=found.chains,
        checkpoint=number,
        checkpoint_at=at,
        outcome=found.outcome,
        problems=[
            {"chain": place.chain, "number": place.number, "problem": place.problem}
            for place in found.breaks[:MOST_PROBLEMS]
        ],
    )
    after = {
        "outcome": str(found.outcome),
        "words": OUTCOMES[Verification.Outcome(found.outcome)],
        "events": found.events,
        "chains": found.chains,
        "checkpoint": number,
        "checkpoint_at": instant(at) if at else None,
        "broken": [place.chain for place in found.breaks[:MOST_PROBLEMS]],
    }
    record(RECORD_CHECKED, by=by, on=PORTAL, after=after)
    return row


@action(RECORD_BROKEN)
def note_break(*, on: BusinessAccount | Person, place: Break, by: Any) -> None:
    """Write into a chain that the check found a break in it, so that whose it is learns of it."""
    record(RECORD_BROKEN, by=by, on=on, after={"number": place.number}, reason=place.problem)


@action(RECORD_SILENT)
def note_silence(*, what: str, since: dt.datetime | None, by: Any) -> None:
    """Write down that checkpoints or checks of the record have been silent for too long."""
    after = {"what": what, "since": instant(since) if since else None}
    record(RECORD_SILENT, by=by, on=PORTAL, after=after)


def _make_checkpoint() -> None:
    """Keep the checkpoint that is due. Where the record does not extend the last one, check it all at once instead."""
    try:
        if keeping.checkpoint_is_due():
            keeping.keep_checkpoint()
    except (keeping.NotExtending, keeping.BadCheckpoint) as problem:
        logger.critical("no checkpoint is signed: %s", problem)
        last = Verification.objects.newest()
        if last is None or last.outcome != Verification.Outcome.BROKEN:
            check_record(now=True)


def _mind_silence() -> None:
    """Say once of each silence that it is too long: of checks, and of checkpoints where they are kept."""
    for what, since in silences():
        said = Event.objects.in_chain_of(PORTAL).named(RECORD_SILENT.name).between(since, None)
        if not any(event.parts["after"]["what"] == what for event in said):
            note_silence(what=what, since=since, by=SYSTEM)


def silences() -> list[tuple[str, dt.datetime | None]]:
    """Return what is late, each with the moment since when nothing was heard of it."""
    now, late = timezone.now(), []
    last = Verification.objects.newest()
    heard = last.at if last else Event.objects.order_by("pk").values_list("at", flat=True).first()
    if heard and now - heard >= keeping.VERIFICATION_LATE:
        late.append(("check", heard))
    if keeping.is_kept():
        heard = _last_checkpoint_at()
        if heard and now - heard >= keeping.CHECKPOINT_LATE:
            late.append(("checkpoint", heard))
    return late


def _last_checkpoint_at() -> dt.datetime | None:
    """Return the time of the newest checkpoint; where none can be read, of the last one known or the first check."""
    try:
        kept = store.store()
        found = store.newest(kept) if kept is not None else None
    except Exception:  # noqa: BLE001  # whatever the store raises, nothing was heard of it
        found = None
    if found:
        return found[1].statement.at
    known = Verification.objects.exclude(checkpoint_at=None).order_by("-at").values_list("checkpoint_at", flat=True)
    return known.first() or Verification.objects.order_by("at").values_list("at", flat=True).first()


def _subject(chain: str) -> BusinessAccount | Person | None:
    """Return whose chain it is, where they are there and the chain is not the portal's own."""
    kind, _slash, pk = chain.partition("/")
    if kind == Chain.Kind.ACCOUNT:
        return BusinessAccount.objects.filter(pk=pk).first()
    return Person.objects.filter(pk=pk).first() if kind == Chain.Kind.PERSON else None


def _tried(part: Callable[[], Any]) -> None:
    try:
        part()
    except Exception:
        logger.exception("minding the record: a part of it failed")

"""Making the next checkpoint of the store, and holding the whole record against the newest one (rule 16)."""

import datetime as dt
import enum
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from . import store
from .checkpoints import BadCheckpoint, Checkpoint, Links, make, objections
from .comparing import breaks, heads_now, links_between
from .models import Event, Verification
from .verification import Break, verify

logger = logging.getLogger(__name__)

CHECKPOINT_EVERY = dt.timedelta(minutes=55)  # it is looked for every five minutes: hourly
CHECKPOINT_LATE = dt.timedelta(hours=3)
VERIFY_EVERY = dt.timedelta(hours=24)
VERIFICATION_LATE = dt.timedelta(hours=26)
STORE = "store"  # stands in a break where a chain does, when something is wrong with the checkpoints themselves
ONE_AT_A_TIME = 7265  # of our advisory locks


class State(enum.StrEnum):
    """How the record stands, for who reads one chain of it."""

    GOOD = enum.auto()
    BROKEN_HERE = enum.auto()
    BROKEN = enum.auto()  # elsewhere
    LATE = enum.auto()  # no check came when it was due
    CHECKPOINT_LATE = enum.auto()
    UNPROVEN = enum.auto()  # checkpoints are kept, but could not be asked
    NOT_KEPT = enum.auto()
    NEVER = enum.auto()


class NotExtending(Exception):
    """The record does not extend the newest checkpoint of the store: signing another one would cover that up."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a check of the whole record found: how much it read, the checkpoint it was held against, and each break."""

    events: int
    chains: int
    checkpoint: tuple[int, Checkpoint] | None
    breaks: tuple[Break, ...]

    @property
    def outcome(self) -> str:
        """How it went, in one word."""
        if self.breaks:
            return Verification.Outcome.BROKEN
        return Verification.Outcome.HOLDS if self.checkpoint else Verification.Outcome.UNPROVEN


def is_kept() -> bool:
    """Whether checkpoints are kept outside at all: a store and a key are set."""
    return store.store() is not None and store.signer() is not None


def state_of(chain: str = "") -> tuple[State, Verification | None]:
    """Return how the record stands now, for who reads this chain, and the last check.

    It asks neither key nor store, which the web needs not have, and needs no job to know what is late.
    """
    last = Verification.objects.newest()
    if last is None:
        first = Event.objects.order_by("pk").values_list("at", flat=True).first()
        return (State.LATE if first and timezone.now() - first >= VERIFICATION_LATE else State.NEVER), None
    if last.outcome == Verification.Outcome.BROKEN:
        return (State.BROKEN_HERE if last.breaks(chain) else State.BROKEN), last
    if timezone.now() - last.at >= VERIFICATION_LATE:
        return State.LATE, last
    if last.outcome == Verification.Outcome.UNPROVEN:
        return (State.UNPROVEN if Verification.objects.highest_checkpoint() else State.NOT_KEPT), last
    if last.checkpoint_at is None or last.at - last.checkpoint_at >= CHECKPOINT_LATE:
        return State.CHECKPOINT_LATE, last
    return State.GOOD, last


def checkpoint_is_due() -> bool:
    """Whether it is time for the next checkpoint. Raises BadCheckpoint, and what the store raises."""
    kept = store.store()
    if kept is None or store.signer() is None:
        return False
    found = store.newest(kept)
    return found is None or timezone.now() - found[1].statement.at >= CHECKPOINT_EVERY


def keep_checkpoint(*, anew: bool = False) -> int | None:
    """Write the next checkpoint, with the links that prove it, into the store; return its number.

    None where no store or key is set, or another worker is at it. `anew` begins a new row of checkpoints, which extends
    none of the earlier ones: a witness will say so. Raises NotExtending, which a witness would say, too; BadCheckpoint
    where the newest one is not to be read; and what the store raises.
    """
    kept, key = store.store(), store.signer()
    if kept is None or key is None:
        return None
    with _alone() as alone:
        if not alone:
            return None
        checkpoint = make(heads_now(), key=key, at=timezone.now())
        known = max(store.newest_number(kept), Verification.objects.highest_checkpoint())
        links = None if anew or not known else _links_from(store.newest(kept), known, checkpoint)
        store.keep(kept, known + 1, checkpoint, links)
    return known + 1


def _links_from(found: tuple[int, Checkpoint] | None, known: int, checkpoint: Checkpoint) -> Links:
    """Return the links from the newest checkpoint of the store to the next one. Raises NotExtending."""
    if found is None or found[0] < known:
        raise NotExtending(_missing(known))
    links = links_between(found[1], checkpoint)
    if said := objections(found[1], checkpoint, links):
        raise NotExtending("; ".join(said))
    return links


def _missing(number: int) -> str:
    return _("checkpoint %(number)d was there, and is missing now") % {"number": number}


def check() -> Found:
    """Recompute the whole record, and hold it against the newest checkpoint of the store."""
    found, wrong = _newest()
    verdicts = list(verify())
    places = {verdict.chain: verdict.broken for verdict in verdicts if verdict.broken}
    for place in breaks(found[1]) if found else []:
        places.setdefault(place.chain, place)
    events, chains = sum(verdict.events for verdict in verdicts), len(verdicts)
    return Found(events, chains, found, (*wrong, *places.values()))


def _newest() -> tuple[tuple[int, Checkpoint] | None, list[Break]]:
    """Return the newest checkpoint of the store, and what is wrong with the store itself."""
    kept = store.store()
    if kept is None or store.signer() is None:
        return None, []
    try:
        found = store.newest(kept)
    except BadCheckpoint as problem:
        return None, [Break(STORE, 0, str(problem))]
    except Exception as problem:  # noqa: BLE001  # a store's own errors: it can't be asked now, which proves nothing
        logger.warning("the store of checkpoints can't be read: %s", type(problem).__name__)
        return None, []
    number, known = found[0] if found else 0, Verification.objects.highest_checkpoint()
    if number < known:
        return found, [Break(STORE, known, _missing(known))]
    return found, []


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether nobody else makes a checkpoint within the block: two at once would both follow the same one."""
    with transaction.atomic(), connection.cursor() as cursor:  # noqa: TID251  # it holds a lock, and changes no row
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
        yield cursor.fetchone()[0]

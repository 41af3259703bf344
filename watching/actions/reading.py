"""Reading on in the log: what is new in each chain is judged once, and a killed worker loses nothing."""

import logging
import time
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from accounts.models import BusinessAccount
from audit.models import Chain, Event
from audit.recording import SYSTEM, action
from teams.models import Membership

from ..events import ALERT_RAISED
from ..happenings import Happened
from ..models import Cursor, Tuning, tuned_of
from ..past import ChainHistory, happened
from ..rules import hearing
from .raising import Raised, is_told, open_alerts

logger = logging.getLogger(__name__)

BATCH = 500  # events in one transaction
LONGEST_RUN = 45.0  # seconds; the next run goes on


def read_all() -> int:
    """Read on in all chains that hold something new, and return how many; a chain that fails keeps no other back.

    A second turn reads what the first one wrote: the alerts themselves, of which no rule hears.
    """
    until, read = time.monotonic() + LONGEST_RUN, 0
    for _turn in range(2):
        for chain_id in Cursor.objects.unread_chains():
            if time.monotonic() >= until:
                return read
            _read(chain_id, until)
            read += 1
    return read


def _read(chain_id: int, until: float) -> None:
    try:
        while time.monotonic() < until and read_on(chain_id=chain_id, by=SYSTEM):
            pass
    except Exception:
        logger.exception("watching: the chain %d could not be read", chain_id)


@action(ALERT_RAISED)
def read_on(*, chain_id: int, by: Any) -> bool:
    """Judge what is new in a chain, raise the first alert that comes of it, and say whether there may be more to do.

    How far it came is written down in the same transaction as the alert: both are there, or neither, and what is read
    again after a crash is known by its window. A chain that another worker reads is left alone.
    """
    Cursor.objects.bulk_create([Cursor(chain_id=chain_id)], ignore_conflicts=True)  # a chain that was just begun
    cursor = Cursor.objects.take(chain_id)
    if cursor is None:
        return False
    chain = Chain.objects.get(pk=chain_id)
    events = list(Event.objects.filter(chain=chain, number__gt=cursor.number).order_by("number")[:BATCH])
    history, reach = ChainHistory(chain), Reach(chain)
    for event in events:
        found = reach.found(event, history)
        if found:
            _moved(cursor, event.number - 1)  # it is judged once more: another rule may have found something, too
            open_alerts(found, by=by)
            return True
    if events:
        _moved(cursor, events[-1].number)
    return len(events) == BATCH


def _moved(cursor: Cursor, number: int) -> None:
    cursor.number, cursor.read_at = number, timezone.now()
    cursor.save(update_fields=["number", "read_at"])


class Reach:
    """The accounts that the events of a chain concern, and what each of them set about the rules."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self._known: tuple[list[BusinessAccount], dict[tuple[int, str], Tuning]] | None = None

    def found(self, event: Event, history: ChainHistory) -> list[Raised]:
        """Return what the rules find in an event and no alert tells of yet: the first one for each account."""
        rules = hearing(self.chain.kind, event.name)
        if not rules:
            return []
        this = happened(event, history.place)
        first: dict[int, Raised] = {}
        for raised in self._judged(this, history):
            if raised.account.pk not in first and not is_told(raised):
                first[raised.account.pk] = raised
        return list(first.values())

    def _judged(self, this: Happened, history: ChainHistory) -> Iterator[Raised]:
        accounts, tunings = self._accounts()
        for rule in hearing(self.chain.kind, this.name):
            for account in accounts:
                tuning = tunings.get((account.pk, rule.code))
                if rule.judge is None or (tuning and tuning.is_muted(this.at)):
                    continue
                finding = rule.judge(this, history, tuned_of(rule, tuning))
                if finding:
                    yield Raised(account, rule, finding)

    def _accounts(self) -> tuple[list[BusinessAccount], dict[tuple[int, str], Tuning]]:
        """Return the open account of the chain; of a person's chain, those in which they are a member."""
        if self._known is None:
            rows = BusinessAccount.objects.open()
            if self.chain.kind == Chain.Kind.ACCOUNT:
                rows = rows.filter(pk=self.chain.subject_id)
            else:
                seats = Membership.objects.current().filter(person=self.chain.subject_id)
                rows = rows.filter(pk__in=seats.values("account"))
            accounts = list(rows.order_by("pk"))
            self._known = accounts, Tuning.objects.of_accounts(account.pk for account in accounts)
        return self._known

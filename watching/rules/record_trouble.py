"""Trouble with the record itself: a break in it, or checks and checkpoints that did not come."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from accounts.events import RECORD_BROKEN
from audit.keeping import State

from ..happenings import DAY, HOUR, Finding, Happened, History, Rule, Severity, Standing, Tuned, named, places_of

WORDS = {
    State.BROKEN: _("the record does not hold, though not in this account’s part of it"),
    State.LATE: _("no check of the record came when it was due"),
    State.CHECKPOINT_LATE: _("no checkpoint came when it was due"),
    State.UNPROVEN: _("checkpoints are kept, but could not be asked"),
}


def judge(happened: Happened, _history: History, _tuned: Tuned) -> Finding:
    """Every break that the check found in the chain of the account."""
    facts = {"number": happened.after.get("number")}
    window = f"{happened.chain}:{happened.number}"
    return Finding("record", window, happened.at, None, facts, places_of([happened]))


def look(standing: Standing, _tuned: Tuned) -> Iterator[Finding]:
    """Say what is wrong with the record, once for each check that said so."""
    state, since = standing.record
    if state in WORDS:
        facts = {"state": str(WORDS[State(state)]), "since": since}
        yield Finding(f"record/{state}", since or "never", standing.now, None, facts)


RECORD_BROKEN_HERE = Rule(
    code="record_broken",
    name=_("A break in the record of this account"),
    explains=_(
        "Every day the whole record is recomputed and held against a checkpoint outside of the database. When an event "
        "of this account was changed, added or taken away, that is an alert at once."
    ),
    severity=Severity.HIGH,
    title=_("The record of this account does not hold at event {number}"),
    reasons=(("number", _("The check of the record found its first break at event {number}.")),),
    advice=(
        _("Trust nothing that the log says from that event on, until who runs the portal has explained it."),
        _("Keep the checkpoints that you were mailed: they show what the record held."),
    ),
    hears=named(RECORD_BROKEN.name),
    judge=judge,
)
RECORD_TROUBLE = Rule(
    code="record_trouble",
    name=_("Checks of the record are missing"),
    explains=_(
        "The record is checked every day, and a checkpoint of it leaves the database every hour. Silence is an alert: "
        "it looks every hour whether both came, and whether the record holds elsewhere in the portal."
    ),
    severity=Severity.MEDIUM,
    title=_("Trouble with the record: {state}"),
    reasons=(("since", _("Nothing better was heard since {since}.")),),
    advice=(_("Ask who runs the portal what became of the checks, the store of the checkpoints, and the witness."),),
    look=look,
    every=HOUR,
    quiet=DAY,
)

"""The report of a closed campaign: what it says, and as PDF and CSV. Its JSON is what the log holds the digest of."""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.papers import Paper
from audit.canonical import instant
from audit.exporting import neutral
from audit.models import Event

from . import policies
from .models import Campaign, Decision, Item

COLUMNS = (
    "person", "address", "role", "reviewer", "why", "suggestion", "decision", "reduced_to", "decided_by", "decided_at",
    "seconds", "reason", "outcome", "hindrance",
)  # fmt: skip


def statement_of(campaign: Campaign, items: Sequence[Item], *, by: Any, at: dt.datetime) -> dict[str, Any]:
    """Return the whole report of a campaign that is closed now, by a person or, with None, by itself."""
    return {
        "review": {"id": campaign.pk, "name": campaign.name},
        "account": {"id": campaign.account_id, "name": campaign.account.name},
        "scope": campaign.scope_words,
        "rule": campaign.rule,
        "silence": campaign.silence,
        "started_at": instant(campaign.started_at),
        "started_by": policies.named(campaign.started_by) if campaign.started_by else None,
        "deadline": instant(campaign.deadline),
        "closed_at": instant(at),
        "closed_by": policies.named(by) if isinstance(by, Person) else None,
        "numbers": numbers_of(items),
        "reviewers": _reviewers(items),
        "items": [_of_one(item) for item in items],
    }


def numbers_of(items: Sequence[Item]) -> dict[str, int]:
    """Return the sums of a report; `removed_share` is in percent of what was decided."""
    decided = [item for item in items if item.decision]
    counts = {str(decision): sum(item.decision == decision for item in decided) for decision in Decision}
    removed = len(decided) - counts[Decision.KEEP]
    return {
        "items": len(items),
        "decided": len(decided),
        "carried_over": sum(not item.must_decide and not item.decision for item in items),
        "ended_meanwhile": sum(item.must_decide and not item.decision for item in items),
        **counts,
        "by_silence": sum(item.by_silence for item in decided),
        "left_open": sum(is_left_open(item) for item in items),
        "removed": removed,
        "removed_share": policies.share(removed, len(decided)),
    }


def is_left_open(item: Item) -> bool:
    """Say whether something was decided on an access that is not carried out."""
    return item.decision not in ("", Decision.KEEP) and not item.is_settled


def _reviewers(items: Iterable[Item]) -> list[dict[str, Any]]:
    """Return reviewer by reviewer how many they decided, how fast, and whether that looks as if nobody had looked."""
    by_person: dict[Person, list[Item]] = {}
    for item in items:
        if item.decided_by is not None:
            by_person.setdefault(item.decided_by, []).append(item)
    found = []
    for person, decided in sorted(by_person.items(), key=lambda row: (str(row[0]), row[0].pk)):
        kept = sum(item.decision == Decision.KEEP for item in decided)
        bulk = sum(item.in_bulk for item in decided)
        middle = policies.median_seconds([item.seconds for item in decided if item.seconds is not None])
        found.append(
            {
                "person": policies.named(person),
                "decided": len(decided),
                "removed": len(decided) - kept,
                "in_bulk": bulk,
                "median_seconds": middle,
                "rubber_stamp": policies.looks_rubber_stamped(len(decided), kept, bulk, middle),
            }
        )
    return found


def _of_one(item: Item) -> dict[str, Any]:
    return {
        "membership": item.membership_id,
        "access": item.snapshot,
        "must_decide": item.must_decide,
        "why": list(item.why),
        "suggestion": str(item.suggestion),
        "suggested_role": str(item.suggested_role) if item.suggested_role else "",
        "suggestion_reason": item.suggestion_reason,
        "reviewer": policies.named(item.reviewer),
        "decision": str(item.decision),
        "reduce_to": str(item.reduce_to) if item.reduce_to else "",
        "reason": item.reason,
        "decided_by": policies.named(item.decided_by) if item.decided_by else None,
        "decided_at": instant(item.decided_at) if item.decided_at else None,
        "in_bulk": item.in_bulk,
        "seconds": item.seconds,
        "outcome": str(item.outcome),
        "hindrance": item.hindrance,
    }


def as_json(campaign: Campaign, event: Event | None) -> dict[str, Any]:
    """Return the report with its SHA-256, and the event of the log that holds the same digest."""
    held = {"number": event.number, "hash": bytes(event.hash).hex()} if event else {}
    return {"statement": campaign.report, "sha256": campaign.digest, "event": held}


def as_csv(campaign: Campaign) -> str:
    """Return the report as a table, a line an access; what a spreadsheet would take for a formula is neutralised."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in campaign.report["items"]:
        by = row["decided_by"] or {}
        cells = [
            row["access"]["person"]["name"], row["access"]["person"]["address"], row["access"]["role"]["name"],
            row["reviewer"]["name"], " ".join(row["why"]), row["suggestion"], row["decision"] or _undecided(row),
            row["reduce_to"], by.get("name", ""), row["decided_at"] or "", row["seconds"], row["reason"],
            row["outcome"], row["hindrance"],
        ]  # fmt: skip
        writer.writerow([neutral("" if cell is None else cell) for cell in cells])
    return text.getvalue()


def as_pdf(campaign: Campaign, event: Event | None) -> bytes:
    """Return the report as a PDF."""
    said, paper = campaign.report, Paper(_("Access review"))
    numbers = said["numbers"]
    paper.head(said["review"]["name"], _("%(account)s, access review %(number)d") % {
        "account": said["account"]["name"], "number": campaign.pk,
    })  # fmt: skip
    paper.facts(
        [
            (_("Whose access"), said["scope"]),
            (_("Started"), _instant(said["started_at"])),
            (_("Closed"), _instant(said["closed_at"])),
            (_("Closed by"), said["closed_by"]["name"] if said["closed_by"] else _("the portal, after the deadline")),
            (_("Accesses"), str(numbers["items"])),
            (_("Decided"), str(numbers["decided"])),
            (_("Carried over"), str(numbers["carried_over"])),
            (_("Ended meanwhile"), str(numbers["ended_meanwhile"])),
            (_("Ended, reduced or suspended"), f"{numbers['removed']} ({numbers['removed_share']} %)"),
            (_("By silence"), str(numbers["by_silence"])),
            (_("Not carried out"), str(numbers["left_open"])),
        ]
    )
    paper.heading(_("Reviewers"))
    paper.lines(reviewer_words(row) for row in said["reviewers"])
    paper.heading(_("Accesses"))
    paper.lines(_line(row) for row in said["items"])
    paper.heading(_("How to check it"))
    paper.facts(
        [
            (_("SHA-256 of this report"), campaign.digest),
            (_("Event in the log"), str(event.number) if event else _("missing")),
            (_("Hash of that event"), bytes(event.hash).hex() if event else "–"),
        ]
    )
    return paper.finished()


def reviewer_words(row: dict[str, Any]) -> str:
    """Say how a reviewer decided."""
    words = _("%(person)s: %(decided)d decided, %(removed)d of them removed") % {
        "person": row["person"]["name"], "decided": row["decided"], "removed": row["removed"],
    }  # fmt: skip
    if row["median_seconds"] is not None:
        words += _(", %(seconds)d seconds each, in the middle") % {"seconds": row["median_seconds"]}
    return words + (_(" – looks as if nobody had looked") if row["rubber_stamp"] else "")


def _line(row: dict[str, Any]) -> str:
    decision = str(Decision(row["decision"]).label) if row["decision"] else _undecided(row)
    if row["reduce_to"]:
        decision = _("reduce to %(role)s") % {"role": row["reduce_to"]}
    by = row["decided_by"]["name"] if row["decided_by"] else (_("silence") if row["decision"] else "–")
    words = {
        "person": row["access"]["person"]["name"],
        "role": row["access"]["role"]["name"],
        "decision": decision,
        "by": by,
        "left": f" – {row['hindrance']}" if row["hindrance"] else "",
    }
    return _("%(person)s, %(role)s: %(decision)s (%(by)s)%(left)s") % words


def _undecided(row: dict[str, Any]) -> str:
    """Say why nothing was decided on an access."""
    return _("ended meanwhile") if row["must_decide"] else _("carried over")


def _instant(text: str) -> str:
    return f"{dt.datetime.fromisoformat(text):%d %B %Y, %H:%M:%S} UTC"

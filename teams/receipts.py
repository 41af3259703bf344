"""A receipt to keep: as JSON that a program can check against the log, and as PDF for people (rule 13)."""

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from accounts.papers import Paper
from accounts.permissions import PERMISSIONS
from audit.events import ERASED
from audit.models import Chain, Event

from . import policies
from .models import EndedEngagement, Proof, Receipt


def as_json(receipt: Proof, event: Event | None) -> dict[str, Any]:
    """Return the receipt's statement with its SHA-256, and the event of the log that holds the same digest."""
    return {"statement": receipt.statement, "sha256": receipt.digest, "event": _event(event)}


def event_of(proof: Any) -> Event | None:
    """Return the event of the act that a receipt or report proves; None where the log has none of that number."""
    if proof.event_number is None:
        return None
    return Event.objects.in_chain_of(proof.account).filter(number=proof.event_number).first()


def in_log(proof: Any, event: Event | None) -> dict[str, Any]:
    """Return what a page says of a receipt's or report's place in the log: its event, and whether it holds the digest.

    `proof` has a `digest` over the field that `proven_by_digest` names, an account, and an event's number. Where
    somebody was erased from it the digest is another one since, and the log tells of that. Its event may be removed by
    now, with all others before a checkpoint.
    """
    holds = event is not None and event.parts["after"].get("digest") == proof.digest
    struck = "erased" in getattr(proof, proof.proven_by_digest)
    return {
        "event": event,
        "event_hash": bytes(event.hash).hex() if event else "",
        "holds": holds,
        "erased": not holds and struck and Event.objects.of(proof.account).named(ERASED.name).exists(),
        "removed": event is None and Chain.objects.has_removed(proof.account, proof.event_number),
    }


def as_pdf(receipt: Receipt, event: Event | None) -> bytes:
    """Return the receipt as a PDF."""
    said, paper = receipt.statement, Paper(_("Receipt"))
    paper.head(
        _("The access of %(person)s has ended") % {"person": said["person"]["name"]},
        _("%(account)s, receipt %(number)d") % {"account": said["account"]["name"], "number": receipt.pk},
    )
    paper.facts(
        [
            (_("Person"), f"{said['person']['name']} ({said['person']['address']})"),
            (_("Account"), said["account"]["name"]),
            (_("Ended"), _instant(said["at"])),
            (_("By"), said["by"]["name"]),
            (_("Reason"), said["reason"]),
        ]
    )
    paper.heading(_("What ended"))
    _what_ended(paper, said["ended"])
    paper.heading(_("What was looked for afterwards"))
    _what_was_looked_for(paper, said["checked"])
    _how_to_check(paper, receipt, event)
    return paper.finished()


def engagement_as_pdf(receipt: EndedEngagement, event: Event | None) -> bytes:
    """Return the receipt of a whole engagement as a PDF: what ended and what was looked for, person by person."""
    said, paper = receipt.statement, Paper(_("Receipt"))
    paper.head(
        _("The engagement of %(organisation)s has ended") % {"organisation": said["organisation"]},
        _("%(account)s, receipt %(number)d") % {"account": said["account"]["name"], "number": receipt.pk},
    )
    paper.facts(
        [
            (_("Organisation"), ", ".join([said["organisation"], *said["spellings"]])),
            (_("Account"), said["account"]["name"]),
            (_("People"), str(len(said["people"]))),
            (_("Ended"), _instant(said["at"])),
            (_("By"), said["by"]["name"]),
            (_("Reason"), said["reason"]),
        ]
    )
    for one in said["people"]:
        paper.heading(f"{one['person']['name']} ({one['person']['address']})")
        _what_ended(paper, one["ended"])
        _what_was_looked_for(paper, one["checked"])
    paper.heading(_("Of the organisation"))
    paper.lines(_("Invitation: %(words)s") % {"words": words} for words in said["invitations"])
    _what_was_looked_for(paper, said["checked"])
    _how_to_check(paper, receipt, event)
    return paper.finished()


def _what_ended(paper: Paper, ended: dict[str, Any]) -> None:
    paper.lines([_("Role: %(role)s") % {"role": role_of(ended)}])
    paper.lines(
        _("Grant on %(asset)s: %(act)s") % {"asset": grant["name"], "act": _words(grant["code"])}
        for grant in ended["grants"]
    )
    for label, things in ended["others"].items():
        paper.lines(f"{label}: {thing}" for thing in things)
    paper.lines([_("Sessions: %(count)d") % {"count": ended["sessions"]}, password_words(ended["password"])])


def role_of(ended: dict[str, Any]) -> str:
    """Return in words which role ended; of one that was held for a time, also until when, and the lasting one."""
    if "then" not in ended:
        return str(ended["role"]["name"])
    names = {"role": ended["role"]["name"], "end": ended["ends"], "then": ended["then"]["name"]}
    return _("%(role)s until %(end)s, then %(then)s") % names


def _what_was_looked_for(paper: Paper, checked: list[dict[str, Any]]) -> None:
    paper.facts(
        (row["what"], _("none left") if not row["found"] else _("%(count)d LEFT") % {"count": row["found"]})
        for row in checked
    )


def _how_to_check(paper: Paper, receipt: Proof, event: Event | None) -> None:
    paper.heading(_("How to check it"))
    held = _event(event)
    paper.facts(
        [
            (_("SHA-256 of this receipt"), receipt.digest),
            (_("Event in the log"), str(held["number"]) if held else _("missing")),
            (_("Hash of that event"), held["hash"] if held else "–"),
        ]
    )


def password_words(code: str) -> str:
    """Say what became of the password."""
    if code == policies.PASSWORD_RESET:
        return _("The password was reset: no membership was left anywhere.")
    return _("The password was kept, since a membership is left elsewhere; all sessions ended.")


def _event(event: Event | None) -> dict[str, Any]:
    if event is None:
        return {}
    return {"chain": event.parts["chain"], "number": event.number, "hash": bytes(event.hash).hex()}


def _words(code: str) -> str:
    entry = PERMISSIONS.get(code)
    return str(entry.words) if entry else code


def _instant(text: str) -> str:
    return f"{dt.datetime.fromisoformat(text):%d %B %Y, %H:%M:%S} UTC"

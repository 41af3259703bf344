"""manage.py check_review: hold the report of a closed review, or a file that somebody kept of it, against the log."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.canonical import digest_of
from teams.models.offboarding import text_of_statement
from teams.receipts import event_of

from ...models import Campaign


class Command(BaseCommand):
    """Exit code 0: the log holds exactly this report. 1: it does not. 2: asked wrongly."""

    help = "Hold the report of a closed access review, or a file kept of it, against the log."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what may be asked."""
        parser.add_argument("number", type=int, help="the number of the review, as its address has it")
        parser.add_argument("file", nargs="?", help="the JSON file that was kept of its report")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, and say how it went."""
        closed = Campaign.objects.filter(state=Campaign.State.CLOSED).select_related("account")
        campaign = closed.filter(pk=options["number"]).first()
        if campaign is None:
            raise CommandError("There is no closed review of this number.", returncode=2)
        digest = _digest_of_file(options["file"]) if options["file"] else campaign.digest
        event = event_of(campaign)
        held = event.parts["after"].get("digest") if event else None
        if event is None or held != digest:
            self.stdout.write(f"{campaign}: NOT the report of the log. Its SHA-256 is {digest}, the log holds {held}.")
            sys.exit(1)
        self.stdout.write(f"{campaign}: event {event.number} of {campaign.account} holds {digest}. It is the report.")


def _digest_of_file(name: str) -> str:
    try:
        kept = json.loads(Path(name).read_text(encoding="utf-8"))
        return digest_of(text_of_statement(kept["statement"])).hex()
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise CommandError(f"{name} is no report: {problem}", returncode=2) from problem

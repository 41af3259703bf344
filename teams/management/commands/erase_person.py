"""manage.py erase_person: forget a person where law asks, and leave a record that still holds."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError

from accounts.normalising import normal_address
from audit.recording import SYSTEM, Refused
from teams.actions import erase_person


class Command(BaseCommand):
    """Runs as the owner of the tables. Exit code 1: refused, and nothing was erased."""

    help = (
        "Erase a person from the log and from every table. It can't be undone, and backups made before still hold it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what may be asked."""
        parser.add_argument("address", help="the person's e-mail address")
        parser.add_argument("--also", metavar="WORDS", action="append", default=[], help="an earlier address or name")
        parser.add_argument("--reason", required=True, help="why, without the person's name; it stands in the log")
        parser.add_argument("--yes", action="store_true", help="don't ask")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, erase, and say what was emptied."""
        try:
            address = normal_address(options["address"])
            also = [normal_address(words) if "@" in words else words.strip() for words in options["also"]]
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from None
        if not all(also) or not options["reason"].strip():
            raise CommandError("An empty text names nobody, and says no reason.")
        if not options["yes"]:
            self.stderr.write(f"Everything that names {address} will be erased for good. Type the address to go on: ")
            if input().strip().lower() != address:
                raise CommandError("Nothing was erased.")
        try:
            done = erase_person(address=address, by=SYSTEM, reason=options["reason"].strip(), also=also)
        except Refused as refusal:
            raise CommandError(refusal.words) from None
        except ProgrammingError:
            raise CommandError("Only the role that owns the tables can erase: see docs/personal-data.md.") from None
        words = "Erased: {events} events in {chains} chains were emptied, {rows} other rows were struck through."
        self.stdout.write(words.format(**done))

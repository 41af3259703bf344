"""manage.py seed_demo: a made-up past, so that every page has something true to show."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Person
from audit.models import Event


class Command(BaseCommand):
    """Plays the demo's story on an empty database. Refuses on a real portal, and on one that has people."""

    help = "Fill an empty portal with demo people, accounts and a few months of history."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what may be asked."""
        parser.add_argument("--sign-ins", action="store_true", help="only print: address / password / who")

    def handle(self, *args: Any, **options: Any) -> None:
        """Play, or print the sign-ins."""
        if not (settings.EMBEDDED or settings.DEBUG):
            raise CommandError("demo data is for the embedded or debug setting only: it makes sign-ins everybody knows")
        from oversight.demo import cast, stage, story  # needs time-machine, which production does not install

        if not options["sign_ins"]:
            if Person.objects.exists():
                self.stderr.write("The portal has people already: no demo data was added.")
            else:
                played = stage.new_stage()
                story.write(played)
                played.play()
                self.stderr.write(f"Demo data: {Person.objects.count()} people, {Event.objects.count():,} events.")
        for line in cast.sign_ins():
            self.stdout.write(line)

"""`manage.py staff`: who is of the platform's staff, and the one way to change that."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import actions
from accounts.models import Person
from audit.recording import SYSTEM


class Command(BaseCommand):
    help = "Lists the platform's staff; makes somebody staff (--add) or ends it (--remove). Each stands in their log."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one of two acts, or none."""
        acts = parser.add_mutually_exclusive_group()
        acts.add_argument("--add", metavar="ADDRESS", help="the e-mail address of somebody who has a sign-in")
        acts.add_argument("--remove", metavar="ADDRESS", help="the e-mail address of somebody who is staff")

    def handle(self, *args: Any, add: str | None, remove: str | None, **options: Any) -> None:
        """Do it, then list them."""
        if add or remove:
            person = Person.objects.find(add or remove or "")
            if person is None:
                raise CommandError(f"Nobody signs in with {add or remove}.")
            act = actions.appoint if add else actions.dismiss
            act(person=person, by=SYSTEM)
        for person in Person.objects.filter(is_staff=True).order_by("email"):
            factor = "with a second factor" if actions.has_second_factor(person) else "without a second factor"
            self.stdout.write(f"{person.email} / {person.name} / {factor}")

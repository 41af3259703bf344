"""manage.py create_checkpoint: a signed statement of what the record holds now, to be kept on another machine."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from audit import checkpoints


class Command(BaseCommand):
    """Prints the checkpoint. Exit code 2 without a key to sign it."""

    help = "Print a signed checkpoint of all chains; keep it where the database can't reach it."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it and print it."""
        try:
            self.stdout.write(checkpoints.make(key=settings.CHECKPOINT_KEY, origin=settings.SITE_URL))
        except ValueError:
            raise CommandError(
                "set CHECKPOINT_KEY to 32 bytes in hexadecimal: openssl rand -hex 32", returncode=2
            ) from None

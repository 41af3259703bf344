"""`manage.py run_embedded`: the whole portal on this machine, servers included; what `make run` ends in."""

import os
import sys

from django.conf import settings
from django.core.management import get_commands
from django.core.management.base import BaseCommand

from accessportal.embedded.processes import EmbeddedError
from accessportal.embedded.supervisor import Supervisor


class Command(BaseCommand):
    """Starts everything, watches it, and ends all of it at Ctrl-C."""

    help = "Run web, worker and beat on this machine, with embedded PostgreSQL and Valkey unless addresses are given."

    def handle(self, **options: object) -> None:
        """Return when told to stop; exit 1 with a clear line when it can't run."""
        supervisor = Supervisor(
            settings.DATA,
            settings.PORT,
            settings.SITE_URL,
            own_database=settings.OWN_DATABASE,
            own_broker=not os.environ.get("REDIS_URL"),
            has_demo="seed_demo" in get_commands(),
            keeps_mails=settings.EMAIL_BACKEND == "accessportal.devmail.EmlFileBackend",
        )
        try:
            supervisor.run()
        except EmbeddedError as error:
            self.stderr.write(str(error))
            sys.exit(1)

"""`manage.py set_up_database`: the migration step of every release, run as the owner of the tables."""

from argparse import ArgumentParser

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from psycopg2.errors import UndefinedObject

from accessportal.database_roles import grant_app_role

ONE_AT_A_TIME = 7263  # any number: the same in every release


class Command(BaseCommand):
    """Migrates, then gives the role of web and worker exactly its grants. May be repeated."""

    help = "Migrate the database as its owner, then grant DATABASE_APP_ROLE what web and worker need (and no more)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """No arguments of its own: all comes from the settings."""

    def handle(self, *, verbosity: int, **options: object) -> None:
        """Raises CommandError when the role does not exist."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        try:
            call_command("migrate", interactive=False, verbosity=verbosity)
            self._grant(settings.DATABASE_APP_ROLE)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])

    def _grant(self, role: str) -> None:
        if not role:
            self.stdout.write("DATABASE_APP_ROLE is not set: web and worker use the owner's role, nothing to grant.")
            return
        try:
            with transaction.atomic(), connection.cursor() as cursor:  # noqa: TID251  # wiring, not an act of a person
                grant_app_role(cursor, role)
        except Exception as error:
            if isinstance(error.__cause__, UndefinedObject):
                raise CommandError(f"The role {role!r} of DATABASE_APP_ROLE does not exist: make it first.") from error
            raise
        self.stdout.write(f"The database is set up; {role!r} holds its grants.")

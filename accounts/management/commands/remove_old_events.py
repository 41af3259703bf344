"""manage.py remove_old_events: remove what accounts keep no longer, up to a checkpoint. For a daily timer."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError
from django.utils import timezone

from accounts import retention
from accounts.actions import remove_old_events
from accounts.models import BusinessAccount
from audit.checkpoints import BadCheckpoint
from audit.keeping import is_kept
from audit.recording import SYSTEM, Refused
from audit.removing import anchor_of


class Command(BaseCommand):
    """Runs as the owner of the tables. Exit code 1: an account could not be gone through, and keeps its events."""

    help = "Remove the events that accounts keep no longer, each up to a checkpoint that stays as the anchor."

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through the accounts that keep their log for a time only."""
        failed, wanted = 0, BusinessAccount.objects.exclude(log_kept_years=None).order_by("pk")
        if wanted and not is_kept():
            raise CommandError("No checkpoints are known here: set CHECKPOINT_STORE and CHECKPOINT_KEY.")
        for account in wanted:
            try:
                self.stdout.write(f"{account.slug}: {self._remove(account)} events removed")
            except ProgrammingError:
                raise CommandError("Only the role that owns the tables can: see docs/personal-data.md.") from None
            except (Refused, BadCheckpoint, OSError) as problem:
                failed += 1
                self.stderr.write(f"{account.slug}: {problem}")
        if failed:
            raise CommandError(f"{failed} accounts could not be gone through")

    def _remove(self, account: BusinessAccount) -> int:
        before = retention.kept_from(account, timezone.now())
        anchor = anchor_of(account, before=before) if before else None
        return remove_old_events(account=account, anchor=anchor, by=SYSTEM) if anchor else 0

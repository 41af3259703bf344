"""Thin doors from the queue to the actions of this floor. They stand being run twice, and by two workers at once."""

from typing import Any

from celery import shared_task

from accounts.errors import ChangedMeanwhile
from audit.recording import SYSTEM

from . import actions
from .models import Invitation

MOST_A_RUN = 500  # the rest is found by the next run


@shared_task
def note_expiries(**_later: Any) -> None:
    """Write down which invitations ran out."""
    for invitation in Invitation.objects.with_expiry_to_note().order_by("expires_at", "pk")[:MOST_A_RUN]:
        try:
            actions.note_expiry(invitation=invitation, by=SYSTEM)
        except ChangedMeanwhile:
            continue  # another worker was quicker, or it was sent anew


@shared_task
def work_through_import(*, import_id: int, **_later: Any) -> None:
    """Invite the next people of a list."""
    actions.work_through(import_id=import_id)


@shared_task
def sweep_imports(**_later: Any) -> None:
    """Find the lists that wait for a worker, and ring for them again."""
    actions.sweep_imports()


@shared_task
def clear_old_imports(**_later: Any) -> None:
    """Delete the rows of old lists."""
    actions.clear_old_imports()

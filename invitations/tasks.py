"""Thin doors from the queue to the actions. They take ids, and stand being run twice."""

from typing import Any

from celery import shared_task

from . import actions


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

"""Thin doors from the queue to the actions. They stand being run twice, and by two workers at once."""

from typing import Any

from celery import shared_task

from . import actions


@shared_task
def make_export(*, export_id: int, **_later: Any) -> None:
    """Make the next parts of an export."""
    actions.make_export(export_id=export_id)


@shared_task
def sweep_exports(**_later: Any) -> None:
    """Find the exports that wait for a worker."""
    actions.sweep_exports()


@shared_task
def clear_old_exports(**_later: Any) -> None:
    """Delete the files of exports that were kept long enough."""
    actions.clear_old_exports()

"""Thin doors from the queue to the actions. They take ids, and stand being run twice."""

from typing import Any

from celery import shared_task

from . import actions


@shared_task
def mind_claims(**_later: Any) -> None:
    """Remind owners of open claims of their ownership, and end those that lapsed."""
    actions.mind_claims()

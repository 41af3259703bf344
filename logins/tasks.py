"""Thin doors from the queue to the actions. They stand being run twice."""

from typing import Any

from celery import shared_task

from . import actions


@shared_task
def remind_owners(**_later: Any) -> None:
    """Remind the owners of accounts whose shared logins are exposed."""
    actions.remind_all()

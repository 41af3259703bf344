"""Thin doors from the queue to the actions. They stand being run twice, by two workers at once, and being killed."""

from typing import Any

from celery import shared_task

from . import actions


@shared_task
def read_log(**_later: Any) -> None:
    """Read on in every chain that holds something new, and raise what the rules find in it."""
    actions.read_all()


@shared_task
def look_over(**_later: Any) -> None:
    """Let the rules of every day look over the accounts for which it is time."""
    actions.look_over_all()

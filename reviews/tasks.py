"""Thin doors from the queue to the actions. They stand being run twice."""

from typing import Any

from celery import shared_task

from . import actions


@shared_task
def mind_reviews(**_later: Any) -> None:
    """Start the reviews that are due, remind, settle what nobody decided in time, and close."""
    actions.mind_reviews()

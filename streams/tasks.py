"""Thin doors from the queue to the actions. They stand being run twice, and by two workers at once."""

from typing import Any

from celery import shared_task

from . import actions


@shared_task
def deliver(*, stream_id: int, **_later: Any) -> None:
    """Send what a stream has to send."""
    actions.deliver(stream_id=stream_id)


@shared_task
def sweep(**_later: Any) -> None:
    """Find the streams that have something to send."""
    actions.sweep()


@shared_task
def clear_old(**_later: Any) -> None:
    """Take away what was delivered long ago."""
    actions.clear_old()

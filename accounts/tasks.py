"""Thin doors from the queue to the actions. They take ids, and stand being run twice."""

from typing import Any

from celery import shared_task

from . import actions


@shared_task
def deliver_mail(*, mail_id: int, **_later: Any) -> None:
    """Send one mail of the outbox."""
    actions.deliver(mail_id=mail_id)


@shared_task
def sweep_outbox(**_later: Any) -> None:
    """Find what was not sent, and ring for it again."""
    actions.sweep()


@shared_task
def clear_expired_sessions(**_later: Any) -> None:
    """Take away the rows of sessions that ran out: they open nothing, but there are many."""
    actions.clear_expired_sessions()

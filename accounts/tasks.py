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


@shared_task(soft_time_limit=actions.LONGEST_CHECK - 60, time_limit=actions.LONGEST_CHECK)
def mind_record(**_later: Any) -> None:
    """Make the checkpoint and do the check of the record that are due. The check of a long record takes its time."""
    actions.mind_record()


@shared_task
def clear_old_tallies(**_later: Any) -> None:
    """Take away what was counted of addresses and networks that nobody has, when it counts no more."""
    actions.clear_old_tallies()


@shared_task
def clear_expired_sessions(**_later: Any) -> None:
    """Take away the rows of sessions that ran out: they open nothing, but there are many."""
    actions.clear_expired_sessions()

"""Thin doors from the queue to the actions. They stand being run twice, and by two workers at once."""

from typing import Any

from celery import shared_task

from . import actions


@shared_task
def send_digests(**_later: Any) -> None:
    """Post the daily digests that are due."""
    actions.send_digests()


@shared_task
def mail_checkpoints(**_later: Any) -> None:
    """Post the checkpoints of the week to the owners who chose them."""
    actions.mail_checkpoints()


@shared_task
def clear_old(**_later: Any) -> None:
    """Take away notices that were read long ago."""
    actions.clear_old()

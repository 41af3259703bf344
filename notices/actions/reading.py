"""What a person does with the own inbox. It concerns nobody else, so no event tells of it."""

from typing import Any

from django.utils import timezone

from ..access import readable_by
from ..models import Notice


def mark_read(notice: Notice) -> None:
    """Mark a notice as read; one that is read stays as it is."""
    Notice.objects.unread().filter(pk=notice.pk).update(read_at=timezone.now())


def mark_unread(notice: Notice) -> None:
    """Mark a notice as unread again."""
    Notice.objects.filter(pk=notice.pk).update(read_at=None)


def mark_all_read(person: Any, *, up_to: int) -> int:
    """Mark what a person can read as read, up to the newest that was on the page; return how many."""
    return readable_by(person).unread().filter(pk__lte=up_to).update(read_at=timezone.now())

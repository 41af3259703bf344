"""What stands in somebody's inbox, and what came by mail."""

from typing import Any

from django.core import mail

from notices.models import Notice
from tests.post import the_post_goes_out


def told(person: Any) -> list[tuple[str, str]]:
    """Return what a person was told, the newest last: kind and words."""
    return list(Notice.objects.filter(person=person).order_by("pk").values_list("kind", "words"))


def mails_to(person: Any) -> list[str]:
    """Send what waits, and return the subjects of the mails to a person since the last time."""
    the_post_goes_out()
    subjects = [message.subject for message in mail.outbox if message.to == [person.email]]
    mail.outbox[:] = [message for message in mail.outbox if message.to != [person.email]]
    return subjects

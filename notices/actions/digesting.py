"""The daily digest: one mail a day for each person, at eight in their own time zone."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from accounts.actions import post
from accounts.models import Person

from ..kinds import DIGEST_MAIL
from ..models import Digest, Notice

AT = dt.time(8)


def send_digests() -> int:
    """Post the digest of everybody for whom it is time, and return how many; run by two at once, each goes once."""
    waiting = Person.objects.filter(is_active=True, pk__in=Notice.objects.for_digest().values("person"))
    return sum(_send(person) for person in waiting.order_by("pk") if _due(person))


def latest_eight(person: Person, now: dt.datetime) -> dt.datetime:
    """Return the last time that it was eight o'clock where a person is: what came before it belongs to that digest."""
    here = now.astimezone(person.zone)
    eight = dt.datetime.combine(here.date(), AT, person.zone)
    return eight if eight <= here else dt.datetime.combine(here.date() - dt.timedelta(days=1), AT, person.zone)


def _due(person: Person) -> bool:
    eight = latest_eight(person, timezone.now())
    waits = Notice.objects.of(person).for_digest().filter(created_at__lt=eight).exists()
    return waits and not Digest.objects.filter(person=person, day__gte=eight.date()).exists()


@transaction.atomic  # noqa: TID251  # putting a mail together is no act of anybody: it is recorded when it is settled
def _send(person: Person) -> bool:
    """Take all that waits into one digest and post it; what comes before it is sent is in it, what is read is not."""
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if not _due(person):
        return False  # another worker was quicker
    eight = latest_eight(person, timezone.now())
    mail = post(kind=DIGEST_MAIL, about=person, address=person.email, account=None)
    digest = Digest.objects.create(person=person, day=eight.date(), mail=mail)
    Notice.objects.of(person).for_digest().update(digest=digest)
    return True

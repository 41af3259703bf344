"""Who may read which notice, asked at the moment of reading (rule 4)."""

from collections import defaultdict
from typing import Any

from django.db.models import Count, QuerySet

from accounts.models import BusinessAccount, OutgoingMail, Person
from teams.holdings import accesses_of

from .kinds import KIND_OF_MAIL, KINDS, Channel, channel_of
from .models import Choice, Notice
from .querysets import NoticeQuerySet


def readable_by(person: Any) -> NoticeQuerySet:
    """Return a person's notices as far as they may read them now, in three queries however many there are.

    Whoever has lost an account, or the permission there, reads nothing of its inside any more; only what concerned
    them themselves stays.
    """
    rows = Notice.objects.of(person)
    return rows.readable(_holding(person, rows.asked()))


def unread_by(person: Any) -> int:
    """Return how many notices a person has to read: in one query where none of them needs a permission, else in three.

    It stands in the head of every page.
    """
    rows = Notice.objects.of(person).unread().order_by().values_list("account_id", "needs").annotate(many=Count("pk"))
    found = list(rows)
    holding = _holding(person, [(account, needs) for account, needs, _many in found if needs])
    return sum(many for account, needs, many in found if not needs or account in holding[needs])


def may_read(notice: Notice) -> bool:
    """Say whether the person of a notice may read it now."""
    person, asked = notice.person, [(notice.account_id, notice.needs)] if notice.needs else []
    return person.is_active and (not asked or notice.account_id in _holding(person, asked)[notice.needs])


def wants_at_once(mail: OutgoingMail) -> bool:
    """Say whether who gets a mail of an act has not chosen to read it later, in the digest or the inbox."""
    kind = KIND_OF_MAIL[mail.kind]
    chosen = Choice.objects.filter(person__email=mail.address, kind=kind.code).values_list("channel", flat=True).first()
    return channel_of(kind, chosen) == Channel.AT_ONCE


def wants_checkpoints() -> QuerySet[Person]:
    """Return the people who chose to be mailed the checkpoint of the week."""
    return Person.objects.filter(pk__in=Choice.objects.for_checkpoints().values("person"))


def _holding(person: Any, asked: list[tuple[int | None, str]]) -> dict[str, set[int | None]]:
    """Return in which of the accounts that are asked about a person holds each permission now."""
    holding: dict[str, set[int | None]] = defaultdict(set)
    if asked:
        accesses_of(
            person, {account for account, _needs in asked if account}
        )  # all at once; each question is answered from it
    for account, needs in asked:
        if person.has_perm(needs, BusinessAccount(pk=account)):
            holding[needs].add(account)
    return holding


def channels_of(person: Any) -> dict[str, str]:
    """Return how each kind of notice reaches a person: as it was chosen, or as usual."""
    chosen = dict(Choice.objects.filter(person_id=person.pk).values_list("kind", "channel"))
    return {code: str(channel_of(kind, chosen.get(code))) for code, kind in KINDS.items()}

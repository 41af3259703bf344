"""Invitations to a person, by a person and to a role, for the registers below. What ran out opens nothing (rule 13)."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from teams.engagements import Offer
from teams.engagements import Offers as EngagementOffers
from teams.models import OUTSIDE, Role
from teams.offboarding import Found, Reference, Trace
from teams.reach import Offered, Offers

from .actions.ending import release, revoke_all, stop_all, strike_out
from .actions.sending import move_offers
from .models import Import, ImportRow, Invitation
from .querysets import ImportQuerySet, ImportRowQuerySet, InvitationQuerySet


def _by_address(people: Collection[Person]) -> dict[str, int]:
    return {person.email: person.pk for person in people}


def _to(people: Collection[Person], account_ids: Collection[int]) -> InvitationQuerySet:
    return Invitation.objects.open().filter(address__in=_by_address(people), account__in=account_ids)


def _by(people: Collection[Person], account_ids: Collection[int]) -> InvitationQuerySet:
    return Invitation.objects.open().filter(invited_by__in=people, account__in=account_ids)


def _sponsored(people: Collection[Person], account_ids: Collection[int]) -> InvitationQuerySet:
    """Those that ran out among them: sent again, they would still name who is gone."""
    return Invitation.objects.unanswered().filter(sponsor__in=people, account__in=account_ids)


def _lists_by(people: Collection[Person], account_ids: Collection[int]) -> ImportQuerySet:
    return Import.objects.running().filter(by__in=people, account__in=account_ids)


def _places_of(people: Collection[Person], account_ids: Collection[int]) -> ImportRowQuerySet:
    return ImportRow.objects.waiting().filter(address__in=_by_address(people), source__account__in=account_ids)


def _is_open() -> Q:
    return Q(state="open", expires_at__gt=timezone.now())


def _words(rows: InvitationQuerySet, whose: Callable[[Any], int]) -> Iterator[Found]:
    for row in rows.select_related("role").order_by("pk"):
        words = _("%(address)s as %(role)s") % {"address": row.address, "role": row.role}
        yield Found(whose(row), row.account_id, words)


def _invited(people: Collection[Person], account_ids: Collection[int]) -> Iterator[Found]:
    whose = _by_address(people)
    return _words(_to(people, account_ids), lambda row: whose[row.address])


def _list_words(people: Collection[Person], account_ids: Collection[int]) -> Iterator[Found]:
    for row in _lists_by(people, account_ids).order_by("pk"):
        yield Found(row.by_id, row.account_id, row.file_name)


def _place_words(people: Collection[Person], account_ids: Collection[int]) -> Iterator[Found]:
    whose = _by_address(people)
    for row in _places_of(people, account_ids).select_related("source", "role").order_by("pk"):
        words = _("%(address)s as %(role)s, from %(file)s")
        words %= {"address": row.address, "role": row.role, "file": row.source}
        yield Found(whose[row.address], row.source.account_id, words)


def _of(role: Role) -> list[Offered]:
    """Return the unanswered invitations to a role, those that ran out among them: they can be sent again."""
    rows = Invitation.objects.unanswered().filter(role=role).order_by("pk")
    return [Offered(pk, address) for pk, address in rows.values_list("pk", "address")]


def _from_outside(account_id: int) -> InvitationQuerySet:
    return Invitation.objects.open().filter(account=account_id, kind__in=OUTSIDE).exclude(organisation="")


def _offered(account_id: int) -> Iterator[Offer]:
    for row in _from_outside(account_id).select_related("role").order_by("pk"):
        words = _("%(address)s as %(role)s") % {"address": row.address, "role": row.role}
        yield Offer(row.pk, row.organisation, words)


def _left(account_id: int) -> list[str]:
    rows = Invitation._base_manager.filter(_is_open(), account_id=account_id, kind__in=OUTSIDE)
    return list(rows.values_list("organisation", flat=True))


ENGAGEMENT_OFFERS = EngagementOffers(
    gettext_lazy("Invitations to people of this organisation"),
    _offered,
    lambda ids: revoke_all(Invitation.objects.open().filter(pk__in=ids)),
    _left,
)
OFFERS = Offers(_of, move_offers)
TRACES = [
    Trace(
        gettext_lazy("Invitations to the person"),
        _invited,
        lambda person, accounts: revoke_all(_to([person], accounts)),
        on_return=True,  # a member is not invited (rule 6)
    ),
    Trace(
        gettext_lazy("Invitations sent by the person"),
        lambda people, accounts: _words(_by(people, accounts), lambda row: row.invited_by_id),
        lambda person, accounts: revoke_all(_by([person], accounts)),
    ),
    Trace(
        gettext_lazy("Invitations left without anyone who answers for them"),
        lambda people, accounts: _words(_sponsored(people, accounts), lambda row: row.sponsor_id),
        lambda person, accounts: release(_sponsored([person], accounts)),
    ),
    Trace(
        gettext_lazy("Lists of people that the person is inviting"),
        _list_words,
        lambda person, accounts: stop_all(_lists_by([person], accounts)),
    ),
    Trace(
        gettext_lazy("Places on lists of people to invite"),
        _place_words,
        lambda person, accounts: strike_out(_places_of([person], accounts)),
    ),
]
REFERENCES = [
    Reference(
        "invitations.Invitation.address",
        gettext_lazy("Invitations to the person"),
        _is_open,
        "account",
        by_address=True,
    ),
    Reference(
        "invitations.Invitation.invited_by",
        gettext_lazy("Invitations sent by the person"),
        _is_open,
        "account",
    ),
    Reference(
        "invitations.Invitation.sponsor",
        gettext_lazy("Invitations of people whom the person would answer for"),
        lambda: Q(state="open"),
        "account",
    ),
    Reference(
        "invitations.Import.by",
        gettext_lazy("Lists of people that the person is inviting"),
        lambda: Q(state="running"),
        "account",
    ),
    Reference(
        "invitations.ImportRow.address",
        gettext_lazy("Places on lists of people to invite"),
        lambda: Q(fate="waiting", source__state="running"),
        "source__account",
        by_address=True,
    ),
]

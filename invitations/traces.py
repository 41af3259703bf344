"""Invitations to a person and by a person, for the register of offboarding (rule 13). What ran out opens nothing."""

from collections.abc import Collection, Iterator

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from teams.offboarding import Found, Reference, Trace

from .actions.ending import release, revoke_all
from .models import Invitation
from .querysets import InvitationQuerySet


def _to(person: Person, account_ids: Collection[int]) -> InvitationQuerySet:
    return Invitation.objects.open().filter(address=person.email, account__in=account_ids)


def _by(person: Person, account_ids: Collection[int]) -> InvitationQuerySet:
    return Invitation.objects.open().filter(invited_by=person, account__in=account_ids)


def _sponsored(person: Person, account_ids: Collection[int]) -> InvitationQuerySet:
    return Invitation.objects.open().filter(sponsor=person, account__in=account_ids)


def _is_open() -> Q:
    return Q(state="open", expires_at__gt=timezone.now())


def _words(rows: InvitationQuerySet) -> Iterator[Found]:
    for row in rows.select_related("role").order_by("pk"):
        yield Found(row.account_id, _("%(address)s as %(role)s") % {"address": row.address, "role": row.role})


TRACES = [
    Trace(
        gettext_lazy("Invitations to the person"),
        lambda person, accounts: _words(_to(person, accounts)),
        lambda person, accounts: revoke_all(_to(person, accounts)),
    ),
    Trace(
        gettext_lazy("Invitations sent by the person"),
        lambda person, accounts: _words(_by(person, accounts)),
        lambda person, accounts: revoke_all(_by(person, accounts)),
    ),
    Trace(
        gettext_lazy("Invitations left without anyone who answers for them"),
        lambda person, accounts: _words(_sponsored(person, accounts)),
        lambda person, accounts: release(_sponsored(person, accounts)),
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
        _is_open,
        "account",
    ),
]

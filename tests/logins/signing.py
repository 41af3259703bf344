"""Signing as the page does it."""

from django.utils import timezone

from logins import actions, policies
from logins.models import SharedLogin


def sign(login, *told, at=None, by=None, **other):
    """Sign a change as its page would: what is read is what is true."""
    by, at = by or login.account.owner, at or timezone.now()
    told = sorted(told, key=lambda knower: (knower.name, knower.pk))
    words = policies.statement_of_change(by, SharedLogin.objects.get(pk=login.pk), at, told)
    given = {"changed_at": at, "told": told, "statement": words, "signature": str(by), **other}
    return actions.record_change(login=login, by=by, **given)

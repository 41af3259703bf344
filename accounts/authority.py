"""Asking once more, after the lock: may the actor do this now? (design.md 4, rules 1 and 12)."""

from typing import Any

from audit.recording import SYSTEM

from .access import explain
from .errors import MissingPermission
from .models import BusinessAccount, Person


def require(by: Any, code: str, *, on: BusinessAccount) -> None:
    """Demand that `by` holds `code` on an account at this moment, asked of the database anew. The system may.

    The answer that was remembered for the request must not serve here: the actor may have lost it while waiting for
    the lock. Raises MissingPermission.
    """
    if by is SYSTEM:
        return
    actor = Person.objects.filter(pk=by.pk, is_active=True).first()
    if actor is None or not explain(actor, code, on).allowed:
        raise MissingPermission(code, on)

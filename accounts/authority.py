"""Asking once more, after the lock: may the actor do this now? (design.md 4, rules 1 and 12)."""

from typing import Any

from audit.recording import SYSTEM

from .access import Answer, explain
from .errors import MissingPermission, NotFromHere
from .models import BusinessAccount, Person


def require(by: Any, code: str, *, on: BusinessAccount) -> None:
    """Demand that `by` holds `code` on an account at this moment, asked of the database anew. The system may.

    The answer that was remembered for the request must not serve here: the actor may have lost it while waiting for
    the lock. Raises MissingPermission.
    """
    if by is SYSTEM:
        return
    actor = Person.objects.filter(pk=by.pk, is_active=True).first()
    answer = explain(actor, code, on) if actor else None
    if answer is None or not answer.allowed:
        raise refusal_of(answer, code, on)


def refusal_of(answer: Answer | None, code: str, account: BusinessAccount) -> MissingPermission:
    """Return the refusal that a "no" to `code` on an account comes to, in the words for the person."""
    if answer is not None and answer.elsewhere:
        return NotFromHere(code, account, answer.reason)
    return MissingPermission(code, account)

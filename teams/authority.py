"""Who may act on whom, and add what: rule 2, asked of the database anew, under the lock."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from accounts import authority
from accounts.access import explain
from accounts.errors import MissingPermission, PolicyViolation
from accounts.models import Asset, BusinessAccount, Person
from accounts.permissions import OWN_ACCOUNT, words_for
from audit.recording import SYSTEM

from .access import access_of
from .models import Membership


def require(
    by: Any,
    code: str,
    *,
    on: BusinessAccount,
    over: Membership | None = None,
    adding: Iterable[str] = (),
    adding_on: Iterable[tuple[Asset, frozenset[str]]] = (),
) -> None:
    """Demand that `by` may do `code` in the account now, act on the member `over`, and give what the act adds.

    `adding` are permissions that a role adds, `adding_on` those that are granted on single assets. Raises
    MissingPermission, which names what is missing, or PolicyViolation where nobody may (rules 2 and 3).
    """
    authority.require(by, code, on=on)
    if by is SYSTEM:
        return
    actor = Person.objects.get(pk=by.pk)  # a fresh one, which remembers nothing
    if over is not None:
        _require_over(actor, on, over)
    _require_held(actor, on, adding, adding_on)


def _require_over(actor: Person, account: BusinessAccount, over: Membership) -> None:
    if over.person_id == actor.pk:
        raise PolicyViolation(_("Nobody changes their own role or access. Ask another administrator or the owner."))
    if over.person_id == account.owner_id:
        raise PolicyViolation(_("The owner can’t be changed or removed. Ownership moves by a transfer only."))
    if over.role.administers and actor.pk != account.owner_id:
        raise MissingPermission(
            OWN_ACCOUNT, account, _("%(person)s manages the team. Only the owner can do this.") % {"person": over.person}
        )


def _require_held(
    actor: Person,
    account: BusinessAccount,
    adding: Iterable[str],
    adding_on: Iterable[tuple[Asset, frozenset[str]]],
) -> None:
    access = access_of(actor, account.pk)
    held = access.role_permissions if access else frozenset()
    missing = sorted(set(adding) - held)
    for asset, codes in adding_on:
        missing += sorted(code for code in codes if not explain(actor, code, asset).allowed)
    if missing:
        words = _("You can’t give “%(act)s”, since you don’t hold it yourself.") % {"act": words_for(missing[0])}
        raise MissingPermission(missing[0], account, words)

"""Who may act on whom, and add what: rule 2, asked of the database anew, under the lock."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from accounts.access import explain
from accounts.errors import MissingPermission, PolicyViolation
from accounts.models import Asset, BusinessAccount, Person
from accounts.permissions import OWN_ACCOUNT, words_for
from audit.recording import SYSTEM, Refused

from .holdings import access_of, accesses_of
from .models import Membership
from .permissions import ADMINISTERS
from .probation import kept_by_probation


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
    if by is not SYSTEM:
        require_of(read_anew(by), code, on=on, over=over, adding=adding, adding_on=adding_on)


def require_over(by: Any, code: str, members: Sequence[Membership]) -> None:
    """Demand that `by` may do `code` in the account of each member now, and act on each of them (rules 2, 3).

    As `require`, with the same number of queries for any number of accounts. Raises MissingPermission or
    PolicyViolation, as the first member gives reason to.
    """
    if by is SYSTEM:
        return
    actor = read_anew(by, {member.account_id for member in members})
    for member in members:
        require_of(actor, code, on=member.account, over=member)


def read_anew(by: Person, account_ids: Collection[int] = ()) -> Person | None:
    """Return an actor as the database says they are now, or None for one whose sign-in is switched off.

    Nothing is remembered on this one but what they hold in these accounts, read in two queries for all of them.
    """
    actor = Person.objects.filter(pk=by.pk, is_active=True).first()
    if actor is not None and account_ids:
        accesses_of(actor, account_ids)
    return actor


def require_of(
    actor: Person | None,
    code: str,
    *,
    on: BusinessAccount,
    over: Membership | None = None,
    adding: Iterable[str] = (),
    adding_on: Iterable[tuple[Asset, frozenset[str]]] = (),
) -> None:
    """Demand what `require` does of an actor who was read anew. Raises as it does."""
    if actor is None or not explain(actor, code, on).allowed:
        raise MissingPermission(code, on)
    refusals = [
        obstacle(actor, on, over) if over is not None else None,
        lacking(actor, on, adding),
        *(lacking_on(actor, asset, codes) for asset, codes in adding_on),
    ]
    for refusal in refusals:
        if refusal is not None:
            raise refusal


def obstacle(by: Person, account: BusinessAccount, over: Membership) -> Refused | None:
    """Return why `by` may not act on a member, whoever holds what, or None where nothing is in the way (rules 2, 3)."""
    if over.person_id == by.pk:
        return PolicyViolation(_("Nobody changes their own role or access. Ask another administrator or the owner."))
    if over.person_id == account.owner_id:
        return PolicyViolation(_("The owner can’t be changed or removed. Ownership moves by a transfer only."))
    if over.role.administers and by.pk != account.owner_id:
        words = _("%(person)s manages the team. Only the owner can do this.") % {"person": over.person}
        return MissingPermission(OWN_ACCOUNT, account, words)
    return None


def lacking(by: Person, account: BusinessAccount, adding: Iterable[str]) -> Refused | None:
    """Return why `by` may not give a role's permissions `adding`, or None where `by` holds them all (rule 2).

    Who is new among those who manage the team makes nobody else one.
    """
    access, wanted = access_of(by, account.pk), set(adding)
    missing = sorted(wanted - (access.role_permissions if access else frozenset()))
    if missing:
        return _not_held(missing[0], account)
    return kept_by_probation(by, account) if wanted & ADMINISTERS else None


def lacking_on(by: Person, asset: Asset, codes: Iterable[str]) -> MissingPermission | None:
    """Return why `by` may not grant `codes` on an asset, or None where `by` may do all of it there (rule 2)."""
    missing = [code for code in sorted(codes) if not explain(by, code, asset).allowed]
    return _not_held(missing[0], asset.account) if missing else None


def _not_held(code: str, account: BusinessAccount) -> MissingPermission:
    words = _("You can’t give “%(act)s”, since you don’t hold it yourself.") % {"act": words_for(code)}
    return MissingPermission(code, account, words)

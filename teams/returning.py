"""What an undone offboarding would bring back, and what stands in its way: asked by the page, and by the act again."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import Asset, BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM

from . import authority, policies
from .models import Membership, Proof, Receipt, Role, Terms


@dataclass(frozen=True, slots=True)
class Return:
    """What comes back in one account: role and terms, whether it rests, and codes of grants by asset and end."""

    role: Role
    terms: Terms
    suspended: bool
    grants: dict[tuple[Asset, dt.datetime | None], frozenset[str]]


def what_returns(receipt: Receipt, *, by: Person) -> Return:
    """Return what `by` would bring back with a receipt: no more than `by` could give anew (rules 2, 5).

    What is archived or would have run out by now stays away. Raises MissingPermission, PolicyViolation (too late, no
    room, the role is gone), ChangedMeanwhile (brought back already, or a member again); each names the account.
    """
    person, ended = receipt.offboarding.person, receipt.statement["ended"]
    return returns(receipt.membership, ended, person=person, account=receipt.account, proof=receipt, by=by)


def returns(
    then: Membership, ended: dict[str, Any], *, person: Person, account: BusinessAccount, proof: Proof, by: Person
) -> Return:
    """Return what comes back of one membership that ended `then`; `ended` is what the `proof` says of it.

    Raises as `what_returns` does.
    """
    names = {"person": person, "account": account}
    if proof.brought_back_at or Membership.objects.current().filter(account=account, person=person).exists():
        raise ChangedMeanwhile(_("%(person)s is a member of %(account)s again already.") % names)
    if not proof.can_be_undone:
        raise PolicyViolation(_("It is too long ago to be undone in one act. Send a new invitation."))
    if not person.is_active:
        raise PolicyViolation(_("The sign-in of this person is switched off."))
    if then.is_expired:
        words = _("The membership in %(account)s would have run out by now. Send a new invitation.")
        raise PolicyViolation(words % names)
    role = Role.objects.of(account).filter(pk=then.role_id).first()
    if role is None:
        raise PolicyViolation(_("The role of that time is gone in %(account)s. Send a new invitation.") % names)
    grants = _grants_as_they_were(account, ended["grants"])
    adding_on = [(asset, codes) for (asset, _ends_at), codes in grants.items()]
    authority.require(by, MANAGE_TEAM, on=account, adding=role.permissions, adding_on=adding_on)
    policies.require_room(account, role)
    terms = then.terms
    if terms.sponsor and not policies.may_answer(account).filter(person=terms.sponsor).exists():
        terms = replace(terms, sponsor=None)
    policies.require_terms(account, terms, of=person)
    return Return(role, terms, ended["state"] == Membership.State.SUSPENDED, grants)


def _grants_as_they_were(
    account: BusinessAccount, grants: list[dict[str, Any]]
) -> dict[tuple[Asset, dt.datetime | None], frozenset[str]]:
    """Return the codes of a receipt's grants by asset and end, without what is archived or would have run out."""
    assets = account.assets.in_use().in_bulk({grant["asset"] for grant in grants})
    codes: dict[tuple[Asset, dt.datetime | None], set[str]] = {}
    for grant in grants:
        ends_at = dt.datetime.fromisoformat(grant["ends_at"]) if grant["ends_at"] else None
        if grant["asset"] in assets and (ends_at is None or ends_at > timezone.now()):
            codes.setdefault((assets[grant["asset"]], ends_at), set()).add(grant["code"])
    return {where: frozenset(given) for where, given in codes.items()}

"""Who the bills go to, and the plan. Both are acts of whoever manages billing: money and people are separate powers."""

from typing import Any

from django.utils.translation import gettext as _

from audit.recording import action, record

from .. import authority, policies, second_person
from ..errors import PolicyViolation
from ..events import BILLING_CHANGED, PLAN_CHANGED
from ..models import CONTACT_FIELDS, Billing, BusinessAccount, Person
from ..permissions import MANAGE_BILLING
from ..plans import PLANS
from ..sensitive import SensitiveAct


@action(BILLING_CHANGED)
def change_billing(*, account: BusinessAccount, by: Person, approval: Any = None, **contact: str) -> Billing:
    """Make `contact` (of CONTACT_FIELDS) the billing contact and return the row.

    Raises MissingPermission, NeedsSecondPerson.
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, MANAGE_BILLING, on=account)
    billing = Billing.of(account)
    before = billing.contact
    changed = [field for field in CONTACT_FIELDS if contact.get(field, before[field]) != before[field]]
    if not changed:
        return billing
    says = [f"{before[field] or '–'} → {contact[field] or '–'}" for field in changed]
    given = {"account": account, **contact}
    _require_second_person(account, "change_billing", given, says, by=by, approval=approval)
    for field in changed:
        setattr(billing, field, contact[field])
    _save(billing)
    was, now = ({field: row[field] for field in changed} for row in (before, billing.contact))
    record(BILLING_CHANGED, by=by, on=account, before=was, after=now)
    return billing


@action(PLAN_CHANGED)
def change_plan(*, account: BusinessAccount, plan: str, by: Person, approval: Any = None) -> Billing:
    """Give the account another plan and return the row. Nothing is charged.

    Raises MissingPermission, NeedsSecondPerson, PolicyViolation (no such plan, the account has more than it allows).
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, MANAGE_BILLING, on=account)
    if plan not in PLANS:
        raise PolicyViolation(_("There is no such plan."))
    billing = Billing.of(account)
    if plan == billing.plan_code:
        return billing
    policies.require_fits(account, PLANS[plan])
    given = {"account": account, "plan": plan}
    says = [f"{billing.plan.name} → {PLANS[plan].name}"]
    _require_second_person(account, "change_plan", given, says, by=by, approval=approval)
    before, billing.plan_code = str(billing.plan.name), plan
    _save(billing)
    record(PLAN_CHANGED, by=by, on=account, before={"plan": before}, after={"plan": str(billing.plan.name)})
    return billing


def _require_second_person(
    account: BusinessAccount, does: str, given: dict[str, Any], says: list[str], *, by: Person, approval: Any
) -> None:
    second_person.require(SensitiveAct.BILLING, account, by=by, does=does, given=given, says=says, approval=approval)


def _save(row: Billing) -> None:
    """Write the row whether it is there or not; the account is locked."""
    row.save(force_insert=row._state.adding)

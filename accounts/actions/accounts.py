"""What is changed about a business account. Opening, closing and handing it over are acts of the team's floor."""

from typing import Any

from django.utils.translation import gettext as _

from audit.recording import action, record

from .. import authority
from ..errors import PolicyViolation
from ..events import ACCOUNT_SETTINGS_CHANGED, ACCOUNT_UPGRADED, POLICY_CHANGED
from ..models import BusinessAccount, Person, SecurityPolicy
from ..permissions import MANAGE_SECURITY, OWN_ACCOUNT

POLICY_FIELDS = ["second_factor", "confirmation", "most_administrators", "invitation_days"]


@action(ACCOUNT_SETTINGS_CHANGED)
def change_settings(*, account: BusinessAccount, name: str, by: Person) -> BusinessAccount:
    """Give the account another name; its address on the site stays. Raises MissingPermission."""
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, MANAGE_SECURITY, on=account)
    if name == account.name:
        return account
    before, account.name = {"name": account.name}, name
    account.save(update_fields=["name"])
    record(ACCOUNT_SETTINGS_CHANGED, by=by, on=account, before=before, after={"name": name})
    return account


@action(ACCOUNT_UPGRADED)
def upgrade(*, account: BusinessAccount, by: Person) -> BusinessAccount:
    """Make a standard account a business account, which opens its team. The owner's act.

    Raises MissingPermission, PolicyViolation (it is one already).
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, OWN_ACCOUNT, on=account)
    if account.is_business:
        raise PolicyViolation(_("This is a business account already."))
    before, account.kind = {"kind": account.kind}, BusinessAccount.Kind.BUSINESS
    account.save(update_fields=["kind"])
    record(ACCOUNT_UPGRADED, by=by, on=account, before=before, after={"kind": account.kind})
    return account


@action(POLICY_CHANGED)
def change_policy(*, account: BusinessAccount, by: Person, **wanted: Any) -> SecurityPolicy:
    """Change the security policy to the `wanted` values of POLICY_FIELDS and return it. Raises MissingPermission."""
    account = BusinessAccount.objects.open().lock(account.pk)
    policy = SecurityPolicy.objects.select_for_update().get(account=account)
    authority.require(by, MANAGE_SECURITY, on=account)
    changed = {name: wanted[name] for name in POLICY_FIELDS if name in wanted and wanted[name] != getattr(policy, name)}
    if not changed:
        return policy
    before = {name: getattr(policy, name) for name in changed}
    for name, value in changed.items():
        setattr(policy, name, value)
    policy.save(update_fields=list(changed))
    record(POLICY_CHANGED, by=by, on=account, before=before, after=changed)
    return policy

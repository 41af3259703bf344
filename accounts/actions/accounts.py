"""What is changed about a business account itself. What concerns its people is done on the team's floor."""

from django.utils.translation import gettext as _

from audit.recording import action, record

from .. import authority
from ..errors import PolicyViolation
from ..events import ACCOUNT_SETTINGS_CHANGED, ACCOUNT_UPGRADED
from ..models import BusinessAccount, Person
from ..permissions import MANAGE_SECURITY, OWN_ACCOUNT


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

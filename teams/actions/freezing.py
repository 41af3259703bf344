"""Freezing an account, and lifting it. Neither changes anybody's access by itself."""

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import ChangedMeanwhile, Frozen, PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from audit.canonical import instant
from audit.recording import action, record

from .. import authority
from ..events import FROZEN, LIFTED
from ..freezing import hindrance_to_lift

FREEZE_FIELDS = ["frozen_at", "frozen_by", "frozen_because"]


@action(FROZEN)
def freeze(*, account: BusinessAccount, by: Person, reason: str = "") -> BusinessAccount:
    """Stop every change of anybody's access in an account, and return it. Whoever manages the team can.

    Raises MissingPermission, PolicyViolation (a standard account has no team), Frozen (it is already).
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, MANAGE_TEAM, on=account)
    if not account.is_business:
        raise PolicyViolation(_("A standard account has no team whose access could change."))
    if account.frozen_at:
        raise Frozen(account)
    account.frozen_at, account.frozen_by, account.frozen_because = timezone.now(), by, reason
    account.save(update_fields=FREEZE_FIELDS)
    record(FROZEN, by=by, on=account, after={"frozen_at": instant(account.frozen_at)}, reason=reason)
    return account


@action(LIFTED)
def lift_freeze(*, account: BusinessAccount, by: Person, reason: str = "") -> BusinessAccount:
    """Let access be changed again in a frozen account, and return it.

    The owner can, and whoever manages the team, but not who froze it, and nobody on probation. Raises
    MissingPermission, PolicyViolation, ChangedMeanwhile (lifted since).
    """
    account = BusinessAccount.objects.open().select_related("policy", "frozen_by").lock(account.pk)
    authority.require(by, MANAGE_TEAM, on=account)
    if account.frozen_at is None:
        raise ChangedMeanwhile(_("The account is not frozen any more."))
    actor = Person.objects.get(pk=by.pk)  # a fresh one, which remembers nothing
    if refusal := hindrance_to_lift(account, actor):
        raise refusal
    before = {"frozen_at": instant(account.frozen_at), "by": str(account.frozen_by), "why": account.frozen_because}
    account.frozen_at, account.frozen_by, account.frozen_because = None, None, ""
    account.save(update_fields=FREEZE_FIELDS)
    record(LIFTED, by=by, on=account, before=before, reason=reason)
    return account

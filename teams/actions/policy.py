"""What an account demands of its team. An act of this floor, since it can take power from members."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import MissingPermission
from accounts.events import POLICY_CHANGED
from accounts.models import BusinessAccount, Person, SecurityPolicy
from accounts.permissions import MANAGE_SECURITY, OWN_ACCOUNT
from audit.recording import action, record

from .. import authority
from ..access import who_would_lose
from ..models import Membership

POLICY_FIELDS = [
    "second_factor",
    "confirmation",
    "most_administrators",
    "invitation_days",
    "outside_days",
    "claim_days",
]


@action(POLICY_CHANGED)
def change_policy(*, account: BusinessAccount, by: Person, **wanted: Any) -> SecurityPolicy:
    """Change the security policy to the `wanted` values of POLICY_FIELDS and return it (rule 2).

    Only the owner takes power from those who manage the team, by this way too, and only the owner shortens the time in
    which a claim of the ownership can be refused: who claims must not. Raises MissingPermission.
    """
    account = BusinessAccount.objects.open().select_related("policy").lock(account.pk)
    policy = SecurityPolicy.objects.select_for_update().get(account=account)
    authority.require(by, MANAGE_SECURITY, on=account)
    changed = {name: wanted[name] for name in POLICY_FIELDS if name in wanted and wanted[name] != getattr(policy, name)}
    if not changed:
        return policy
    shorter = changed.get("claim_days", policy.claim_days) < policy.claim_days
    if shorter and getattr(by, "pk", None) != account.owner_id:
        words = _("Only the owner can shorten how long a claim of the ownership waits.")
        raise MissingPermission(OWN_ACCOUNT, account, words)
    _require_that_nobody_is_evicted(account, policy, changed, by=by)
    before = {name: getattr(policy, name) for name in changed}
    for name, value in changed.items():
        setattr(policy, name, value)
    policy.save(update_fields=list(changed))
    record(POLICY_CHANGED, by=by, on=account, before=before, after=changed)
    return policy


def _require_that_nobody_is_evicted(
    account: BusinessAccount, policy: SecurityPolicy, changed: dict[str, Any], *, by: Any
) -> None:
    """Demand that no other member who manages the team would lose all power, unless the owner asks (rule 2)."""
    if getattr(by, "pk", None) == account.owner_id:
        return
    managing = Membership.objects.active().filter(account=account).administering().select_related("person", "role")
    demands = {name: changed.get(name, getattr(policy, name)) for name in ("second_factor", "confirmation")}
    evicted = [row for row in who_would_lose(managing, account, **demands) if row.person_id != by.pk]
    if evicted:
        words = ngettext(
            "%(people)s manages the team and would lose all access. Only the owner can do this.",
            "%(people)s manage the team and would lose all access. Only the owner can do this.",
            len(evicted),
        )
        names = ", ".join(str(row.person) for row in evicted)
        raise MissingPermission(OWN_ACCOUNT, account, words % {"people": names})

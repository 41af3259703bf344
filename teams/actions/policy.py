"""What an account demands of its team. An act of this floor, since it can take power from members, and give it."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import MissingPermission
from accounts.events import POLICY_CHANGED
from accounts.models import Asset, BusinessAccount, Person, SecurityPolicy
from accounts.permissions import MANAGE_SECURITY, MANAGE_TEAM, OWN_ACCOUNT
from audit.recording import action, record

from .. import authority
from ..access import under_another_policy
from ..models import AssetGrant, Membership

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

    Only the owner takes power from those who manage the team, by this way too, and nobody lets in who was kept out
    with more power than their own. Only the owner shortens the time in which a claim of the ownership can be refused:
    who claims must not. Raises MissingPermission.
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
    _require_right_over_whom_it_touches(account, policy, changed, by=by)
    before = {name: getattr(policy, name) for name in changed}
    for name, value in changed.items():
        setattr(policy, name, value)
    policy.save(update_fields=list(changed))
    record(POLICY_CHANGED, by=by, on=account, before=before, after=changed)
    return policy


def _require_right_over_whom_it_touches(
    account: BusinessAccount, policy: SecurityPolicy, changed: dict[str, Any], *, by: Any
) -> None:
    """Demand that what the policy takes and gives is the actor's to take and to give (rule 2).

    Who manages the team neither loses nor gets power by it, unless the owner asks. Who gets power back gets no more
    than the actor holds. What a confirmation is good for is decided, while somebody waits for one, by who can give it.
    A second factor that is asked for takes power too, but each member can set one up.
    """
    if getattr(by, "pk", None) == account.owner_id:
        return
    demands = {name: changed.get(name, getattr(policy, name)) for name in ("second_factor", "confirmation")}
    others = Membership.objects.active().filter(account=account).exclude(person_id=getattr(by, "pk", 0))
    others = others.select_related("person", "role")
    losing, _gaining = under_another_policy(others.administering(), account, **demands)
    _losing, gaining = under_another_policy(others.blocked(policy), account, **demands)
    let_in = [row for row in gaining if row.role.administers]
    if losing:
        words = ngettext(
            "%(people)s manages the team and would lose all access. Only the owner can do this.",
            "%(people)s manage the team and would lose all access. Only the owner can do this.",
            len(losing),
        )
        raise MissingPermission(OWN_ACCOUNT, account, words % {"people": _names(losing)})
    if let_in:
        words = ngettext(
            "%(people)s manages the team and would get access by this. Only the owner can do this.",
            "%(people)s manage the team and would get access by this. Only the owner can do this.",
            len(let_in),
        )
        raise MissingPermission(OWN_ACCOUNT, account, words % {"people": _names(let_in)})
    if gaining:
        by_role = {code for row in gaining for code in row.role.permissions}
        authority.require(by, MANAGE_SECURITY, on=account, adding=by_role, adding_on=_granted_to(gaining))
    weighs = SecurityPolicy.Confirmation.BEFORE in {demands["confirmation"], policy.confirmation}
    if "confirmation" in changed and weighs and others.filter(confirmed_at=None).exists():
        authority.require(by, MANAGE_TEAM, on=account)


def _names(rows: list[Membership]) -> str:
    return ", ".join(str(row.person) for row in rows)


def _granted_to(rows: list[Membership]) -> list[tuple[Asset, frozenset[str]]]:
    """Return what is granted to members, put together for each asset in use."""
    granted: dict[Asset, set[str]] = {}
    grants = AssetGrant.objects.filter(membership__in=rows, content_object__archived_at=None)
    for grant in grants.select_related("content_object__account", "permission"):
        granted.setdefault(grant.content_object, set()).add(grant.permission.codename)
    return [(asset, frozenset(codes)) for asset, codes in granted.items()]

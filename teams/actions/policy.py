"""What an account demands of its team. An act of this floor, since it can take power from members, and give it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import second_person
from accounts.errors import ChangedMeanwhile, MissingPermission, PolicyViolation
from accounts.events import POLICY_CHANGED
from accounts.models import Asset, BusinessAccount, Person, SecurityPolicy
from accounts.normalising import in_ranges
from accounts.permissions import MANAGE_SECURITY, MANAGE_TEAM, OWN_ACCOUNT
from accounts.sensitive import SensitiveAct
from audit.origin import origin_of_this_request
from audit.recording import action, record

from .. import authority
from ..models import AssetGrant, Membership
from ..probation import WAITING, kept_by_probation
from ..querysets import MembershipQuerySet

POLICY_FIELDS = [
    "second_factor",
    "second_factor_kinds",
    "domains",
    "confirmation",
    "most_administrators",
    "invitation_days",
    "outside_days",
    "member_days",
    "probation_days",
    "sensitive_ranges",
    "session_idle_minutes",
    "session_total_hours",
    "claim_days",
]
MOST_NAMED = 10


@action(POLICY_CHANGED)
def change_policy(*, account: BusinessAccount, by: Person, approval: Any = None, **wanted: Any) -> SecurityPolicy:
    """Change the security policy at once to the `wanted` values of POLICY_FIELDS and return it (rule 2).

    What would take access from somebody can't be changed at once: it is planned. Raises MissingPermission as
    `require_right_to_change` does, PolicyViolation (somebody would lose access, one's own network address is not among
    those for sensitive acts), NeedsSecondPerson, ChangedMeanwhile (a planned change begins to count at this very
    moment).
    """
    account, policy = lock_policy(account)
    authority.require(by, MANAGE_SECURITY, on=account)
    if policy.plan_has_begun:
        raise ChangedMeanwhile(_("A planned change has just begun to count. Look at the policy again, then change it."))
    changed = changes_of(policy, wanted)
    if not changed:
        return policy
    require_right_to_change(account, policy, changed, by=by)
    _require_from_inside(policy.sensitive_ranges)
    then = policy.under(changed, at=timezone.now())
    if losing := Membership.objects.active().filter(account=account).shut_out_by(then, policy).count():
        words = ngettext(
            "%(count)d person would lose access. Choose the day from which it counts, so that they can be told.",
            "%(count)d people would lose access. Choose the day from which it counts, so that they can be told.",
            losing,
        )
        raise PolicyViolation(words % {"count": losing})
    before = {name: getattr(policy, name) for name in changed}
    given = {"account": account, **wanted}
    require_second_person(account, changed, by=by, does="change_policy", given=given, approval=approval)
    then.save(update_fields=[*changed, *policy.dated_by(changed)])
    record(POLICY_CHANGED, by=by, on=account, before=before, after=changed)
    return then


def lock_policy(account: BusinessAccount) -> tuple[BusinessAccount, SecurityPolicy]:
    """Lock an open account and its policy, as it counts now; return both."""
    account = BusinessAccount.objects.open().select_related("policy").lock(account.pk)
    account.policy = SecurityPolicy.objects.select_for_update(of=("self",)).get(account=account)
    return account, account.policy


def changes_of(policy: SecurityPolicy, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return which of the `wanted` values are others than the policy's, by POLICY_FIELDS."""
    return {name: wanted[name] for name in POLICY_FIELDS if name in wanted and wanted[name] != getattr(policy, name)}


def require_right_to_change(
    account: BusinessAccount, policy: SecurityPolicy, changed: dict[str, Any], *, by: Person
) -> None:
    """Demand that what the policy takes and gives is the actor's to take and to give (rule 2).

    Who manages the team neither loses nor gets power by it, unless the owner asks. Who gets power back gets no more
    than the actor holds. What a confirmation is good for is decided, while somebody waits for one, by who can give it.
    Only the owner shortens the time in which a claim of the ownership can be refused, since who claims must not, and
    says from which network addresses sensitive acts are allowed: they bind the owner too. Who is on probation leaves
    what asks for second factors as it is.

    Raises MissingPermission, PolicyViolation (one's own network address is not among those that one names, probation).
    """
    _require_mine_among(changed.get("sensitive_ranges"))
    if WAITING & set(changed) and (refusal := kept_by_probation(by, account)):
        raise refusal
    if by.pk == account.owner_id:
        return
    if changed.get("claim_days", policy.claim_days) < policy.claim_days:
        words = _("Only the owner can shorten how long a claim of the ownership waits.")
        raise MissingPermission(OWN_ACCOUNT, account, words)
    if "sensitive_ranges" in changed:
        words = _("Only the owner can say from which network addresses sensitive acts are allowed.")
        raise MissingPermission(OWN_ACCOUNT, account, words)
    then = policy.under(changed)
    others = Membership.objects.active().filter(account=account).exclude(person_id=by.pk)
    gaining = others.shut_out_by(policy, then)
    if losing := _names(others.administering().shut_out_by(then, policy)):
        words = ngettext(
            "%(people)s manages the team and would lose all access. Only the owner can do this.",
            "%(people)s manage the team and would lose all access. Only the owner can do this.",
            len(losing),
        )
        raise MissingPermission(OWN_ACCOUNT, account, words % {"people": ", ".join(losing)})
    if let_in := _names(gaining.administering()):
        words = ngettext(
            "%(people)s manages the team and would get access by this. Only the owner can do this.",
            "%(people)s manage the team and would get access by this. Only the owner can do this.",
            len(let_in),
        )
        raise MissingPermission(OWN_ACCOUNT, account, words % {"people": ", ".join(let_in)})
    if rows := list(gaining.with_roles()):
        by_role = {code for row in rows for code in row.role.permissions}
        authority.require(by, MANAGE_SECURITY, on=account, adding=by_role, adding_on=_granted_to(rows))
    weighs = SecurityPolicy.Confirmation.BEFORE in {then.confirmation, policy.confirmation}
    if "confirmation" in changed and weighs and others.filter(confirmed_at=None).exists():
        authority.require(by, MANAGE_TEAM, on=account)


def require_second_person(
    account: BusinessAccount,
    changed: Mapping[str, Any],
    *,
    by: Person,
    does: str,
    given: Mapping[str, Any],
    more: Sequence[str] = (),
    approval: Any = None,
) -> None:
    """Demand the second person that the account asks for before its policy is changed, or such a change planned.

    `more` is told beside what changes. Raises NeedsSecondPerson, ChangedMeanwhile (the approval is used up).
    """
    says = [*(_said(account.policy, name, value) for name, value in changed.items()), *more]
    second_person.require(SensitiveAct.POLICY, account, by=by, does=does, given=given, says=says, approval=approval)


def _said(policy: SecurityPolicy, name: str, value: Any) -> str:
    field: Any = SecurityPolicy._meta.get_field(name)
    labels = dict(field.flatchoices)
    before, after = (
        ", ".join(one) or "–" if isinstance(one, list) else "–" if one is None else str(labels.get(one, one))
        for one in (getattr(policy, name), value)
    )
    return f"{capfirst(str(field.verbose_name))}: {before} → {after}"


def _require_mine_among(ranges: list[str] | None) -> None:
    """Demand that whoever names ranges stands inside them: nobody locks the door from outside."""
    origin = origin_of_this_request()
    if ranges and origin.request_id and not in_ranges(origin.address, ranges):
        words = _("Your own network address, %(address)s, is not among these. You would lock yourself out.")
        raise PolicyViolation(words % {"address": origin.address or _("which is unknown")})


def _require_from_inside(ranges: list[str]) -> None:
    """Demand that a change at once is asked for from inside the ranges. The owner may plan one from anywhere."""
    origin = origin_of_this_request()
    if ranges and origin.request_id and not in_ranges(origin.address, ranges):
        words = _(
            "From your network address, %(address)s, nothing is changed at once. Choose a day from which it counts: "
            "whoever manages the security policy is told, and can withdraw it until then."
        )
        raise PolicyViolation(words % {"address": origin.address or _("which is unknown")})


def _names(rows: MembershipQuerySet) -> list[str]:
    return [str(row.person) for row in rows.select_related("person").order_by("person__name", "pk")[:MOST_NAMED]]


def _granted_to(rows: list[Membership]) -> list[tuple[Asset, frozenset[str]]]:
    """Return what is granted to members, put together for each asset in use."""
    granted: dict[Asset, set[str]] = {}
    grants = AssetGrant.objects.filter(membership__in=rows, content_object__archived_at=None)
    for grant in grants.select_related("content_object__account", "permission"):
        granted.setdefault(grant.content_object, set()).add(grant.permission.codename)
    return [(asset, frozenset(codes)) for asset, codes in granted.items()]

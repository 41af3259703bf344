"""Changes of the security policy that take access away: planned, told, withdrawn, and written down once they count.

None of these acts makes a plan count: the check itself answers by it from its moment on (rule 1).
"""

import datetime as dt
import logging
from collections.abc import Collection, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import post_many
from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import BusinessAccount, OutgoingMail, Person, SecurityPolicy
from accounts.models.planning import PLAN_FIELDS
from accounts.permissions import MANAGE_SECURITY
from audit.canonical import instant
from audit.querysets import kind_of
from audit.recording import SYSTEM, Recorded, Refused, action, record

from .. import authority, policies
from ..events import PLAN_ANNOUNCED, PLAN_LAPSED, PLAN_REMINDED, PLAN_STARTED, PLAN_WITHDRAWN, POLICY_PLANNED
from ..holdings import access_of
from ..models import Membership, Told, in_words
from ..querysets import MembershipQuerySet
from . import seating
from .policy import changes_of, lock_policy, require_right_to_change, require_second_person

logger = logging.getLogger(__name__)


@action(POLICY_PLANNED)
def plan_policy(
    *,
    account: BusinessAccount,
    starts_at: dt.datetime,
    by: Person,
    reason: str = "",
    approval: Any = None,
    **wanted: Any,
) -> SecurityPolicy:
    """Let the security policy change to the `wanted` values at `starts_at`, and tell who would lose access by it.

    The right to it is asked now, as for a change at once (rule 2). It counts while its planner keeps the right to plan
    it until it starts: when that ends, so does the plan. Raises MissingPermission, PolicyViolation (nothing would
    change, one is planned already, too soon or too late, the planner's own access ends before), NeedsSecondPerson.
    """
    account, policy = lock_policy(account)
    authority.require(by, MANAGE_SECURITY, on=account)
    if policy.planned:
        raise PolicyViolation(_("A change is planned already. Withdraw it first, then plan another one."))
    changed = changes_of(policy, wanted)
    if not changed:
        raise PolicyViolation(_("Nothing would change."))
    _require_good_time(account, starts_at, by=by)
    require_right_to_change(account, policy, changed, by=by)
    given = {"account": account, "starts_at": starts_at, "reason": reason, **wanted}
    starts = [_("It counts from %(day)s on.") % {"day": in_words(starts_at)}]
    require_second_person(account, changed, by=by, does="plan_policy", given=given, more=starts, approval=approval)
    before = {name: getattr(policy, name) for name in changed}
    policy.planned, policy.planned_from, policy.planned_at = changed, starts_at, timezone.now()
    policy.planned_by, policy.planned_reason, policy.planned_told = by, reason, Told.due(starts_at)
    policy.save(update_fields=PLAN_FIELDS)
    losing = _tell(policies.PLANNED_MAIL, account, policies.losing_by_plan(policy))
    after = {**changed, "from": instant(starts_at), "day": f"{starts_at:%Y-%m-%d %H:%M} UTC", "people": losing}
    record(POLICY_PLANNED, by=by, on=account, before=before, after=after, reason=reason)
    return policy


@action(PLAN_WITHDRAWN)
def withdraw_plan(*, account: BusinessAccount, by: Person, reason: str = "") -> SecurityPolicy:
    """Take back a planned change before it counts. Raises MissingPermission, ChangedMeanwhile (none, or it counts)."""
    account, policy = lock_policy(account)
    authority.require(by, MANAGE_SECURITY, on=account)
    _require_open(policy, also_stopped=True)
    return _end(PLAN_WITHDRAWN, account, policy, by=by, reason=reason)


@action(PLAN_REMINDED)
def remind_of_plan(
    *, account: BusinessAccount, by: Person, members: Collection[Membership] | None = None
) -> list[dict[str, Any]]:
    """Remind who would lose access by the planned change, or those `members` of them; return whom it reminded.

    Each of them at most once a day. Raises MissingPermission, PolicyViolation (nobody is left), ChangedMeanwhile.
    """
    account, policy = lock_policy(account)
    authority.require(by, MANAGE_SECURITY, on=account)
    _require_open(policy)
    rows = policies.losing_by_plan(policy)
    if members is not None:
        rows = rows.filter(pk__in=[member.pk for member in members])
    recent = OutgoingMail.objects.filter(kind=policies.PLAN_REMINDER, about_kind=kind_of(Membership), account=account)
    recent = recent.filter(created_at__gt=timezone.now() - policies.ONE_REMINDER_IN)
    told = _tell(policies.PLAN_REMINDER, account, rows.exclude(pk__in=recent.values("about_id")))
    if not told:
        raise PolicyViolation(_("They have been reminded within the last day, or would not lose access any more."))
    record(PLAN_REMINDED, by=by, on=account, after={"people": told})
    return told


@action(PLAN_ANNOUNCED)
def announce_plan(*, account: BusinessAccount, by: Any) -> SecurityPolicy:
    """Tell who would lose access once more, a week and a day before. Nobody's act but the system's.

    Raises ChangedMeanwhile (told already, withdrawn, or it counts).
    """
    account, policy = lock_policy(account)
    _require_open(policy)
    due = Told.due(policy.planned_from)
    if due <= policy.planned_told:
        raise ChangedMeanwhile(_("They have been told already."))
    policy.planned_told = due
    policy.save(update_fields=["planned_told"])
    told = _tell(policies.PLAN_REMINDER, account, policies.losing_by_plan(policy))
    record(PLAN_ANNOUNCED, by=by, on=account, after={"people": told, "told": due.name.lower()})
    return policy


@action(PLAN_STARTED)
def start_plan(*, account: BusinessAccount, by: Any) -> SecurityPolicy:
    """Write down that a planned change counts, which it does already. Raises ChangedMeanwhile (noted, or too early)."""
    account, policy = lock_policy(account)
    planned, planner, since = policy.planned, policy.planned_by, policy.planned_from
    if planner is None or since is None or not policy.plan_has_begun:
        raise ChangedMeanwhile(_("There is no planned change that counts by now."))
    stored = SecurityPolicy.objects.filter(pk=policy.pk).values(*planned).get()  # under what counts now
    policy.take_over(planned, at=since)
    policy.drop_plan()
    policy.save(update_fields=[*planned, *policy.dated_by(planned), *PLAN_FIELDS])
    after = {**planned, "since": instant(since), "planner": str(planner), "planner_id": planner.pk}
    record(PLAN_STARTED, by=by, on=account, before=stored, after=after)
    return policy


@action(PLAN_LAPSED)
def lapse_plan(*, account: BusinessAccount, by: Any) -> SecurityPolicy:
    """End a planned change whose planner has lost the right to it. Raises ChangedMeanwhile (it stands, or counts)."""
    account, policy = lock_policy(account)
    _require_open(policy, also_stopped=True)
    if not policy.plan_is_stopped and _stands(policy):
        raise ChangedMeanwhile(_("The planned change still stands."))
    return _end(PLAN_LAPSED, account, policy, by=by)


def mind_plans() -> int:
    """Write down which plans count by now, end those without ground, and tell of those that come near.

    Returns how many it was.
    """
    minded = 0
    rows = SecurityPolicy.objects.exclude(planned={}).filter(account__closed_at=None)
    for policy in rows.select_related("account").order_by("pk"):
        try:
            if policy.plan_has_begun:
                start_plan(account=policy.account, by=SYSTEM)
            elif policy.plan_is_stopped or not _stands(policy):
                lapse_plan(account=policy.account, by=SYSTEM)
            elif Told.due(policy.planned_from) > policy.planned_told:
                announce_plan(account=policy.account, by=SYSTEM)
            else:
                continue
        except Refused as refusal:  # somebody withdrew it at this very moment, or another worker was faster
            logger.info("plan of account %s: %s", policy.pk, refusal.words)
        else:
            minded += 1
    return minded


def stop_plans_without_ground(events: Sequence[Recorded]) -> None:
    """Stop planned changes whose planner has just lost the right to them, in the transaction of the act that took it.

    It writes no event: the act's own says what happened, and `lapse_plan` what became of the plan.
    """
    accounts = [event.on.pk for event in events if isinstance(event.on, BusinessAccount)]
    ahead = policies.plans_ahead().filter(account__in=accounts)
    seating.stop_plans(ahead.filter(pk__in=[policy.pk for policy in ahead if not _stands(policy)]))


def _stands(policy: SecurityPolicy) -> bool:
    """Say whether the planner may still plan this, and will until it starts."""
    rows = Person.objects.filter(is_active=True)
    planner = rows.filter(pk=policy.planned_by_id or 0).first()  # one that remembers nothing
    access = access_of(planner, policy.pk) if planner else None
    if access is None or not access.has_power or MANAGE_SECURITY not in access.role_permissions:
        return False
    start = policy.planned_from
    if start is None:
        return True
    stays = access.ends_at is None or access.ends_at > start
    return stays and MANAGE_SECURITY in access.role_at(start).permissions


def _require_good_time(account: BusinessAccount, starts_at: dt.datetime, *, by: Person) -> None:
    now = timezone.now()
    if starts_at < now + policies.PLANNED_AHEAD:
        raise PolicyViolation(_("It must lie at least a day ahead, so that people can do what is asked."))
    if starts_at > now + policies.LONGEST_AHEAD:
        raise PolicyViolation(_("That is more than a year ahead. Choose an earlier day."))
    mine = Membership.objects.active().with_roles().get(account=account, person=by)
    if mine.ends_at and mine.ends_at <= starts_at:
        raise PolicyViolation(_("Your own access ends before that. Choose an earlier day, or ask somebody who stays."))
    if mine.raised_until and mine.raised_until <= starts_at and MANAGE_SECURITY not in mine.lasting_role.permissions:
        raise PolicyViolation(_("Your own role ends before that. Choose an earlier day, or ask somebody who stays."))


def _require_open(policy: SecurityPolicy, *, also_stopped: bool = False) -> None:
    if not (policy.has_plan_ahead or (also_stopped and policy.plan_is_stopped)):
        raise ChangedMeanwhile(_("No change of the policy is planned any more."))


def _end(act: Any, account: BusinessAccount, policy: SecurityPolicy, *, by: Any, reason: str = "") -> SecurityPolicy:
    before = {**policy.planned, "from": policy.planned_from and instant(policy.planned_from)}
    before["planner"], before["planner_id"] = str(policy.planned_by), policy.planned_by_id
    policy.drop_plan()
    policy.save(update_fields=PLAN_FIELDS)
    record(act, by=by, on=account, before=before, reason=reason)
    return policy


def _tell(kind: str, account: BusinessAccount, rows: MembershipQuerySet) -> list[dict[str, Any]]:
    """Post a mail to each of these members; return them as an event keeps them."""
    members = list(rows.select_related("person").order_by("pk"))
    post_many(kind=kind, mails=[(member, member.person.email, account) for member in members])
    return [{"person": str(member.person), "person_id": member.person_id} for member in members]

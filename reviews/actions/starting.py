"""Starting a campaign, by hand or by the schedule of the account."""

import datetime as dt
import random
from collections.abc import Sequence
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts import authority
from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import Asset, BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM, RUN_REVIEWS
from audit.canonical import instant
from audit.recording import action, record
from teams.models import Membership, Role

from .. import policies
from ..events import SCHEDULE_CHANGED, STARTED
from ..models import Campaign, Every, Item, Rule, Schedule, Scope, Silence, Why
from ..reviewers import Panel
from ..snapshots import Seen, see


@action(STARTED)
def start_campaign(
    *,
    account: BusinessAccount,
    name: str,
    by: Person,
    scope: str = Scope.ALL,
    role: Role | None = None,
    asset: Asset | None = None,
    rule: str = Rule.SPONSOR,
    silence: str = Silence.SUSPEND,
    days: int = 14,
) -> Campaign:
    """Start a review of the accesses in `scope`, to be decided in `days`, and return the campaign.

    Every access is seen at this moment, under the account's lock. Raises MissingPermission, PolicyViolation (a
    standard account, nobody to review, one of that name or too many run).
    """
    account = _lock(account)
    _require_may_run(account, silence, by=by)
    running = Campaign.objects.running().filter(account=account)
    if running.filter(name=name).exists():
        raise PolicyViolation(_("A review named “%(name)s” runs already.") % {"name": name})
    if running.count() >= policies.MOST_RUNNING:
        raise PolicyViolation(
            _("%(count)d reviews run already, which is the most. Close one first.") % {"count": policies.MOST_RUNNING}
        )
    campaign = Campaign(
        account=account,
        name=name,
        scope=scope,
        role=role,
        asset=asset,
        rule=rule,
        silence=silence,
        silence_by=by,
        started_by=by,
    )
    seen = _in_scope(campaign)
    if not seen:
        raise PolicyViolation(_("Nobody has such access, so there is nothing to review."))
    return _start(campaign, seen, days=days, by=by)


@action(STARTED)
def start_scheduled(*, schedule: Schedule, by: Any) -> Campaign:
    """Start the campaign that a schedule has come to, set its next moment, and return the campaign.

    Run twice, or by two workers at once, it starts one: under the lock the second finds nothing due. Raises
    ChangedMeanwhile.
    """
    account = _lock(schedule.account)
    schedule = Schedule.objects.due().lock(schedule.pk)
    now = timezone.now()
    name = _("Review of %(month)s") % {"month": formats.date_format(now, "F Y")}
    campaign = Campaign(
        account=account,
        name=name,
        rule=schedule.rule,
        silence=schedule.silence,
        silence_by=schedule.set_by,
        scheduled=True,
    )
    started_at = schedule.next_at or now
    while started_at <= now:
        started_at = policies.next_start(schedule.every, started_at)
    schedule.next_at = started_at
    schedule.save(update_fields=["next_at"])
    return _start(campaign, _in_scope(campaign), days=schedule.days, by=by)


@action(SCHEDULE_CHANGED)
def change_schedule(
    *,
    account: BusinessAccount,
    by: Person,
    every: str = "",
    rule: str = Rule.SPONSOR,
    silence: str = Silence.SUSPEND,
    days: int = 14,
    next_on: dt.date | None = None,
) -> Schedule:
    """Say how often a campaign of everybody starts by itself, the first on `next_on`, and return the schedule.

    An empty `every` switches it off. Raises MissingPermission, PolicyViolation (a standard account).
    """
    account = _lock(account)
    _require_may_run(account, silence if every else Silence.KEEP, by=by)
    schedule = Schedule.objects.filter(account=account).first() or Schedule(account=account)
    before = {**schedule.as_event(), "next_at": schedule.next_at} if schedule.pk else {}
    if every:
        schedule.every, schedule.rule, schedule.silence, schedule.days = every, rule, silence, days
        first = next_on or timezone.localdate() + dt.timedelta(days=1)
        schedule.next_at = timezone.make_aware(dt.datetime.combine(first, dt.time(6)))
    else:
        schedule.next_at = None
    after = {**schedule.as_event(), "next_at": schedule.next_at}
    if before == after:
        return schedule
    schedule.set_by = by
    schedule.save()
    words = str(Every(schedule.every).label) if schedule.next_at else _("never by themselves")
    record(SCHEDULE_CHANGED, by=by, on=account, before=before, after={**after, "words": words})
    return schedule


def _require_may_run(account: BusinessAccount, silence: str, *, by: Person) -> None:
    """Demand that `by` may run a review with this outcome of silence: who lets it suspend must be able to (rule 2).

    Raises MissingPermission, PolicyViolation (a standard account).
    """
    authority.require(by, RUN_REVIEWS, on=account)
    if silence != Silence.KEEP:
        authority.require(by, MANAGE_TEAM, on=account)
    if not account.is_business:
        raise PolicyViolation(_("A standard account has no team to review."))


def _lock(account: BusinessAccount) -> BusinessAccount:
    """Lock the account: who holds what in it stays as it is until it was seen."""
    return BusinessAccount.objects.open().select_related("policy", "owner").lock(account.pk)


def _in_scope(campaign: Campaign) -> list[Seen]:
    """See the accesses of a campaign. The owner's is none of them: it ends by a transfer only (rule 3)."""
    account = campaign.account
    rows = Membership.objects.current().filter(account=account).exclude(person_id=account.owner_id)
    if campaign.scope == Scope.ROLE:
        rows = rows.in_role(campaign.role)
    elif campaign.scope == Scope.OUTSIDE:
        rows = rows.from_outside()
    rows = rows.with_roles("person", "sponsor").with_second_factor().order_by("person__name", "pk")
    seen = see(account, list(rows))
    if campaign.scope == Scope.UNUSED:
        return [row for row in seen if row.is_unused]
    if campaign.scope == Scope.WIDE:
        return [row for row in seen if row.is_wide]
    if campaign.scope == Scope.ASSET:
        return [row for row in seen if row.works_on(campaign.asset_id)]
    return seen


def _start(campaign: Campaign, seen: Sequence[Seen], *, days: int, by: Any) -> Campaign:
    """Write the campaign with its items, and the event. What nobody must decide is carried over, but for a sample."""
    campaign.started_at = timezone.now()
    campaign.deadline = campaign.started_at + dt.timedelta(days=days)
    campaign.reminded = policies.reminders_due(campaign.deadline)  # who has a day only is not reminded at once
    campaign.save()
    panel = Panel.of(campaign.account)
    carried = [row.membership.pk for row in seen if not row.why]
    drawn = set(random.SystemRandom().sample(carried, policies.sample_size(len(carried))))
    items = []
    for row in seen:
        why = row.why or ([Why.SAMPLE] if row.membership.pk in drawn else [])
        reviewer = panel.pick(row.membership, campaign.rule)
        if reviewer is None:  # the owner reviews whom nobody else can, and is reviewed by nobody
            raise ChangedMeanwhile(_("The ownership has changed in this moment. Please try again."))
        items.append(
            Item(
                campaign=campaign,
                membership=row.membership,
                snapshot=row.snapshot,
                must_decide=bool(why),
                why=[str(code) for code in why],
                suggestion=row.suggestion,
                suggested_role=row.suggested_role,
                suggestion_reason=row.suggestion_reason,
                reviewer=reviewer,
            )
        )
    Item.objects.bulk_create(items)
    asked = [item for item in items if item.must_decide]
    after = {
        "items": len(items),
        "to_decide": len(asked),
        "carried_over": len(items) - len(asked),
        "scope": campaign.scope_words,
        "rule": campaign.rule,
        "silence": campaign.silence,
        "deadline": instant(campaign.deadline),
        "until": formats.date_format(timezone.localtime(campaign.deadline), "j F Y"),
        "reviewers": sorted({item.reviewer_id for item in asked}),
    }
    record(STARTED, by=by, on=campaign.account, target=campaign, after=after)
    return campaign

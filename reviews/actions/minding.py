"""What the portal does by itself: start what is due, remind, settle what nobody decided in time, and close."""

import logging
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.errors import ChangedMeanwhile, MissingPermission
from accounts.models import BusinessAccount
from accounts.permissions import OWN_ACCOUNT
from audit.recording import SYSTEM, Refused, action, record
from teams.actions.members import rest
from teams.events import SUSPENDED
from teams.models import Membership

from .. import policies
from ..events import REMINDED, SILENCE_SETTLED
from ..models import DECISION_FIELDS, Campaign, Decision, Item, Schedule, Silence
from .carrying_out import note_hindrance
from .closing import close_campaign
from .starting import start_scheduled

logger = logging.getLogger(__name__)


def mind_reviews() -> None:
    """Do all that is due. Run twice, or by two workers at once, it does each once."""
    for schedule in Schedule.objects.due().select_related("account").order_by("pk"):
        _try(start_scheduled, schedule=schedule)
    for campaign in Campaign.objects.running().select_related("account").order_by("pk"):
        if not campaign.is_overdue:
            _try(remind_reviewers, campaign=campaign)
            continue
        if campaign.account.frozen_at:
            continue  # nobody's access changes until the freeze is lifted
        _try(settle_silence, campaign=campaign)
        for item in _to_suspend(campaign):
            _suspend(item)
        if _may_close(campaign):
            _try(close_campaign, campaign=campaign)


@action(REMINDED)
def remind_reviewers(*, campaign: Campaign, by: Any) -> Campaign:
    """Remind, 7 days and a day before the deadline, whoever has something left to decide; return the campaign.

    Raises ChangedMeanwhile (closed).
    """
    account, campaign = _lock(campaign)
    due = policies.reminders_due(campaign.deadline)
    waiting = list(Item.objects.filter(campaign=campaign).undecided().values_list("reviewer_id", flat=True))
    if due <= campaign.reminded or not waiting:
        return campaign
    campaign.reminded = due
    campaign.save(update_fields=["reminded"])
    after = {
        "reviewers": sorted(set(waiting)),
        "to_decide": len(waiting),
        "until": formats.date_format(timezone.localtime(campaign.deadline), "j F Y"),
    }
    record(REMINDED, by=by, on=account, target=campaign, after=after)
    return campaign


@action(SILENCE_SETTLED)
def settle_silence(*, campaign: Campaign, by: Any) -> Campaign:
    """Decide, after the deadline, what nobody decided, as the campaign says, and return the campaign.

    What it suspends is suspended by acts of its own. Raises ChangedMeanwhile (closed).
    """
    account, campaign = _lock(campaign)
    if campaign.settled_at is not None or not campaign.is_overdue:
        return campaign
    waiting = Item.objects.filter(campaign=campaign).undecided()
    items = list(waiting.with_all().lock_many(waiting.values_list("pk", flat=True)).values())
    now = timezone.now()
    for item in items:
        item.decide(Decision(campaign.silence), by=None, at=now)
        item.seconds, item.in_bulk = None, False
    Item.objects.bulk_update(items, DECISION_FIELDS)
    campaign.settled_at = now
    campaign.save(update_fields=["settled_at"])
    after = {
        "count": len(items),
        "people": [str(item) for item in items],
        "words": str(Silence(campaign.silence).label),
        "silence": campaign.silence,
    }
    record(SILENCE_SETTLED, by=by, on=account, target=campaign, after=after)
    return campaign


@action(SUSPENDED)
def suspend_for_silence(*, item: Item, by: Any) -> Item:
    """Suspend an access on which nobody decided in time, as every suspension does, and return the item.

    It is undone by restoring the member. One that is to be ended stays up to be ended. Of who manages the team only
    where the owner chose what silence does: nobody else could suspend them (rule 2). Raises MissingPermission,
    ChangedMeanwhile (ended or suspended already, decided since, or the owner's by now: rule 3).
    """
    account = BusinessAccount.objects.open().select_related("policy").lock(item.campaign.account_id)
    item = Item.objects.filter(decided_by=None, outcome="").exclude(decision="").with_all().lock(item.pk)
    members = Membership.objects.current().exclude(person_id=account.owner_id).with_roles("person", "sponsor")
    membership = members.lock(item.membership_id)
    membership.account = account
    if membership.role.administers and item.campaign.silence_by_id != account.owner_id:
        words = _("%(person)s manages the team: only a review whose silence the owner chose suspends them.")
        raise MissingPermission(OWN_ACCOUNT, account, words % {"person": membership})
    before = rest(account, membership, by=by)
    item.outcome_at = timezone.now()
    if item.decision == Decision.SUSPEND:
        item.outcome = Item.Outcome.DONE
    else:  # so that one who is restored meanwhile is not suspended over and over
        item.outcome, item.hindrance = Item.Outcome.WAITS, _("Suspended; who manages the team can end it.")
    item.save(update_fields=["outcome", "outcome_at", "hindrance"])
    after = {"role": membership.role.as_event(), "review": item.campaign_id}
    record(SUSPENDED, by=by, on=account, target=membership, before=before, after=after, reason=item.campaign.name)
    return item


def _to_suspend(campaign: Campaign) -> list[Item]:
    """Return what silence suspends, and is not suspended yet."""
    rows = Item.objects.filter(
        campaign=campaign,
        decided_by=None,
        decision__in=[Decision.SUSPEND, Decision.END],
        outcome="",
        membership__state=Membership.State.ACTIVE,
    )
    return list(rows.with_all().order_by("pk"))


def _suspend(item: Item) -> None:
    """Suspend one access; where that can't be, the reason stands at the item, which stays open."""
    try:
        suspend_for_silence(item=item, by=SYSTEM)
    except Refused as refusal:
        if not Item.objects.filter(pk=item.pk, outcome="").exists():
            return  # another worker was quicker
        try:
            note_hindrance(item=item, words=refusal.words, by=SYSTEM)
        except ChangedMeanwhile:
            logger.info("item %s was settled meanwhile", item.pk)


def _may_close(campaign: Campaign) -> bool:
    """Say whether nothing waits to be carried out by a person any more, or its time is over."""
    if timezone.now() >= campaign.deadline + policies.CLOSES_AFTER:
        return True
    return not Item.objects.filter(campaign=campaign).to_carry_out().exists()


def _try(act: Any, **given: Any) -> None:
    """Do an act as the portal; what was done or closed meanwhile is passed over."""
    try:
        act(by=SYSTEM, **given)
    except Refused as refusal:
        logger.info("%s: %s", act.__name__, refusal.words)


def _lock(campaign: Campaign) -> tuple[BusinessAccount, Campaign]:
    account = BusinessAccount.objects.open().lock(campaign.account_id)
    return account, Campaign.objects.running().lock(campaign.pk)

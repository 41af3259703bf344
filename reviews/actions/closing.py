"""Closing a campaign: its report, bound to the log."""

from typing import Any

from django.utils import timezone
from django.utils.translation import ngettext

from accounts import authority
from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount
from accounts.permissions import RUN_REVIEWS
from audit.recording import SYSTEM, action, record

from .. import reports
from ..events import CLOSED
from ..models import Campaign, Item


@action(CLOSED)
def close_campaign(*, campaign: Campaign, by: Any) -> Campaign:
    """Close a campaign in which all is decided, write its report, and return it. The event holds the report's SHA-256.

    What could not be carried out stays open, and stands in the report so. Raises MissingPermission, PolicyViolation
    (something is undecided), ChangedMeanwhile (closed already).
    """
    account = BusinessAccount.objects.open().lock(campaign.account_id)
    campaign = Campaign.objects.running().select_related("account", "role", "asset", "started_by").lock(campaign.pk)
    authority.require(by, RUN_REVIEWS, on=account)
    undecided = Item.objects.filter(campaign=campaign).undecided().count()
    if undecided:
        words = ngettext(
            "%(count)d access is not decided yet. Wait for it, or for the deadline.",
            "%(count)d accesses are not decided yet. Wait for them, or for the deadline.",
            undecided,
        )
        raise PolicyViolation(words % {"count": undecided})
    now, items = timezone.now(), list(Item.objects.filter(campaign=campaign).for_list())
    campaign.state, campaign.closed_at = Campaign.State.CLOSED, now
    campaign.closed_by = None if by is SYSTEM else by
    campaign.report = reports.statement_of(campaign, items, by=by, at=now)
    campaign.save(update_fields=["state", "closed_at", "closed_by", "report"])
    after = {**campaign.report["numbers"], "report": campaign.pk, "digest": campaign.digest}
    campaign.event_number = record(CLOSED, by=by, on=account, target=campaign, after=after)
    campaign.save(update_fields=["event_number"])
    return campaign

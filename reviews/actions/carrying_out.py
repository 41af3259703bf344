"""Carrying out what was decided: by the very acts that everybody ends and reduces access with, one after the other."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import authority
from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM, VIEW_ACCOUNT
from accounts.second_person import NeedsSecondPerson
from audit.recording import Refused, action, record, record_refusal
from teams.actions import change_role, offboard
from teams.using import smaller_roles

from ..events import CARRIED_OUT, HINDERED
from ..models import Campaign, Decision, Item

MOST_AT_ONCE = 50  # in one go: a few seconds; the rest waits for the next


def carry_out_all(*, campaign: Campaign, by: Person) -> dict[str, int]:
    """End and reduce what was decided in a campaign, each by its own act, and return how many went how.

    What a rule refuses stays open, with the reason; the refusal is recorded, as at any door. What ended meanwhile
    counts as carried out.
    """
    went = {"done": 0, "hindered": 0, "waits": 0}
    waiting = list(Item.objects.filter(campaign=campaign).to_carry_out().with_all().order_by("pk")[:MOST_AT_ONCE])
    many = sum(item.decision == Decision.END for item in waiting) > 1
    for item in waiting:
        try:
            _carry_out(item, by=by, many=many)
            note_carried_out(item=item, by=by)
            went["done"] += 1
        except NeedsSecondPerson as held_back:
            record_refusal(held_back)
            went["waits"] += 1
            _note(item, held_back.words, outcome=Item.Outcome.WAITS, by=by)
        except Refused as refusal:
            record_refusal(refusal)
            went["hindered"] += 1
            _note(item, refusal.words, outcome=Item.Outcome.HINDERED, by=by)
    return went


@action(CARRIED_OUT)
def note_carried_out(*, item: Item, by: Any) -> Item:
    """Note that what was decided on an access is so now, and return the item.

    Raises MissingPermission, ChangedMeanwhile (noted already, or decided otherwise), PolicyViolation (it is not so).
    """
    account, item = _lock(item)
    authority.require(by, MANAGE_TEAM, on=account)
    if not _is_so(item):
        raise PolicyViolation(_("What was decided is not carried out."))
    item.outcome, item.outcome_at, item.hindrance = Item.Outcome.DONE, timezone.now(), ""
    item.save(update_fields=["outcome", "outcome_at", "hindrance"])
    after = {"words": item.words, "review": item.campaign_id}
    record(CARRIED_OUT, by=by, on=account, target=item, after=after)
    return item


@action(HINDERED)
def note_hindrance(*, item: Item, words: str, by: Any, outcome: str = Item.Outcome.HINDERED) -> Item:
    """Note why what was decided on an access could not be carried out yet, and return the item: it stays open.

    The same reason twice is noted once. Raises MissingPermission, ChangedMeanwhile.
    """
    account, item = _lock(item)
    authority.require(by, VIEW_ACCOUNT, on=account)
    if (item.outcome, item.hindrance) == (outcome, words[:500]):
        return item
    item.outcome, item.outcome_at, item.hindrance = outcome, timezone.now(), words[:500]
    item.save(update_fields=["outcome", "outcome_at", "hindrance"])
    after = {"decision": item.decision, "words": item.words, "review": item.campaign_id}
    record(HINDERED, by=by, on=account, target=item, after=after, reason=words)
    return item


def _carry_out(item: Item, *, by: Person, many: bool) -> None:
    """Do what was decided by the act of the team. Raises what that act raises."""
    membership = item.membership
    if _is_so(item):
        return
    if not membership.is_current:
        raise ChangedMeanwhile(_("The access has ended meanwhile."))
    reason = _reason(item)
    if item.decision == Decision.END:
        offboard(membership=membership, by=by, reason=reason, in_bulk=many)
        return
    role = item.reduce_to
    if role is None or role not in smaller_roles(membership.role.permissions, [role]):
        raise PolicyViolation(
            _("The role has changed meanwhile: %(role)s is no part of %(now)s. Decide once more, or change it by hand.")
            % {"role": role, "now": membership.role}
        )
    change_role(membership=membership, role=role, by=by, reason=reason)


def _reason(item: Item) -> str:
    words = {"review": item.campaign.name, "person": item.decided_by or _("nobody decided in time")}
    reason = _("Access review “%(review)s”, decided by %(person)s") % words
    return (f"{reason}: {item.reason}" if item.reason else reason)[:500]


def _is_so(item: Item) -> bool:
    """Say whether an access is already as it was decided: ended, or of that role."""
    if not item.membership.is_current:
        return True
    return item.decision == Decision.REDUCE and item.membership.role == item.reduce_to


def _note(item: Item, words: str, *, outcome: str, by: Person) -> None:
    """Note a hindrance, unless another was quicker."""
    try:
        note_hindrance(item=item, words=words, by=by, outcome=outcome)
    except ChangedMeanwhile:
        pass  # another worker or person has settled the item in this moment


def _lock(item: Item) -> tuple[BusinessAccount, Item]:
    """Lock the account, then an item whose decision is not carried out yet."""
    account = BusinessAccount.objects.open().select_related("policy").lock(item.campaign.account_id)
    waiting = Item.objects.filter(campaign__account=account).exclude(outcome=Item.Outcome.DONE)
    locked = waiting.exclude(decision__in=["", Decision.KEEP]).with_all().lock(item.pk)
    locked.campaign.account = locked.membership.account = account
    return account, locked

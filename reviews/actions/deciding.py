"""What a reviewer does: decide, pass on, keep what is left; and choosing another reviewer."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import authority
from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import RUN_REVIEWS, VIEW_ACCOUNT
from audit.recording import action, record
from teams.models import Membership, Role
from teams.policies import may_answer
from teams.using import smaller_roles

from .. import policies
from ..events import DECIDED, KEPT_REST, PASSED_ON, REASSIGNED
from ..models import DECISION_FIELDS, Campaign, Decision, Item
from ..reviewers import Panel


@action(DECIDED)
def decide(
    *,
    item: Item,
    decision: str,
    by: Person,
    reduce_to: Role | None = None,
    reason: str = "",
    seconds: int | None = None,
    seen: str | None = None,
) -> Item:
    """Decide on an access that one is to review, over an earlier decision too, and return the item.

    `reduce_to` is a role that holds a part of the present one. `seen` is the fingerprint of the role that the page
    showed: nobody decides on what they have not seen. Raises MissingPermission, PolicyViolation (not the reviewer,
    oneself, no smaller role), ChangedMeanwhile (closed, carried out, ended, or the role changed since).
    """
    account, item = _lock_to_decide(item, by=by)
    membership = item.membership
    if seen is not None and seen != policies.fingerprint(membership.role):
        raise ChangedMeanwhile(_("The role has changed since you looked. Look again, then decide."))
    reduce_to = _smaller(account, membership, reduce_to) if decision == Decision.REDUCE else None
    if decision not in (Decision.KEEP, Decision.REDUCE, Decision.END):
        raise PolicyViolation(_("Keep, reduce or end: choose one."))
    if (item.decision, item.reduce_to, item.reason, item.decided_by_id) == (decision, reduce_to, reason, by.pk):
        return item  # said already, so no event
    before = {"words": item.words} if item.decision else {}
    item.decide(decision, by=by, at=timezone.now(), reduce_to=reduce_to, reason=reason)
    item.seconds, item.in_bulk = seconds, False
    item.save(update_fields=DECISION_FIELDS)
    after = {"decision": decision, "words": item.words, "review": item.campaign_id, "seconds": seconds}
    record(DECIDED, by=by, on=account, target=item, before=before, after=after, reason=reason)
    return item


@action(PASSED_ON)
def pass_on(*, item: Item, by: Person) -> Item:
    """Say that one can't judge an access: by the campaign's rule somebody else reviews it. Return the item.

    Raises MissingPermission, PolicyViolation (not the reviewer, nobody else is left), ChangedMeanwhile.
    """
    account, item = _lock_to_decide(item, by=by)
    if item.decision:
        raise PolicyViolation(_("You have decided on this access already. Change the decision, if it was wrong."))
    passed = {*item.passed_by, by.pk}
    reviewer = Panel.of(account).pick(item.membership, item.campaign.rule, without=passed)
    if reviewer is None:
        raise PolicyViolation(_("Nobody else is left who could review this access. Decide on it as well as you can."))
    before = {"reviewer": str(by), "reviewer_id": by.pk}
    item.passed_by, item.reviewer = sorted(passed), reviewer
    item.save(update_fields=["passed_by", "reviewer"])
    after = {"reviewer": str(reviewer), "reviewer_id": reviewer.pk, "review": item.campaign_id}
    record(PASSED_ON, by=by, on=account, target=item, before=before, after=after)
    return item


@action(KEPT_REST)
def keep_rest(*, campaign: Campaign, by: Person, reason: str) -> list[Item]:
    """Keep all accesses that one still has to decide in a campaign, for one reason, and return them.

    Raises MissingPermission, PolicyViolation (no reason), ChangedMeanwhile (closed, or nothing is left).
    """
    account = _lock_account(campaign.account_id)
    campaign = Campaign.objects.running().lock(campaign.pk)
    authority.require(by, VIEW_ACCOUNT, on=account)
    if not reason.strip():
        raise PolicyViolation(_("Say why all of them can be kept."))
    waiting = Item.objects.waiting_for(by).filter(campaign=campaign).exclude(membership__person=by)
    locked = waiting.with_all().lock_many(waiting.values_list("pk", flat=True))
    if not locked:
        raise ChangedMeanwhile(_("Nothing is left that you have to decide."))
    items, now = list(locked.values()), timezone.now()
    for item in items:
        item.decide(Decision.KEEP, by=by, at=now, reason=reason)
        item.seconds, item.in_bulk = None, True
    Item.objects.bulk_update(items, DECISION_FIELDS)
    after = {"people": [str(item) for item in items], "items": [item.pk for item in items]}
    record(KEPT_REST, by=by, on=account, target=campaign, after=after, reason=reason)
    return items


@action(REASSIGNED)
def reassign(*, item: Item, reviewer: Membership, by: Person) -> Item:
    """Give an access that nobody has decided on to another reviewer, and return the item.

    Raises MissingPermission, PolicyViolation (their own access, no power here, from outside), ChangedMeanwhile.
    """
    account, item = _lock(item)
    authority.require(by, RUN_REVIEWS, on=account)
    if item.decision:
        raise ChangedMeanwhile(_("This access is decided already."))
    if reviewer.person_id == item.person_id:
        raise PolicyViolation(_("Nobody reviews their own access. Choose somebody else."))
    if not eligible(account).filter(pk=reviewer.pk).exists():
        raise PolicyViolation(
            _("%(person)s can’t review: choose an active member who is not from outside.") % {"person": reviewer}
        )
    if reviewer.person_id == item.reviewer_id:
        return item
    before = {"reviewer": str(item.reviewer), "reviewer_id": item.reviewer_id}
    item.reviewer = reviewer.person
    item.save(update_fields=["reviewer"])
    after = {"reviewer": str(reviewer), "reviewer_id": reviewer.person_id, "review": item.campaign_id}
    record(REASSIGNED, by=by, on=account, target=item, before=before, after=after)
    return item


def eligible(account: BusinessAccount) -> Any:
    """Return the members who can review in an account, which comes with its policy."""
    return may_answer(account).with_power(account.policy)


def _lock_account(account_id: int) -> BusinessAccount:
    return BusinessAccount.objects.open().select_related("policy", "owner").lock(account_id)


def _lock(item: Item) -> tuple[BusinessAccount, Item]:
    """Lock the account first, always, then the item of a campaign that runs.

    Raises ChangedMeanwhile: the campaign is closed, or the access has ended meanwhile.
    """
    account = _lock_account(item.campaign.account_id)
    item = Item.objects.filter(campaign__account=account).with_all().lock(item.pk)
    item.campaign.account = item.membership.account = account
    if not item.campaign.is_running:
        raise ChangedMeanwhile(_("This review is closed. What was decided stands in its report."))
    if not item.membership.is_current:
        raise ChangedMeanwhile(_("The access of %(person)s has ended meanwhile.") % {"person": item})
    return account, item


def _lock_to_decide(item: Item, *, by: Person) -> tuple[BusinessAccount, Item]:
    """Lock as `_lock` does, and demand that `by` is who reviews the access, and that it is not carried out yet."""
    account, item = _lock(item)
    authority.require(by, VIEW_ACCOUNT, on=account)
    if item.person_id == by.pk:
        raise PolicyViolation(_("Nobody reviews their own access."))
    if item.reviewer_id != by.pk:
        raise PolicyViolation(_("%(person)s reviews this access.") % {"person": item.reviewer})
    if item.is_settled:
        raise ChangedMeanwhile(_("What was decided is carried out already."))
    return account, item


def _smaller(account: BusinessAccount, membership: Membership, role: Role | None) -> Role:
    """Return the role to reduce to as it is now. Raises PolicyViolation for one that is not smaller."""
    if role is None:
        raise PolicyViolation(_("Choose the role that is left."))
    role = Role.objects.of(account).now(role.pk)
    if role not in smaller_roles(membership.role.permissions, [role]):
        raise PolicyViolation(
            _("%(role)s holds something that %(person)s does not hold now. A review only takes away.")
            % {"role": role, "person": membership}
        )
    return role

"""Ending an organisation's whole engagement with one receipt, and bringing its people back (rules 2, 3, 12, 13)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import second_person
from accounts.actions import post_many
from accounts.errors import ChangedMeanwhile
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from accounts.sensitive import SensitiveAct
from audit.canonical import instant
from audit.recording import action, record

from .. import authority, engagements, offboarding, policies
from ..events import ENGAGEMENT_BROUGHT_BACK, ENGAGEMENT_ENDED
from ..models import EndedEngagement, Membership
from ..returning import Gone, given_back, what_is_given_back
from . import ending, seating
from .offboarding import give_back, require_for_who_returns


@action(ENGAGEMENT_ENDED)
def end_engagement(
    *, account: BusinessAccount, key: str, seen: str, reason: str, by: Person, approval: Any = None
) -> EndedEngagement:
    """End the access of all people of one organisation in an account, in one act with one event and one receipt.

    All or nothing: each ends as by an offboarding, open invitations of the organisation are revoked with it, and every
    table that names people is asked for what is left of each. `seen` is the fingerprint of what was shown. Raises
    MissingPermission (somebody manages the team, and `by` is not the owner), PolicyViolation (oneself, the owner),
    NeedsSecondPerson, ChangedMeanwhile (somebody joined or left the engagement since, or it has ended).
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, MANAGE_TEAM, on=account)
    engagement = engagements.engagement_of(account, key)
    if not engagement.members or engagement.fingerprint() != seen:
        raise ChangedMeanwhile(_("Who belongs to this engagement has changed since you looked. Please look again."))
    actor = Person.objects.get(pk=by.pk)  # a fresh one, which remembers nothing
    if refusal := engagements.hindrance(actor, account, engagement.members):
        raise refusal
    second_person.require(
        SensitiveAct.OFFBOARDING,
        account,
        by=by,
        does="end_engagement",
        given={"account": account, "key": key, "seen": seen, "reason": reason},
        says=[_("%(person)s loses all access") % {"person": row.person} for row in engagement.members],
        approval=approval,
    )
    members = [_locked(row, account) for row in sorted(engagement.members, key=lambda row: row.person_id)]
    ended = {member: ending.end_access([member]) for member in members}
    engagements.end_offers(engagement)
    act = EndedEngagement(account=account, organisation=engagement.organisation, key=key, by=by, at=timezone.now())
    act.statement = _statement(act, engagement, ended, reason)
    act.save()
    act.members.set(members)
    act.event_number = record(
        ENGAGEMENT_ENDED,
        by=by,
        on=account,
        target=act,
        before={"people": [_as_event(member, done.before[account.pk]) for member, done in ended.items()]},
        after={
            "people": [_as_event(member, done.own) for member, done in ended.items()],
            "invitations": len(engagement.offers),
            "left": act.left,
            "engagement_receipt": act.pk,
            "digest": act.digest,
        },
        reason=reason,
    )
    act.save(update_fields=["event_number"])
    post_many(kind=policies.ENGAGEMENT_MAIL, mails=[(act, member.person.email, account) for member in members])
    return act


@action(ENGAGEMENT_BROUGHT_BACK)
def bring_engagement_back(
    *, engagement: EndedEngagement, members: Sequence[Membership], by: Person, approval: Any = None
) -> list[Membership]:
    """Undo the end of an engagement for those of its ended `members`: role and grants as they were, or for none.

    It passes the rules of a new grant (rules 2, 5, 11). Sessions, passwords and invitations stay ended. Returns the new
    memberships. Raises MissingPermission, PolicyViolation (too late, no room, a role is gone), NeedsSecondPerson,
    ChangedMeanwhile (brought back already, a member again, none is left to bring back).
    """
    account = BusinessAccount.objects.open().select_related("policy").lock(engagement.account_id)
    authority.require(by, MANAGE_TEAM, on=account)
    act = EndedEngagement.objects.lock(engagement.pk)
    rows = act.members.filter(pk__in=[row.pk for row in members]).select_related("person", "sponsor")
    gone = Gone.of_engagement(act, rows.order_by("person_id"), account)
    if not gone:
        raise ChangedMeanwhile(_("Nobody of this engagement can be brought back any more."))
    returning = given_back(what_is_given_back(gone, by=by))
    given = {"engagement": engagement, "members": list(members)}
    require_for_who_returns(returning, by=by, does="bring_engagement_back", given=given, approval=approval)
    back = give_back(returning, by=by)
    granted = seating.grants_of_each(back)
    act.brought_back_at, act.brought_back_by = timezone.now(), by
    act.save(update_fields=["brought_back_at", "brought_back_by"])
    after = {
        "people": [_as_event(row, {**row.role_as_event(), "grants": granted.get(row.pk, {})}) for row in back],
        "engagement_receipt": act.pk,
    }
    record(ENGAGEMENT_BROUGHT_BACK, by=by, on=account, target=act, after=after)
    post_many(kind=policies.ENGAGEMENT_BACK_MAIL, mails=[(act, row.person.email, account) for row in back])
    return back


def _locked(row: Membership, account: BusinessAccount) -> Membership:
    member = Membership.objects.current().with_roles("person", "sponsor").lock(row.pk)
    member.account = account
    return member


def _statement(
    act: EndedEngagement, engagement: engagements.Engagement, ended: Mapping[Membership, ending.Ended], reason: str
) -> dict[str, Any]:
    """Say what ended of whom, and look for what is left of each and of the organisation."""
    account = act.account
    return {
        "organisation": engagement.organisation,
        "spellings": engagement.spellings,
        "account": {"id": account.pk, "name": account.name},
        "by": {"id": act.by.pk, "name": str(act.by)},
        "at": instant(act.at),
        "reason": reason,
        "people": [
            {
                "person": ending.named(member.person),
                "membership": member.pk,
                "ended": done.said[account.pk],
                "checked": [row.as_receipt() for row in offboarding.residue(member.person, [account.pk])],
            }
            for member, done in ended.items()
        ],
        "invitations": [offer.words for _kind, offer in engagement.offers],
        "checked": engagements.residue(account, engagement.key),
    }


def _as_event(member: Membership, more: dict[str, Any]) -> dict[str, Any]:
    return {"membership": member.pk, "person": str(member.person), "person_id": member.person_id, **more}

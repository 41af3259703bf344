"""Ending an organisation's whole engagement with one receipt, and bringing its people back (rules 2, 3, 12, 13)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import post
from accounts.errors import ChangedMeanwhile
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from audit.canonical import instant
from audit.recording import action, record

from .. import authority, engagements, offboarding, policies
from ..events import ENGAGEMENT_BROUGHT_BACK, ENGAGEMENT_ENDED
from ..models import EndedEngagement, Membership
from ..returning import returns
from . import ending, seating
from .offboarding import give_back


@action(ENGAGEMENT_ENDED)
def end_engagement(*, account: BusinessAccount, key: str, seen: str, reason: str, by: Person) -> EndedEngagement:
    """End the access of all people of one organisation in an account, in one act with one event and one receipt.

    All or nothing: each ends as by an offboarding, open invitations of the organisation are revoked with it, and every
    table that names people is asked for what is left of each. `seen` is the fingerprint of what was shown. Raises
    MissingPermission (somebody manages the team, and `by` is not the owner), PolicyViolation (oneself, the owner),
    ChangedMeanwhile (somebody joined or left the engagement since, or it has ended).
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, MANAGE_TEAM, on=account)
    engagement = engagements.engagement_of(account, key)
    if not engagement.members or engagement.fingerprint() != seen:
        raise ChangedMeanwhile(_("Who belongs to this engagement has changed since you looked. Please look again."))
    actor = Person.objects.get(pk=by.pk)  # a fresh one, which remembers nothing
    if refusal := engagements.hindrance(actor, account, engagement.members):
        raise refusal
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
    for member in members:
        post(kind=policies.ENGAGEMENT_MAIL, about=act, address=member.person.email, account=account)
    return act


@action(ENGAGEMENT_BROUGHT_BACK)
def bring_engagement_back(
    *, engagement: EndedEngagement, members: Sequence[Membership], by: Person
) -> list[Membership]:
    """Undo the end of an engagement for those of its ended `members`: role and grants as they were, or for none.

    It passes the rules of a new grant (rules 2, 5, 11). Sessions, passwords and invitations stay ended. Returns the new
    memberships. Raises MissingPermission, PolicyViolation (too late, no room, a role is gone), ChangedMeanwhile
    (brought back already, a member again, none is left to bring back).
    """
    account = BusinessAccount.objects.open().select_related("policy").lock(engagement.account_id)
    authority.require(by, MANAGE_TEAM, on=account)
    act = EndedEngagement.objects.lock(engagement.pk)
    rows = act.members.filter(pk__in=[row.pk for row in members]).select_related("person", "sponsor")
    back = []
    for then in rows.order_by("person_id"):
        given = returns(then, act.ended_of(then.pk)["ended"], person=then.person, account=account, proof=act, by=by)
        back.append(give_back(given, account=account, person=then.person, by=by))
    if not back:
        raise ChangedMeanwhile(_("Nobody of this engagement can be brought back any more."))
    act.brought_back_at, act.brought_back_by = timezone.now(), by
    act.save(update_fields=["brought_back_at", "brought_back_by"])
    after = {
        "people": [_as_event(row, {"role": row.role.as_event(), "grants": seating.grants_of(row)}) for row in back],
        "engagement_receipt": act.pk,
    }
    record(ENGAGEMENT_BROUGHT_BACK, by=by, on=account, target=act, after=after)
    for row in back:
        post(kind=policies.ENGAGEMENT_BACK_MAIL, about=act, address=row.person.email, account=account)
    return back


def _locked(row: Membership, account: BusinessAccount) -> Membership:
    member = Membership.objects.current().select_related("role", "person", "sponsor").lock(row.pk)
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

"""Ending all of a person's access with a receipt, and bringing it back (rule 13)."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import post
from accounts.actions.sessions import drop_sessions
from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import Asset, BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from audit.canonical import instant
from audit.recording import action, record

from .. import authority, offboarding, policies
from ..events import BROUGHT_BACK, OFFBOARDED
from ..models import Membership, Offboarding, OwnershipOffer, Receipt, Role
from . import seating
from .grants import write_grants


@action(OFFBOARDED)
def offboard(*, membership: Membership, by: Person, reason: str, also: Sequence[Membership] = ()) -> Offboarding:
    """End a person's access in the account of `membership`, and in those of `also`, and write the receipts.

    All in one transaction: memberships, grants, offers, invitations to and by the person, all sessions; the password
    where no membership is left elsewhere. Then every table that names people is asked for what is left. Raises
    MissingPermission, PolicyViolation (the owner, oneself, several people), ChangedMeanwhile (ended since).
    """
    members = _lock(membership, *also)
    person, ids = members[0].person, [member.account_id for member in members]
    if any(member.person_id != person.pk for member in members):
        raise PolicyViolation(_("One act ends the access of one person."))
    for member in members:
        authority.require(by, MANAGE_TEAM, on=member.account, over=member)
    now = timezone.now()
    held = {member.account_id: _held(member) for member in members}
    ends = offboarding.what_ends(person, ids)
    before = {member.account_id: seating.end(member) for member in members}
    offboarding.end(person, ids)
    own = {"sessions": drop_sessions(person), "password": _reset_password_unless_needed(person)}
    checked = offboarding.residue(person, ids)
    act = Offboarding.objects.create(person=person, by=by, at=now)
    for member in members:
        here = [row for row in checked if row.account_id in {None, member.account_id}]
        others = ends[member.account_id]
        statement: dict[str, Any] = {
            "person": {"id": person.pk, "name": str(person), "address": person.email},
            "account": {"id": member.account_id, "name": member.account.name},
            "by": {"id": by.pk, "name": str(by)},
            "at": instant(now),
            "reason": reason,
            "ended": {**held[member.account_id], "others": others, **own},
            "checked": [row.as_receipt() for row in here],
        }
        receipt = Receipt(offboarding=act, account=member.account, membership=member, statement=statement)
        receipt.save()
        receipt.event_number = record(
            OFFBOARDED,
            by=by,
            on=member.account,
            target=member,
            before={**before[member.account_id], "others": {label: len(things) for label, things in others.items()}},
            after={
                **own,
                "left": sum(row.found for row in here),
                "receipt": receipt.pk,
                "digest": receipt.digest,
            },
            reason=reason,
        )
        receipt.save(update_fields=["event_number"])
    post(kind=policies.ENDED_MAIL, about=act, address=person.email, account=members[0].account)
    return act


@action(BROUGHT_BACK)
def bring_back(*, receipt: Receipt, by: Person) -> Membership:
    """Undo an offboarding in one account: role and grants as they were, by the rules of a new grant (rules 2, 5, 11).

    A grant on an asset that is archived by now stays away. Sessions, the password and invitations stay ended. Returns
    the new membership. Raises MissingPermission, PolicyViolation (too late, no room, the role is gone),
    ChangedMeanwhile (brought back already, or a member again).
    """
    account = BusinessAccount.objects.open().select_related("policy").lock(receipt.account_id)
    receipt = Receipt.objects.with_all().lock(receipt.pk)
    person = receipt.offboarding.person
    if receipt.brought_back_at or Membership.objects.current().filter(account=account, person=person).exists():
        raise ChangedMeanwhile(_("%(person)s is a member again already.") % {"person": person})
    if not receipt.can_be_undone:
        raise PolicyViolation(_("It is too long ago to be undone in one act. Send a new invitation."))
    if not person.is_active:
        raise PolicyViolation(_("The sign-in of this person is switched off."))
    then = receipt.membership
    if then.is_expired:
        raise PolicyViolation(_("The membership would have run out by now. Send a new invitation."))
    role = Role.objects.of(account).filter(pk=then.role_id).first()
    if role is None:
        raise PolicyViolation(_("The role of that time is gone. Send a new invitation."))
    grants = _grants_as_they_were(account, receipt.statement["ended"]["grants"])
    adding_on = [(asset, codes) for (asset, _ends_at), codes in grants.items()]
    authority.require(by, MANAGE_TEAM, on=account, adding=role.permissions, adding_on=adding_on)
    policies.require_room(account, role)
    membership = seating.seat(account=account, person=person, role=role)
    membership.ends_at = then.ends_at
    if receipt.statement["ended"]["state"] == Membership.State.SUSPENDED:
        membership.state, membership.suspended_at = Membership.State.SUSPENDED, timezone.now()
    membership.save(update_fields=["ends_at", "state", "suspended_at"])
    for (asset, ends_at), codes in grants.items():
        write_grants(membership, asset, codes, ends_at=ends_at)
    receipt.brought_back_at, receipt.brought_back_by = timezone.now(), by
    receipt.save(update_fields=["brought_back_at", "brought_back_by"])
    after = {"role": role.as_event(), "grants": seating.grants_of(membership), "receipt": receipt.pk}
    record(BROUGHT_BACK, by=by, on=account, target=membership, after=after)
    post(kind=policies.BACK_MAIL, about=membership, address=person.email, account=account)
    return membership


def _lock(*memberships: Membership) -> list[Membership]:
    """Lock all accounts in one order, then the current memberships; the one named first comes first."""
    by_account = sorted(memberships, key=lambda member: member.account_id)
    accounts = {row.account_id: BusinessAccount.objects.open().lock(row.account_id) for row in by_account}
    locked = {}
    for row in by_account:
        member = Membership.objects.current().select_related("role", "person").lock(row.pk)
        member.account = accounts[row.account_id]
        locked[row.pk] = member
    return [locked[pk] for pk in dict.fromkeys(row.pk for row in memberships)]


def _held(member: Membership) -> dict[str, Any]:
    """Return what a membership gives, as a receipt keeps it, so that it can be brought back as it was."""
    grants = member.asset_grants.select_related("content_object", "permission").order_by("content_object_id", "pk")
    return {
        "role": member.role.as_event(),
        "state": str(member.state),
        "joined_at": instant(member.joined_at),
        "ends_at": instant(member.ends_at) if member.ends_at else None,
        "grants": [
            {
                "asset": grant.content_object_id,
                "name": grant.content_object.name,
                "code": grant.permission.codename,
                "ends_at": instant(grant.ends_at) if grant.ends_at else None,
            }
            for grant in grants
        ],
        "offers": OwnershipOffer.objects.open().made_to(member).count(),
    }


def _reset_password_unless_needed(person: Person) -> str:
    """Make the password unusable where no membership is left, and say what was done with it: reset, or kept."""
    if Membership.objects.held_by(person).exists():
        return policies.PASSWORD_KEPT
    person.set_unusable_password()
    person.save(update_fields=["password"])
    return policies.PASSWORD_RESET


def _grants_as_they_were(
    account: BusinessAccount, grants: list[dict[str, Any]]
) -> dict[tuple[Asset, dt.datetime | None], frozenset[str]]:
    """Return the codes of a receipt's grants by asset and end, without what is archived or would have run out."""
    assets = account.assets.in_use().in_bulk({grant["asset"] for grant in grants})
    codes: dict[tuple[Asset, dt.datetime | None], set[str]] = {}
    for grant in grants:
        ends_at = dt.datetime.fromisoformat(grant["ends_at"]) if grant["ends_at"] else None
        if grant["asset"] in assets and (ends_at is None or ends_at > timezone.now()):
            codes.setdefault((assets[grant["asset"]], ends_at), set()).add(grant["code"])
    return {where: frozenset(given) for where, given in codes.items()}

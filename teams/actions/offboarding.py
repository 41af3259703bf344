"""Ending all of a person's access with a receipt, and bringing it back (rule 13)."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import post
from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from audit.canonical import instant
from audit.recording import action, record

from .. import authority, offboarding, policies
from ..events import BROUGHT_BACK, OFFBOARDED
from ..models import Membership, Offboarding, Receipt
from ..returning import Return, what_returns
from . import ending, seating
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
    ended = ending.end_access(members)
    checked = offboarding.residue(person, ids)
    act = Offboarding.objects.create(person=person, by=by, at=now)
    for member in members:
        here = [row for row in checked if row.account_id in {None, member.account_id}]
        statement: dict[str, Any] = {
            "person": ending.named(person),
            "account": {"id": member.account_id, "name": member.account.name},
            "by": {"id": by.pk, "name": str(by)},
            "at": instant(now),
            "reason": reason,
            "ended": ended.said[member.account_id],
            "checked": [row.as_receipt() for row in here],
        }
        receipt = Receipt(offboarding=act, account=member.account, membership=member, statement=statement)
        receipt.save()
        receipt.event_number = record(
            OFFBOARDED,
            by=by,
            on=member.account,
            target=member,
            before=ended.before[member.account_id],
            after={
                **ended.own,
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
def bring_back(*, receipt: Receipt, by: Person, also: Sequence[Receipt] = ()) -> list[Membership]:
    """Undo an offboarding in the account of `receipt`, and in those of `also`: role and grants as they were.

    It passes the rules of a new grant (rules 2, 5, 11), in all of the accounts or in none. A grant on an asset that is
    archived by now stays away. Sessions, the password and invitations stay ended. Returns the new memberships. Raises
    MissingPermission, PolicyViolation (too late, no room, the role is gone, another act's receipt), ChangedMeanwhile
    (brought back already, or a member again).
    """
    receipts = _lock_receipts(receipt, *also)
    if len({row.offboarding_id for row in receipts}) > 1:
        raise PolicyViolation(_("One act brings back what one offboarding ended."))
    now, members = timezone.now(), []
    for row in receipts:
        back = what_returns(row, by=by)
        member = give_back(back, account=row.account, person=row.offboarding.person)
        row.brought_back_at, row.brought_back_by = now, by
        row.save(update_fields=["brought_back_at", "brought_back_by"])
        after = {"role": back.role.as_event(), "grants": seating.grants_of(member), "receipt": row.pk}
        record(BROUGHT_BACK, by=by, on=row.account, target=member, after=after)
        members.append(member)
    first = receipts[0]
    post(kind=policies.BACK_MAIL, about=first, address=first.offboarding.person.email, account=first.account)
    return members


def give_back(back: Return, *, account: BusinessAccount, person: Person) -> Membership:
    """Seat a person as before, with the grants, suspended where that was so. Shared by acts, so it writes no event."""
    member = seating.seat(account=account, person=person, role=back.role, terms=back.terms)
    if back.suspended:
        member.state, member.suspended_at = Membership.State.SUSPENDED, timezone.now()
        member.save(update_fields=["state", "suspended_at"])
    for (asset, ends_at), codes in back.grants.items():
        write_grants(member, asset, codes, ends_at=ends_at)
    return member


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


def _lock_receipts(*receipts: Receipt) -> list[Receipt]:
    """Lock all accounts in one order, then the receipts, each with its account; the one named first comes first."""
    by_account = sorted(receipts, key=lambda row: row.account_id)
    open_accounts = BusinessAccount.objects.open().select_related("policy")
    accounts = {row.account_id: open_accounts.lock(row.account_id) for row in by_account}
    locked = {}
    for row in by_account:
        receipt = Receipt.objects.with_all().lock(row.pk)
        receipt.account = accounts[row.account_id]
        locked[row.pk] = receipt
    return [locked[pk] for pk in dict.fromkeys(row.pk for row in receipts)]

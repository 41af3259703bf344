"""Ending all of a person's access with a receipt, and bringing it back (rule 13)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import post
from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from audit.canonical import instant
from audit.recording import Entry, action, record, record_many

from .. import authority, offboarding, policies
from ..events import BROUGHT_BACK, OFFBOARDED
from ..models import Membership, Offboarding, Receipt
from ..offboarding import Checked
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
    authority.require_over(by, MANAGE_TEAM, members)
    now, ended = timezone.now(), ending.end_access(members)
    act = Offboarding.objects.create(person=person, by=by, at=now)
    checked = _by_account(offboarding.residue(person, ids), ids)
    receipts = []
    for member in members:
        statement: dict[str, Any] = {
            "person": ending.named(person),
            "account": {"id": member.account_id, "name": member.account.name},
            "by": {"id": by.pk, "name": str(by)},
            "at": instant(now),
            "reason": reason,
            "ended": ended.said[member.account_id],
            "checked": [row.as_receipt() for row in checked[member.account_id]],
        }
        receipts.append(Receipt(offboarding=act, account=member.account, membership=member, statement=statement))
    _record_receipts(receipts, ended.before, by=by, reason=reason)
    post(kind=policies.ENDED_MAIL, about=act, address=person.email, account=members[0].account)
    return act


@action(BROUGHT_BACK)
def bring_back(*, receipt: Receipt, by: Person, also: Sequence[Receipt] = ()) -> list[Membership]:
    """Undo an offboarding in the account of `receipt`, and in those of `also`: role and grants as they were.

    It passes the rules of a new grant (rules 2, 5, 11), in all of the accounts or in none. A grant on an asset that is
    archived by now stays away. Sessions, the password and invitations stay ended, and so does an invitation to the
    person that was sent since. Returns the new memberships. Raises
    MissingPermission, PolicyViolation (too late, no room, the role is gone, another act's receipt), ChangedMeanwhile
    (brought back already, or a member again).
    """
    receipts = _lock_receipts(receipt, *also)
    if len({row.offboarding_id for row in receipts}) > 1:
        raise PolicyViolation(_("One act brings back what one offboarding ended."))
    now, members = timezone.now(), []
    others = offboarding.end_on_return(receipts[0].offboarding.person, [row.account_id for row in receipts])
    for row in receipts:
        back = what_returns(row, by=by)
        member = give_back(back, account=row.account, person=row.offboarding.person, by=by)
        row.brought_back_at, row.brought_back_by = now, by
        row.save(update_fields=["brought_back_at", "brought_back_by"])
        after = {"role": back.role.as_event(), "grants": seating.grants_of(member), "receipt": row.pk}
        before = {"others": others[row.account_id]} if others[row.account_id] else {}
        record(BROUGHT_BACK, by=by, on=row.account, target=member, before=before, after=after)
        members.append(member)
    first = receipts[0]
    post(kind=policies.BACK_MAIL, about=first, address=first.offboarding.person.email, account=first.account)
    return members


def give_back(back: Return, *, account: BusinessAccount, person: Person, by: Person) -> Membership:
    """Seat a person as before, with the grants, suspended where that was so. Shared by acts, so it writes no event."""
    member = seating.seat(account=account, person=person, role=back.role, terms=back.terms)
    if back.suspended:
        member.state, member.suspended_at = Membership.State.SUSPENDED, timezone.now()
        member.save(update_fields=["state", "suspended_at"])
    for (asset, ends_at), codes in back.grants.items():
        write_grants(member, asset, codes, ends_at=ends_at, by=by)
    return member


def _lock(*memberships: Membership) -> list[Membership]:
    """Lock all accounts in one order, then the current memberships; the one named first comes first."""
    accounts = BusinessAccount.objects.open().lock_many(row.account_id for row in memberships)
    rows = Membership.objects.current().select_related("role", "person", "sponsor")
    locked = rows.lock_many(row.pk for row in memberships)
    for member in locked.values():
        member.account = accounts[member.account_id]
    return [locked[pk] for pk in dict.fromkeys(row.pk for row in memberships)]


def _lock_receipts(*receipts: Receipt) -> list[Receipt]:
    """Lock all accounts in one order, then the receipts, each with its account; the one named first comes first."""
    open_accounts = BusinessAccount.objects.open().select_related("policy")
    accounts = open_accounts.lock_many(row.account_id for row in receipts)
    locked = Receipt.objects.with_all().lock_many(row.pk for row in receipts)
    for receipt in locked.values():
        receipt.account = accounts[receipt.account_id]
    return [locked[pk] for pk in dict.fromkeys(row.pk for row in receipts)]


def _by_account(checked: Iterable[Checked], account_ids: Collection[int]) -> dict[int, list[Checked]]:
    """Return for each account what was looked for there, with what was looked for once for all, in the same order."""
    here: dict[int, list[Checked]] = {account_id: [] for account_id in account_ids}
    for row in checked:
        for account_id in [row.account_id] if row.account_id else account_ids:
            here[account_id].append(row)
    return here


def _record_receipts(receipts: list[Receipt], before: Mapping[int, dict[str, Any]], *, by: Person, reason: str) -> None:
    """Write the receipts and the event of each, which name one another: one by its id, the other by its number."""
    Receipt.objects.bulk_create(receipts)
    entries = []
    for receipt in receipts:
        ended, checked = receipt.statement["ended"], receipt.statement["checked"]
        after = {
            "sessions": ended["sessions"],
            "password": ended["password"],
            "left": sum(row["found"] for row in checked),
            "receipt": receipt.pk,
            "digest": receipt.digest,
        }
        entries.append(Entry(receipt.account, receipt.membership, before[receipt.account_id], after))
    numbers = record_many(OFFBOARDED, by=by, entries=entries, reason=reason)
    for receipt, number in zip(receipts, numbers, strict=True):
        receipt.event_number = number
    Receipt.objects.bulk_update(receipts, ["event_number"])

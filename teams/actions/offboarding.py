"""Ending all of a person's access with a receipt, and bringing it back (rule 13)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import second_person
from accounts.actions import post
from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from accounts.sensitive import SensitiveAct
from audit.canonical import instant
from audit.recording import Entry, action, record_many

from .. import authority, offboarding, policies
from ..events import BROUGHT_BACK, OFFBOARDED
from ..models import Membership, Offboarding, Receipt
from ..offboarding import Checked
from ..returning import Return, given_back, what_returns
from ..seconding import accounts_that_ask, require_for_new_administrator
from . import ending, seating
from .grants import write_all_grants


@action(OFFBOARDED)
def offboard(
    *,
    membership: Membership,
    by: Person,
    reason: str,
    also: Sequence[Membership] = (),
    in_bulk: bool = False,
    approval: Any = None,
) -> Offboarding:
    """End a person's access in the account of `membership`, and in those of `also`, and write the receipts.

    All in one transaction: memberships, grants, offers, invitations to and by the person, all sessions; the password
    where no membership is left elsewhere. Then every table that names people is asked for what is left. `in_bulk`:
    one of a list, which the account of `membership` may ask a second person for. Raises MissingPermission,
    PolicyViolation (the owner, oneself, several people), NeedsSecondPerson, ChangedMeanwhile (ended since).
    """
    members = _lock(membership, *also)
    person, ids = members[0].person, [member.account_id for member in members]
    if any(member.person_id != person.pk for member in members):
        raise PolicyViolation(_("One act ends the access of one person."))
    authority.require_over(by, MANAGE_TEAM, members)
    if in_bulk:
        second_person.require(
            SensitiveAct.OFFBOARDING,
            members[0].account,
            by=by,
            does="offboard",
            given={"membership": membership, "also": list(also), "reason": reason, "in_bulk": True},
            says=[
                _("%(person)s loses all access to %(account)s") % {"person": person, "account": row.account}
                for row in members
            ],
            approval=approval,
        )
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
def bring_back(*, receipt: Receipt, by: Person, also: Sequence[Receipt] = (), approval: Any = None) -> list[Membership]:
    """Undo an offboarding in the account of `receipt`, and in those of `also`: role and grants as they were.

    It passes the rules of a new grant (rules 2, 5, 11), in all of the accounts or in none. A grant on an asset that is
    archived by now stays away. Sessions, the password and invitations stay ended, and so does an invitation to the
    person that was sent since. Returns the new memberships. Raises
    MissingPermission, PolicyViolation (too late, no room, the role is gone, another act's receipt), NeedsSecondPerson,
    ChangedMeanwhile (brought back already, or a member again).
    """
    receipts = _lock_receipts(receipt, *also)
    if len({row.offboarding_id for row in receipts}) > 1:
        raise PolicyViolation(_("One act brings back what one offboarding ended."))
    others = offboarding.end_on_return(receipts[0].offboarding.person, [row.account_id for row in receipts])
    returning = given_back(what_returns(receipts, by=by))
    require_for_who_returns(
        returning, by=by, does="bring_back", given={"receipt": receipt, "also": list(also)}, approval=approval
    )
    members = give_back(returning, by=by)
    Receipt.objects.filter(pk__in=[row.pk for row in receipts]).update(
        brought_back_at=timezone.now(), brought_back_by=by
    )
    granted, entries = seating.grants_of_each(members), []
    for row, member in zip(receipts, members, strict=True):
        before = {"others": others[row.account_id]} if others[row.account_id] else {}
        after = {**member.role_as_event(), "grants": granted.get(member.pk, {}), "receipt": row.pk}
        entries.append(Entry(row.account, member, before, after))
    record_many(BROUGHT_BACK, by=by, entries=entries)
    first = receipts[0]
    post(kind=policies.BACK_MAIL, about=first, address=first.offboarding.person.email, account=first.account)
    return members


def require_for_who_returns(
    returning: Sequence[Return], *, by: Person, does: str, given: Mapping[str, Any], approval: Any = None
) -> None:
    """Demand the second person that each account asks for where administrators come back to it, for the act `does`.

    One approval serves one account: administrators of several accounts that ask for one come back one by one. Raises
    NeedsSecondPerson, ChangedMeanwhile (the approval is used up).
    """
    into: dict[BusinessAccount, list[Return]] = {}
    for back in returning:
        if back.role.administers:
            into.setdefault(back.account, []).append(back)
    asking = accounts_that_ask(into, SensitiveAct.ADMINISTRATOR) | ({approval.account_id} if approval else set())
    for account, backs in into.items():
        if account.pk not in asking:
            continue
        require_for_new_administrator(
            account,
            max((back.role for back in backs), key=lambda role: len(role.permissions)),
            by=by,
            does=does,
            given=given,
            says=[
                _("%(person)s comes back as %(role)s") % {"person": back.person, "role": back.role} for back in backs
            ],
            adds=frozenset().union(*(back.role.permissions for back in backs)),
            approval=approval if approval is not None and approval.account_id == account.pk else None,
        )


def give_back(returning: Sequence[Return], *, by: Person) -> list[Membership]:
    """Seat people as before, with the grants, suspended where that was so; return the new memberships, in their order.

    The number of statements is the same for any number of them. Shared by acts, so it writes no event.
    """
    members = []
    for back in returning:
        raised = (back.raised_to, back.raised_until)
        member = seating.seated(
            account=back.account, person=back.person, role=back.lasting_role, terms=back.terms, raised=raised
        )
        if back.suspended:
            member.state, member.suspended_at = Membership.State.SUSPENDED, timezone.now()
        members.append(member)
    Membership.objects.bulk_create(members)
    write_all_grants(
        (
            (member, asset, codes, ends_at)
            for member, back in zip(members, returning, strict=True)
            for (asset, ends_at), codes in back.grants.items()
        ),
        by=by,
    )
    return members


def _lock(*memberships: Membership) -> list[Membership]:
    """Lock all accounts in one order, then the current memberships; the one named first comes first."""
    accounts = BusinessAccount.objects.open().lock_many(row.account_id for row in memberships)
    rows = Membership.objects.current().with_roles("person", "sponsor")
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

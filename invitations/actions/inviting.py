"""Inviting: one address, one act."""

import datetime as dt
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.policies import require_person_room
from audit.recording import action, record
from teams.models import Role, Terms
from teams.policies import require_room, require_terms, with_longest_end
from teams.seconding import require_for_new_administrator

from .. import policies
from ..events import INVITED
from ..models import ImportRow, Invitation
from . import sending

WITHOUT_TERMS = Terms()  # an employee, without an end


@action(INVITED)
def invite(
    *,
    account: BusinessAccount,
    address: str,
    role: Role,
    by: Person,
    grants: policies.Grants | None = None,
    terms: Terms = WITHOUT_TERMS,
    expires_at: dt.datetime | None = None,
    message: str = "",
    row: ImportRow | None = None,
    approval: Any = None,
) -> Invitation:
    """Offer a membership to a normalised address, queue its mail, and return the invitation (rules 2, 5, 6, 8, 10).

    `terms` are those of the membership; `expires_at` is until when the offer can be accepted, where that is to be
    sooner than the policy says. `row` is that of a list which is worked through: it is settled by the same transaction,
    so nobody is invited twice. Raises MissingPermission, PolicyViolation (standard account, a member, oneself, an open
    one, no room, too many, the plan is full, terms that the policy forbids), NeedsSecondPerson, ChangedMeanwhile (role
    or asset gone, the row settled).
    """
    account = BusinessAccount.objects.open().select_related("policy").lock(account.pk)
    if row is not None:
        row = ImportRow.objects.waiting().lock(row.pk)
    role, grants = sending.current(account, role, grants or {})
    policies.require_offerable(account, role, grants)
    sending.require_right(by, account, role, grants)
    policies.require_team(account)
    if address == by.email:
        raise PolicyViolation(_("That is your own address. You are a member already."))
    policies.require_new(account, address)
    if Invitation.objects.open().filter(account=account, address=address).exists():
        raise PolicyViolation(
            _("%(address)s has an open invitation already. Send it again from the list.") % {"address": address}
        )
    require_room(account, role)
    require_person_room(account)
    if row is not None:  # a list names no ends
        terms = with_longest_end(account, terms)
    require_terms(account, terms)
    policies.require_within_limits(account, address)
    require_for_new_administrator(
        account,
        role,
        by=by,
        does="invite",
        given={
            "account": account, "address": address, "role": role, "grants": grants, "terms": terms,
            "expires_at": expires_at, "message": message,
        },
        says=[_("%(address)s is invited as %(role)s") % {"address": address, "role": role}],
        approval=approval,
    )  # fmt: skip
    _retire_expired(account, address)
    now = timezone.now()
    invitation = Invitation(
        account=account, address=address, role=role, message=message, invited_by=by, created_at=now, expires_at=now
    )
    invitation.take(terms)
    invitation.save()
    sending.write_offer(invitation, grants)
    sending.begin_sending(invitation, channel=Invitation.Channel.MAIL, expires_at=expires_at)
    after = sending.as_event(role, grants, terms)
    if row is not None:
        row.fate, row.invitation = ImportRow.Fate.INVITED, invitation
        row.save(update_fields=["fate", "invitation"])
        after["import"] = row.source_id
    record(INVITED, by=by, on=account, target=invitation, after=after)
    return invitation


def _retire_expired(account: BusinessAccount, address: str) -> None:
    """Close an expired invitation to the same address, so that the new one is the only unanswered one."""
    rows = Invitation.objects.expired().filter(account=account, address=address)
    rows.update(state=Invitation.State.REVOKED, answered_at=timezone.now())

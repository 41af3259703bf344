"""What an account's policy allows. Each check is asked under the lock on the account."""

import datetime as dt
from collections.abc import Collection
from dataclasses import replace

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount, Person, SecurityPolicy
from accounts.normalising import in_domains
from accounts.permissions import PERMISSIONS, words_for
from accounts.sessions import SessionLimits

from .models import OUTSIDE, Kind, Membership, Role, Terms
from .querysets import MembershipQuerySet

PASSWORD_RESET, PASSWORD_KEPT = "reset", "kept"  # what an offboarding does with the password
ENDED_MAIL, BACK_MAIL = "access_ended", "access_back"  # the kinds of the mails of an offboarding, and of its undoing
ENGAGEMENT_MAIL, ENGAGEMENT_BACK_MAIL = "engagement_ended", "engagement_back"
ENDING_MAIL, ENDINGS_MAIL, RAN_OUT_MAIL = "access_ending", "accesses_ending", "access_ran_out"
ROLE_RAN_OUT_MAIL = "role_ran_out"
REQUEST_MAIL, DECIDED_MAIL = "request_made", "request_decided"
RESET_MAIL = "factor_reset"
PLANNED_MAIL, PLAN_REMINDER = "policy_planned", "policy_reminder"
PENDING_MAIL, PENDING_SETTLED_MAIL = "pending_act", "pending_act_settled"
CLAIM_MAIL, CLAIM_REMINDER, CLAIM_TOLD, CLAIM_ENDED = "claim", "claim_reminder", "claim_told", "claim_ended"

PLANNED_AHEAD, LONGEST_AHEAD = dt.timedelta(days=1), dt.timedelta(days=366)  # when a planned policy may start
ONE_REMINDER_IN = dt.timedelta(days=1)  # that somebody sends by hand to one person


def people_in_each(accounts: Collection[BusinessAccount]) -> dict[int, int]:
    """Return how many current members each of these accounts has, by account, in one query: what a plan counts."""
    rows = Membership.objects.current().filter(account__in=accounts).order_by()
    counted = dict(rows.values_list("account").annotate(many=Count("pk")))
    return {account.pk: counted.get(account.pk, 0) for account in accounts}


def require_room(
    account: BusinessAccount, role: Role, *, seats: int = 1, freed: int = 0, left: int | None = None
) -> None:
    """Demand that the account may have one more holder of `role`, or `seats` more (rule 5).

    `freed` seats become free by the same act; `left` are those that are free, where that was counted already.

    The owner counts as no administrator. Raises PolicyViolation with the limit in words.
    """
    if has_room(account, role, seats=seats, freed=freed, left=left):
        return
    if seats > 1:
        limit, free = account.policy.most_administrators, seats_left(account) if left is None else left
        words = _("This account may have %(limit)d administrators. It has %(taken)d, and would get %(seats)d more.")
        raise PolicyViolation(words % {"limit": limit, "taken": limit - free, "seats": seats})
    raise no_seat_left(account)


def has_room(account: BusinessAccount, role: Role, *, seats: int = 1, freed: int = 0, left: int | None = None) -> bool:
    """Say whether the account may have so many more holders of `role`; `require_room` demands it."""
    if not role.administers or role.is_owner or not seats:
        return True
    return (seats_left(account) if left is None else left) + freed >= seats


def seats_left(account: BusinessAccount) -> int:
    """Return how many more administrators the account may have (rule 5)."""
    return seats_left_in_each([account])[account.pk]


def seats_left_in_each(accounts: Collection[BusinessAccount]) -> dict[int, int]:
    """Return how many more administrators each of these accounts may have, by account, in one query (rule 5).

    The accounts come with their policy.
    """
    rows = Membership.objects.current().filter(account__in=accounts).administering().exclude(person=F("account__owner"))
    taken = dict(rows.order_by().values_list("account").annotate(many=Count("pk")))
    return {account.pk: account.policy.most_administrators - taken.get(account.pk, 0) for account in accounts}


def no_seat_left(account: BusinessAccount) -> PolicyViolation:
    """Return the refusal of one administrator too many."""
    limit = account.policy.most_administrators
    return PolicyViolation(
        ngettext(
            "This account may have %(limit)d administrator, and has one. Change the policy or another role first.",
            "This account may have %(limit)d administrators, and has that many. "
            "Change the policy or another role first.",
            limit,
        )
        % {"limit": limit}
    )


def require_terms(
    account: BusinessAccount, terms: Terms, *, of: Person | None = None, answering: Collection[int] | None = None
) -> None:
    """Demand terms that the account's policy and good sense allow; `of` is whom they are for, where that is known.

    `answering` are the ids of the people who can answer for others, where they were read already. Raises
    PolicyViolation: an end that lies in the past, none or too late a one for somebody from outside, an agency without
    a name, a sponsor who can't answer for them.
    """
    if terms.ends_at is not None and terms.ends_at <= timezone.now():
        raise PolicyViolation(_("The end lies in the past. To end the access now, suspend or offboard."))
    _require_end_in_time(account, terms)
    if terms.kind == Kind.AGENCY and not terms.organisation:
        raise PolicyViolation(_("Name the agency."))
    if terms.sponsor is not None:
        _require_sponsor(account, terms.sponsor, of=of, answering=answering)


def require_for_a_time(account: BusinessAccount, membership: Membership, role: Role, until: dt.datetime) -> None:
    """Demand that a member may have `role` until then, on top of the lasting one, leaving the actor aside.

    Its end takes away and never gives: so it holds all that the lasting role holds. Raises PolicyViolation.
    """
    if role.is_owner:
        raise PolicyViolation(_("Ownership moves by a transfer only."))
    if until <= timezone.now():
        raise PolicyViolation(_("The end lies in the past."))
    limit = longest_days(account, membership.kind)
    if limit is not None and not membership.role.is_owner and until > timezone.now() + dt.timedelta(days=limit):
        raise _too_long(limit, outside=membership.is_from_outside)
    if refusal := unfit_for_a_time(membership.lasting_role, role):
        raise refusal


def unfit_for_a_time(lasting: Role, role: Role) -> PolicyViolation | None:
    """Return why a role can't be held for a time on top of a lasting one, or None where it can."""
    names = {"role": role, "lasting": lasting}
    if lacks := lasting.permissions - role.permissions:
        acts = ", ".join(words_for(code) for code in PERMISSIONS if code in lacks)
        words = _("%(role)s lacks what %(lasting)s holds: %(acts)s. When a role for a time ends, nothing may be added.")
        return PolicyViolation(words % {**names, "acts": acts})
    if role.permissions == lasting.permissions:
        return PolicyViolation(_("%(role)s adds nothing to %(lasting)s, which is held lastingly.") % names)
    return None


def longest_days(account: BusinessAccount, kind: str) -> int | None:
    """Return for how many days at most somebody of a kind may have access, or None where there is no limit."""
    limits = [account.policy.member_days, account.policy.outside_days if kind in OUTSIDE else None]
    return min((limit for limit in limits if limit is not None), default=None)


def with_longest_end(account: BusinessAccount, terms: Terms) -> Terms:
    """Return terms without an end with the latest one that the account's policy allows; others as they are."""
    limit = longest_days(account, terms.kind)
    if limit is None or terms.ends_at is not None:
        return terms
    return replace(terms, ends_at=timezone.now() + dt.timedelta(days=limit))


def _require_end_in_time(account: BusinessAccount, terms: Terms) -> None:
    limit = longest_days(account, terms.kind)
    if limit is None or (terms.ends_at and terms.ends_at <= timezone.now() + dt.timedelta(days=limit)):
        return
    raise _too_long(limit, outside=terms.is_from_outside)


def require_domain(account: BusinessAccount, address: str) -> None:
    """Demand an address of the domains that the account's policy names. Raises PolicyViolation."""
    domains = account.policy.domains
    if domains and not in_domains(address, domains):
        raise PolicyViolation(
            _("%(address)s can’t be a member: this account takes addresses of %(domains)s only.")
            % {"address": address, "domains": ", ".join(domains)}
        )


def plans_ahead() -> QuerySet[SecurityPolicy]:
    """Return the policies with a planned change that is still to come."""
    return SecurityPolicy.objects.filter(planned_from__gt=timezone.now())


def losing_by_plan(policy: SecurityPolicy) -> MembershipQuerySet:
    """Return the members who have power now and lose it when the planned change of a policy starts."""
    there = Membership.objects.active().active(at=policy.planned_from).filter(account=policy.pk)
    return there.shut_out_by(policy.under(policy.planned), policy)


def session_limits(person_id: int) -> SessionLimits:
    """Return the strictest limits of all open accounts in which a person is an active member, in one question."""
    limits = Q(account__policy__session_idle_minutes__isnull=False) | Q(
        account__policy__session_total_hours__isnull=False
    )
    rows = Membership.objects.active().filter(
        limits | Q(account__policy__planned_from__isnull=False), person=person_id, account__closed_at=None
    )
    found = [row.account.policy for row in rows.select_related("account__policy")]
    minutes = min((row.session_idle_minutes for row in found if row.session_idle_minutes), default=None)
    hours = min((row.session_total_hours for row in found if row.session_total_hours), default=None)
    return SessionLimits(
        dt.timedelta(minutes=minutes) if minutes else None, dt.timedelta(hours=hours) if hours else None
    )


def may_answer(*accounts: BusinessAccount) -> MembershipQuerySet:
    """Return the members who can answer for others: active ones who are not from outside themselves."""
    return Membership.objects.active().filter(account__in=accounts).exclude(kind__in=OUTSIDE)


def _too_long(limit: int, *, outside: bool) -> PolicyViolation:
    if outside:
        words = ngettext(
            "People from outside may have access for at most %(limit)d day. Choose an earlier end.",
            "People from outside may have access for at most %(limit)d days. Choose an earlier end.",
            limit,
        )
    else:
        words = ngettext(
            "Members may have access for at most %(limit)d day. Choose an earlier end.",
            "Members may have access for at most %(limit)d days. Choose an earlier end.",
            limit,
        )
    return PolicyViolation(words % {"limit": limit})


def who_may_answer(accounts: Collection[BusinessAccount], *, among: Collection[int]) -> dict[int, set[int]]:
    """Return the ids of those of these people who can answer for others, by account, in one query."""
    found: dict[int, set[int]] = {account.pk: set() for account in accounts}
    rows = may_answer(*accounts).filter(person__in=among)
    for account_id, person_id in rows.values_list("account_id", "person_id"):
        found[account_id].add(person_id)
    return found


def _require_sponsor(
    account: BusinessAccount, sponsor: Person, *, of: Person | None, answering: Collection[int] | None
) -> None:
    if of is not None and sponsor.pk == of.pk:
        raise PolicyViolation(_("Nobody answers for themselves. Choose somebody else."))
    if answering is None:
        answering = who_may_answer([account], among=[sponsor.pk])[account.pk]
    if sponsor.pk not in answering:
        raise PolicyViolation(
            _("%(person)s can’t answer for somebody: choose an active member who is not from outside.")
            % {"person": sponsor}
        )


def require_no_agency(seat: Membership) -> None:
    """Demand that a future owner is not an agency's person: an agency never takes its client's account."""
    if seat.kind == Kind.AGENCY:
        raise no_agency()


def no_agency() -> PolicyViolation:
    """Return the refusal of an agency as owner."""
    return PolicyViolation(_("An agency can’t own the account of its client."))

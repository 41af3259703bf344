"""What an account's policy allows. Each check is asked under the lock on the account."""

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount, Person

from .models import OUTSIDE, Kind, Membership, Role, Terms
from .querysets import MembershipQuerySet

PASSWORD_RESET, PASSWORD_KEPT = "reset", "kept"  # what an offboarding does with the password
ENDED_MAIL, BACK_MAIL = "access_ended", "access_back"  # the kinds of the mails of an offboarding, and of its undoing
ENGAGEMENT_MAIL, ENGAGEMENT_BACK_MAIL = "engagement_ended", "engagement_back"
ENDING_MAIL, ENDINGS_MAIL, RAN_OUT_MAIL = "access_ending", "accesses_ending", "access_ran_out"
REQUEST_MAIL, DECIDED_MAIL = "request_made", "request_decided"
CLAIM_MAIL, CLAIM_REMINDER, CLAIM_TOLD, CLAIM_ENDED = "claim", "claim_reminder", "claim_told", "claim_ended"


def require_room(account: BusinessAccount, role: Role, *, seats: int = 1, freed: int = 0) -> None:
    """Demand that the account may have one more holder of `role`, or `seats` more (rule 5).

    `freed` seats become free by the same act.

    The owner counts as no administrator. Raises PolicyViolation with the limit in words.
    """
    if has_room(account, role, seats=seats, freed=freed):
        return
    if seats > 1:
        limit, left = account.policy.most_administrators, seats_left(account)
        words = _("This account may have %(limit)d administrators. It has %(taken)d, and would get %(seats)d more.")
        raise PolicyViolation(words % {"limit": limit, "taken": limit - left, "seats": seats})
    raise no_seat_left(account)


def has_room(account: BusinessAccount, role: Role, *, seats: int = 1, freed: int = 0) -> bool:
    """Say whether the account may have so many more holders of `role`; `require_room` demands it."""
    return not role.administers or role.is_owner or not seats or seats_left(account) + freed >= seats


def seats_left(account: BusinessAccount) -> int:
    """Return how many more administrators the account may have (rule 5)."""
    rows = Membership.objects.current().filter(account=account).administering()
    return account.policy.most_administrators - rows.exclude(person_id=account.owner_id).count()


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


def require_terms(account: BusinessAccount, terms: Terms, *, of: Person | None = None) -> None:
    """Demand terms that the account's policy and good sense allow; `of` is whom they are for, where that is known.

    Raises PolicyViolation: an end that lies in the past, none or too late a one for somebody from outside, an agency
    without a name, a sponsor who can't answer for them.
    """
    now = timezone.now()
    if terms.ends_at is not None and terms.ends_at <= now:
        raise PolicyViolation(_("The end lies in the past. To end the access now, suspend or offboard."))
    limit = account.policy.outside_days
    if terms.is_from_outside and limit is not None:
        longest = now + dt.timedelta(days=limit)
        if terms.ends_at is None or terms.ends_at > longest:
            words = ngettext(
                "People from outside may have access for at most %(limit)d day. Choose an earlier end.",
                "People from outside may have access for at most %(limit)d days. Choose an earlier end.",
                limit,
            )
            raise PolicyViolation(words % {"limit": limit})
    if terms.kind == Kind.AGENCY and not terms.organisation:
        raise PolicyViolation(_("Name the agency."))
    if terms.sponsor is not None:
        _require_sponsor(account, terms.sponsor, of=of)


def may_answer(account: BusinessAccount) -> MembershipQuerySet:
    """Return the members who can answer for others: active ones who are not from outside themselves."""
    return Membership.objects.active().filter(account=account).exclude(kind__in=OUTSIDE)


def _require_sponsor(account: BusinessAccount, sponsor: Person, *, of: Person | None) -> None:
    if of is not None and sponsor.pk == of.pk:
        raise PolicyViolation(_("Nobody answers for themselves. Choose somebody else."))
    if not may_answer(account).filter(person=sponsor).exists():
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

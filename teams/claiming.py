"""When the owner is gone: who may claim the ownership, after which wait, and what stands in the way."""

import datetime as dt
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount

from .holdings import access_of
from .models import SHORTEST_WAIT, Kind, Membership, OwnershipClaim, Succession
from .policies import no_agency

KNOWN_FOR = dt.timedelta(days=7)  # so long in the account before a claim: nobody plants an administrator and claims
AGAIN_AFTER = dt.timedelta(days=30)  # so long after a refusal the same person claims nothing
SHOWN_WITHIN = dt.timedelta(minutes=5)  # so fresh the second factor must be


def named_successor(account: BusinessAccount) -> int | None:
    """Return the id of the person whom the owner named as successor, or None. For the owner and for checks only."""
    row = Succession.objects.filter(account=account).first()
    return row.opened(account) if row else None


def wait_of(account: BusinessAccount, *, as_successor: bool) -> dt.timedelta:
    """Return how long a claim that is made now would wait: what the policy says, and the least for the successor."""
    return SHORTEST_WAIT if as_successor else max(SHORTEST_WAIT, dt.timedelta(days=account.policy.claim_days))


def hindrance(account: BusinessAccount, person: Any, *, as_successor: bool) -> PolicyViolation | None:
    """Return why a person who may otherwise claim the ownership can't do it now, or None.

    `person` remembers nothing of another moment. A successor's claim overtakes an administrator's.
    """
    if person.pk == account.owner_id:
        return PolicyViolation(_("You own this account already."))
    now = timezone.now()
    claims = OwnershipClaim.objects.filter(account=account)
    open_claim = claims.open().select_related("person").first()
    if open_claim and (open_claim.person_id == person.pk or open_claim.as_successor or not as_successor):
        return PolicyViolation(_("A claim by %(person)s is open already.") % {"person": open_claim.person})
    refused = claims.filter(person=person, state=OwnershipClaim.State.REFUSED).order_by("-answered_at").first()
    if refused and refused.answered_at and refused.answered_at + AGAIN_AFTER > now:
        words = _("The owner refused your claim on %(day)s. You can claim again %(count)d days after that.")
        day = f"{timezone.localtime(refused.answered_at):%Y-%m-%d}"
        return PolicyViolation(words % {"day": day, "count": AGAIN_AFTER.days})
    seat = Membership.objects.active().filter(account=account, person=person).first()
    if seat is not None and seat.kind == Kind.AGENCY:
        return no_agency()
    if seat is not None and not as_successor and seat.joined_at + KNOWN_FOR > now:
        words = ngettext(
            "Who claims the ownership must have been in the account for %(count)d day.",
            "Who claims the ownership must have been in the account for %(count)d days.",
            KNOWN_FOR.days,
        )
        return PolicyViolation(words % {"count": KNOWN_FOR.days})
    return without_factor(account, person)


def without_factor(account: BusinessAccount, person: Any) -> PolicyViolation | None:
    """Return the refusal for who has neither an authenticator app nor a passkey, or None."""
    access = access_of(person, account.pk)
    if access is not None and access.has_second_factor:
        return None
    return PolicyViolation(_("This needs a second factor, and you have none. Set one up first."))


def is_fresh(shown_at: dt.datetime | None) -> bool:
    """Say whether a second factor that was shown at this time counts now."""
    return shown_at is not None and dt.timedelta() <= timezone.now() - shown_at <= SHOWN_WITHIN


def require_shown(shown_at: dt.datetime | None) -> None:
    """Demand that the second factor was shown just now. Raises PolicyViolation."""
    if not is_fresh(shown_at):
        raise PolicyViolation(
            _("Confirm with your second factor first: that counts for %(count)d minutes.")
            % {"count": SHOWN_WITHIN.seconds // 60}
        )

"""What this floor, the one below and the libraries know of people, for the register of offboarding (rule 13)."""

from collections.abc import Collection, Iterator

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Person

from .actions.seating import lapse_claims, release, withdraw
from .models import AccessRequest, Membership, OwnershipClaim
from .offboarding import Found, Reference, Trace
from .querysets import AccessRequestQuerySet, MembershipQuerySet


def _claims(person: Person, account_ids: Collection[int]) -> Iterator[Found]:
    for claim in OwnershipClaim.objects.open().filter(person=person, account__in=account_ids).order_by("pk"):
        day = f"{timezone.localtime(claim.claimed_at):%Y-%m-%d}"
        yield Found(claim.account_id, gettext("made on %(day)s") % {"day": day})


def _answered_for(person: Person, account_ids: Collection[int]) -> MembershipQuerySet:
    return Membership.objects.current().filter(sponsor=person, account__in=account_ids)


def _who(person: Person, account_ids: Collection[int]) -> Iterator[Found]:
    for row in _answered_for(person, account_ids).select_related("person").order_by("pk"):
        yield Found(row.account_id, str(row.person))


def _wishes(person: Person, account_ids: Collection[int]) -> AccessRequestQuerySet:
    return AccessRequest.objects.open().filter(person=person, account__in=account_ids)


def _which(person: Person, account_ids: Collection[int]) -> Iterator[Found]:
    for row in _wishes(person, account_ids).select_related("role", "asset").order_by("pk"):
        yield Found(row.account_id, str(row.role or row.asset))


TRACES = [
    Trace(_("Claims of the ownership"), _claims, lapse_claims),
    Trace(_("Open access requests"), _which, lambda person, account_ids: withdraw(_wishes(person, account_ids))),
    Trace(
        _("Left without anyone who answers for them"),
        _who,
        lambda person, account_ids: release(_answered_for(person, account_ids)),
    ),
]
REFERENCES = [
    Reference("teams.Membership.person", _("Memberships"), lambda: ~Q(state="ended"), "account"),
    Reference(
        "teams.Membership.sponsor", _("People whom the person answers for"), lambda: ~Q(state="ended"), "account"
    ),
    Reference(
        "teams.AccessRequest.person",
        _("Open access requests"),
        lambda: Q(state="open", lapses_at__gt=timezone.now()),
        "account",
    ),
    Reference("teams.AccessRequest.decided_by"),
    Reference("teams.AssetGrant.user", _("Grants on single assets"), Q, "content_object__account"),
    Reference("teams.AssetGrant.given_by"),
    Reference(
        "teams.OwnershipOffer.person", _("Offers of ownership to the person"), lambda: Q(state="open"), "account"
    ),
    Reference("teams.OwnershipOffer.offered_by", _("Offers of ownership made"), lambda: Q(state="open"), "account"),
    Reference("teams.OwnershipClaim.person", _("Claims of the ownership"), lambda: Q(state="open"), "account"),
    Reference("teams.OwnershipClaim.answered_by"),
    Reference("accounts.BusinessAccount.owner", _("Ownership"), lambda: Q(closed_at=None), "pk"),
    Reference("accounts.Session.person", _("Sessions"), lambda: Q(expire_date__gt=timezone.now())),
    Reference("usersessions.UserSession.user", _("Browsers signed in"), Q),
    Reference("guardian.UserObjectPermission.user", _("Permissions on single objects"), Q),
    # What says who someone is, or was. None of it opens an account.
    Reference("teams.Offboarding.person"),
    Reference("teams.Offboarding.by"),
    Reference("teams.Receipt.brought_back_by"),
    Reference("teams.EndedEngagement.by"),
    Reference("teams.EndedEngagement.brought_back_by"),
    Reference("account.EmailAddress.user"),
    Reference("account.EmailAddress.email", by_address=True),
    Reference("accounts.Person.email", by_address=True),
    Reference("accounts.OutgoingMail.address", by_address=True),  # the letter is written, or dropped, when it is sent
    Reference("mfa.Authenticator.user"),  # proves who signs in; what may be done then is asked of the membership
    Reference("accounts.Person.groups"),  # Django's own, for the platform's staff: no power in any account (rule 1)
    Reference("accounts.Person.user_permissions"),
]

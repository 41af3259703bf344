"""What this floor, the one below and the libraries know of people, for the register of offboarding (rule 13)."""

from collections.abc import Collection, Iterator

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Person

from .actions.resets import lapse_resets
from .actions.seating import cancel, lapse_claims, release, stop_plans, withdraw
from .models import AccessRequest, FactorReset, Membership, OwnershipClaim, PendingAct
from .offboarding import Found, Reference, Trace
from .policies import plans_ahead
from .querysets import AccessRequestQuerySet, MembershipQuerySet, PendingActQuerySet


def _claims(people: Collection[Person], account_ids: Collection[int]) -> Iterator[Found]:
    for claim in OwnershipClaim.objects.open().filter(person__in=people, account__in=account_ids).order_by("pk"):
        day = f"{timezone.localtime(claim.claimed_at):%Y-%m-%d}"
        yield Found(claim.person_id, claim.account_id, gettext("made on %(day)s") % {"day": day})


def _resets(people: Collection[Person], account_ids: Collection[int]) -> Iterator[Found]:
    ids = {person.pk for person in people}
    rows = FactorReset.objects.open().concerning(*people).filter(account__in=account_ids).select_related("person")
    for reset in rows.order_by("pk"):
        for pk in {reset.person_id, reset.asked_by_id} & ids:
            yield Found(pk, reset.account_id, str(reset.person))


def _answered_for(people: Collection[Person], account_ids: Collection[int]) -> MembershipQuerySet:
    return Membership.objects.current().filter(sponsor__in=people, account__in=account_ids)


def _who(people: Collection[Person], account_ids: Collection[int]) -> Iterator[Found]:
    for row in _answered_for(people, account_ids).select_related("person").order_by("pk"):
        yield Found(row.sponsor_id, row.account_id, str(row.person))


def _wishes(people: Collection[Person], account_ids: Collection[int]) -> AccessRequestQuerySet:
    return AccessRequest.objects.open().filter(person__in=people, account__in=account_ids)


def _which(people: Collection[Person], account_ids: Collection[int]) -> Iterator[Found]:
    for row in _wishes(people, account_ids).select_related("role", "asset").order_by("pk"):
        yield Found(row.person_id, row.account_id, str(row.role or row.asset))


def _plans(people: Collection[Person], account_ids: Collection[int]) -> Iterator[Found]:
    rows = plans_ahead().filter(planned_by__in=people, account__in=account_ids).order_by("pk")
    for planner_id, account_id, start in rows.values_list("planned_by", "account", "planned_from"):
        day = f"{timezone.localtime(start):%Y-%m-%d}"
        yield Found(planner_id, account_id, gettext("from %(day)s on") % {"day": day})


def _waiting(people: Collection[Person], account_ids: Collection[int]) -> PendingActQuerySet:
    return PendingAct.objects.open().filter(person__in=people, account__in=account_ids)


def _acts(people: Collection[Person], account_ids: Collection[int]) -> Iterator[Found]:
    for row in _waiting(people, account_ids).order_by("pk"):
        yield Found(row.person_id, row.account_id, str(row))


TRACES = [
    Trace(
        _("Planned security policies"),
        _plans,
        lambda person, account_ids: stop_plans(plans_ahead().filter(planned_by=person, account__in=account_ids)),
        whenever_away=True,
    ),
    Trace(
        _("Acts that wait for a second person"),
        _acts,
        lambda person, account_ids: cancel(_waiting([person], account_ids)),
    ),
    Trace(_("Claims of the ownership"), _claims, lapse_claims),
    Trace(_("Resets of a second factor"), _resets, lapse_resets),
    Trace(_("Open access requests"), _which, lambda person, account_ids: withdraw(_wishes([person], account_ids))),
    Trace(
        _("Left without anyone who answers for them"),
        _who,
        lambda person, account_ids: release(_answered_for([person], account_ids)),
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
    Reference("teams.FactorReset.person", _("Resets of the second factor"), lambda: Q(state="open"), "account"),
    Reference("teams.FactorReset.asked_by", _("Resets asked for"), lambda: Q(state="open"), "account"),
    Reference("teams.FactorReset.answered_by"),
    Reference(
        "teams.PendingAct.person",
        _("Acts that wait for a second person"),
        lambda: Q(state__in=["waiting", "approved"]),
        "account",
    ),
    Reference("teams.PendingAct.approved_by"),
    Reference("teams.PendingAct.answered_by"),
    Reference("accounts.BusinessAccount.owner", _("Ownership"), lambda: Q(closed_at=None), "pk"),
    Reference("accounts.BusinessAccount.frozen_by"),
    Reference("accounts.Session.person", _("Sessions"), lambda: Q(expire_date__gt=timezone.now())),
    Reference(
        "accounts.SecurityPolicy.planned_by",
        _("Planned security policies"),
        lambda: Q(planned_from__gt=timezone.now()),
        "pk",
    ),
    Reference("accounts.KnownDevice.person"),  # by these a sign-in from elsewhere is seen; they open nothing
    Reference("accounts.KnownNetwork.person"),
    Reference("accounts.SignInAlarm.person"),
    Reference("accounts.Tally.person"),
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
    Reference("accounts.Billing.address", by_address=True),  # whom bills go to: it opens no account
    Reference("accounts.OutgoingMail.address", by_address=True),  # the letter is written, or dropped, when it is sent
    Reference("accounts.RecoveryCode.person"),  # stands in for the person's second factor
    Reference("mfa.Authenticator.user"),  # proves who signs in; what may be done then is asked of the membership
    Reference("accounts.Person.groups"),  # Django's own, for the platform's staff: no power in any account (rule 1)
    Reference("accounts.Person.user_permissions"),
]

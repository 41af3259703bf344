"""Opening and closing a business account."""

import secrets
import string
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts import second_person
from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount, Person, SecurityPolicy
from accounts.permissions import OWN_ACCOUNT
from accounts.sensitive import SensitiveAct
from audit.recording import action, record

from .. import authority
from ..events import ACCOUNT_CLOSED, ACCOUNT_OPENED
from ..models import Membership, OwnershipClaim, Role
from ..permissions import OWNER
from . import seating

MOST_OPENED = 50  # accounts that one person may own: enough for anybody real, too few to flood the portal
RESERVED_SLUGS = {"new"}  # other pages live at these addresses


@action(ACCOUNT_OPENED)
def open_account(*, name: str, kind: str, by: Person) -> BusinessAccount:
    """Open a business account that `by` owns, with the default policy, and return it (rule 3).

    Raises PolicyViolation when the person owns too many already.
    """
    owner = Person.objects.select_for_update(no_key=True).get(pk=by.pk)
    if owner.owned_accounts.open().count() >= MOST_OPENED:
        raise PolicyViolation(_("You own %(count)d accounts already, which is the most.") % {"count": MOST_OPENED})
    account = _create_at_a_free_slug(name=name, kind=kind, owner=owner)
    SecurityPolicy.objects.create(account=account)
    now = timezone.now()
    role = Role.objects.built_in(OWNER)
    seat = Membership(account=account, person=owner, joined_at=now, confirmed_at=now)
    seat.take_role(role)
    seat.save()
    record(ACCOUNT_OPENED, by=owner, on=account, after={"kind": str(kind), "owner": str(owner), "owner_id": owner.pk})
    return account


@action(ACCOUNT_CLOSED)
def close_account(*, account: BusinessAccount, by: Person, approval: Any = None) -> BusinessAccount:
    """Close an account: from now on nobody holds any power in it. Its log stays. The owner's act.

    Raises MissingPermission, NeedsSecondPerson, ChangedMeanwhile (it is closed already).
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, OWN_ACCOUNT, on=account)
    says, given = [_("Everybody loses all access to %(account)s.") % {"account": account}], {"account": account}
    second_person.require(
        SensitiveAct.CLOSING, account, by=by, does="close_account", given=given, says=says, approval=approval
    )
    account.closed_at = timezone.now()
    account.save(update_fields=["closed_at"])
    seating.end_what_is_open_about_the_ownership(account, claims=OwnershipClaim.State.LAPSED)
    members = Membership.objects.current().filter(account=account).count()
    record(ACCOUNT_CLOSED, by=by, on=account, after={"members": members})
    return account


def _create_at_a_free_slug(*, name: str, **fields: Any) -> BusinessAccount:
    """Create the account at the address of its name; where another has that, at one that tells nothing of others."""
    base = slugify(name)[:48] or "account"
    taken = base in RESERVED_SLUGS or BusinessAccount.objects.filter(slug=base).exists()
    if not taken:
        try:
            with transaction.atomic():  # noqa: TID251  # a savepoint: somebody may take the address at this very moment
                return BusinessAccount.objects.create(name=name, slug=base, **fields)
        except IntegrityError:
            pass
    suffix = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _sign in range(6))
    return BusinessAccount.objects.create(name=name, slug=f"{base}-{suffix}", **fields)

"""Making a sign-in by a mailed link (rule 7)."""

from typing import Any

from allauth.account.models import EmailAddress
from django.utils.translation import gettext as _

from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.events import ADDRESS_CONFIRMED
from accounts.models import Person
from audit.recording import action, record

from ..events import UNPROVEN_REMOVED
from ..models import Invitation
from ..querysets import unproven
from .answering import lock_open


@action(ADDRESS_CONFIRMED)
def sign_up(*, invitation: Invitation, name: str, time_zone: str, password: str, by: Any) -> Person:
    """Make a sign-in for whoever follows a mailed link, which proves the address, and return the person (rule 7).

    Somebody may have signed up with the address before and never proved it. That sign-in makes room as a whole: no
    password, session, second factor or code under way passes to the new person, and no act of it stands in the new
    person's chain. Raises PolicyViolation for a link that was handed over, ChangedMeanwhile when the invitation is not
    open any more or the address has a sign-in.
    """
    person = Person(email=invitation.address, name=name, time_zone=time_zone)
    person.set_password(password)  # before the locks, since it is slow on purpose
    _account, invitation = lock_open(invitation)
    if invitation.channel != Invitation.Channel.MAIL:
        raise PolicyViolation(_("This link was handed over, so it proves no address. Confirm yours by a code."))
    before = _make_room(invitation.address)
    person.save()
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    after = {"address": person.email, "invitation": invitation.pk}
    if before is not None:
        record(UNPROVEN_REMOVED, by=person, on=before, after={**after, "person_id": person.pk})
    record(ADDRESS_CONFIRMED, by=person, on=person, after=after)
    return person


def _make_room(address: str) -> Person | None:
    """Take away whoever typed the address and never proved it, and return who that was. Raises ChangedMeanwhile.

    All rows are locked against any use first: a code that is entered at this moment comes before or finds nobody.
    """
    before = Person.objects.select_for_update().filter(email=address).first()
    if before is None:
        return None
    list(EmailAddress.objects.select_for_update().filter(user=before))
    if not unproven(address).exists():
        raise ChangedMeanwhile(_("There is a sign-in with this address. Sign in with it."))
    Person.objects.filter(pk=before.pk).delete()
    return before

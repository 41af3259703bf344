"""Who is of the platform's staff, and what they may do: look into an account for a reason, and send a password mail.

Those two are acts that those see whom they concern (AZ12, MF10). Staff hold nothing in an account (rule 1).
"""

import datetime as dt
from typing import Any

from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.models import Event
from audit.recording import SYSTEM, action, record

from ..errors import PolicyViolation
from ..events import ACCOUNT_LOOKED_INTO, BECAME_STAFF, PASSWORD_MAIL_SENT, STAFF_NO_MORE
from ..letters import absolute, compose
from ..models import BusinessAccount, Person
from ..tokens import ResetLinks
from .factors import has_second_factor
from .mails import post_sealed
from .people import outdate_reset_links

LOOK_LASTS = dt.timedelta(minutes=60)
LEAST_WORDS = 3  # of a reason: "support" tells an owner nothing
LONGEST_REASON = 300
PASSWORD_MAIL = "sign_in.password_mail"  # noqa: S105  # a kind of mail
MOST_MAILS_AN_HOUR = 3  # to one person, whoever of the staff sends them (GU5)


@action(ACCOUNT_LOOKED_INTO)
def look_into(*, account: BusinessAccount, reason: str, by: Person) -> dt.datetime:
    """Open an account to a member of the staff for an hour, and return when that ends. Its owner is told at once.

    It gives no power: the staff area shows the account and changes nothing, and goes on in a freeze and after the
    closing. Raises PolicyViolation (no staff, no second factor, or no reason).
    """
    account = BusinessAccount.objects.select_related("owner").lock(account.pk)
    _require_staff(by)
    record(ACCOUNT_LOOKED_INTO, by=by, on=account, reason=_said(reason))
    return timezone.now() + LOOK_LASTS


@action(PASSWORD_MAIL_SENT)
def send_password_mail(*, person: Person, reason: str, by: Person) -> Person:
    """Send a person the link by which they set a new password, and return them (MF10).

    The present password stays as it is, and so does the second factor. Who sends it never sees the link: it goes to
    the person's own address, sealed until then, and the links before it stop working. Raises PolicyViolation (no
    staff, no second factor, no reason, a sign-in that is switched off, or too many such mails).
    """
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    _require_staff(by)
    reason = _said(reason)
    if not person.is_active:
        raise PolicyViolation(_("This sign-in is switched off: no password would open it."))
    sent = Event.objects.in_chain_of(person).named(PASSWORD_MAIL_SENT.name).filter(result=Event.Result.DONE)
    if sent.between(timezone.now() - dt.timedelta(hours=1), None).count() >= MOST_MAILS_AN_HOUR:
        raise PolicyViolation(_("So many of these mails went to this person within an hour. Wait a while."))
    outdate_reset_links([person])
    key = {"uidb36": user_pk_to_url_str(person), "key": ResetLinks().make_token(person)}
    link = absolute(reverse("account_reset_password_from_key", kwargs=key))
    letter = compose("password_mail", subject=_("Set a new password"), context={"link": link})
    works_for = dt.timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    post_sealed(kind=PASSWORD_MAIL, about=person, address=person.email, letter=letter, works_for=works_for)
    record(PASSWORD_MAIL_SENT, by=by, on=person, reason=reason)
    return person


@action(BECAME_STAFF)
def appoint(*, person: Person, by: Any) -> Person:
    """Make somebody staff of the platform, and return them; nothing changed writes no event.

    The operator's command alone does it, as the system: no page leads here. Raises PolicyViolation for anybody else.
    """
    person = _lock_for_operator(person, by)
    if person.is_staff:
        return person
    person.is_staff = True
    person.save(update_fields=["is_staff"])
    record(BECAME_STAFF, by=by, on=person)
    return person


@action(STAFF_NO_MORE)
def dismiss(*, person: Person, by: Any) -> Person:
    """End that somebody is staff, by the next request of every session. As `appoint`."""
    person = _lock_for_operator(person, by)
    if not person.is_staff and not person.is_superuser:
        return person
    person.is_staff = person.is_superuser = False
    person.save(update_fields=["is_staff", "is_superuser"])
    record(STAFF_NO_MORE, by=by, on=person)
    return person


def _lock_for_operator(person: Person, by: Any) -> Person:
    if by is not SYSTEM:
        raise PolicyViolation(_("Only whoever runs the portal says who is staff, by a command."))
    return Person.objects.select_for_update(no_key=True).get(pk=person.pk)


def _require_staff(by: Any) -> None:
    """Demand that `by` is staff at this moment, with a second factor, asked of the database anew."""
    if not Person.objects.filter(pk=by.pk, is_active=True, is_staff=True).exists() or not has_second_factor(by):
        raise PolicyViolation(_("Only the platform’s staff does this, with a second factor."))


def _said(reason: str) -> str:
    words = reason.split()
    if len(words) < LEAST_WORDS or len(reason) > LONGEST_REASON:
        raise PolicyViolation(_("Say why, in a few words: whom it concerns reads it."))
    return " ".join(words)

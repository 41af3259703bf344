"""The mails of the team's floor."""

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.letters import Letter, absolute, compose
from accounts.models import OutgoingMail
from accounts.normalising import plain_name

from . import policies
from .models import Membership, Offboarding, OwnershipOffer, Receipt


def ownership_offer(mail: OutgoingMail) -> Letter | None:
    """Write the mail to the one whom the ownership is offered to; None when the offer is not open any more."""
    rows = OwnershipOffer.objects.open().filter(pk=mail.about_id, account__closed_at=None)
    offer = rows.select_related("account", "offered_by", "person").first()
    if offer is None:
        return None
    names = {"person": plain_name(str(offer.offered_by)), "account": plain_name(offer.account.name)}
    link = absolute(reverse("ownership_offer", args=[offer.account.slug, offer.pk]))
    return compose(
        "ownership_offer",
        subject=_("%(person)s offers you the ownership of %(account)s") % names,
        context={**names, "link": link},
    )


def access_ended(mail: OutgoingMail) -> Letter | None:
    """Tell a person that access has ended, where, and what that means for signing in; never why.

    Where the password was reset and none is set since, the letter carries the link to a new one, made as it is sent.
    """
    act = Offboarding.objects.select_related("person", "by").get(pk=mail.about_id)
    receipts = list(act.receipts.select_related("account").order_by("account__name", "pk"))
    names = [plain_name(receipt.account.name) for receipt in receipts]
    person, link = act.person, ""
    was_reset = receipts[0].statement["ended"]["password"] == policies.PASSWORD_RESET
    if was_reset and not person.has_usable_password() and person.is_active:
        key = f"{user_pk_to_url_str(person)}-{default_token_generator.make_token(person)}"
        link = get_adapter().get_reset_password_from_key_url(key)
    return compose(
        "access_ended",
        subject=_("Your access to %(accounts)s has ended") % {"accounts": ", ".join(names)},
        context={
            "accounts": names,
            "by": plain_name(str(act.by)),
            "at": act.at,
            "link": link,
            "ask_again": absolute(reverse("account_reset_password")),
        },
    )


def access_back(mail: OutgoingMail) -> Letter | None:
    """Tell a person where the access is back, for all accounts of one act; None when it has all ended again."""
    first = Receipt.objects.with_all().get(pk=mail.about_id)
    together = Receipt.objects.filter(offboarding=first.offboarding_id, brought_back_at=first.brought_back_at)
    seats = Membership.objects.held_by(first.offboarding.person).filter(account__in=together.values("account"))
    rows = list(seats.select_related("account", "role").order_by("account__name", "pk"))
    if not rows:
        return None
    names = [plain_name(row.account.name) for row in rows]
    return compose(
        "access_back",
        subject=_("Your access to %(accounts)s is back") % {"accounts": ", ".join(names)},
        context={
            "seats": [{"account": plain_name(row.account.name), "role": plain_name(str(row.role))} for row in rows],
            "link": absolute(reverse("dashboard")),
        },
    )

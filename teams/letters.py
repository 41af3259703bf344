"""The mails of the team's floor."""

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.letters import Letter, absolute, compose
from accounts.models import OutgoingMail
from accounts.normalising import plain_name

from .models import OwnershipOffer


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

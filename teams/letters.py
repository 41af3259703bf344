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
from .models import Membership, Offboarding, OwnershipClaim, OwnershipOffer


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
    """Tell a person that the access is back; None when it has ended again meanwhile."""
    member = Membership.objects.current().select_related("account", "role").filter(pk=mail.about_id).first()
    if member is None:
        return None
    account = plain_name(member.account.name)
    return compose(
        "access_back",
        subject=_("Your access to %(account)s is back") % {"account": account},
        context={
            "account": account,
            "role": plain_name(str(member.role)),
            "link": absolute(reverse("account_home", args=[member.account.slug])),
        },
    )


def claim(mail: OutgoingMail) -> Letter | None:
    """Tell the owner of a claim, and how to refuse it; None when it is not open any more."""
    return _of_open_claim(mail, _("%(person)s claims the ownership of %(account)s"), to_owner=True)


def claim_reminder(mail: OutgoingMail) -> Letter | None:
    """Remind the owner of a claim; None when it is not open any more."""
    subject = _("Reminder: %(person)s claims the ownership of %(account)s")
    return _of_open_claim(mail, subject, to_owner=True)


def claim_told(mail: OutgoingMail) -> Letter | None:
    """Tell somebody else of a claim, or the claimant that it is ripe; None when it is not open any more."""
    return _of_open_claim(mail, _("A claim of the ownership of %(account)s"), to_owner=False)


def claim_ended(mail: OutgoingMail) -> Letter:
    """Tell how a claim came to its end."""
    row = OwnershipClaim.objects.with_all().get(pk=mail.about_id)
    names = _names_of(row)
    subjects = {
        OwnershipClaim.State.REFUSED: _("The claim of the ownership of %(account)s is refused"),
        OwnershipClaim.State.WITHDRAWN: _("The claim of the ownership of %(account)s is withdrawn"),
        OwnershipClaim.State.CARRIED_OUT: _("%(person)s owns %(account)s now"),
    }
    subject = subjects.get(OwnershipClaim.State(row.state), _("The claim of the ownership of %(account)s has lapsed"))
    link = absolute(reverse("account_home", args=[row.account.slug]))
    context = {**names, "state": row.state, "by": plain_name(str(row.answered_by or "")), "link": link}
    return compose("claim_ended", subject=subject % names, context={**context, "at": row.answered_at})


def _of_open_claim(mail: OutgoingMail, subject: str, *, to_owner: bool) -> Letter | None:
    rows = OwnershipClaim.objects.open().filter(pk=mail.about_id, account__closed_at=None)
    row = rows.select_related("account", "person").first()
    if row is None:
        return None
    names = _names_of(row)
    page, arguments = "refuse_claim" if to_owner else "ownership_claim", [row.account.slug, row.pk]
    members = Membership.objects.current().filter(account=row.account, person__email=mail.address)
    if not to_owner and not members.administering().exists():  # the successor's own page, which no other member has
        page, arguments = "claim_as_successor", [row.account.slug]
    context = {
        **names,
        "link": absolute(reverse(page, args=arguments)),
        "reason": plain_name(row.reason),
        "ripe_at": row.ripe_at,
        "waiting": row.is_waiting,
        "mine": mail.address == row.person.email,
    }
    return compose("claim" if to_owner else "claim_told", subject=subject % names, context=context)


def _names_of(row: OwnershipClaim) -> dict[str, str]:
    return {"person": plain_name(str(row.person)), "account": plain_name(row.account.name)}


OF_CLAIMS = {
    policies.CLAIM_MAIL: claim,
    policies.CLAIM_REMINDER: claim_reminder,
    policies.CLAIM_TOLD: claim_told,
    policies.CLAIM_ENDED: claim_ended,
}

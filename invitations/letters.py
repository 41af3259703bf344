"""The mails of this floor (rules 7, 8, 10; IN6, IN10)."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.letters import Letter, absolute, compose
from accounts.models import OutgoingMail
from accounts.normalising import plain_name

from .models import Invitation
from .policies import summary


def invitation_letter(mail: OutgoingMail) -> Letter | None:
    """Write the mail that carries the link; None when the invitation is not open any more, or was sent anew since.

    The link is made again from the invitation and its sending, by the key that made it first: a retried mail carries
    the very same one. Raises LookupError when that key is gone.
    """
    invitation = _still_open(mail)
    if invitation is None:
        return None
    token = invitation.present_token()
    words = _words(invitation)
    link = absolute(reverse("invitation_offer", kwargs={"token": token}))
    subject = _("%(inviter)s invites you to %(account)s") % words
    return compose("invitation", subject=subject, context={**words, "link": link})


def refused_letter(mail: OutgoingMail) -> Letter | None:
    """Tell the owner that someone could not accept, since the inviter may no longer give that role (IN6)."""
    invitation = _still_open(mail)
    if invitation is None:
        return None
    words = _words(invitation)
    path = reverse("invitation", kwargs={"slug": invitation.account.slug, "pk": invitation.pk})
    subject = _("%(address)s could not join %(account)s") % words
    return compose("invitation_refused", subject=subject, context={**words, "link": absolute(path)})


def _still_open(mail: OutgoingMail) -> Invitation | None:
    rows = Invitation.objects.open().filter(pk=mail.about_id, sending=mail.sending, account__closed_at=None)
    return rows.select_related("account", "role", "invited_by").first()


def _words(invitation: Invitation) -> dict[str, Any]:
    """What the letters say, each value in plain text: a name can't break a header or turn the reading direction."""
    offer = summary(invitation.role, invitation.offered_grants())
    return {
        "inviter": plain_name(str(invitation.invited_by)),
        "inviter_address": invitation.invited_by.email,
        "account": plain_name(invitation.account.name),
        "role": plain_name(str(invitation.role)),
        "offer": offer,
        "message": [plain_name(line) for line in invitation.message.splitlines()],
        "address": invitation.address,
        "expires_at": invitation.expires_at,
        "ends_at": invitation.ends_at,
    }

"""What is known about the way of one invitation: its timeline, and why it may not have arrived (rule 10)."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import OutgoingMail
from audit.models import Event

from .events import (
    ACCEPTED,
    ADDRESS_CORRECTED,
    DECLINED,
    INVITATION_CHANGED,
    INVITED,
    LINK_COPIED,
    OPENED,
    OPENED_BY_OTHER,
    RAN_OUT,
    RESENT,
    REVOKED,
)
from .models import Invitation
from .policies import REFUSED_MAIL
from .querysets import INVITATION_MAIL

TONES = {
    INVITED.name: ("info", "send"),
    RESENT.name: ("info", "send"),
    LINK_COPIED.name: ("info", "link"),
    ADDRESS_CORRECTED.name: ("info", "pencil"),
    INVITATION_CHANGED.name: ("info", "key"),
    "mail.sent": ("ok", "mail-check"),
    "mail.delayed": ("warn", "clock"),
    "mail.failed": ("bad", "mail-x"),
    OPENED.name: ("info", "mail-opened"),
    OPENED_BY_OTHER.name: ("warn", "alert-triangle"),
    ACCEPTED.name: ("ok", "circle-check"),
    DECLINED.name: ("bad", "circle-x"),
    REVOKED.name: ("bad", "ban"),
    RAN_OUT.name: ("bad", "clock"),
}


def present_mail(invitation: Invitation) -> OutgoingMail | None:
    """Return the mail of the present sending; None where the link was handed over."""
    mails = OutgoingMail.objects.about("invitation", invitation.pk)
    return mails.filter(kind=INVITATION_MAIL, sending=invitation.sending).first()


def refused_for_its_inviter(invitation: Invitation) -> bool:
    """Say whether someone tried to accept the present sending in vain: its inviter may no longer give it (IN6)."""
    told = OutgoingMail.objects.about("invitation", invitation.pk).filter(kind=REFUSED_MAIL)
    return invitation.is_open and told.filter(sending=invitation.sending).exists()


def timeline(invitation: Invitation) -> list[dict[str, Any]]:
    """Return what happened to an invitation, in order, for the component `timeline`; running out included."""
    steps = [_step(event) for event in Event.objects.about(invitation)]
    mail = present_mail(invitation)
    if mail and mail.state == OutgoingMail.State.QUEUED and invitation.is_open:
        steps.append({"at": mail.due_at, "title": _("The mail waits to be sent"), "tone": "info", "icon": "send"})
    if mail and mail.state == OutgoingMail.State.SENDING and invitation.is_open:  # until `due_at` a worker has it
        steps.append({"at": None, "title": _("The mail is being sent"), "tone": "info", "icon": "send"})
    answers = {ACCEPTED.name, DECLINED.name, REVOKED.name}
    if invitation.state == Invitation.State.REVOKED and not any(step["name"] in answers for step in steps):
        replaced = invitation.answered_at is not None and invitation.answered_at >= invitation.expires_at
        words = _("It had run out, and a newer invitation took its place")
        words = words if replaced else _("It ended together with somebody’s access, of which it was a part")
        steps.append({"at": invitation.answered_at, "title": words, "tone": "info", "icon": "refresh"})
    if invitation.is_expired and not invitation.expiry_noted:
        steps.append({"at": invitation.expires_at, "title": _("It ran out unanswered"), "tone": "bad", "icon": "clock"})
    return steps


def hints(invitation: Invitation) -> list[str]:
    """Return, the likeliest first, why an unanswered invitation may not have arrived, and what to do about each."""
    if invitation.is_expired:
        return [_("It ran out. Send it again: that makes a new link.")]
    mail, found = present_mail(invitation), []
    names = set(Event.objects.about(invitation).between(invitation.sent_at, None).values_list("name", flat=True))
    if mail is None:
        found.append(_("The link was handed over, so no mail is on its way. Ask whether the link arrived."))
    elif mail.state == OutgoingMail.State.PARKED:
        found.append(
            _("The mail server refused it: %(words)s. Correct the address.") % {"words": mail.problem.rstrip(".")}
        )
    elif mail.state != OutgoingMail.State.SENT:
        found.append(
            _("It has not gone out yet; it is tried again by itself (%(tries)d so far).") % {"tries": mail.tries}
        )
    if OPENED_BY_OTHER.name in names:
        found.append(_("The link was opened by someone signed in under another address. The page says how to switch."))
    if OPENED.name in names:
        found.append(
            _(
                "The link was opened, but not answered. Perhaps it was begun in another browser: "
                "ask them to open it again there."
            )
        )
    elif mail and mail.state == OutgoingMail.State.SENT:
        found.append(
            _(
                "It was handed over to the mail server. Ask them to look into the spam folder "
                "for a mail from %(sender)s."
            )
            % {"sender": settings.DEFAULT_FROM_EMAIL}
        )
    found.append(_("Read the address once more: %(address)s.") % {"address": invitation.address})
    return found


def _step(event: Event) -> dict[str, Any]:
    tone, icon = ("bad", "ban") if event.refused else TONES.get(event.name, ("info", "clock"))
    shown = event.parts["reason"] if not event.refused and event.name not in {"mail.delayed", "mail.failed"} else ""
    return {
        "name": "" if event.refused else event.name,
        "at": event.at,
        "title": event.sentence,
        "text": shown,
        "tone": tone,
        "icon": icon,
    }

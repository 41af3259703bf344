"""The post as the worker sees to it."""

import re

from django.core.mail import EmailMessage

from accounts.actions import deliver
from accounts.models import OutgoingMail


def the_post_goes_out() -> None:
    """Do what the worker does: send what waits in the outbox."""
    for mail_id in list(OutgoingMail.objects.due().order_by("pk").values_list("pk", flat=True)):
        deliver(mail_id=mail_id)


def link_for_a_new_password(mail: EmailMessage) -> str:
    """Return the path in a mail at which a new password is set."""
    return re.search(r"https?://[^/]+(/auth/password/reset/key/\S+)", mail.body)[1]

"""The post as the worker sees to it."""

from accounts.actions import deliver
from accounts.models import OutgoingMail


def the_post_goes_out() -> None:
    """Do what the worker does: send what waits in the outbox."""
    for mail_id in list(OutgoingMail.objects.due().order_by("pk").values_list("pk", flat=True)):
        deliver(mail_id=mail_id)

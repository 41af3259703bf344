"""The act of this floor, with the words in which the log tells it."""

from django.utils.translation import gettext_lazy as _

from audit.events import register

NOTICES_CHOSEN = register(
    "person.notices_chosen", _("choose about notices"), _("{actor} chose which notices come by mail, and how often")
)

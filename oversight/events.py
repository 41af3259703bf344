"""The acts of this floor, with the words in which the log tells them."""

from django.utils.translation import gettext_lazy as _

from audit.events import register

LOG_READ = register("audit.read", _("read the log"), _("{actor} read the log"))

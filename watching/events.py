"""The acts of watching, with the words in which the log tells them."""

from django.utils.translation import gettext_lazy as _

from audit.events import register

ALERT_RAISED = register(
    "alert.raised", _("raise an alert"), _("{actor} raised an alert: {after[words]}"), changes_access=False
)
ALERT_ACKNOWLEDGED = register(
    "alert.acknowledged",
    _("acknowledge an alert"),
    _("{actor} acknowledged an alert: {after[words]}"),
    changes_access=False,
)
ALERT_REOPENED = register(
    "alert.reopened", _("reopen an alert"), _("{actor} reopened an alert: {after[words]}"), changes_access=False
)
RULE_TUNED = register(
    "watch.tuned", _("tune a rule of watching"), _("{actor} tuned the rule “{after[name]}”"), changes_access=False
)
RULE_MUTED = register(
    "watch.muted",
    _("mute a rule of watching"),
    _("{actor} muted the rule “{after[name]}” until {after[ends]}"),
    changes_access=False,
)
RULE_UNMUTED = register(
    "watch.unmuted",
    _("unmute a rule of watching"),
    _("{actor} let the rule “{after[name]}” speak again"),
    changes_access=False,
)

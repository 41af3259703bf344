"""Every change of watching, one function for one act."""

from .answering import acknowledge, reopen
from .looking import look_over_all
from .raising import raise_alert
from .reading import read_all, read_on
from .tuning import mute_rule, tune_rule, unmute_rule

__all__ = [
    "acknowledge",
    "look_over_all",
    "mute_rule",
    "raise_alert",
    "read_all",
    "read_on",
    "reopen",
    "tune_rule",
    "unmute_rule",
]

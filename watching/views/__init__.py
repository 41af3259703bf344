"""The pages of watching."""

from .alerts import AcknowledgeAlert, AlertList, AlertPage, FreezeFromAlert, ReopenAlert
from .rules import MuteRule, RuleList, TuneRule, UnmuteRule

__all__ = [
    "AcknowledgeAlert",
    "AlertList",
    "AlertPage",
    "FreezeFromAlert",
    "MuteRule",
    "ReopenAlert",
    "RuleList",
    "TuneRule",
    "UnmuteRule",
]

"""Every change of this floor: one function for one act. What a review ends, ends by the acts of the team."""

from .carrying_out import carry_out_all, note_carried_out, note_hindrance
from .closing import close_campaign
from .deciding import decide, keep_rest, pass_on, reassign
from .minding import mind_reviews, remind_reviewers, settle_silence, suspend_for_silence
from .starting import change_schedule, start_campaign, start_scheduled

__all__ = [
    "carry_out_all",
    "change_schedule",
    "close_campaign",
    "decide",
    "keep_rest",
    "mind_reviews",
    "note_carried_out",
    "note_hindrance",
    "pass_on",
    "reassign",
    "remind_reviewers",
    "settle_silence",
    "start_campaign",
    "start_scheduled",
    "suspend_for_silence",
]

"""Every change of this floor: one function for one act."""

from .answering import accept, decline, note_opening, refuse_acceptance
from .expiring import note_expiry
from .inviting import invite
from .keeping import change_offer, copy_link, correct_address, resend, revoke
from .signing_up import sign_up

__all__ = [
    "accept",
    "change_offer",
    "copy_link",
    "correct_address",
    "decline",
    "invite",
    "note_expiry",
    "note_opening",
    "refuse_acceptance",
    "resend",
    "revoke",
    "sign_up",
]

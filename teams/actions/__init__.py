"""Every change of this floor: one function for one act."""

from .accounts import close_account, open_account
from .ends import announce_end, note_end
from .exporting import export_members
from .grants import set_grants
from .members import change_role, confirm_role, leave, restore, suspend
from .offboarding import bring_back, offboard
from .ownership import accept_ownership, decline_ownership, offer_ownership, withdraw_offer
from .policy import change_policy
from .requests import approve_request, ask_for_access, note_lapse, refuse_request, withdraw_request
from .terms import change_terms, set_end

__all__ = [
    "accept_ownership",
    "announce_end",
    "approve_request",
    "ask_for_access",
    "bring_back",
    "change_policy",
    "change_role",
    "change_terms",
    "close_account",
    "confirm_role",
    "decline_ownership",
    "export_members",
    "leave",
    "note_end",
    "note_lapse",
    "offboard",
    "offer_ownership",
    "open_account",
    "refuse_request",
    "restore",
    "set_end",
    "set_grants",
    "suspend",
    "withdraw_offer",
    "withdraw_request",
]

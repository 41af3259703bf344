"""Every change of this floor: one function for one act."""

from .accounts import close_account, open_account
from .exporting import export_members
from .grants import set_grants
from .members import change_role, confirm_role, leave, restore, suspend
from .offboarding import bring_back, offboard
from .ownership import accept_ownership, decline_ownership, offer_ownership, withdraw_offer
from .policy import change_policy

__all__ = [
    "accept_ownership",
    "bring_back",
    "change_policy",
    "change_role",
    "close_account",
    "confirm_role",
    "decline_ownership",
    "export_members",
    "leave",
    "offboard",
    "offer_ownership",
    "open_account",
    "restore",
    "set_grants",
    "suspend",
    "withdraw_offer",
]

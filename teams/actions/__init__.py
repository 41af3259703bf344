"""Every change of this floor: one function for one act."""

from .accounts import close_account, open_account
from .grants import set_grants
from .members import change_role, confirm_role, leave, remove, restore, suspend
from .ownership import accept_ownership, decline_ownership, offer_ownership, withdraw_offer

__all__ = [
    "accept_ownership",
    "change_role",
    "close_account",
    "confirm_role",
    "decline_ownership",
    "leave",
    "offer_ownership",
    "open_account",
    "remove",
    "restore",
    "set_grants",
    "suspend",
    "withdraw_offer",
]

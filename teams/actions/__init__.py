"""Every change of this floor: one function for one act."""

from .accounts import close_account, open_account
from .assets import restore_asset
from .grants import set_grants
from .members import change_role, confirm_role, leave, restore, suspend
from .offboarding import bring_back, offboard
from .ownership import accept_ownership, decline_ownership, offer_ownership, withdraw_offer
from .policy import change_policy
from .roles import create_role, edit_role, retire_role

__all__ = [
    "accept_ownership",
    "bring_back",
    "change_policy",
    "change_role",
    "close_account",
    "confirm_role",
    "create_role",
    "decline_ownership",
    "edit_role",
    "leave",
    "offboard",
    "offer_ownership",
    "open_account",
    "restore",
    "restore_asset",
    "retire_role",
    "set_grants",
    "suspend",
    "withdraw_offer",
]

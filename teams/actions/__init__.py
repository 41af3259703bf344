"""Every change of this floor: one function for one act."""

from .accounts import close_account, open_account
from .assets import restore_asset
from .claims import (
    carry_out_claim,
    claim_ownership,
    drop_successor,
    lapse_claim,
    mind_claims,
    name_successor,
    refuse_claim,
    remind_of_claim,
    withdraw_claim,
)
from .ends import announce_end, note_end
from .engagements import bring_engagement_back, end_engagement
from .exporting import export_members
from .grants import set_grants
from .groups import (
    change_asset_group,
    change_people_group,
    delete_asset_group,
    delete_people_group,
    make_asset_group,
    make_people_group,
)
from .members import change_role, confirm_role, leave, restore, suspend
from .offboarding import bring_back, offboard
from .ownership import accept_ownership, decline_ownership, offer_ownership, withdraw_offer
from .policy import change_policy
from .requests import approve_request, ask_for_access, note_lapse, refuse_request, withdraw_request
from .roles import create_role, edit_role, retire_role
from .terms import change_terms, set_end

__all__ = [
    "accept_ownership",
    "announce_end",
    "approve_request",
    "ask_for_access",
    "bring_back",
    "bring_engagement_back",
    "carry_out_claim",
    "change_asset_group",
    "change_people_group",
    "change_policy",
    "change_role",
    "change_terms",
    "claim_ownership",
    "close_account",
    "confirm_role",
    "create_role",
    "decline_ownership",
    "delete_asset_group",
    "delete_people_group",
    "drop_successor",
    "edit_role",
    "end_engagement",
    "export_members",
    "lapse_claim",
    "leave",
    "make_asset_group",
    "make_people_group",
    "mind_claims",
    "name_successor",
    "note_end",
    "note_lapse",
    "offboard",
    "offer_ownership",
    "open_account",
    "refuse_claim",
    "refuse_request",
    "remind_of_claim",
    "restore",
    "restore_asset",
    "retire_role",
    "set_end",
    "set_grants",
    "suspend",
    "withdraw_claim",
    "withdraw_offer",
    "withdraw_request",
]

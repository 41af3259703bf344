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
from .ends import announce_end, announce_role_end, note_end, note_role_end
from .engagements import bring_engagement_back, end_engagement
from .erasing import erase_person
from .exporting import export_members
from .freezing import freeze, lift_freeze
from .grants import set_grants
from .groups import (
    change_asset_group,
    change_people_group,
    delete_asset_group,
    delete_people_group,
    make_asset_group,
    make_people_group,
)
from .members import change_role, confirm_role, end_sessions_of_member, leave, restore, suspend
from .offboarding import bring_back, offboard
from .ownership import accept_ownership, decline_ownership, offer_ownership, withdraw_offer
from .pending import (
    approve_act,
    ask_second_person,
    cancel_act,
    carry_out,
    change_second_person,
    expire_act,
    fail_act,
    mind_pending_acts,
)
from .planning import (
    announce_plan,
    lapse_plan,
    mind_plans,
    plan_policy,
    remind_of_plan,
    start_plan,
    stop_plans_without_ground,
    withdraw_plan,
)
from .policy import change_policy
from .raising import end_role, raise_role, set_role_end
from .requests import approve_request, ask_for_access, note_lapse, refuse_request, withdraw_request
from .resets import (
    ask_for_reset,
    carry_out_reset,
    end_by_use,
    lapse_reset,
    mind_resets,
    refuse_reset,
    withdraw_reset,
)
from .roles import create_role, edit_role, retire_role
from .terms import change_terms, set_end
from .undoing import undo_changes, what_would_be_undone

__all__ = [
    "accept_ownership",
    "announce_end",
    "announce_plan",
    "announce_role_end",
    "approve_act",
    "approve_request",
    "ask_for_access",
    "ask_for_reset",
    "ask_second_person",
    "bring_back",
    "bring_engagement_back",
    "cancel_act",
    "carry_out",
    "carry_out_claim",
    "carry_out_reset",
    "change_asset_group",
    "change_people_group",
    "change_policy",
    "change_role",
    "change_second_person",
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
    "end_by_use",
    "end_engagement",
    "end_role",
    "end_sessions_of_member",
    "erase_person",
    "expire_act",
    "export_members",
    "fail_act",
    "freeze",
    "lapse_claim",
    "lapse_plan",
    "lapse_reset",
    "leave",
    "lift_freeze",
    "make_asset_group",
    "make_people_group",
    "mind_claims",
    "mind_pending_acts",
    "mind_plans",
    "mind_resets",
    "name_successor",
    "note_end",
    "note_lapse",
    "note_role_end",
    "offboard",
    "offer_ownership",
    "open_account",
    "plan_policy",
    "raise_role",
    "refuse_claim",
    "refuse_request",
    "refuse_reset",
    "remind_of_claim",
    "remind_of_plan",
    "restore",
    "restore_asset",
    "retire_role",
    "set_end",
    "set_grants",
    "set_role_end",
    "start_plan",
    "stop_plans_without_ground",
    "suspend",
    "undo_changes",
    "what_would_be_undone",
    "withdraw_claim",
    "withdraw_offer",
    "withdraw_plan",
    "withdraw_request",
    "withdraw_reset",
]

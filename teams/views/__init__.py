"""Pages of this floor: accounts opened and closed, the team, roles, assets with who may use them, ownership."""

from .accounts import CloseAccount, OpenAccount, SecurityPolicyPage
from .assets import ArchiveAsset, AssetPage
from .members import (
    ChangeRole,
    ConfirmRole,
    LeaveAccount,
    MemberGrants,
    MemberPage,
    RemoveMember,
    RestoreMember,
    SuspendMember,
    TeamList,
)
from .ownership import AnswerOffer, OwnershipOfferPage, OwnershipPage, WithdrawOffer
from .roles import RoleMatrix

__all__ = [
    "AnswerOffer",
    "ArchiveAsset",
    "AssetPage",
    "ChangeRole",
    "CloseAccount",
    "ConfirmRole",
    "LeaveAccount",
    "MemberGrants",
    "MemberPage",
    "OpenAccount",
    "OwnershipOfferPage",
    "OwnershipPage",
    "RemoveMember",
    "RestoreMember",
    "RoleMatrix",
    "SecurityPolicyPage",
    "SuspendMember",
    "TeamList",
    "WithdrawOffer",
]

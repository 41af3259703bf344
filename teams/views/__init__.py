"""Pages of this floor: accounts, the team, roles, assets with who may use them, ownership, offboarding."""

from .accounts import CloseAccount, OpenAccount, SecurityPolicyPage
from .assets import ArchiveAsset, AssetPage
from .bulk import OffboardMany
from .members import (
    ChangeRole,
    ChangeTerms,
    ConfirmRole,
    ExtendMember,
    LeaveAccount,
    MemberGrants,
    MemberPage,
    RestoreMember,
    SuspendMember,
    TeamList,
)
from .offboarding import BringBack, OffboardMember, PersonPage, ReceiptFile, ReceiptPage
from .ownership import AnswerOffer, OwnershipOfferPage, OwnershipPage, WithdrawOffer
from .requests import AskForAccess, RequestList, RequestPage
from .roles import RoleMatrix

__all__ = [
    "AnswerOffer",
    "ArchiveAsset",
    "AskForAccess",
    "AssetPage",
    "BringBack",
    "ChangeRole",
    "ChangeTerms",
    "CloseAccount",
    "ConfirmRole",
    "ExtendMember",
    "LeaveAccount",
    "MemberGrants",
    "MemberPage",
    "OffboardMany",
    "OffboardMember",
    "OpenAccount",
    "OwnershipOfferPage",
    "OwnershipPage",
    "PersonPage",
    "ReceiptFile",
    "ReceiptPage",
    "RequestList",
    "RequestPage",
    "RestoreMember",
    "RoleMatrix",
    "SecurityPolicyPage",
    "SuspendMember",
    "TeamList",
    "WithdrawOffer",
]

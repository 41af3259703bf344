"""Pages of this floor: accounts, the team, roles, assets with who may use them, ownership, offboarding."""

from .accounts import CloseAccount, OpenAccount, SecurityPolicyPage
from .assets import ArchiveAsset, AssetPage, RestoreAsset
from .bulk import OffboardMany
from .members import (
    ChangeRole,
    ConfirmRole,
    LeaveAccount,
    MemberGrants,
    MemberPage,
    RestoreMember,
    SuspendMember,
    TeamList,
)
from .offboarding import BringBack, OffboardMember, PersonPage, ReceiptFile, ReceiptPage
from .own_roles import EditRole, MakeRole, RetireRole
from .ownership import AnswerOffer, OwnershipOfferPage, OwnershipPage, WithdrawOffer
from .roles import CompareRoles, RoleMatrix, RolePage

__all__ = [
    "AnswerOffer",
    "ArchiveAsset",
    "AssetPage",
    "BringBack",
    "ChangeRole",
    "CloseAccount",
    "CompareRoles",
    "ConfirmRole",
    "EditRole",
    "LeaveAccount",
    "MakeRole",
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
    "RestoreAsset",
    "RestoreMember",
    "RetireRole",
    "RoleMatrix",
    "RolePage",
    "SecurityPolicyPage",
    "SuspendMember",
    "TeamList",
    "WithdrawOffer",
]

"""Pages of this floor: accounts, the team, roles, assets with who may use them, ownership, offboarding."""

from .accounts import CloseAccount, OpenAccount, SecurityPolicyPage
from .assets import ArchiveAsset, AssetPage
from .bulk import OffboardMany
from .claims import (
    CarryOutClaim,
    ClaimAsSuccessor,
    ClaimOwnership,
    ClaimPage,
    DropSuccessor,
    NameSuccessor,
    RefuseClaim,
    WithdrawClaim,
)
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
from .ownership import AnswerOffer, OwnershipOfferPage, OwnershipPage, WithdrawOffer
from .roles import RoleMatrix

__all__ = [
    "AnswerOffer",
    "ArchiveAsset",
    "AssetPage",
    "BringBack",
    "CarryOutClaim",
    "ChangeRole",
    "ClaimAsSuccessor",
    "ClaimOwnership",
    "ClaimPage",
    "CloseAccount",
    "ConfirmRole",
    "DropSuccessor",
    "LeaveAccount",
    "MemberGrants",
    "MemberPage",
    "NameSuccessor",
    "OffboardMany",
    "OffboardMember",
    "OpenAccount",
    "OwnershipOfferPage",
    "OwnershipPage",
    "PersonPage",
    "ReceiptFile",
    "ReceiptPage",
    "RefuseClaim",
    "RestoreMember",
    "RoleMatrix",
    "SecurityPolicyPage",
    "SuspendMember",
    "TeamList",
    "WithdrawClaim",
    "WithdrawOffer",
]

"""Pages of this floor: accounts, the team, roles, assets with who may use them, ownership, offboarding."""

from .accounts import CloseAccount, OpenAccount, SecurityPolicyPage
from .assets import ArchiveAsset, AssetPage, RestoreAsset
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
from .engagements import (
    BringEngagementBack,
    EndEngagement,
    EngagementList,
    EngagementPage,
    EngagementReceiptFile,
    EngagementReceiptPage,
    SetEngagementEnd,
)
from .exporting import ExportMembers
from .granting import GrantMany, MemberGrants
from .grid import AssetGrid
from .groups import (
    AssetGroupList,
    ChangeAssetGroup,
    ChangePeopleGroup,
    DeleteAssetGroup,
    DeletePeopleGroup,
    MakeAssetGroup,
    MakePeopleGroup,
    PeopleGroupList,
)
from .members import (
    ChangeRole,
    ChangeTerms,
    ConfirmRole,
    ExtendMember,
    LeaveAccount,
    MemberPage,
    RestoreMember,
    SuspendMember,
    TeamList,
)
from .offboarding import BringBack, OffboardMember, PersonPage, ReceiptFile, ReceiptPage
from .own_roles import EditRole, MakeRole, RetireRole
from .ownership import AnswerOffer, OwnershipOfferPage, OwnershipPage, WithdrawOffer
from .people import PeopleGrid, PeopleList
from .requests import AskForAccess, RequestList, RequestPage
from .roles import CompareRoles, RoleMatrix, RolePage
from .selection import ChangeRoleOfMany, SuspendMany

__all__ = [
    "AnswerOffer",
    "ArchiveAsset",
    "AskForAccess",
    "AssetGrid",
    "AssetGroupList",
    "AssetPage",
    "BringBack",
    "BringEngagementBack",
    "CarryOutClaim",
    "ChangeAssetGroup",
    "ChangePeopleGroup",
    "ChangeRole",
    "ChangeRoleOfMany",
    "ChangeTerms",
    "ClaimAsSuccessor",
    "ClaimOwnership",
    "ClaimPage",
    "CloseAccount",
    "CompareRoles",
    "ConfirmRole",
    "DeleteAssetGroup",
    "DeletePeopleGroup",
    "DropSuccessor",
    "EditRole",
    "EndEngagement",
    "EngagementList",
    "EngagementPage",
    "EngagementReceiptFile",
    "EngagementReceiptPage",
    "ExportMembers",
    "ExtendMember",
    "GrantMany",
    "LeaveAccount",
    "MakeAssetGroup",
    "MakePeopleGroup",
    "MakeRole",
    "MemberGrants",
    "MemberPage",
    "NameSuccessor",
    "OffboardMany",
    "OffboardMember",
    "OpenAccount",
    "OwnershipOfferPage",
    "OwnershipPage",
    "PeopleGrid",
    "PeopleGroupList",
    "PeopleList",
    "PersonPage",
    "ReceiptFile",
    "ReceiptPage",
    "RefuseClaim",
    "RequestList",
    "RequestPage",
    "RestoreAsset",
    "RestoreMember",
    "RetireRole",
    "RoleMatrix",
    "RolePage",
    "SecurityPolicyPage",
    "SetEngagementEnd",
    "SuspendMany",
    "SuspendMember",
    "TeamList",
    "WithdrawClaim",
    "WithdrawOffer",
]

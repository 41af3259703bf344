"""Pages of this floor: accounts, the team, roles, assets with who may use them, ownership, offboarding."""

from .accounts import CloseAccount, OpenAccount
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
from .freezing import FreezeAccount
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
    EndMemberSessions,
    EndRole,
    ExtendMember,
    ExtendRole,
    LeaveAccount,
    MemberPage,
    RestoreMember,
    SuspendMember,
    TeamList,
)
from .offboarding import BringBack, OffboardMember, PersonPage, ReceiptFile, ReceiptPage
from .own_roles import EditRole, MakeRole, RetireRole
from .ownership import AnswerOffer, OwnershipOfferPage, OwnershipPage, WithdrawOffer
from .pending import ApprovalList, PendingActPage, SecondPersonRules
from .people import PeopleGrid, PeopleList
from .policy import PlanPage, RemindOfPlan, SecurityPolicyPage, WithdrawPlan
from .requests import AskForAccess, RequestList, RequestPage
from .resets import AskForReset, LockedOut, RefuseReset, WithdrawReset
from .roles import CompareRoles, RoleMatrix, RolePage
from .selection import ChangeRoleOfMany, SuspendMany
from .undoing import UndoChanges

__all__ = [
    "AnswerOffer",
    "ApprovalList",
    "ArchiveAsset",
    "AskForAccess",
    "AskForReset",
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
    "EndMemberSessions",
    "EndRole",
    "EngagementList",
    "EngagementPage",
    "EngagementReceiptFile",
    "EngagementReceiptPage",
    "ExportMembers",
    "ExtendMember",
    "ExtendRole",
    "FreezeAccount",
    "GrantMany",
    "LeaveAccount",
    "LockedOut",
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
    "PendingActPage",
    "PeopleGrid",
    "PeopleGroupList",
    "PeopleList",
    "PersonPage",
    "PlanPage",
    "ReceiptFile",
    "ReceiptPage",
    "RefuseClaim",
    "RefuseReset",
    "RemindOfPlan",
    "RequestList",
    "RequestPage",
    "RestoreAsset",
    "RestoreMember",
    "RetireRole",
    "RoleMatrix",
    "RolePage",
    "SecondPersonRules",
    "SecurityPolicyPage",
    "SetEngagementEnd",
    "SuspendMany",
    "SuspendMember",
    "TeamList",
    "UndoChanges",
    "WithdrawClaim",
    "WithdrawOffer",
    "WithdrawPlan",
    "WithdrawReset",
]

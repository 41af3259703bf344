"""Parsing and wording of what is asked about members, grants, offboarding and ownership."""

from .engagements import BringEngagementBackForm, EndEngagementForm, EngagementEndForm, EngagementSearchForm
from .exporting import ExportMembersForm
from .grants import NOTHING, OWN, PRESET_CHOICES, AbleFilterForm, GrantManyForm, GrantsForm, GridFilterForm
from .groups import MOST_TICKED, GroupFilterForm, GroupForm, PeopleGroupForm
from .members import STATES, ChangeRoleForm, ChangeRoleUntilForm, TeamFilterForm
from .offboarding import BringBackForm, OffboardForm, OffboardManyForm
from .ownership import MOST_CHOICES, ClaimForm, HeirFilterForm, NameSuccessorForm, OfferOwnershipForm
from .pending import APPROVAL_STATES, ApprovalFilterForm, DecideForm, SecondPersonForm
from .people import PEOPLE_STATES, PeopleFilterForm
from .policy import PlanPolicyForm
from .reasons import ReasonField, ReasonForm
from .requests import REQUEST_STATES, ApproveForm, AskForRoleForm, AskOnAssetForm, RefuseForm, RequestFilterForm
from .resets import MailedCodeForm, ResetForm
from .roles import CompareRolesForm, RetireRoleForm, RoleFilterField, RoleForm
from .selection import MOST_SELECTED, SelectionForm, ids_in
from .terms import UNTIL, ChangeTermsForm, EndField, ExtendForm, TermsForm, terms_initial
from .undoing import UndoForm, WhoseChangesForm

__all__ = [
    "APPROVAL_STATES",
    "MOST_CHOICES",
    "MOST_SELECTED",
    "MOST_TICKED",
    "NOTHING",
    "OWN",
    "PEOPLE_STATES",
    "PRESET_CHOICES",
    "REQUEST_STATES",
    "STATES",
    "UNTIL",
    "AbleFilterForm",
    "ApprovalFilterForm",
    "ApproveForm",
    "AskForRoleForm",
    "AskOnAssetForm",
    "BringBackForm",
    "BringEngagementBackForm",
    "ChangeRoleForm",
    "ChangeRoleUntilForm",
    "ChangeTermsForm",
    "ClaimForm",
    "CompareRolesForm",
    "DecideForm",
    "EndEngagementForm",
    "EndField",
    "EngagementEndForm",
    "EngagementSearchForm",
    "ExportMembersForm",
    "ExtendForm",
    "GrantManyForm",
    "GrantsForm",
    "GridFilterForm",
    "GroupFilterForm",
    "GroupForm",
    "HeirFilterForm",
    "MailedCodeForm",
    "NameSuccessorForm",
    "OffboardForm",
    "OffboardManyForm",
    "OfferOwnershipForm",
    "PeopleFilterForm",
    "PeopleGroupForm",
    "PlanPolicyForm",
    "ReasonField",
    "ReasonForm",
    "RefuseForm",
    "RequestFilterForm",
    "ResetForm",
    "RetireRoleForm",
    "RoleFilterField",
    "RoleForm",
    "SecondPersonForm",
    "SelectionForm",
    "TeamFilterForm",
    "TermsForm",
    "UndoForm",
    "WhoseChangesForm",
    "ids_in",
    "terms_initial",
]

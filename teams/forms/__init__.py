"""Parsing and wording of what is asked about members, grants, offboarding and ownership."""

from .engagements import BringEngagementBackForm, EndEngagementForm, EngagementEndForm, EngagementSearchForm
from .exporting import ExportMembersForm
from .grants import NOTHING, OWN, PRESET_CHOICES, AbleFilterForm, GrantManyForm, GrantsForm, GridFilterForm
from .groups import MOST_TICKED, GroupFilterForm, GroupForm, PeopleGroupForm
from .members import STATES, ChangeRoleForm, TeamFilterForm
from .offboarding import BringBackForm, OffboardForm, OffboardManyForm
from .ownership import MOST_CHOICES, ClaimForm, HeirFilterForm, NameSuccessorForm, OfferOwnershipForm
from .people import PEOPLE_STATES, PeopleFilterForm
from .reasons import ReasonField, ReasonForm
from .requests import REQUEST_STATES, ApproveForm, AskForRoleForm, AskOnAssetForm, RefuseForm, RequestFilterForm
from .roles import CompareRolesForm, RetireRoleForm, RoleFilterField, RoleForm
from .selection import MOST_SELECTED, SelectionForm, ids_in
from .terms import UNTIL, ChangeTermsForm, EndField, ExtendForm, TermsForm, terms_initial

__all__ = [
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
    "ApproveForm",
    "AskForRoleForm",
    "AskOnAssetForm",
    "BringBackForm",
    "BringEngagementBackForm",
    "ChangeRoleForm",
    "ChangeTermsForm",
    "ClaimForm",
    "CompareRolesForm",
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
    "NameSuccessorForm",
    "OffboardForm",
    "OffboardManyForm",
    "OfferOwnershipForm",
    "PeopleFilterForm",
    "PeopleGroupForm",
    "ReasonField",
    "ReasonForm",
    "RefuseForm",
    "RequestFilterForm",
    "RetireRoleForm",
    "RoleFilterField",
    "RoleForm",
    "SelectionForm",
    "TeamFilterForm",
    "TermsForm",
    "ids_in",
    "terms_initial",
]

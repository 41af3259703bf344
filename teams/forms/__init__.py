"""Parsing and wording of what is asked about members, grants, offboarding and ownership."""

from .engagements import BringEngagementBackForm, EndEngagementForm, EngagementEndForm, EngagementSearchForm
from .exporting import ExportMembersForm
from .members import STATES, ChangeRoleForm, GrantsForm, TeamFilterForm
from .offboarding import BringBackForm, OffboardForm, OffboardManyForm
from .ownership import MOST_CHOICES, ClaimForm, HeirFilterForm, NameSuccessorForm, OfferOwnershipForm
from .people import PEOPLE_STATES, PeopleFilterForm
from .reasons import ReasonField, ReasonForm
from .requests import REQUEST_STATES, ApproveForm, AskForRoleForm, AskOnAssetForm, RefuseForm, RequestFilterForm
from .roles import CompareRolesForm, RetireRoleForm, RoleFilterField, RoleForm
from .selection import MOST_SELECTED, SelectionForm
from .terms import UNTIL, ChangeTermsForm, EndField, ExtendForm, TermsForm, terms_initial

__all__ = [
    "MOST_CHOICES",
    "MOST_SELECTED",
    "PEOPLE_STATES",
    "REQUEST_STATES",
    "STATES",
    "UNTIL",
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
    "GrantsForm",
    "HeirFilterForm",
    "NameSuccessorForm",
    "OffboardForm",
    "OffboardManyForm",
    "OfferOwnershipForm",
    "PeopleFilterForm",
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
    "terms_initial",
]

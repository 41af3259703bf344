"""Parsing and wording of what is asked about members, grants, offboarding and ownership."""

from .members import STATES, ChangeRoleForm, GrantsForm, TeamFilterForm
from .offboarding import OffboardForm, OffboardManyForm
from .ownership import MOST_CHOICES, HeirFilterForm, OfferOwnershipForm
from .reasons import ReasonField, ReasonForm
from .roles import CompareRolesForm, RetireRoleForm, RoleFilterField, RoleForm

__all__ = [
    "MOST_CHOICES",
    "STATES",
    "ChangeRoleForm",
    "CompareRolesForm",
    "GrantsForm",
    "HeirFilterForm",
    "OffboardForm",
    "OffboardManyForm",
    "OfferOwnershipForm",
    "ReasonField",
    "ReasonForm",
    "RetireRoleForm",
    "RoleFilterField",
    "RoleForm",
    "TeamFilterForm",
]

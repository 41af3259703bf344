"""Parsing and wording of what is asked about members, grants, offboarding and ownership."""

from .exporting import ExportMembersForm
from .members import STATES, ChangeRoleForm, GrantsForm, TeamFilterForm
from .offboarding import OffboardForm, OffboardManyForm
from .ownership import MOST_CHOICES, HeirFilterForm, OfferOwnershipForm
from .reasons import ReasonField, ReasonForm

__all__ = [
    "MOST_CHOICES",
    "STATES",
    "ChangeRoleForm",
    "ExportMembersForm",
    "GrantsForm",
    "HeirFilterForm",
    "OffboardForm",
    "OffboardManyForm",
    "OfferOwnershipForm",
    "ReasonField",
    "ReasonForm",
    "TeamFilterForm",
]

"""Parsing and wording of what is asked about members, grants, offboarding and ownership."""

from .exporting import ExportMembersForm
from .members import STATES, ChangeRoleForm, GrantsForm, TeamFilterForm
from .offboarding import OffboardForm, OffboardManyForm
from .ownership import MOST_CHOICES, HeirFilterForm, OfferOwnershipForm
from .reasons import ReasonField, ReasonForm
from .selection import MOST_SELECTED, SelectionForm

__all__ = [
    "MOST_CHOICES",
    "MOST_SELECTED",
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
    "SelectionForm",
    "TeamFilterForm",
]

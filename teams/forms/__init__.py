"""Parsing and wording of what is asked about members, grants, offboarding and ownership."""

from .members import STATES, ChangeRoleForm, GrantsForm, TeamFilterForm
from .offboarding import OffboardForm, OffboardManyForm
from .ownership import MOST_CHOICES, ClaimForm, HeirFilterForm, NameSuccessorForm, OfferOwnershipForm
from .reasons import ReasonField, ReasonForm

__all__ = [
    "MOST_CHOICES",
    "STATES",
    "ChangeRoleForm",
    "ClaimForm",
    "GrantsForm",
    "HeirFilterForm",
    "NameSuccessorForm",
    "OffboardForm",
    "OffboardManyForm",
    "OfferOwnershipForm",
    "ReasonField",
    "ReasonForm",
    "TeamFilterForm",
]

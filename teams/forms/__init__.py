"""Parsing and wording of what is asked about members, grants, offboarding and ownership."""

from .members import STATES, ChangeRoleForm, GrantsForm, TeamFilterForm
from .offboarding import BringBackForm, OffboardForm, OffboardManyForm
from .ownership import MOST_CHOICES, HeirFilterForm, OfferOwnershipForm
from .reasons import ReasonField, ReasonForm
from .requests import REQUEST_STATES, ApproveForm, AskForRoleForm, AskOnAssetForm, RefuseForm, RequestFilterForm
from .terms import UNTIL, ChangeTermsForm, EndField, ExtendForm, TermsForm, terms_initial

__all__ = [
    "MOST_CHOICES",
    "REQUEST_STATES",
    "STATES",
    "UNTIL",
    "ApproveForm",
    "AskForRoleForm",
    "AskOnAssetForm",
    "BringBackForm",
    "ChangeRoleForm",
    "ChangeTermsForm",
    "EndField",
    "ExtendForm",
    "GrantsForm",
    "HeirFilterForm",
    "OffboardForm",
    "OffboardManyForm",
    "OfferOwnershipForm",
    "ReasonField",
    "ReasonForm",
    "RefuseForm",
    "RequestFilterForm",
    "TeamFilterForm",
    "TermsForm",
    "terms_initial",
]

"""Parsing and wording of what an administrator types, or uploads, about invitations."""

from .imports import ColumnsForm, ImportFilterForm, StartImportForm, UploadListForm, columns_initial
from .invitations import (
    MOST_AT_ONCE,
    STATES,
    CorrectAddressForm,
    InvitationFilterForm,
    InviteForm,
    OfferForm,
    offer_initial,
)

__all__ = [
    "MOST_AT_ONCE",
    "STATES",
    "ColumnsForm",
    "CorrectAddressForm",
    "ImportFilterForm",
    "InvitationFilterForm",
    "InviteForm",
    "OfferForm",
    "StartImportForm",
    "UploadListForm",
    "columns_initial",
    "offer_initial",
]

"""Roles, memberships, asset grants, ownership offers, and the receipts of offboarding."""

from .members import AssetGrant, Membership
from .offboarding import UNDO_WITHIN, Offboarding, Receipt, text_of_statement
from .ownership import OwnershipOffer
from .requests import AccessRequest
from .roles import Role
from .terms import NOTICES, OUTSIDE, TERMS_FIELDS, Kind, OnTerms, Terms, Told

__all__ = [
    "NOTICES",
    "OUTSIDE",
    "TERMS_FIELDS",
    "UNDO_WITHIN",
    "AccessRequest",
    "AssetGrant",
    "Kind",
    "Membership",
    "Offboarding",
    "OnTerms",
    "OwnershipOffer",
    "Receipt",
    "Role",
    "Terms",
    "Told",
    "text_of_statement",
]

"""Roles, memberships, asset grants, ownership offers, and the receipts of offboarding."""

from .members import AssetGrant, Membership
from .offboarding import UNDO_WITHIN, Offboarding, Receipt, text_of_statement
from .ownership import OwnershipOffer
from .roles import Role

__all__ = [
    "UNDO_WITHIN",
    "AssetGrant",
    "Membership",
    "Offboarding",
    "OwnershipOffer",
    "Receipt",
    "Role",
    "text_of_statement",
]

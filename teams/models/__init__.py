"""Roles, memberships, asset grants, ownership offers and claims, and the receipts of offboarding."""

from .claims import SHORTEST_WAIT, TAKE_WITHIN, OwnershipClaim, Succession
from .members import AssetGrant, Membership
from .offboarding import UNDO_WITHIN, Offboarding, Receipt, text_of_statement
from .ownership import OwnershipOffer
from .roles import Role

__all__ = [
    "SHORTEST_WAIT",
    "TAKE_WITHIN",
    "UNDO_WITHIN",
    "AssetGrant",
    "Membership",
    "Offboarding",
    "OwnershipClaim",
    "OwnershipOffer",
    "Receipt",
    "Role",
    "Succession",
    "text_of_statement",
]

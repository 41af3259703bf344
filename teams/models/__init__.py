"""Roles, memberships, asset grants, ownership offers and claims, and the receipts of offboarding."""

from .claims import SHORTEST_WAIT, TAKE_WITHIN, OwnershipClaim, Succession
from .engagements import EndedEngagement
from .groups import AssetGroup, PeopleGroup
from .members import AssetGrant, Membership
from .offboarding import UNDO_WITHIN, Offboarding, Proof, Receipt, text_of_statement
from .ownership import OwnershipOffer
from .requests import AccessRequest
from .roles import Role
from .terms import NOTICES, OUTSIDE, TERMS_FIELDS, Kind, OnTerms, Terms, Told, is_later

__all__ = [
    "NOTICES",
    "OUTSIDE",
    "SHORTEST_WAIT",
    "TAKE_WITHIN",
    "TERMS_FIELDS",
    "UNDO_WITHIN",
    "AccessRequest",
    "AssetGrant",
    "AssetGroup",
    "EndedEngagement",
    "Kind",
    "Membership",
    "Offboarding",
    "OnTerms",
    "OwnershipClaim",
    "OwnershipOffer",
    "PeopleGroup",
    "Proof",
    "Receipt",
    "Role",
    "Succession",
    "Terms",
    "Told",
    "is_later",
    "text_of_statement",
]

"""Roles, memberships, asset grants, ownership offers and claims, and the receipts of offboarding."""

from .claims import SHORTEST_WAIT, TAKE_WITHIN, OwnershipClaim, Succession
from .engagements import EndedEngagement
from .groups import AssetGroup, PeopleGroup
from .members import ROLE_FIELDS, AssetGrant, Membership
from .offboarding import UNDO_WITHIN, Offboarding, Proof, Receipt, text_of_statement
from .ownership import OwnershipOffer
from .pending import EXPIRES_AFTER, USABLE_FOR, PendingAct, SecondPerson, Way
from .requests import AccessRequest
from .resets import SHORTEST_RESET_WAIT, SIGN_IN_WITHIN, FactorReset
from .roles import Role
from .terms import NOTICES, OUTSIDE, TERMS_FIELDS, Kind, OnTerms, Terms, Told, in_words, is_later

__all__ = [
    "EXPIRES_AFTER",
    "NOTICES",
    "OUTSIDE",
    "ROLE_FIELDS",
    "SHORTEST_RESET_WAIT",
    "SHORTEST_WAIT",
    "SIGN_IN_WITHIN",
    "TAKE_WITHIN",
    "TERMS_FIELDS",
    "UNDO_WITHIN",
    "USABLE_FOR",
    "AccessRequest",
    "AssetGrant",
    "AssetGroup",
    "EndedEngagement",
    "FactorReset",
    "Kind",
    "Membership",
    "Offboarding",
    "OnTerms",
    "OwnershipClaim",
    "OwnershipOffer",
    "PendingAct",
    "PeopleGroup",
    "Proof",
    "Receipt",
    "Role",
    "SecondPerson",
    "Succession",
    "Terms",
    "Told",
    "Way",
    "in_words",
    "is_later",
    "text_of_statement",
]

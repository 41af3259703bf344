"""Rows of this floor: invitations with what they offer, and lists of people to invite."""

from .imports import Import, ImportRow
from .invitations import Invitation, InvitationGrant

__all__ = ["Import", "ImportRow", "Invitation", "InvitationGrant"]

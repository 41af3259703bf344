"""Refusals of this floor that someone must be told of."""

from accounts.errors import PolicyViolation


class OfferLostItsGround(PolicyViolation):
    """The inviter may no longer give what the invitation offers: both sides are told (rule 9)."""


class TooManyThisHour(PolicyViolation):
    """The account has sent as many invitations as it may within an hour: what is on a list waits for the next one."""

"""People, business accounts, their assets and policy, and the mails that are to be sent."""

from .accounts import Asset, BusinessAccount, SecurityPolicy
from .mails import OutgoingMail
from .people import Person

__all__ = ["Asset", "BusinessAccount", "OutgoingMail", "Person", "SecurityPolicy"]

"""People, business accounts, their assets and policy, sessions, and the mails that are to be sent."""

from .accounts import Asset, BusinessAccount, SecurityPolicy
from .mails import OutgoingMail
from .people import Person
from .sessions import Session

__all__ = ["Asset", "BusinessAccount", "OutgoingMail", "Person", "SecurityPolicy", "Session"]

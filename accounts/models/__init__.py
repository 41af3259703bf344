"""People, accounts, their assets, policy and billing, sessions, failed sign-ins, and the mails that are to be sent."""

from .accounts import Asset, BusinessAccount, SecurityPolicy
from .billing import CONTACT_FIELDS, Billing
from .devices import KnownDevice, KnownNetwork, SignInAlarm
from .factors import RecoveryCode
from .guessing import Tally
from .mails import OutgoingMail
from .people import Person
from .sessions import Session

__all__ = [
    "CONTACT_FIELDS",
    "Asset",
    "Billing",
    "BusinessAccount",
    "KnownDevice",
    "KnownNetwork",
    "OutgoingMail",
    "Person",
    "RecoveryCode",
    "SecurityPolicy",
    "Session",
    "SignInAlarm",
    "Tally",
]

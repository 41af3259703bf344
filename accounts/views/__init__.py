"""Pages of this floor. Every page inside an account, on any floor, derives from AccountView."""

from .alarms import NotMe
from .assets import AddAsset, AssetList, ChangeAsset
from .base import PAGE_SIZE, AccountFormView, AccountView, SignedInMixin, chips_of, page_of
from .billing import BillingPage, ChangePlan
from .factors import (
    ActivateApp,
    AddPasskey,
    RecoveryCodes,
    RemovePasskey,
    SecondFactors,
    TakeOffApp,
)
from .freshness import factor_shown_at, is_fresh, show_factor_address
from .links import TokenCheck, for_this_reader_alone
from .profile import ProfileView
from .sessions import EndSession, SessionList
from .settings import AccountSettings, UpgradeAccount

__all__ = [
    "PAGE_SIZE",
    "AccountFormView",
    "AccountSettings",
    "AccountView",
    "ActivateApp",
    "AddAsset",
    "AddPasskey",
    "AssetList",
    "BillingPage",
    "ChangeAsset",
    "ChangePlan",
    "EndSession",
    "NotMe",
    "ProfileView",
    "RecoveryCodes",
    "RemovePasskey",
    "SecondFactors",
    "SessionList",
    "SignedInMixin",
    "TakeOffApp",
    "TokenCheck",
    "UpgradeAccount",
    "chips_of",
    "factor_shown_at",
    "for_this_reader_alone",
    "is_fresh",
    "page_of",
    "show_factor_address",
]

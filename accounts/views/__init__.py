"""Pages of this floor. Every page inside an account, on any floor, derives from AccountView."""

from .assets import AddAsset, AssetList, ChangeAsset
from .base import PAGE_SIZE, AccountFormView, AccountView, SignedInMixin, chips_of, page_of
from .factors import factor_shown_at, show_factor_address
from .profile import EndSession, ProfileView
from .settings import AccountSettings, UpgradeAccount

__all__ = [
    "PAGE_SIZE",
    "AccountFormView",
    "AccountSettings",
    "AccountView",
    "AddAsset",
    "AssetList",
    "ChangeAsset",
    "EndSession",
    "ProfileView",
    "SignedInMixin",
    "UpgradeAccount",
    "chips_of",
    "factor_shown_at",
    "page_of",
    "show_factor_address",
]

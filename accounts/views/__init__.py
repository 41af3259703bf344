"""Pages of this floor. Every page inside an account, on any floor, derives from AccountView."""

from .assets import AddAsset, AssetList, ChangeAsset
from .base import PAGE_SIZE, AccountFormView, AccountView, SignedInMixin, chips_of, page_of
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
    "page_of",
]

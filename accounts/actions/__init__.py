"""Every change of this floor: one function for one act."""

from .accounts import change_policy, change_settings, upgrade
from .assets import add_asset, archive_asset, change_asset, restore_asset
from .mails import deliver, post, sweep
from .people import change_profile

__all__ = [
    "add_asset",
    "archive_asset",
    "change_asset",
    "change_policy",
    "change_profile",
    "change_settings",
    "deliver",
    "post",
    "restore_asset",
    "sweep",
    "upgrade",
]

"""Every change of this floor: one function for one act."""

from .accounts import change_settings, upgrade
from .assets import add_asset, archive_asset, change_asset
from .mails import deliver, post, post_many, post_sealed, sweep
from .people import change_profile
from .sessions import clear_expired_sessions, end_sessions

__all__ = [
    "add_asset",
    "archive_asset",
    "change_asset",
    "change_profile",
    "change_settings",
    "clear_expired_sessions",
    "deliver",
    "end_sessions",
    "post",
    "post_many",
    "post_sealed",
    "sweep",
    "upgrade",
]

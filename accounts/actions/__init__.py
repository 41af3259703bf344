"""Every change of this floor: one function for one act."""

from .accounts import change_settings, upgrade
from .assets import add_asset, archive_asset, change_asset
from .billing import change_billing, change_plan
from .devices import disown_sign_in, forget_places, note_place
from .factors import (
    drop_idle_codes,
    has_second_factor,
    make_recovery_codes,
    note_activation,
    show_time_code,
    use_recovery_code,
)
from .guessing import clear_old_tallies, forget_failures, settle_failure, settle_success, stop_password, take_try
from .mails import deliver, post, post_many, post_sealed, sweep
from .people import change_profile, outdate_reset_links
from .record import LONGEST_CHECK, check_record, mind_record, note_break, note_check, note_silence
from .retention import keep_log, remove_old_events
from .sessions import (
    carry_session,
    clear_expired_sessions,
    drop_sessions,
    end_sessions,
    note_use,
    other_sessions,
)
from .staff import LONGEST_REASON, appoint, dismiss, look_into, send_password_mail

__all__ = [
    "LONGEST_CHECK",
    "LONGEST_REASON",
    "add_asset",
    "appoint",
    "archive_asset",
    "carry_session",
    "change_asset",
    "change_billing",
    "change_plan",
    "change_profile",
    "change_settings",
    "check_record",
    "clear_expired_sessions",
    "clear_old_tallies",
    "deliver",
    "dismiss",
    "disown_sign_in",
    "drop_idle_codes",
    "drop_sessions",
    "end_sessions",
    "forget_failures",
    "forget_places",
    "has_second_factor",
    "keep_log",
    "look_into",
    "make_recovery_codes",
    "mind_record",
    "note_activation",
    "note_break",
    "note_check",
    "note_place",
    "note_silence",
    "note_use",
    "other_sessions",
    "outdate_reset_links",
    "post",
    "post_many",
    "post_sealed",
    "remove_old_events",
    "send_password_mail",
    "settle_failure",
    "settle_success",
    "show_time_code",
    "stop_password",
    "sweep",
    "take_try",
    "upgrade",
    "use_recovery_code",
]

"""Every change of this floor: one function for one act."""

from .answering import accept, decline, note_opening, refuse_acceptance
from .expiring import note_expiry
from .importing import finish_import, map_columns, start_import, stop_import, upload_list
from .inviting import invite
from .keeping import change_offer, copy_link, correct_address, resend, revoke
from .signing_up import sign_up
from .working import clear_old_imports, sweep_imports, work_through

__all__ = [
    "accept",
    "change_offer",
    "clear_old_imports",
    "copy_link",
    "correct_address",
    "decline",
    "finish_import",
    "invite",
    "map_columns",
    "note_expiry",
    "note_opening",
    "refuse_acceptance",
    "resend",
    "revoke",
    "sign_up",
    "start_import",
    "stop_import",
    "sweep_imports",
    "upload_list",
    "work_through",
]

"""Every change of this floor: one function for one act."""

from .keeping import add_login, change_login
from .knowing import correct_knower, note_gone, note_knower
from .reminding import remind, remind_all
from .signing import record_change, retire_login

__all__ = [
    "add_login",
    "change_login",
    "correct_knower",
    "note_gone",
    "note_knower",
    "record_change",
    "remind",
    "remind_all",
    "retire_login",
]

"""Pages of this floor: the register of shared logins, and what is done about one."""

from .pages import AddLogin, ChangeLogin, CorrectKnower, LoginList, LoginPage, NoteGone, NoteKnower
from .signing import RetireLogin, SignChange

__all__ = [
    "AddLogin",
    "ChangeLogin",
    "CorrectKnower",
    "LoginList",
    "LoginPage",
    "NoteGone",
    "NoteKnower",
    "RetireLogin",
    "SignChange",
]

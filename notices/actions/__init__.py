"""Every change of this floor. What is read, told or put together is no act: it stands in no log."""

from .choosing import choose
from .clearing import clear_old
from .digesting import send_digests
from .proving import mail_checkpoints
from .reading import mark_all_read, mark_read, mark_unread
from .telling import tell

__all__ = [
    "choose",
    "clear_old",
    "mail_checkpoints",
    "mark_all_read",
    "mark_read",
    "mark_unread",
    "send_digests",
    "tell",
]

"""Every change of this floor: one function for one act. Deliveries are none, and stand in no log."""

from .delivering import claim, clear_old, deliver, settle, sweep
from .keeping import add_stream, change_stream, make_secret, pause_stream, remove_stream, resume_stream, test_stream
from .parking import drop_batch, park, send_again, stop

__all__ = [
    "add_stream",
    "change_stream",
    "claim",
    "clear_old",
    "deliver",
    "drop_batch",
    "make_secret",
    "park",
    "pause_stream",
    "remove_stream",
    "resume_stream",
    "send_again",
    "settle",
    "stop",
    "sweep",
    "test_stream",
]

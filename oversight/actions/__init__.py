"""Every change of this floor: one function for one act."""

from .exporting import ask_for_export, fail_export, finish_export, take_export
from .making import clear_old_exports, make_export, sweep_exports
from .reading import asked_with, export_log, note_reading
from .viewing import remove_view, save_view

__all__ = [
    "ask_for_export",
    "asked_with",
    "clear_old_exports",
    "export_log",
    "fail_export",
    "finish_export",
    "make_export",
    "note_reading",
    "remove_view",
    "save_view",
    "sweep_exports",
    "take_export",
]

"""What the embedded setting needs to know of processes and their logs."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

LARGEST_LOG = 5_000_000  # bytes; a larger one is set aside at the next start
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class EmbeddedError(Exception):
    """The embedded servers can't run here; the text says why and what to do."""


def dies_with_parent(signal_number: int) -> Callable[[], None]:
    """For Popen's `preexec_fn`: have the kernel send that signal to the child when we die, however we die (Linux)."""
    parent = os.getpid()

    def ask() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal_number)
            if os.getppid() != parent:  # we died between fork and here
                os._exit(1)

    return ask


def is_alive(pid: int) -> bool:
    """Whether a process of that id exists (one that waits to be reaped does not count)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (OSError, IndexError):
        return True  # no /proc here


def pid_in(path: Path, *, of: str) -> int | None:
    """The process id on the file's first line, if a process of the program `of` lives under it: ids are used again."""
    try:
        pid = int(path.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    if not is_alive(pid):
        return None
    return pid if of in _program_of(pid) else None


def _program_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text()
    except OSError:  # no /proc here: macOS
        asked = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], check=False, capture_output=True, text=True)
        return asked.stdout


def set_aside_when_large(log: Path) -> Path:
    """Rename a log that has grown large, so that the next line begins a new one; return the path to write to."""
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    return log


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log file."""
    with open(log, "rb") as file:
        file.seek(max(0, log.stat().st_size - 20_000))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])

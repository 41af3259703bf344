"""Under which user the embedded servers run, and whether that user gets to their files."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accessportal.embedded.processes import EmbeddedError


@dataclass(frozen=True)
class ServersUser:
    """Under which user the servers run: PostgreSQL refuses to run as root."""

    uid: int
    gid: int
    name: str

    @property
    def is_us(self) -> bool:
        """Whether that is the user of this process."""
        return self.uid == os.geteuid()

    def owns(self, path: Path) -> None:
        """Hand one file or folder of ours over to that user."""
        if not self.is_us:
            os.chown(path, self.uid, self.gid)

    def as_popen_arguments(self) -> dict[str, Any]:
        """What `subprocess` needs to start a child as that user."""
        return {} if self.is_us else {"user": self.uid, "group": self.gid, "extra_groups": []}


def servers_user(data: Path) -> ServersUser:
    """The user for the servers of this data folder. As root: the one whose data it is, `postgres`, or one made for it.

    Raises EmbeddedError when as root no user can be made.
    """
    if os.geteuid() != 0:
        return ServersUser(os.geteuid(), os.getegid(), _name_of(os.geteuid()))
    cluster = data / "postgresql"
    if cluster.exists() and cluster.stat().st_uid != 0:
        status = cluster.stat()
        return ServersUser(status.st_uid, status.st_gid, _name_of(status.st_uid))
    for name in ("postgres", "accessportal"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServersUser(entry.pw_uid, entry.pw_gid, name)
    return _made_user("accessportal")


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""


def require_a_name(user: ServersUser) -> None:
    """Raise EmbeddedError for a user id without a name: PostgreSQL refuses to run under one."""
    if not user.name:
        raise EmbeddedError(
            f"The user id {user.uid} has no name on this machine (no line in /etc/passwd), and PostgreSQL refuses to "
            "run like that. Give it a name, or set DATABASE_URL to a PostgreSQL that runs elsewhere."
        )


def _made_user(name: str) -> ServersUser:
    """A system user without home and shell; made once on a machine that has no `postgres`."""
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    made = useradd and subprocess.run(
        [
            useradd,
            "--system",
            "--user-group",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/bin/false",
            name,
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    if not made or made.returncode:
        raise EmbeddedError(
            "As root the database must run as another user, and none could be made"
            + (f" ({made.stderr.strip()})" if made else " (no `useradd` here)")
            + ". Run this as an ordinary user, or set DATABASE_URL and REDIS_URL to servers that run elsewhere."
        )
    print(f"As root the database may not run: made the system user `{name}` for it.", file=sys.stderr)
    entry = pwd.getpwnam(name)
    return ServersUser(entry.pw_uid, entry.pw_gid, name)


def let_pass(user: ServersUser, *ends: Path) -> None:
    """As root: let `user` pass through every folder above `ends` (pass, not list), and say what changed."""
    if user.is_us:
        return
    for folder in sorted({parent for end in ends for parent in end.resolve().parents}, key=lambda f: len(f.parts)):
        status = folder.stat()
        if status.st_uid == user.uid:
            needed = stat.S_IXUSR
        elif status.st_gid == user.gid:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not status.st_mode & needed:
            folder.chmod(stat.S_IMODE(status.st_mode) | needed)
            print(
                f"The database runs as `{user.name}` and must pass through {folder}: it may now (search permission "
                f"only, mode {stat.S_IMODE(status.st_mode):04o} became {stat.S_IMODE(status.st_mode) | needed:04o}).",
                file=sys.stderr,
            )

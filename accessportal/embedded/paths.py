"""Where the embedded servers keep things, and the addresses that follow from it. Needs no Django, starts nothing."""

import json
import os
import secrets
import stat
import string
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

SUPERUSER = "postgres"
OWNER_ROLE = "accessportal_owner"  # owns the tables: migrations only
APP_ROLE = "accessportal"  # web and worker
DATABASE = "accessportal"

LARGEST_PORT = 65_535
KEY_SIGNS = 64  # of a key in hexadecimal
LONGEST_RUN_FOLDER = 80  # bytes: a Unix socket's path holds about 100, and its name comes on top


class BadSetting(Exception):
    """A setting that can't be used; the text names it, and says why."""


def port() -> int:
    """Where `make run` listens: PORT, else 8000. Raises BadSetting."""
    typed = os.environ.get("PORT") or "8000"
    if not typed.isdecimal() or not 0 < int(typed) <= LARGEST_PORT:
        raise BadSetting(f"PORT must be a number from 1 to {LARGEST_PORT}, not {typed!r}.")
    return int(typed)


def data_folder() -> Path:
    """The folder of all that the embedded setting keeps: ACCESSPORTAL_DATA, or var/ beside the code."""
    beside_the_code = Path(__file__).resolve().parents[2] / "var"
    return Path(os.environ.get("ACCESSPORTAL_DATA") or beside_the_code).absolute()


def secret_key(data: Path) -> str:
    """The secret key of this data folder; made on first use and kept with mode 600."""
    return _kept(data, "secret-key", secrets.token_urlsafe(48))


def checkpoint_key(data: Path) -> str:
    """The key that signs checkpoints, 32 bytes in hexadecimal; made on first use and kept with mode 600."""
    return _kept(data, "checkpoint-key", secrets.token_hex(32))


def _kept(data: Path, name: str, new: str) -> str:
    """Return the secret in a file of the data folder; where there is none yet, it is the `new` one from now on."""
    path = data / name
    if not path.exists():
        _make_private(data)
        fresh = data / f"{name}.{secrets.token_hex(8)}"
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(new)
        try:
            os.link(fresh, path)  # fails if another process was quicker: then its key is the key
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        path.chmod(0o600)
    return path.read_text(encoding="ascii").strip()


def is_key(given: str) -> bool:
    """Whether a text is 32 bytes in hexadecimal."""
    return len(given) == KEY_SIGNS and all(sign in string.hexdigits for sign in given)


def storage_of(name: str, given: str) -> dict[str, Any]:
    """Read a setting that names a store: a folder, or a storage of Django's as JSON. Raises BadSetting."""
    if not given.startswith("{"):
        return {"BACKEND": "audit.store.WriteOnceFolder", "OPTIONS": {"location": given}}
    return _storage_in(name, given)


def private_storage_of(name: str, given: str) -> dict[str, Any]:
    """Read a setting that names a store for files of people: a folder that is ours alone, or a storage as JSON."""
    if given.startswith("{"):
        return _storage_in(name, given)
    modes = {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
    return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": given, **modes}}


def _storage_in(name: str, given: str) -> dict[str, Any]:
    try:
        storage = json.loads(given)
    except ValueError:
        storage = None
    if not isinstance(storage, dict) or not isinstance(storage.get("BACKEND"), str):
        raise BadSetting(f'{name} must be a folder, or JSON such as {{"BACKEND": "storages.backends.s3.S3Storage"}}')
    return storage


def run_folder(data: Path) -> Path:
    """The folder of sockets: `run/` in the data folder or, where that is too deep, the one written down."""
    plain = data / "run"
    if len(os.fsencode(plain)) <= LONGEST_RUN_FOLDER:
        return plain
    pointer = data / "run-folder"
    return Path(pointer.read_text(encoding="utf-8").strip()) if pointer.exists() else plain


def make_run_folder(data: Path) -> Path:
    """Make sure that the folder of sockets exists and is closed to others; return it."""
    _make_private(data)
    if len(os.fsencode(data / "run")) <= LONGEST_RUN_FOLDER:
        _make_private(data / "run")
        return data / "run"
    run = run_folder(data)
    if run == data / "run" or not _is_private_folder(run, data):
        run = Path(tempfile.mkdtemp(prefix="accessportal-"))
        (data / "run-folder").write_text(f"{run}\n", encoding="utf-8")
    return run


def database_url(data: Path, role: str = APP_ROLE) -> str:
    """The address of the embedded database for `role`, as DATABASE_URL would give it."""
    return f"postgresql://{role}@/{DATABASE}?host={quote(str(run_folder(data)), safe='')}"


def redis_url(data: Path) -> str:
    """The address of the embedded Valkey, as REDIS_URL would give it."""
    return f"unix://{quote(str(run_folder(data) / 'valkey.sock'))}"


def _make_private(folder: Path) -> None:
    """Make sure that a folder is there. Raises BadSetting: whether it can be is for ACCESSPORTAL_DATA to say."""
    if folder.is_dir():
        return
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as problem:
        words = f"The folder {folder} can't be made ({problem.strerror}). Choose another one with ACCESSPORTAL_DATA."
        raise BadSetting(words) from None


def _is_private_folder(folder: Path, data: Path) -> bool:
    """Whether a written-down temporary folder is still ours: they are swept, and others may write there."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    ours = {os.geteuid(), data.stat().st_uid}
    if (data / "postgresql").exists():
        ours.add((data / "postgresql").stat().st_uid)  # as root the folder belongs to the servers' user
    return stat.S_ISDIR(status.st_mode) and status.st_uid in ours and not status.st_mode & 0o077

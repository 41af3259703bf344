"""The one process that starts the whole portal on a machine, watches it, and ends all of it in order."""

import errno
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from types import FrameType

from accessportal.embedded import paths
from accessportal.embedded.processes import EmbeddedError, dies_with_parent, set_aside_when_large, tail
from accessportal.embedded.servers import Server, one_at_a_time, servers_of

CODE = Path(__file__).resolve().parents[2]
GRACE = 30  # seconds between SIGTERM and SIGKILL: what runs comes to its end (RE8)
LONGEST_START = 60  # seconds until web answers
WORKER = ("--concurrency", "2", "--loglevel", "INFO", "--without-gossip", "--without-mingle")
TOO_OFTEN = 5  # deaths of one child…
WITHIN = 120  # …in so many seconds: then it is broken, not unlucky
PAUSES = (0.5, 1, 2, 4, 8)  # seconds before the next start, by the number of recent deaths


class Stopped(Exception):
    """The supervisor was told to stop while it was starting."""


@dataclass
class Child:
    """One process of the portal: web, worker or beat."""

    name: str
    command: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=TOO_OFTEN))
    start_at: float = 0.0

    def start(self, environment: dict[str, str]) -> None:
        """Start it in a session of its own, so that a Ctrl-C reaches it only through us."""
        with open(set_aside_when_large(self.log), "ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=CODE,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGTERM),
            )

    def has_died(self) -> bool:
        """Whether it was started and has ended."""
        return self.process is not None and self.process.poll() is not None

    def bury(self) -> None:
        """Note the death and when to start it again; raises EmbeddedError when it dies again and again."""
        assert self.process is not None
        code, now = self.process.returncode, time.monotonic()
        signal_group(self.process, signal.SIGKILL)  # what it may have left behind
        self.process = None
        self.deaths.append(now)
        recent = sum(now - death < WITHIN for death in self.deaths)
        if recent >= TOO_OFTEN:
            raise EmbeddedError(
                f"{self.name} died {recent} times within {WITHIN} seconds (last exit code {code}): giving up. "
                f"The end of {self.log}:\n{tail(self.log)}"
            )
        self.start_at = now + PAUSES[recent - 1]
        say(f"{self.name} ended unexpectedly (exit code {code}, see {self.log}): starting it again.")


@dataclass
class Supervisor:
    """Everything that `make run` keeps alive."""

    data: Path
    port: int
    site_url: str
    own_database: bool = True
    own_broker: bool = True
    has_demo: bool = True
    keeps_mails: bool = True  # as files, shown under /dev/mail/
    servers: list[Server] = field(default_factory=list, init=False)
    children: list[Child] = field(default_factory=list, init=False)
    task: subprocess.Popen[bytes] | None = field(default=None, init=False)
    told_to_stop: int = field(default=0, init=False)

    def run(self) -> None:
        """Start, watch, and at SIGINT, SIGTERM or SIGHUP stop everything; raises EmbeddedError when it can't run."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._hear)
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(self.data / "portal.lock", "a+") as lock, open(self.data / "users.lock", "a") as users:
            self._hold(lock)
            require_free_port(self.port)
            try:
                self._start(users)
                self._watch()
            except Stopped:
                pass
            finally:
                self._stop()

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.told_to_stop += 1

    def _hold(self, lock) -> None:  # noqa: ANN001  # an open file
        """Be the only supervisor of this data folder for as long as the file stays open."""
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise EmbeddedError(
                f"AccessPortal already runs on the data in {self.data} (process {lock.read().strip() or 'unknown'}). "
                "Stop it first, or choose another folder with ACCESSPORTAL_DATA and another PORT."
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(f"{os.getpid()}\n")
        lock.flush()

    # --- Starting -----------------------------------------------------------------------------------------------------
    def _start(self, users) -> None:  # noqa: ANN001  # an open file
        say("Starting AccessPortal …")
        with one_at_a_time(self.data):
            fcntl.flock(users, fcntl.LOCK_SH)  # commands beside us then leave the servers alone
            for server in servers_of(self.data, database=self.own_database, broker=self.own_broker):
                self.servers.append(server)
                if not server.start(dies_with_us=True):
                    say(f"{server.name} of an earlier run still answers: going on with it.")
                self._stop_if_told()
        self._run_command("set_up_database", "--verbosity", "0")
        sign_ins = self._demo()
        self.children = self._portal()
        for child in self.children:
            child.start(self._environment())
        self._wait_until_web_answers()
        self._greet(sign_ins)

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "DJANGO_SETTINGS_MODULE": "accessportal.settings", "PYTHONUNBUFFERED": "1"}

    def _portal(self) -> list[Child]:
        celery = [sys.executable, "-m", "celery", "--app", "accessportal", "--quiet"]
        schedule = paths.make_run_folder(self.data) / "beat-schedule"
        logs = self.data / "log"
        logs.mkdir(mode=0o700, exist_ok=True)
        return [
            Child("web", [sys.executable, "-m", "gunicorn", "accessportal.wsgi"], logs / "web.log"),
            Child("worker", [*celery, "worker", *WORKER], logs / "worker.log"),
            Child("beat", [*celery, "beat", "--schedule", str(schedule), "--pidfile="], logs / "beat.log"),
        ]

    def _run_command(self, *arguments: str) -> str:
        """The output of a management command; raises EmbeddedError when it fails, Stopped when we are told to stop."""
        self.task = subprocess.Popen(
            [sys.executable, str(CODE / "manage.py"), *arguments],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=dies_with_parent(signal.SIGTERM),
        )
        while True:
            try:
                output, _ = self.task.communicate(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                self._stop_if_told()
        code, self.task = self.task.returncode, None
        if code:
            raise EmbeddedError(f"`manage.py {' '.join(arguments)}` failed (exit code {code}); its words stand above.")
        return output.decode()

    def _demo(self) -> str:
        """The demo's sign-ins, one a line; makes the demo data first when there is no person yet."""
        from django.contrib.auth import get_user_model  # here: a supervisor is importable before Django is set up
        from django.db import connection

        nobody_yet = not get_user_model().objects.exists()
        connection.close()
        if not self.has_demo:
            return ""
        if nobody_yet:
            say("Making the demo data (only on the first run) …")
            self._run_command("seed_demo")
        return self._run_command("seed_demo", "--sign-ins")

    def _wait_until_web_answers(self) -> None:
        web = self.children[0]
        end = time.monotonic() + LONGEST_START
        while not web_answers(self.port):
            self._stop_if_told()
            if web.has_died() or time.monotonic() > end:
                raise EmbeddedError(f"web does not answer. The end of {web.log}:\n{tail(web.log)}")
            time.sleep(0.1)

    def _stop_if_told(self) -> None:
        if self.told_to_stop:
            raise Stopped

    def _greet(self, sign_ins: str) -> None:
        say("")
        say(f"AccessPortal runs at    {self.site_url}")
        mails = f"appear at     {self.site_url}/dev/mail/" if self.keeps_mails else "go out by     EMAIL_URL"
        say(f"Its mails {mails}")
        say(f"Its data and logs are in {self.data}")
        if sign_ins.strip():
            say("")
            say("Sign in as (address / password / who):")
            say(sign_ins.rstrip())
        say("")
        say("Ctrl-C ends it.")

    # --- Watching -----------------------------------------------------------------------------------------------------
    def _watch(self) -> None:
        """Until told to stop: start again what dies; raises EmbeddedError when it dies too often."""
        next_look = 0.0
        while not self.told_to_stop:
            for child in self.children:
                if child.has_died():
                    child.bury()
                elif child.process is None and time.monotonic() >= child.start_at:
                    child.start(self._environment())
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + 2
                self._look_after_the_servers()
            time.sleep(0.2)

    def _look_after_the_servers(self) -> None:
        for server in self.servers:
            gone = server.process.poll() is not None if server.process else server.recorded_pid() is None
            if gone and not self.told_to_stop:
                say(f"{server.name} ended unexpectedly: starting it again.")
                server.note_death()
                server.start(dies_with_us=True)

    # --- Stopping -----------------------------------------------------------------------------------------------------
    def _stop(self) -> None:
        """web, worker and beat together, then Valkey, then PostgreSQL; a second Ctrl-C skips the grace."""
        say("Stopping …")
        told = self.told_to_stop
        living = [child.process for child in self.children if child.process is not None]
        if self.task is not None:
            living.append(self.task)
        for process in living:
            if process.poll() is None:
                process.terminate()
        end = time.monotonic() + GRACE
        while any(process.poll() is None for process in living) and time.monotonic() < end:
            if self.told_to_stop > max(told, 1):
                break
            time.sleep(0.05)
        for process in living:
            signal_group(process, signal.SIGKILL)
            process.wait()
        for server in reversed(self.servers):
            server.stop()
        say("All of AccessPortal has ended; its data is kept.")


def signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to every process of the session that was started as `process`; none left is fine."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass


def require_free_port(port: int, patience: float = 3) -> None:
    """Raise EmbeddedError when something listens on the port already, or we may not.

    Waits a moment first: the web processes of a run that was just killed may still be ending.
    """
    end = time.monotonic() + patience
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return
            except OSError as error:
                problem = error
        if problem.errno != errno.EADDRINUSE or time.monotonic() > end:
            raise EmbeddedError(
                f"Port {port} can't be used ({problem.strerror}). Choose another one, such as: PORT={port + 1} make run"
            )
        time.sleep(0.2)


def web_answers(port: int) -> bool:
    """Whether /healthz says ok."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=2)  # not urllib: that would go by the proxy
    try:
        asked.request("GET", "/healthz")
        return asked.getresponse().status == HTTPStatus.OK
    except (http.client.HTTPException, OSError):
        return False
    finally:
        asked.close()


def say(line: str) -> None:
    """Print for the person at the terminal, who may have closed it."""
    try:
        print(line, flush=True)
    except OSError:
        pass

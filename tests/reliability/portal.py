"""A whole portal of a test's own, to be killed, stopped and starved: servers, web, worker and beat as in production.

Its database lies on a small disk of its own (tmpfs) where the machine lets us mount one.
"""

import fcntl
import http.client
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO
from urllib.parse import urlencode

from django.conf import settings
from django.db import connections

from accessportal.embedded import paths, servers
from accessportal.embedded.processes import dies_with_parent
from accessportal.embedded.supervisor import WORKER, signal_group
from accounts.models import BusinessAccount, OutgoingMail
from audit.models import Event
from invitations.models import Invitation
from tests.factories import BusinessAccountFactory
from tests.ground.test_embedded import bare_environment
from tests.house.source import ROOT
from tests.mail_server import MailServer
from tests.showing import signed_in
from tests.together import PATIENCE, committed, until

SMALL_DISK = 200  # megabytes: a new cluster with two databases takes about half of it
CSRF = "c" * 32
DONE, UNAVAILABLE = 302, 503
BROKEN = 0  # the status of a request whose connection ended without an answer


@dataclass
class Disk:
    """A folder to keep a database in; `is_own` when it is a small file system by itself, which can be filled.

    In a namespace of its own the disk lies at `mounted_at`, and we come to it by `folder`.
    """

    folder: Path
    mounted_at: Path
    is_own: bool = False
    holder: subprocess.Popen | None = None  # keeps alive the namespace that the disk is mounted in

    @classmethod
    def at(cls, folder: Path) -> "Disk":
        """Mount a small disk there: as root, else in a namespace of ours; where neither is allowed it is a plain folder."""
        folder.mkdir(mode=0o755)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}m,mode=0755", "tmpfs", str(folder)]
        if os.geteuid() == 0:
            mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
            return cls(folder, folder, is_own=mounted)
        if not shutil.which("unshare") or not shutil.which("nsenter"):
            return cls(folder, folder)
        holder = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", '"$@" && echo mounted && exec cat', "sh", *mount],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        if holder.stdout.readline() != b"mounted\n":
            holder.wait()
            return cls(folder, folder)
        return cls(Path(f"/proc/{holder.pid}/root{folder}"), folder, is_own=True, holder=holder)

    def inside(self, command: list[str]) -> list[str]:
        """The command line that runs a program where the disk is, under our own user."""
        if self.holder is None:
            return command
        ids = [f"--map-user={os.geteuid()}", f"--map-group={os.getegid()}"]
        enter = ["nsenter", "--preserve-credentials", "--user", "--mount", "--target", str(self.holder.pid)]
        there = [part.replace(str(self.folder), str(self.mounted_at)) for part in command]
        return [*enter, "unshare", "--user", *ids, *there]

    def fill(self) -> None:
        """Leave no room at all."""
        with (self.folder / "filler").open("wb", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                try:
                    while file.write(b"\0" * size):
                        pass
                except OSError:  # no space left on device
                    continue

    def make_room(self) -> None:
        """Take away what filled it."""
        (self.folder / "filler").unlink(missing_ok=True)

    def unmount(self) -> None:
        """Give it back."""
        if self.holder is not None:
            self.holder.communicate()  # its end ends the namespace, and the disk with it
        elif self.is_own:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


class Postgres(servers.Postgres):
    """The embedded server, kept on a disk of its own."""

    disk: Disk

    def command(self) -> list[str]:
        """The usual one, where the disk is; with a buffer that is small, as the disk is."""
        return self.disk.inside([*super().command(), "-c", "shared_buffers=16MB", "-c", "max_wal_size=64MB"])


@dataclass(frozen=True)
class Answer:
    """What came back: BROKEN and nothing where the connection ended without an answer."""

    status: int
    page: str = ""


@dataclass(frozen=True)
class Browser:
    """The owner of a new account of her own, signed in."""

    port: int
    session: str
    account: BusinessAccount

    def get(self, path: str) -> Answer:
        """Ask for a page inside the account."""
        return self._ask("GET", path)

    def invite(self, address: str) -> Answer:
        """Invite somebody: a row, its event and its mail in one transaction; 302 says that it is done."""
        return self._ask(
            "POST", "invitations/new/", {"addresses": address, "role": "editor", "csrfmiddlewaretoken": CSRF}
        )

    def invited(self) -> set[str]:
        """Return whom the account has invited. Fails where an invitation, its event or its mail is without the others."""
        rows = dict(Invitation.objects.filter(account=self.account).values_list("pk", "address"))
        events = Event.objects.filter(
            chain__kind="account", chain__subject_id=self.account.pk, name="invitation.created"
        )
        mails = OutgoingMail.objects.filter(account=self.account, kind="invitation")
        assert sorted(rows) == sorted(events.values_list("target_id", flat=True))
        assert sorted(rows) == sorted(mails.values_list("about_id", flat=True))
        return set(rows.values())

    def _ask(self, method: str, path: str, form: dict[str, str] | None = None) -> Answer:
        asked = http.client.HTTPConnection("localhost", self.port, timeout=90)
        headers = {
            "Cookie": f"session={self.session}; csrf={CSRF}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        try:
            asked.request(method, f"/accounts/{self.account.slug}/{path}", urlencode(form or {}), headers)
            answer = asked.getresponse()
            return Answer(answer.status, answer.read().decode())
        except (OSError, http.client.HTTPException):
            return Answer(BROKEN)
        finally:
            asked.close()


@dataclass
class Portal:
    """Its servers and processes; `data` is its folder."""

    data: Path
    disk: Disk
    post_office: MailServer
    port: int
    database: Postgres = field(init=False)
    broker: servers.Server = field(init=False)
    users: TextIO = field(init=False)  # held, so that commands leave the servers alone
    started: list[servers.Server] = field(default_factory=list)
    running: dict[str, subprocess.Popen] = field(default_factory=dict)

    def start_servers(self) -> None:
        """Start database and broker; they keep nothing back for speed, as in production."""
        usual, self.broker = servers.servers_of(self.data)
        if self.disk.holder is None:
            usual.user.owns(self.disk.folder)
            servers.let_pass(usual.user, self.disk.folder / "postgresql")
        self.database = Postgres(self.disk.folder, usual.run, usual.user)
        self.database.disk = self.disk
        self.started = [self.broker, self.database]
        self.database.start(dies_with_us=True)
        self.broker.start(dies_with_us=True)
        self.users = (self.data / "users.lock").open("a")
        fcntl.flock(self.users, fcntl.LOCK_SH)

    def command(self, *arguments: str, **more: str) -> subprocess.CompletedProcess:
        """Run a command of manage.py on this portal."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env={**self.environment, **more}, check=False,
            capture_output=True, text=True,
        )  # fmt: skip

    @property
    def environment(self) -> dict[str, str]:
        """That of web, worker, beat and commands: the embedded setting, with a mail server."""
        return bare_environment(
            self.data,
            PORT=str(self.port),
            SECRET_KEY=settings.SECRET_KEY,  # so that the test can sign people in, and knows their links
            EMAIL_URL=f"smtp://127.0.0.1:{self.post_office.port}",
            DJANGO_SETTINGS_MODULE="accessportal.settings",
            PYTHONUNBUFFERED="1",
        )

    def start(self, *names: str) -> None:
        """Start `web`, `worker` or `beat`, with a log of its own, by the command of production, each in a session of its own."""
        celery = [sys.executable, "-m", "celery", "--app", "accessportal"]
        commands = {
            "web": [sys.executable, "-m", "gunicorn", "accessportal.wsgi"],
            "worker": [*celery, "worker", *WORKER],
            "beat": [
                *celery,
                "beat",
                "--loglevel",
                "INFO",
                "--schedule",
                str(self.data / "beat-schedule"),
                "--pidfile=",
            ],
        }
        for name in names:
            with self.log(name).open("wb") as log:
                self.running[name] = subprocess.Popen(
                    commands[name], cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True, preexec_fn=dies_with_parent(signal.SIGTERM),
                )  # fmt: skip
        if "web" in names:
            until(self.web_listens)

    def log(self, name: str) -> Path:
        """The file of what a process says."""
        return self.data / f"{name}.log"

    def has_said(self, name: str, words: str) -> bool:
        """Whether a process has said this since it was started."""
        return words in self.log(name).read_text(errors="replace")

    def web_listens(self) -> bool:
        """Whether a connection to web can be opened."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self, *names: str) -> None:
        """End processes, with all their children, as nothing else could."""
        for name in names:
            signal_group(self.running[name], signal.SIGKILL)
            self.running.pop(name).wait()

    def tell_to_stop(self, *names: str) -> list[subprocess.Popen]:
        """Send processes the signal by which a supervisor or a container engine stops them; return them."""
        told = [self.running.pop(name) for name in names]
        for process in told:
            process.terminate()
        return told

    def stop(self) -> None:
        """End everything that was started."""
        self.kill(*self.running)
        for server in self.started:
            server.stop()
        self.disk.unmount()

    def owner(self) -> Browser:
        """Return somebody who owns a new account, signed in. The connection of the test is that to this database."""
        account = committed(BusinessAccountFactory)
        session = signed_in(account.owner).cookies[settings.SESSION_COOKIE_NAME].value
        return Browser(self.port, session, account)

    def connected(self) -> dict[str, str]:
        """Say how a connection of Django's reaches this database, as its superuser."""
        where = {
            "HOST": str(self.database.run),
            "PORT": "",
            "USER": paths.SUPERUSER,
            "PASSWORD": "",
            "NAME": paths.DATABASE,
        }
        connections.close_all()
        return where


@contextmanager
def busy(*owners: Browser) -> Iterator[list[tuple[str, int]]]:
    """Let each of these invite one after the other for the length of the block.

    Yields whom they invited, with the status of each answer, in the order of the answers.
    """
    over, answered = threading.Event(), []

    def invites(owner: Browser) -> None:
        for number in itertools.count():
            if over.is_set():
                return
            address = f"guest{number}-{owner.account.pk}@example.com"
            answered.append((address, owner.invite(address).status))
            if answered[-1][1] != DONE:
                over.wait(0.05)  # a refused connection comes back at once: leave the others something to run on

    threads = [threading.Thread(target=invites, args=[owner], daemon=True) for owner in owners]
    for thread in threads:
        thread.start()
    try:
        yield answered
    finally:
        over.set()
        for thread in threads:
            thread.join(PATIENCE)


def done(answered: list[tuple[str, int]]) -> list[str]:
    """Those whose invitation was answered as done."""
    return [address for address, status in answered if status == DONE]

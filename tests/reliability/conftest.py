"""One portal for all tests of this folder: to start one takes longer than most of what they do with it."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker

from accessportal.embedded.processes import is_alive
from accounts.models import OutgoingMail
from tests.mail_server import mail_server
from tests.reliability.portal import Disk, Portal
from tests.together import until

FOLDER = "accessportal-portal-"  # and the id of the process that made it


@pytest.fixture(scope="session")
def _portal() -> Iterator[Portal]:
    # Not below pytest's own folder: as root another run closes that to the user under whom the database runs.
    folder = Path(tempfile.gettempdir()) / f"{FOLDER}{os.getpid()}"
    _sweep()
    folder.mkdir(mode=0o711)
    with mail_server() as post_office:
        made = Portal(folder / "var", Disk.at(folder / "disk"), post_office, _free_port())
        try:
            made.start_servers()
            done = made.command("set_up_database", "--verbosity", "0")
            assert done.returncode == 0, done.stderr
            yield made
        finally:
            made.stop()
            shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    """Take away what a run left behind that was killed: its disk would stay mounted."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        if not is_alive(int(folder.name.removeprefix(FOLDER))):
            subprocess.run(["umount", "--lazy", str(folder / "disk")], check=False, capture_output=True)
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def portal(_portal: Portal, django_db_blocker: DjangoDbBlocker) -> Iterator[Portal]:
    """A portal that runs: servers, web, worker and beat, whatever the test before left of it. Mails come to its post office.

    The connections of the test lead to its database.
    """
    settings_of = connections.settings["default"]
    kept = dict(settings_of)
    _portal.post_office.mails.clear()
    _portal.post_office.holds.clear()
    _portal.post_office.has_taken.clear()
    if missing := {"web", "worker", "beat"} - set(_portal.running):
        _portal.start(*sorted(missing))
    until(_portal.database.answers)  # it may still recover from the test before
    connections.close_all()
    settings_of.update(_portal.connected())
    try:
        with django_db_blocker.unblock():
            OutgoingMail.objects.unsettled().update(state=OutgoingMail.State.DROPPED, sealed="")  # of tests before
            yield _portal
    finally:
        connections.close_all()
        settings_of.update(kept)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

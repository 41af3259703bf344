"""`make run` from the first start to the last: what a stranger meets."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from accessportal.embedded.supervisor import Supervisor
from tests.ground.test_embedded import bare_environment, manage, processes_of
from tests.house.source import ROOT

LONGEST_FIRST_START = 300  # migrations and months of demo history


class Run:
    """One `manage.py run_embedded`, as the Makefile executes it."""

    def __init__(self, data, port):
        self.data, self.port = data, port
        self.output = (data.parent / f"output-{time.monotonic_ns()}").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "run_embedded"],
            cwd=ROOT,
            env=bare_environment(data, PORT=str(port)),
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def said(self):
        self.output.seek(0)
        return self.output.read()

    def wait_until_it_runs(self):
        end = time.monotonic() + LONGEST_FIRST_START
        while "Ctrl-C ends it." not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end, self.said()
            time.sleep(0.2)

    def state_of_the_record(self):
        asked = http.client.HTTPConnection("localhost", self.port, timeout=10)
        asked.request("GET", "/readyz")
        return json.loads(asked.getresponse().read())["record"]

    def status_of(self, path):
        asked = http.client.HTTPConnection("localhost", self.port, timeout=10)
        asked.request("GET", path)
        return asked.getresponse().status


def _all_gone(data, within):
    end = time.monotonic() + within
    while (left := processes_of(data)) and time.monotonic() < end:
        time.sleep(0.1)
    return left


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("run") / "var"


@pytest.fixture
def run(data):
    started = Run(data, _free_port())
    yield started
    if started.process.poll() is None:
        started.process.send_signal(signal.SIGTERM)
        started.process.wait(timeout=30)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORT", "abc", "PORT must be a number from 1 to 65535, not 'abc'."),
        ("PORT", "80000", "PORT must be a number from 1 to 65535, not '80000'."),
        ("ACCESSPORTAL_DATA", "/proc/x", "The folder /proc/x can't be made"),
        ("SITE_URL", "localhost", "SITE_URL must be the address"),
    ],
)
def test_a_setting_that_cannot_be_used_is_told_in_one_line(tmp_path, name, value, words):
    answer = subprocess.run(
        [sys.executable, "manage.py", "run_embedded"],
        cwd=ROOT,
        env={**bare_environment(tmp_path / "var"), name: value},
        check=False,
        capture_output=True,
        text=True,
    )

    assert answer.returncode == 2
    assert answer.stderr.startswith(words)
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("keeps_mails", "line"),
    [(True, "Its mails appear at     http://localhost:1/dev/mail/"), (False, "Its mails go out by     EMAIL_URL")],
)
def test_it_says_where_its_mails_are_truthfully(tmp_path, capsys, keeps_mails, line):
    Supervisor(tmp_path, 1, "http://localhost:1", keeps_mails=keeps_mails)._greet("")

    assert line in capsys.readouterr().out.splitlines()


def test_it_runs_says_where_and_ends_all_of_it_at_ctrl_c(run, data):
    run.wait_until_it_runs()

    said = run.said()
    assert f"http://localhost:{run.port}\n" in said
    assert f"http://localhost:{run.port}/dev/mail/" in said
    assert run.status_of("/healthz") == 200
    assert run.status_of("/dev/mail/") == 200
    assert len([command for command in processes_of(data) if "celery" in command or "gunicorn" in command]) >= 3

    beside = manage(data, "run_embedded", PORT=str(_free_port()))
    assert beside.returncode == 1
    assert f"already runs on the data in {data} (process {run.process.pid})" in beside.stderr

    taken = manage(data.parent / "other", "run_embedded", PORT=str(run.port))
    assert taken.returncode == 1
    assert f"Port {run.port} can't be used" in taken.stderr

    assert manage(data, "migrate", "--check").returncode == 0
    assert run.status_of("/healthz") == 200  # the command left the servers alone

    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(timeout=30) == 0, run.said()
    assert _all_gone(data, within=1) == []


@pytest.mark.requirement("AU7")
def test_worker_and_beat_keep_a_checkpoint_outside_the_database_and_say_that_the_record_holds(run, data):
    run.wait_until_it_runs()

    end, said = time.monotonic() + 60, ""
    while said != "ok" and time.monotonic() < end:
        time.sleep(0.2)
        said = run.state_of_the_record()

    assert said == "ok"
    assert (data / "checkpoints" / "00000001.checkpoint").stat().st_mode & 0o222 == 0
    checked = manage(data, "verify_audit")
    assert (checked.returncode, "as at the checkpoint of" in checked.stdout) == (0, True)


def test_the_demo_is_made_on_the_first_run_only_and_its_sign_ins_are_printed(run, data):
    run.wait_until_it_runs()

    said = run.said()
    assert "Making the demo data" not in said  # the run before this one did
    sign_ins = [line.split(" / ") for line in said.splitlines() if line.count(" / ") == 2 and "@" in line]
    assert sign_ins
    assert all(len(parts) == 3 for parts in sign_ins)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent was killed")
def test_a_killed_supervisor_takes_everything_with_it(run, data):
    run.wait_until_it_runs()

    os.kill(run.process.pid, signal.SIGKILL)
    run.process.wait()

    assert _all_gone(data, within=20) == []


def test_a_child_that_dies_is_started_again(run, data):
    run.wait_until_it_runs()
    beat = next(command for command in _pids_of(data, "beat"))

    os.kill(beat, signal.SIGKILL)

    end = time.monotonic() + 15
    while not (_pids_of(data, "beat") and "beat ended unexpectedly" in run.said()) and time.monotonic() < end:
        time.sleep(0.2)
    assert [pid for pid in _pids_of(data, "beat") if pid != beat]


def _pids_of(data, word):
    from pathlib import Path

    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().decode().split("\0")
            environment = (folder / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if word in command and f"ACCESSPORTAL_DATA={data}\0" in environment:
            found.append(int(folder.name))
    return found

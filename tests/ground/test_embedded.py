"""The embedded servers and what runs beside them: real processes in a folder of the test."""

import os
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import environ
import psycopg2
import pytest
import redis

from accessportal.embedded import paths, processes, servers, users
from accessportal.embedded.processes import EmbeddedError
from tests.house.source import ROOT


@pytest.fixture
def data(tmp_path):
    return tmp_path / "var"


def bare_environment(data: Path, **more: str) -> dict[str, str]:
    """The environment of someone who has just cloned the repository."""
    ours = ("ACCESSPORTAL", "DATABASE", "REDIS", "SITE_URL", "SECRET_KEY", "CACHE_PREFIX", "DJANGO", "PYTEST", "PORT")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "ACCESSPORTAL_DATA": str(data), **more}


def manage(data: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=bare_environment(data, **more),
        check=False,
        capture_output=True,
        text=True,
    )


def processes_of(data: Path) -> list[str]:
    """The command lines of all processes that name the folder or were started for it."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().decode(errors="replace")
            command = (folder / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            state = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        named = f"ACCESSPORTAL_DATA={data}\0" in environment or str(data) in command
        if named and state != "Z" and int(folder.name) != os.getpid():
            found.append(command)
    return found


# --- Paths ------------------------------------------------------------------------------------------------------------
def test_the_secret_key_is_made_once_and_closed_to_others(data):
    with ThreadPoolExecutor(8) as many:
        keys = set(many.map(lambda _: paths.secret_key(data), range(8)))

    assert len(keys) == 1
    assert len(keys.pop()) >= 50
    assert stat.S_IMODE((data / "secret-key").stat().st_mode) == 0o600
    assert [path.name for path in data.iterdir()] == ["secret-key"]


def test_a_secret_key_that_others_could_read_is_closed_again(data):
    key = paths.secret_key(data)
    (data / "secret-key").chmod(0o644)

    assert paths.secret_key(data) == key
    assert stat.S_IMODE((data / "secret-key").stat().st_mode) == 0o600


def test_a_short_path_keeps_its_sockets_with_the_data():
    assert paths.run_folder(Path("/srv/portal/var")) == Path("/srv/portal/var/run")


def test_a_deep_path_keeps_its_sockets_in_a_closed_temporary_folder_that_is_written_down(tmp_path):
    deep = tmp_path / ("deep" * 30)

    run = paths.make_run_folder(deep)

    assert len(str(run)) < paths.LONGEST_RUN_FOLDER
    assert stat.S_IMODE(run.stat().st_mode) == 0o700
    assert paths.make_run_folder(deep) == paths.run_folder(deep) == run
    run.rmdir()


def test_a_written_down_folder_that_is_open_to_others_is_not_used(tmp_path):
    deep = tmp_path / ("deep" * 30)
    first = paths.make_run_folder(deep)
    first.chmod(0o777)

    second = paths.make_run_folder(deep)

    assert second != first
    for folder in (first, second):
        folder.rmdir()


def test_the_addresses_survive_a_path_with_a_space():
    data = Path("/srv/my portal/var")

    told = environ.Env.db_url_config(paths.database_url(data, "somebody"))

    assert (told["USER"], told["NAME"], told["OPTIONS"]) == (
        "somebody",
        "accessportal",
        {"host": "/srv/my portal/var/run"},
    )
    assert redis.ConnectionPool.from_url(paths.redis_url(data)).connection_kwargs["path"] == (
        "/srv/my portal/var/run/valkey.sock"
    )


# --- Servers ----------------------------------------------------------------------------------------------------------
def test_the_servers_start_serve_and_stop(tmp_path):
    data = tmp_path / "my portal" / "var"

    with servers.running(data, database=True, broker=True):
        connection = psycopg2.connect(paths.database_url(data))
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, lower('Ł'), 'É' ~* 'é'")
            assert cursor.fetchone() == (paths.APP_ROLE, "ł", True)
        connection.close()
        assert redis.Redis.from_url(paths.redis_url(data)).config_get("appendonly") == {"appendonly": "yes"}
        assert stat.S_IMODE(paths.run_folder(data).stat().st_mode) == 0o700

    assert processes_of(data) == []


def test_the_servers_start_in_a_folder_far_deeper_than_a_socket_may_lie(tmp_path):
    data = tmp_path.joinpath(*["a folder with quite a long name" * 3] * 4) / "var"
    assert len(str(data)) > 400

    with servers.running(data, database=True, broker=True):
        psycopg2.connect(paths.database_url(data)).close()
        assert redis.Redis.from_url(paths.redis_url(data)).ping()
        run = paths.run_folder(data)
        assert len(str(run)) < paths.LONGEST_RUN_FOLDER
        assert stat.S_IMODE(run.stat().st_mode) == 0o700
    with servers.running(data, database=True, broker=False):  # and again, where the folder was written down
        psycopg2.connect(paths.database_url(data)).close()

    assert processes_of(data) == []
    shutil.rmtree(run, ignore_errors=True)


def test_what_was_written_is_there_after_the_next_start(data):
    with servers.running(data, database=True, broker=True):
        redis.Redis.from_url(paths.redis_url(data)).set("kept", "yes")
    with servers.running(data, database=True, broker=True):
        assert redis.Redis.from_url(paths.redis_url(data)).get("kept") == b"yes"


def test_two_commands_share_the_servers_and_the_last_one_stops_them(data):
    with servers.running(data, database=True, broker=False):
        with servers.running(data, database=True, broker=False):
            pass
        psycopg2.connect(paths.database_url(data)).close()
        assert not (data / "valkey").exists()

    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(paths.database_url(data))


def test_a_server_that_survived_is_adopted_and_can_be_stopped(data):
    first = servers.servers_of(data, broker=False)[0]
    first.start(dies_with_us=False)

    adopted = servers.servers_of(data, broker=False)[0]
    assert adopted.start(dies_with_us=False) is False

    adopted.stop()
    assert first.process.wait(timeout=5) == 0


def test_the_pid_file_of_a_server_that_is_no_more_does_not_stop_the_next_one(data):
    with servers.running(data, database=True, broker=False):
        pass
    (data / "postgresql" / "postmaster.pid").write_text(f"{os.getpid()}\n{data}/postgresql\n")

    with servers.running(data, database=True, broker=False):
        psycopg2.connect(paths.database_url(data)).close()


def test_a_process_id_that_was_used_again_is_not_taken_for_a_server(tmp_path):
    (tmp_path / "pid").write_text(f"{os.getpid()}\n")

    assert processes.pid_in(tmp_path / "pid", of="postgres") is None


def test_data_of_another_major_version_is_refused_with_what_to_do(data):
    with servers.running(data, database=True, broker=False):
        pass
    (data / "postgresql" / "PG_VERSION").write_text("17\n")

    with (
        pytest.raises(EmbeddedError, match=r"made by PostgreSQL 17.*pg_dump"),
        servers.running(data, database=True, broker=False),
    ):
        pass


def test_a_user_id_without_a_name_is_told_what_to_do():
    with pytest.raises(EmbeddedError, match=r"has no name on this machine.*DATABASE_URL"):
        users.require_a_name(users.ServersUser(54321, 54321, ""))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as another user")
def test_as_root_the_servers_run_as_another_user_who_may_pass_but_not_list(tmp_path, capsys):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    data = closed / "var"

    with servers.running(data, database=True, broker=True):
        owner = (data / "postgresql").stat().st_uid
        assert owner != 0
        assert (data / "valkey").stat().st_uid == owner

    assert stat.S_IMODE(closed.stat().st_mode) == 0o701
    assert stat.S_IMODE((data / "postgresql").stat().st_mode) == 0o700
    assert f"must pass through {closed}" in capsys.readouterr().err


# --- manage.py --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "command", [["check"], ["help"], ["makemigrations", "--check", "--dry-run"], ["migrate", "-h"]]
)
def test_a_command_that_needs_no_database_starts_none(data, command):
    ended = manage(data, *command)

    assert ended.returncode == 0, ended.stderr
    assert "Warning" not in ended.stderr
    assert not (data / "postgresql").exists()


def test_a_command_without_servers_starts_them_for_its_length(data):
    ended = manage(data, "set_up_database", "--verbosity", "0")

    assert ended.returncode == 0, ended.stderr
    assert "'accessportal' holds its grants" in ended.stdout
    assert processes_of(data) == []


def test_a_command_beside_running_servers_adopts_and_leaves_them(data):
    with servers.running(data, database=True, broker=True):
        assert manage(data, "set_up_database", "--verbosity", "0").returncode == 0
        asked = manage(
            data, "shell", "-v", "0", "-c", "from django.db import connection as c; print(c.settings_dict['USER'])"
        )
        psycopg2.connect(paths.database_url(data)).close()

    assert asked.stdout.strip() == paths.APP_ROLE, asked.stderr

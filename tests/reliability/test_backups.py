"""A backup restored on an empty machine is the same portal, and the record proves it (RE9): docs/backups.md, by its commands."""

import os
import re
import secrets
import shlex
import subprocess
from urllib.parse import quote

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from accessportal.embedded import paths, servers
from accounts.models import OutgoingMail
from tests.house.source import ROOT
from tests.reliability.portal import DONE
from tests.together import until

pytestmark = pytest.mark.requirement("RE9")
DOCS = (ROOT / "docs" / "backups.md").read_text(encoding="utf-8")


@pytest.fixture
def empty_machine(portal):
    """A database server that nobody has used yet, with the two roles and an empty database."""
    (server,) = servers.servers_of(portal.data.parent / "other", broker=False, for_tests=True)
    server.start(dies_with_us=True)
    server.for_tests = False
    server.set_up()
    yield server
    server.stop()


def test_a_restored_backup_has_the_same_rows_a_whole_record_and_matches_the_checkpoint(
    portal, empty_machine, settings, tmp_path, capsys
):
    settings.CHECKPOINT_KEY = secrets.token_hex(32)
    owner = portal.owner()
    for number in range(3):
        assert owner.invite(f"kept{number}@example.com").status == DONE
    until(lambda: not OutgoingMail.objects.unsettled().exists())
    before = checkpoint(tmp_path / "before", capsys)
    there = rows()
    backup = tmp_path / "accessportal.dump"
    by_the_book("pg_dump", server=portal.database, backup=backup)
    assert rows() == there
    assert owner.invite("lost@example.com").status == DONE
    until(lambda: not OutgoingMail.objects.unsettled().exists())
    after = checkpoint(tmp_path / "after", capsys)

    by_the_book("pg_restore", server=empty_machine, backup=backup)
    done = portal.command(
        "set_up_database", "--verbosity", "0", DATABASE_URL=url(empty_machine, paths.OWNER_ROLE),
        REDIS_URL=paths.redis_url(portal.data), ACCESSPORTAL_LOCAL="1", DATABASE_APP_ROLE=paths.APP_ROLE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr

    connections.close_all()
    connections.settings["default"] |= {"HOST": str(empty_machine.run), "USER": paths.APP_ROLE}
    assert rows() == there
    assert there["audit_event"][0] > 3
    call_command("verify_audit")
    call_command("verify_audit", checkpoint=before)
    assert "OK" in capsys.readouterr().out
    with pytest.raises(CommandError) as found:
        call_command("verify_audit", checkpoint=after)
    assert found.value.returncode == 1
    missing = [line for line in capsys.readouterr().err.splitlines() if "missing" in line]
    assert len(missing) == 1
    assert f"account/{owner.account.pk} " in missing[0]
    assert f"--account {owner.account.slug}" in missing[0]


def checkpoint(file, capsys):
    """Make a checkpoint, keep it outside, and return its path."""
    capsys.readouterr()
    call_command("create_checkpoint")
    file.write_text(capsys.readouterr().out)
    return str(file)


def rows():
    """How many rows each table has, and a digest of them all."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [table for (table,) in cursor.fetchall()]
        found = {}
        for table in tables:
            cursor.execute(
                f"""SELECT count(*), md5(string_agg(line::text, ',' ORDER BY line::text)) FROM "{table}" line"""
            )
            found[table] = cursor.fetchone()
    return found


def by_the_book(program, *, server, backup):
    """Run the command of the docs that begins so, on another server."""
    (line,) = re.findall(rf"^{program} .*$", DOCS, flags=re.MULTILINE)
    program, *arguments = shlex.split(
        line.replace("$OWNERS_DATABASE_URL", url(server, paths.OWNER_ROLE)).replace("accessportal.dump", str(backup))
    )
    done = subprocess.run(
        [str(servers.postgres_binary(program)), *arguments],
        env={"PATH": os.environ["PATH"]}, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def url(server, role):
    return f"postgresql://{role}@/{paths.DATABASE}?host={quote(str(server.run), safe='')}"

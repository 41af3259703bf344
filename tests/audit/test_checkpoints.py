"""Signed checkpoints that leave the machine: what a chain alone cannot show (rule 16, AU7)."""

import json

import pytest
from django.core.management import CommandError, call_command

from audit.canonical import digest_of, link
from audit.models import Event
from tests.audit.test_record import seated_account, write

pytestmark = [pytest.mark.rule(16), pytest.mark.requirement("AU7")]
KEY = "11" * 32


@pytest.fixture
def checkpoint(fresh_database, settings, tmp_path, capsys):
    """A file with the checkpoint of one account's ten events, and that account."""
    settings.CHECKPOINT_KEY = KEY
    account = seated_account()
    write(account, 10)
    call_command("create_checkpoint")
    file = tmp_path / "checkpoint.json"
    file.write_text(capsys.readouterr().out)
    return file, account


def verify(file, **more):
    call_command("verify_audit", checkpoint=str(file), **more)


def test_a_record_that_went_on_extends_its_checkpoint(checkpoint, capsys):
    file, account = checkpoint
    write(account, 5)

    verify(file)

    assert "OK: 15 events" in capsys.readouterr().out


TAMPERING = {
    "a cut tail, the head put back": (
        "DELETE FROM audit_event WHERE number > 6;"
        "UPDATE audit_chain SET length = 6, head = (SELECT hash FROM audit_event WHERE number = 6),"
        " previous = (SELECT previous FROM audit_event WHERE number = 6)"
    ),
    "everything gone": "DELETE FROM audit_event; DELETE FROM audit_chain",
}


@pytest.mark.parametrize("how", TAMPERING)
def test_what_a_chain_alone_does_not_show_is_found_against_the_checkpoint(checkpoint, as_owner, how, capsys):
    file, account = checkpoint
    with as_owner.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(TAMPERING[how])
    call_command("verify_audit")  # by itself, it holds

    with pytest.raises(CommandError) as failure:
        verify(file)

    assert failure.value.returncode == 1
    assert f"BROKEN account/{account.pk} at event 10: it was there at the checkpoint" in capsys.readouterr().err


def test_a_history_written_anew_with_fresh_hashes_is_found(checkpoint, as_owner, capsys):
    file, account = checkpoint
    head = bytes(32)
    with as_owner.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for event in Event.objects.of(account).order_by("number"):
            text = event.canonical.replace('"number":3', '"number":8')
            digest = digest_of(text)
            previous, head = head, link(head, event.number, digest)
            cursor.execute(
                "UPDATE audit_event SET canonical = %s, digest = %s, previous = %s, hash = %s WHERE id = %s",
                [text, digest, previous, head, event.pk],
            )
        cursor.execute("UPDATE audit_chain SET head = %s, previous = %s", [head, previous])
    call_command("verify_audit")

    with pytest.raises(CommandError):
        verify(file)

    assert "the history up to here is another than at the checkpoint" in capsys.readouterr().err


@pytest.mark.parametrize("change", [{"events": 9}, {"chains": []}, {"public_key": "22" * 32}, {"signature": "00" * 64}])
def test_a_changed_checkpoint_is_refused(checkpoint, change):
    file, _account = checkpoint
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))

    with pytest.raises(CommandError) as refusal:
        verify(file)

    assert refusal.value.returncode == 2


@pytest.mark.parametrize("text", ["", "[]", "{}", "\x00", '{"signature": 1}', "x" * 100_000])
def test_what_is_no_checkpoint_is_refused_with_words(checkpoint, text):
    file, _account = checkpoint
    file.write_text(text)

    with pytest.raises(CommandError, match="this is no checkpoint"):
        verify(file)


def test_only_the_expected_key_counts_where_one_is_named(checkpoint):
    file, _account = checkpoint
    signer = json.loads(file.read_text())["public_key"]

    verify(file, public_key=signer)
    with pytest.raises(CommandError, match="another key"):
        verify(file, public_key="33" * 32)


def test_without_a_key_nothing_is_signed(fresh_database, settings):
    settings.CHECKPOINT_KEY = ""

    with pytest.raises(CommandError, match="openssl rand -hex 32"):
        call_command("create_checkpoint")

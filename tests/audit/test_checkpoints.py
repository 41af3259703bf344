"""Signed checkpoints that leave the machine: what a chain alone cannot show (rule 16, AU7)."""

import re

import pytest
from django.core.management import CommandError, call_command

from audit.canonical import digest_of, link
from audit.checkpoints import BadCheckpoint, objections, read, read_links
from audit.models import Event
from audit.notes import COSIGNATURE, SignerKey
from tests.audit.test_record import seated_account, write

pytestmark = [pytest.mark.rule(16), pytest.mark.requirement("AU7")]
KEY = "11" * 32
ORIGIN = "access.example.com"
OURS = SignerKey.from_seed(ORIGIN, bytes.fromhex(KEY))
OTHERS = SignerKey.from_seed(ORIGIN, bytes(32))


@pytest.fixture
def signing(settings):
    settings.CHECKPOINT_KEY, settings.CHECKPOINT_ORIGIN = KEY, ORIGIN


@pytest.fixture
def checkpoint(fresh_database, signing, tmp_path, capsys):
    """A file with the checkpoint of one account's ten events, and that account."""
    account = seated_account()
    write(account, 10)
    return made(tmp_path / "first.checkpoint", capsys), account


def made(file, capsys):
    capsys.readouterr()
    call_command("create_checkpoint")
    file.write_text(capsys.readouterr().out)
    return file


def verify(file, **more):
    call_command("verify_audit", checkpoint=str(file), **more)


def rewrite(raw, account):
    """Write a chain anew with fresh hashes, as the owner of the tables can, one word changed in its third event."""
    head = bytes(32)
    with raw.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for event in Event.objects.of(account).order_by("number"):
            text = event.canonical.replace('"number":3', '"number":8')
            digest = digest_of(text)
            previous, head = head, link(head, event.number, digest)
            cursor.execute(
                "UPDATE audit_event SET canonical = %s, digest = %s, previous = %s, hash = %s WHERE id = %s",
                [text, digest, previous, head, event.pk],
            )
            length = event.number
        cursor.execute(
            "UPDATE audit_chain SET head = %s, previous = %s, length = %s WHERE kind = 'account' AND subject_id = %s",
            [head, previous, length, account.pk],
        )


def cut(raw, account, at):
    """Take the end of a chain away and put its head back, as the owner of the tables can."""
    with raw.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        chain = "(SELECT id FROM audit_chain WHERE kind = 'account' AND subject_id = %s)"
        cursor.execute(f"DELETE FROM audit_event WHERE number > %s AND chain_id = {chain}", [at, account.pk])
        last = f"FROM audit_event WHERE number = %s AND chain_id = {chain}"
        cursor.execute(
            f"UPDATE audit_chain SET length = %s, head = (SELECT hash {last}), previous = (SELECT previous {last})"
            f" WHERE id = {chain}",
            [at, at, account.pk, at, account.pk, account.pk],
        )


def test_a_checkpoint_is_a_signed_note_below_the_heads_that_its_root_stands_for(checkpoint, capsys):
    file, account = checkpoint

    chains, note = file.read_text().split("\n\n", 1)
    text, signature = note.split("\n\n")
    origin, events, root, many, time = text.split("\n")
    form, *heads = chains.split("\n")
    assert (origin, many, form) == (ORIGIN, f"chains {len(heads)}", "accessportal-chains/v1")
    assert int(events) == Event.objects.count() == sum(int(head.split()[1]) for head in heads)
    assert len(root) == 44
    assert re.fullmatch(r"time \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", time)
    assert signature.startswith(f"— {ORIGIN} ")
    assert heads[0].startswith(f"account/{account.pk} 10 ")
    call_command("create_checkpoint", public_key=True)
    assert capsys.readouterr().out == f"{OURS.verifier}\n"


def test_a_record_that_went_on_extends_its_checkpoint(checkpoint, capsys):
    file, account = checkpoint
    write(account, 5)

    verify(file)

    assert re.search(r"OK: 15 events in 1 chain holds, as at the checkpoint of \d{4}-", capsys.readouterr().out)


def test_a_checkpoint_that_came_by_mail_is_read_as_it_is(checkpoint):
    file, _account = checkpoint
    file.write_bytes(f"\n\n{file.read_text()}\n".replace("\n", "\r\n").encode())

    verify(file)


def test_a_cut_tail_is_found_though_the_chain_holds_in_itself(checkpoint, as_owner, capsys):
    file, account = checkpoint
    cut(as_owner, account, 6)
    call_command("verify_audit")

    with pytest.raises(CommandError) as failure:
        verify(file)

    assert failure.value.returncode == 1
    assert f"BROKEN account/{account.pk} at event 10: it was there at the checkpoint" in capsys.readouterr().err


def test_a_record_that_is_gone_as_a_whole_is_found(checkpoint, as_owner, capsys):
    file, account = checkpoint
    with as_owner.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; DELETE FROM audit_event; DELETE FROM audit_chain")
    call_command("verify_audit")

    with pytest.raises(CommandError):
        verify(file)

    assert f"BROKEN account/{account.pk} at event 10: it was there at the checkpoint" in capsys.readouterr().err


def test_a_history_written_anew_with_fresh_hashes_is_found(checkpoint, as_owner, capsys):
    file, account = checkpoint
    rewrite(as_owner, account)
    call_command("verify_audit")

    with pytest.raises(CommandError):
        verify(file)

    assert "the history up to here is another than at the checkpoint" in capsys.readouterr().err


def test_one_chain_is_held_against_its_own_line_only(checkpoint, as_owner, capsys):
    file, account = checkpoint
    other = seated_account()
    write(other, 3)
    made(file, capsys)
    rewrite(as_owner, account)

    verify(file, account=other.slug)
    with pytest.raises(CommandError, match="1 chain does not hold"):
        verify(file, account=account.slug)


def test_a_chain_that_is_gone_is_missed_by_who_asks_for_it_alone(checkpoint, as_owner, capsys):
    file, account = checkpoint
    with as_owner.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; DELETE FROM audit_event; DELETE FROM audit_chain")

    with pytest.raises(CommandError, match="1 chain does not hold"):
        verify(file, account=account.slug)

    assert f"BROKEN account/{account.pk} at event 10" in capsys.readouterr().err


CHANGES = {
    "another number of events": (r"\n10\n", "\n9\n"),
    "another time": (r"time \d{4}", "time 2020"),
    "a head changed": (r"(account/\d+ 10) ....", r"\1 AAAA"),
    "a head left out": (r"account/.*\n", ""),
    "another number of chains": (r"chains 1", "chains 2"),
    "a chain of another name": (r"account/", "person/"),
    "another signature": (r"(— \S+ ........)....", r"\1AAAA"),
    "a signature under another name": (r"— \S+", "— other.example.com"),
    "no signature": (r"\n\n— .*\n", "\n"),
}


def test_a_changed_checkpoint_is_refused(checkpoint):
    file, _account = checkpoint
    whole = file.read_text()

    codes = {}
    for change, (pattern, instead) in CHANGES.items():
        file.write_text(re.sub(pattern, instead, whole))
        assert file.read_text() != whole, change
        with pytest.raises(CommandError) as refusal:
            verify(file)
        codes[change] = refusal.value.returncode

    assert codes == dict.fromkeys(CHANGES, 2)


def test_what_is_no_checkpoint_is_refused_with_words(checkpoint):
    file, _account = checkpoint
    for text in ("", "[]", "\x00", "a\n\nb\n\nc", "x" * 100_000, "accessportal-chains/v1\n\n"):
        file.write_text(text)

        with pytest.raises(CommandError, match=r"this is no (checkpoint|signed note)"):
            verify(file)


def test_only_the_expected_key_counts(checkpoint, settings):
    file, _account = checkpoint

    verify(file, public_key=str(OURS.verifier))
    with pytest.raises(CommandError, match="another key"):
        verify(file, public_key=str(OTHERS.verifier))
    settings.CHECKPOINT_KEY = ""
    with pytest.raises(CommandError, match="--public-key"):
        verify(file)
    with pytest.raises(CommandError, match="not a key"):
        verify(file, public_key="11" * 32)


def test_a_checkpoint_of_another_record_under_the_same_key_is_refused(checkpoint, settings):
    file, _account = checkpoint
    settings.CHECKPOINT_ORIGIN = "other.example.com"

    with pytest.raises(CommandError, match="another key than the expected one"):
        verify(file)


def test_a_countersignature_can_be_asked_for(checkpoint):
    file, _account = checkpoint
    witness = SignerKey.from_seed("witness.example.com", bytes(range(32)), COSIGNATURE)
    found = read(file.read_text(), keys=[OURS.verifier])
    key = str(witness.verifier)

    with pytest.raises(CommandError, match=r"witness\.example\.com did not countersign it"):
        verify(file, witness=key)
    file.write_text(found.with_line(witness.line(found.statement.text, found.statement.at)).file)
    verify(file, witness=key)
    file.write_text(found.with_line(witness.line("another text\n", found.statement.at)).file)
    with pytest.raises(CommandError, match="does not hold"):
        verify(file, witness=key)
    with pytest.raises(CommandError, match="there is none"):
        call_command("verify_audit", witness=key)


def test_without_a_key_nothing_is_signed(settings):
    for key in ("", "11", "no key"):
        settings.CHECKPOINT_KEY = key

        with pytest.raises(CommandError, match="openssl rand -hex 32"):
            call_command("create_checkpoint")


def test_an_account_is_proven_without_a_word_of_the_others(checkpoint, capsys):
    """What an owner gets by mail names no other chain, and still is under the signed root."""
    file, account = checkpoint
    others = [seated_account() for _number in range(4)]
    for other in others:
        write(other, 2)
    whole = read(made(file, capsys).read_text(), keys=[OURS.verifier])
    chain = f"account/{account.pk}"

    text = whole.file_of(chain)

    assert not any(f"account/{other.pk} " in text for other in others)
    alone = read(text, keys=[OURS.verifier])
    assert [head.chain for head in alone.heads] == [chain]
    assert not alone.whole
    assert alone.note == whole.note
    assert whole.file_of("account/0") is None
    file.write_text(text)
    verify(file)
    file.write_text(text.replace(f"{chain} 10", f"{chain} 11"))
    with pytest.raises(CommandError, match="the chain in the file is not one of the checkpoint"):
        verify(file)


def test_the_links_between_two_checkpoints_prove_that_one_extends_the_other(checkpoint, tmp_path, capsys):
    """Links are hashes and nothing else: no word of an event leaves the record."""
    file, account = checkpoint
    write(account, 5)
    write(newcomer := seated_account(), 2)
    later = made(tmp_path / "second.checkpoint", capsys)
    capsys.readouterr()
    call_command("create_checkpoint", links=[str(file), str(later)])
    text = capsys.readouterr().out

    old, new = (read(path.read_text(), keys=[OURS.verifier]) for path in (file, later))
    links = read_links(text)
    assert {chain: (first, len(digests)) for chain, (first, digests) in links.items()} == {
        f"account/{account.pk}": (11, 5),
        f"account/{newcomer.pk}": (1, 2),
    }
    form = r"accessportal-links/v1\n(account/\d+ \d+ \d+\n|[A-Za-z0-9+/]{43}=\n)+"
    assert re.fullmatch(form, text)
    assert objections(old, new, links) == []
    assert objections(old, new, {}) != []


def test_no_links_are_given_that_would_not_prove_it(checkpoint, as_owner, tmp_path, capsys):
    file, account = checkpoint
    rewrite(as_owner, account)
    write(account, 1)
    later = made(tmp_path / "second.checkpoint", capsys)

    with pytest.raises(CommandError, match=f"account/{account.pk} was written anew") as failure:
        call_command("create_checkpoint", links=[str(file), str(later)])
    assert failure.value.returncode == 1
    with pytest.raises(CommandError, match="restored old copy"):
        call_command("create_checkpoint", links=[str(later), str(file)])


@pytest.mark.parametrize(
    "text",
    ["", "accessportal-links/v2\n", "accessportal-links/v1\naccount/1 1 2\nAAAA\n", "accessportal-links/v1\naccount/1 1\n",
     "accessportal-links/v1\nAccount/1 1 0\n", "accessportal-links/v1\naccount/1 1 0\naccount/1 1 0\n"],
)  # fmt: skip
def test_what_are_no_links_is_refused(text):
    with pytest.raises(BadCheckpoint):
        read_links(text)

"""The witness on another machine: it countersigns only what extends the last checkpoint it saw, and shouts else (AU7).

Whoever runs the portal has its key and its database, and can make any checkpoint and any links. So do these tests.
"""

import datetime as dt
import functools
import os
import re
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from audit import witness as at_work
from audit.canonical import GENESIS, digest_of, link
from audit.checkpoints import Head, links_file, make, read
from audit.notes import COSIGNATURE, VerifierKey
from audit.witness import main
from tests.audit.test_checkpoints import KEY, ORIGIN, OTHERS, OURS
from tests.audit.test_record import seated_account, write

pytestmark = [pytest.mark.rule(16), pytest.mark.requirement("AU7")]
ROOT = Path(__file__).resolve().parents[2]


class Portal:
    """A record of texts, its checkpoints in a folder, and an operator who stops at nothing."""

    def __init__(self, folder):
        self.folder, self.chains, self.known = folder, {}, {}
        self.at = timezone.now() - dt.timedelta(minutes=30)
        folder.mkdir()

    def write(self, chain="account/1", *texts):
        self.chains.setdefault(chain, []).extend(texts)

    def heads(self):
        heads = []
        for chain, texts in self.chains.items():
            last = GENESIS
            for number, text in enumerate(texts, 1):
                last = link(last, number, digest_of(text))
            heads.append(Head(chain, len(texts), last))
        return heads

    def links(self):
        """From what was written at the last checkpoint: the best that there is, whatever was changed since."""
        return {
            chain: (self.known.get(chain, 0) + 1, [digest_of(text) for text in texts[self.known.get(chain, 0) :]])
            for chain, texts in self.chains.items()
            if len(texts) > self.known.get(chain, 0)
        }

    def publish(self, number, *, key=OURS, minutes=1):
        self.at += dt.timedelta(minutes=minutes)
        checkpoint = make(self.heads(), key=key, at=self.at)
        self.file(number).write_text(checkpoint.file)
        self.file(number, "links").write_text(links_file(self.links()))
        self.known = {chain: len(texts) for chain, texts in self.chains.items()}
        return checkpoint

    def file(self, number, kind="checkpoint"):
        return self.folder / f"{number:08}.{kind}"


@pytest.fixture
def portal(tmp_path):
    """A portal with two chains, whose first checkpoint lies there."""
    portal = Portal(tmp_path / "store")
    portal.write("account/1", "a", "b", "c", "d")
    portal.write("person/7", "p")
    portal.publish(1)
    return portal


@pytest.fixture
def run(portal, tmp_path, capsys):
    """Runs the witness, and returns its exit code and what it said."""

    def run(source=None, *more, key=OURS.verifier, folder="witness"):
        capsys.readouterr()
        where = ["--folder", str(tmp_path / folder), "--key", str(key), "--name", "witness.example.com/w1"]
        code = main([*where, *more, str(source or portal.folder)])
        out, err = capsys.readouterr()
        return code, out + err

    run.last = lambda: sorted(path.name for path in (tmp_path / "witness" / "last").iterdir())
    run.kept = lambda: (tmp_path / "witness" / "last" / run.last()[0]).read_text()
    return run


def test_each_new_checkpoint_is_countersigned_and_only_the_last_is_kept(portal, run, tmp_path):
    code, said = run()
    assert code == 0
    assert "OK: 00000001.checkpoint, 5 events in 2 chains of access.example.com, the first one seen" in said
    vkey = VerifierKey.read(re.search(r"signs as (\S+)", said)[1], COSIGNATURE)
    for number in (2, 3):  # the witness was off for a while, and follows step by step
        portal.write("account/1", f"more {number}")
        portal.write(f"account/{number}", "new")
        portal.publish(number)

    code, said = run(None, "--copy-to", str(tmp_path / "copies"))

    assert code == 0
    assert "OK: 00000002.checkpoint" in said
    assert "OK: 00000003.checkpoint, 9 events in 4 chains of access.example.com, extends 00000002.checkpoint" in said
    assert run.last() == ["00000003.checkpoint"]
    kept = read(run.kept(), keys=[OURS.verifier])
    assert kept.is_cosigned_by(vkey)
    assert kept.heads == read(portal.file(3).read_text(), keys=[OURS.verifier]).heads
    assert sorted(path.name for path in (tmp_path / "copies").iterdir()) == [
        "00000002.checkpoint",
        "00000003.checkpoint",
    ]
    assert (tmp_path / "witness" / "key").stat().st_mode & 0o777 == 0o600


def test_nothing_new_is_said_too(portal, run):
    run()
    kept = run.kept()

    assert run() == (0, "OK: the newest checkpoint is 00000001.checkpoint\n")
    assert run.kept() == kept


def cut_tail(portal):
    del portal.chains["account/1"][3:]
    portal.publish(2)


def rewritten_suffix(portal):
    portal.chains["account/1"][2] = "another"
    portal.publish(2)


def rewritten_and_grown(portal):
    """With fresh hashes, and the links of the new history from its own event 4 on."""
    portal.chains["account/1"][2] = "another"
    portal.write("account/1", "e", "f")
    portal.publish(2)


def rewritten_with_too_many_links(portal):
    """With the links of all of the new history."""
    portal.chains["account/1"][0] = "another"
    portal.write("account/1", "e")
    portal.known = {}
    portal.publish(2)


def grown_without_links(portal):
    portal.write("account/1", "e")
    portal.publish(2)
    portal.file(2, "links").unlink()


def deleted_chain(portal):
    del portal.chains["person/7"]
    portal.publish(2)


def deleted_chain_made_up_for(portal):
    """The number of events stays the same."""
    del portal.chains["person/7"]
    portal.write("account/1", "e")
    portal.publish(2)


def moved_events(portal):
    """Two chains exchange their names."""
    chains = portal.chains
    chains["account/1"], chains["person/7"] = chains["person/7"], chains["account/1"]
    portal.publish(2)


def replayed(portal):
    portal.file(2).write_text(portal.file(1).read_text())
    portal.write("account/1", "e")
    portal.publish(2)
    portal.publish(3)
    portal.file(3).write_text(portal.file(1).read_text())


def restored_copy(portal):
    """The portal as it was: it goes on from there, at a time before the last one seen."""
    portal.publish(2, minutes=-5)


def from_the_future(portal):
    portal.publish(2, minutes=300)


def foreign_key(portal):
    portal.publish(2, key=OTHERS)


def changed_checkpoint(portal):
    portal.publish(2)
    portal.file(2).write_text(portal.file(2).read_text().replace("\n5\n", "\n6\n"))


def changed_heads(portal):
    portal.publish(2)
    portal.file(2).write_text(re.sub(r"account/1 4 ....", "account/1 4 AAAA", portal.file(2).read_text()))


def another_under_the_same_number(portal):
    portal.write("account/1", "e")
    portal.publish(1)


def taken_back(portal):
    portal.file(1).unlink()


def left_out(portal):
    portal.write("account/1", "e")
    portal.publish(3)


def emptied(portal):
    portal.publish(2)
    portal.file(2).write_text("")


NAMED = {
    cut_tail: "account/1 was cut: it had 4 events, and has 3",
    rewritten_suffix: "account/1 was written anew: event 4 is another than then",
    rewritten_and_grown: "account/1 was written anew: event 4 does not lead to its new end",
    rewritten_with_too_many_links: "account/1: the links from event 4 to event 5 are missing",
    grown_without_links: "account/1: the links from event 4 to event 5 are missing",
    deleted_chain: "person/7 is gone: it had 1 event",
    deleted_chain_made_up_for: "person/7 is gone: it had 1 event",
    moved_events: "account/1 was cut: it had 4 events, and has 1",
    replayed: "00000003.checkpoint does not extend the last one seen:\n  an old checkpoint again, or a restored old copy",
    restored_copy: "an old checkpoint again, or a restored old copy",
    from_the_future: "it is of a time that has not come yet",
    foreign_key: "00000002.checkpoint: it is signed by another key than the expected one",
    changed_checkpoint: "00000002.checkpoint: the signature of access.example.com does not hold: the text was changed",
    changed_heads: "00000002.checkpoint: the chains in the file are not those of the checkpoint",
    another_under_the_same_number: "00000001.checkpoint is another than the one that was seen under this number",
    taken_back: "00000001.checkpoint was there, and is missing now: the checkpoints were put back",
    left_out: "00000002.checkpoint is missing, and there are later ones",
    emptied: "00000002.checkpoint: this is no checkpoint",
}


@pytest.mark.parametrize("how", NAMED, ids=lambda how: how.__name__)
def test_what_an_operator_may_try_is_named_and_never_countersigned(portal, run, how):
    run()
    how(portal)

    code, said = run()

    assert code == 1
    assert "ALARM: " in said
    assert NAMED[how] in said
    kept = read(run.kept(), keys=[OURS.verifier])
    assert how is replayed or run.last() == ["00000001.checkpoint"]
    assert how is replayed or kept.statement.events == 5
    assert run()[0] == 1  # it goes on shouting


def test_silence_is_an_alarm(portal, run, monkeypatch):
    empty = portal.folder.with_name("empty")
    empty.mkdir()
    assert run(empty, folder="other")[:1] == (1,)
    assert "there is no checkpoint" in run(empty, folder="other")[1]
    assert "is not there" in run(portal.folder.with_name("nowhere"), folder="other")[1]
    run()
    monkeypatch.setattr(at_work, "_now", lambda: timezone.now() + dt.timedelta(hours=4))

    code, said = run()

    assert code == 1
    assert "ALARM: silence: the newest checkpoint, 00000001.checkpoint, is 4 hours old" in said
    assert run(None, "--silence", "5")[0] == 0


def test_a_single_file_is_seen_with_links_across_several(portal, run, tmp_path):
    """Whoever was away for long asks the portal for the links from the last one seen."""
    run()
    portal.write("account/1", "e")
    before = dict(portal.known)
    portal.publish(2)
    portal.write("account/1", "f")
    portal.publish(3)

    alone = run(portal.file(3))
    portal.known = before
    across = tmp_path / "across.links"
    across.write_text(links_file(portal.links()))
    code, said = run(portal.file(3), "--links", str(across))

    assert alone[0] == 1
    assert "account/1: the links from event 4 to event 6 are missing" in alone[1]
    assert (code, "OK: 00000003.checkpoint" in said) == (0, True)


def test_checkpoints_are_fetched_by_their_address(portal, run):
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(portal.folder))
    handler.log_message = lambda *_said: None
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        SimpleHTTPRequestHandler.log_message = lambda *_said: None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        no_list = run(f"{address}/")
        first = run(f"{address}/00000001.checkpoint")
        portal.write("account/1", "e")
        portal.publish(2)
        second = run(f"{address}/")
        portal.file(2).unlink()
        taken = run(f"{address}/")
        server.shutdown()
    unreachable = run(f"{address}/")

    assert (no_list[0], "has no list of files" in no_list[1]) == (2, True)
    assert (first[0], second[0]) == (0, 0)
    assert "OK: 00000002.checkpoint" in second[1]
    assert (taken[0], "is missing now" in taken[1]) == (1, True)
    assert (unreachable[0], "can't be read" in unreachable[1]) == (1, True)


def test_an_address_that_leads_elsewhere_is_not_followed(portal, run):
    class Elsewhere(SimpleHTTPRequestHandler):
        def do_GET(self):
            self.send_response(302)
            self.send_header("Location", portal.file(1).as_uri())
            self.end_headers()

        def log_message(self, *_said):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        code, said = run(f"http://127.0.0.1:{server.server_port}/00000001.checkpoint")
        server.shutdown()

    assert (code, "302" in said) == (1, True)


def test_what_lies_in_its_own_folder_must_be_its_own(portal, run, tmp_path):
    run()
    (tmp_path / "witness" / "last" / "00000001.checkpoint").write_text(portal.file(1).read_text())

    code, said = run()

    assert (code, "this witness did not countersign what lies there" in said) == (1, True)


def test_it_says_what_it_needs_to_know(portal, tmp_path, capsys):
    folder = ["--folder", str(tmp_path / "w")]
    asked = {
        "--key: not a key": [*folder, "--key", "no", "--name", "w", str(portal.folder)],
        "this is the first run": [*folder, "--key", str(OURS.verifier), str(portal.folder)],
        "--name: the name of a key": [*folder, "--key", str(OURS.verifier), "--name", "a b", str(portal.folder)],
    }
    for words, arguments in asked.items():
        assert main(arguments) == 2
        assert words in capsys.readouterr().err
    assert main([*folder, "--key", str(OURS.verifier), "--name", "w", str(portal.folder)]) == 0
    assert main([*folder, "--key", str(OURS.verifier), "--name", "v", str(portal.folder)]) == 2
    (tmp_path / "w" / "key").write_text("nothing")
    assert main([*folder, "--key", str(OURS.verifier), str(portal.folder)]) == 2


def test_it_runs_where_there_is_no_portal(portal, tmp_path):
    """No settings, no database, no Django; and it leaves nothing beside its own folder."""
    bare = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "ACCESSPORTAL_DATA": str(tmp_path / "var")}
    command = [sys.executable, str(ROOT / "manage.py"), "witness", "--folder", str(tmp_path / "w")]
    command += ["--key", str(OURS.verifier), "--name", "w", str(portal.folder)]

    first = subprocess.run(command, env=bare, cwd=tmp_path, check=False, capture_output=True, text=True)
    rewritten_suffix(portal)
    second = subprocess.run(command, env=bare, cwd=tmp_path, check=False, capture_output=True, text=True)
    code = "import sys, audit.witness; sys.exit(any(name.split('.')[0] == 'django' for name in sys.modules))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=bare, check=True)

    assert first.returncode == 0, first.stderr
    assert second.returncode == 1
    assert "was written anew" in second.stderr
    assert not (tmp_path / "var").exists()


def test_from_the_portals_own_store_to_an_auditor_who_asks_for_the_witness(
    fresh_database, settings, run, tmp_path, capsys
):
    """The whole way, through the commands: kept, linked, countersigned, and held against the record."""
    folder = tmp_path / "own"
    backend = {"BACKEND": "audit.store.WriteOnceFolder", "OPTIONS": {"location": str(folder)}}
    settings.CHECKPOINT_KEY, settings.CHECKPOINT_ORIGIN = KEY, ORIGIN
    settings.STORAGES = {**settings.STORAGES, "checkpoints": backend}
    account = seated_account()
    write(account, 3)
    call_command("create_checkpoint", keep=True)
    said = run(folder)[1]
    write(account, 2)
    write(seated_account(), 1)
    call_command("create_checkpoint", keep=True)

    code, more = run(folder)

    assert code == 0, more
    asked = {"checkpoint": str(tmp_path / "witness" / "last" / run.last()[0]), "public_key": str(OURS.verifier)}
    call_command("verify_audit", **asked, witness=re.search(r"signs as (\S+)", said)[1])
    assert "OK: 6 events in 2 chains hold, as at the checkpoint of" in capsys.readouterr().out
    with pytest.raises(CommandError, match="did not countersign it"):
        call_command("verify_audit", witness=re.search(r"signs as (\S+)", said)[1])  # the store's own has no such line

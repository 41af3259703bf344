"""The evidence pack: made in the background, checked by one file of Python that knows nothing of us (rules 16, 18)."""

import hashlib
import io
import json
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse

from accounts.models import BusinessAccount
from audit import keeping, store
from audit.models import Event
from oversight.demo.cast import CAST
from oversight.evidence import verify
from oversight.evidence.pack import write_pack
from oversight.models import LogExport
from oversight.tasks import make_export
from tests.audit.test_keeping import kept  # noqa: F401  # a fixture
from tests.factories import MembershipFactory
from tests.showing import signed_in

pytestmark = [pytest.mark.rule(16), pytest.mark.rule(18), pytest.mark.requirement("AU7")]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def northwind(demo_database, kept, settings, tmp_path):  # noqa: F811  # the imported fixture
    """The demo's largest account, with a place for files, and a checkpoint."""
    settings.STORAGES = {
        **settings.STORAGES,
        "exports": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "exports")},
        },
    }
    keeping.keep_checkpoint()
    return BusinessAccount.objects.get(slug="northwind-coffee")


def pack_of(account, **period):
    file = io.BytesIO()
    before = Event.objects.in_chain_of(account).order_by("number").last().number + 1
    write_pack(file, account=account, asked_by="Nadia", start=period.get("start"), end=period.get("end"), before=before)
    return file.getvalue()


def test_it_is_asked_for_made_fetched_and_checked_by_the_file_inside_it(northwind, tmp_path):
    client = signed_in(northwind.owner)
    address = reverse("evidence_pack", args=[northwind.slug])
    assert "Make the pack" in client.get(address).content.decode()

    answer = client.post(address, {"since": "", "until": ""})
    export = LogExport.objects.latest("pk")
    make_export(export_id=export.pk)
    taken = client.post(reverse("take_export", args=[northwind.slug, export.pk]))

    assert answer.headers["Location"] == reverse("log_export", args=[northwind.slug, export.pk])
    export.refresh_from_db()
    assert export.state == "ready"
    pack = tmp_path / "pack.zip"
    pack.write_bytes(b"".join(taken.streaming_content))
    made = Event.objects.of(northwind).named("audit.export_made").last()
    assert made.parts["after"]["digest"] == hashlib.sha256(pack.read_bytes()).hexdigest()
    with zipfile.ZipFile(pack) as archive:
        assert {"members.json", "roles.json", "policy.json", "access.json", "events.jsonl", "summary.pdf"} <= set(
            archive.namelist()
        )
        assert any(name.startswith("receipts/") for name in archive.namelist())
        assert any(name.startswith("reviews/") for name in archive.namelist())
        archive.extract("verify.py", tmp_path)
        count = len(archive.read("events.jsonl").splitlines())
    assert export.done == count == Event.objects.of(northwind).filter(number__lt=export.before).count()
    empty = {"PATH": "/usr/bin:/bin"}
    by_itself = subprocess.run(
        [sys.executable, "-I", "-S", tmp_path / "verify.py", pack, "--key", str(store.signer().verifier)],
        capture_output=True, text=True, env=empty, cwd=tmp_path, timeout=60, check=False,
    )  # fmt: skip
    assert by_itself.stdout.endswith("It holds.\n"), by_itself.stdout + by_itself.stderr
    assert "Signed by the key that was given" in by_itself.stdout
    assert by_itself.returncode == 0


def test_one_changed_byte_anywhere_is_found(northwind, tmp_path, capsys):
    whole, pack = pack_of(northwind), tmp_path / "pack.zip"
    assert verify.check(whole)[0] == []
    places = random.Random(7)
    for _try in range(60):
        place = places.randrange(len(whole))
        changed = bytearray(whole)
        changed[place] ^= 1 << places.randrange(8)
        pack.write_bytes(changed)
        assert verify.main([str(pack)]) == 1, f"byte {place} of {len(whole)}"
        assert "It does not hold.\n" in capsys.readouterr().out


def again(pack, **changes):
    """Return the pack with files changed and a manifest that fits: only the proofs inside can tell."""
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files["manifest.json"])
    for name, change in changes.items():
        key = next(one for one in files if one.startswith(name.replace("__", "/")))
        files[key] = change(files[key])
        manifest["files"][key] = hashlib.sha256(files[key]).hexdigest()
    files["manifest.json"] = json.dumps(manifest).encode()
    files["manifest.sha256"] = (hashlib.sha256(files["manifest.json"]).hexdigest() + "\n").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(verify.entry(name), data)
    return out.getvalue()


def without(number):
    return lambda lines: b"".join(one + b"\n" for at, one in enumerate(lines.splitlines()) if at != number)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"events.jsonl": without(5)}, "does not follow"),
        ({"events.jsonl": lambda lines: b"\n".join(lines.splitlines()[:-1]) + b"\n"}, "are missing"),
        ({"events.jsonl": lambda lines: lines.replace(b"Nadia Holm", b"Nadia Hult", 1)}, "words about people"),
        ({"receipts__": lambda text: text.replace(b'"reason"', b'"Reason"', 1)}, "not the one that the log knows"),
        ({"reviews__": lambda text: text.replace(b"keep", b"kept", 1)}, "not the one that the log knows"),
        ({"checkpoint": lambda text: text.replace(b"time 20", b"time 21", 1)}, "not signed"),
        ({"links": lambda text: text + b"A" * 43 + b"=\n"}, "another history"),
    ],
    ids=["an event left out", "the end cut", "a word", "a receipt", "a report", "the checkpoint", "the links"],
)
def test_whoever_makes_the_manifest_anew_is_found_by_the_proofs(northwind, changes, words):
    wrong, _said = verify.check(again(pack_of(northwind), **changes))

    assert any(words in line for line in wrong), wrong


def test_another_key_than_the_expected_one_is_told(northwind):
    other = "other.example+c74f20a3+AaEQdHkjzvVTLg1fHPBpgnTbnmQYbPDpWQHgsMlbyDZ2"

    wrong, _said = verify.check(pack_of(northwind), other)

    assert wrong == [f"the checkpoint is not signed by {other}"]


@pytest.mark.parametrize("content", [b"", b"PK", b"nonsense" * 10_000, b"PK\x05\x06" + bytes(18)])
def test_what_is_no_pack_is_said_to_be_none(content, tmp_path, capsys):
    pack = tmp_path / "pack.zip"
    pack.write_bytes(content)

    assert verify.main([str(pack)]) == 1
    assert "this is no evidence pack, or it is broken" in capsys.readouterr().out
    with pytest.raises(SystemExit) as asked_wrongly:
        verify.main([str(pack), "--key", "nonsense"])
    assert asked_wrongly.value.code == 2


def test_who_was_erased_is_in_no_pack_made_afterwards(northwind):
    call_command("erase_person", CAST["kofi"].address, reason="Request no. 77", yes=True, stdout=io.StringIO())

    pack = pack_of(northwind)

    assert b"Kofi Mensah" not in pack
    assert verify.check(pack)[0] == []


def test_a_period_that_ends_before_it_begins_and_an_editor_get_none(northwind):
    client = signed_in(northwind.owner)
    address = reverse("evidence_pack", args=[northwind.slug])

    refused = client.post(address, {"since": "2026-11-02", "until": "2026-11-01"})

    assert refused.status_code == 422
    assert "lies before the first one" in refused.content.decode()
    editor = MembershipFactory(account=northwind)
    assert signed_in(editor.person).get(address).status_code == 403

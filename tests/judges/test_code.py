"""Judges from outside over the code: what they find is mended, or named with its reason where it stands."""

import json
import re
import subprocess
import sys

import pytest

from tests.house.source import ROOT

SECRETS = ROOT / ".secrets.baseline"
WORDS_OF_TESTS = {"Secret Keyword", "Basic Auth Credentials"}  # with what people of tests sign in


@pytest.mark.requirement("IO2")
def test_bandit_finds_nothing(settings):
    pytest.importorskip("bandit", reason="bandit is not installed: requirements/install security")

    ended = subprocess.run(
        [sys.executable, "-m", "bandit", "--quiet", "--configfile", "pyproject.toml", "--format", "json", "--recursive",
         *settings.PROJECT_APPS, "manage.py", "gunicorn.conf.py"],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip

    judged = json.loads(ended.stdout)
    assert judged["errors"] == []
    assert [
        f"{one['filename']}:{one['line_number']} {one['test_id']} {one['issue_text']}" for one in judged["results"]
    ] == []


@pytest.mark.requirement("IO2")
def test_bandit_would_find_sql_that_is_built_from_strings(tmp_path):
    pytest.importorskip("bandit", reason="bandit is not installed: requirements/install security")
    (tmp_path / "built.py").write_text(
        "def f(cursor, name):\n    cursor.execute(\"SELECT * FROM a WHERE b = '%s'\" % name)\n"
    )

    ended = subprocess.run(
        [sys.executable, "-m", "bandit", "--quiet", "--configfile", "pyproject.toml", "--format", "json", str(tmp_path / "built.py")],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip

    assert [one["test_id"] for one in json.loads(ended.stdout)["results"]] == ["B608"]


@pytest.mark.requirement("CF7")
def test_no_secret_lies_in_the_repository_that_nobody_has_looked_at(monkeypatch):
    """What the image holds is a part of it (.dockerignore). A finding is taken out, or audited into .secrets.baseline."""
    scan = pytest.importorskip(
        "detect_secrets.core.scan", reason="detect-secrets is not installed: requirements/install security"
    )
    from detect_secrets.settings import transient_settings

    baseline = json.loads(SECRETS.read_text(encoding="utf-8"))
    monkeypatch.chdir(ROOT)  # the names in the list count from here
    looked_at = {(name, one["hashed_secret"]) for name, found in baseline["results"].items() for one in found}
    with transient_settings(baseline):
        found = [
            (path, secret.secret_hash, f"{path}:{secret.line_number} {secret.type}")
            for path in subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).split("\n")
            if path
            for secret in scan.scan_file(path)
            if not (path.startswith("tests/") and secret.type in WORDS_OF_TESTS)
        ]

    assert [words for path, digest, words in found if (path, digest) not in looked_at] == []


@pytest.mark.requirement("CF7")
def test_the_search_for_secrets_would_find_one(tmp_path):
    scan = pytest.importorskip(
        "detect_secrets.core.scan", reason="detect-secrets is not installed: requirements/install security"
    )
    from detect_secrets.settings import transient_settings

    (tmp_path / "leak.py").write_text("AWS = 'AKIA" + "QWERTYUIOPASDFGH'\n-----BEGIN " + "RSA PRIVATE KEY-----\n")
    with transient_settings(json.loads(SECRETS.read_text(encoding="utf-8"))):
        kinds = {secret.type for secret in scan.scan_file(str(tmp_path / "leak.py"))}

    assert {"AWS Access Key", "Private Key"} <= kinds


@pytest.mark.requirement("CF7")
def test_everything_in_the_list_of_findings_was_looked_at_and_is_no_secret():
    found = json.loads(SECRETS.read_text(encoding="utf-8"))["results"]

    assert [
        (path, one["line_number"])
        for path, all_of_it in found.items()
        for one in all_of_it
        if one.get("is_secret") is not False
    ] == []


# --- Dependencies -----------------------------------------------------------------------------------------------------
LOCKED = ("dev", "embedded", "runtime", "security")
PINNED = re.compile(r"^([a-z0-9._-]+)(?:\[[a-z0-9,-]+\])?==([^\s;\\]+)", re.MULTILINE | re.IGNORECASE)


@pytest.mark.requirement("CF8")
@pytest.mark.parametrize("name", LOCKED)
def test_every_requirement_is_pinned_with_its_hashes(name):
    text = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")

    blocks = [
        block for block in re.split(r"\n(?=\S)", re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)) if block.strip()
    ]
    assert blocks
    assert [block for block in blocks if not PINNED.match(block) or "--hash=sha256:" not in block] == []


@pytest.mark.requirement("CF8")
def test_everything_is_installed_by_hash_and_from_wheels():
    for file in ("requirements/install", "Dockerfile"):
        lines = [line for line in (ROOT / file).read_text(encoding="utf-8").splitlines() if "pip install" in line]
        assert lines
        assert [line for line in lines if not ("--require-hashes" in line and "--only-binary :all:" in line)] == []


@pytest.mark.requirement("CF8")
def test_the_build_makes_the_list_of_parts(tmp_path):
    pytest.importorskip("cyclonedx", reason="cyclonedx-bom is not installed: requirements/install security")

    subprocess.run(
        ["make", "--silent", "parts", f"PARTS={tmp_path / 'parts.json'}"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )

    parts = json.loads((tmp_path / "parts.json").read_text(encoding="utf-8"))
    listed = {(part["name"], part["version"]) for part in parts["components"]}
    locked = set(PINNED.findall((ROOT / "requirements/runtime.txt").read_text(encoding="utf-8")))
    assert (parts["bomFormat"], parts["metadata"]["component"]["name"]) == ("CycloneDX", "accessportal")
    assert listed == locked
    assert all(any(ref.get("hashes") for ref in part["externalReferences"]) for part in parts["components"])

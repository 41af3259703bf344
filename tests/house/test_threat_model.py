"""Each guard of docs/threat-model.md is a test that exists."""

import ast
import re

import pytest

from tests.house.source import ROOT

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
DOCUMENTS = ("docs/threat-model.md",)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_test_that_is_named_exists(document):
    named = NAMED.findall((ROOT / document).read_text(encoding="utf-8"))

    assert named
    missing = [f"{path}::{name}" for path, name in named if name not in _tests_in(path)]
    assert missing == []


def test_every_line_of_attack_names_its_guard():
    text = (ROOT / "docs/threat-model.md").read_text(encoding="utf-8").partition("## What attackers try")[2]
    rows = [line for line in text.partition("\n## ")[0].splitlines() if line.startswith("| ")][1:]

    assert rows
    assert [row for row in rows if not NAMED.search(row)] == []


def _tests_in(path: str) -> set[str]:
    file = ROOT / path
    tree = ast.parse(file.read_text(encoding="utf-8")) if file.is_file() else ast.Module([], [])
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}

"""The table of security requirements, and the ids that tests carry."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.requirements import TABLE, Requirement, requirements, verdict

TESTS = Path(__file__).parents[1]


def _carried() -> list[tuple[str, str]]:
    """Every id in a mark of a test, with its place."""
    return [
        (f"{path.relative_to(TESTS)}:{call.lineno}", ast.literal_eval(argument))
        for path in sorted(TESTS.rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("mark.requirement")
        for argument in call.args
    ]


def test_every_id_that_a_test_carries_stands_in_the_table():
    assert [(place, code) for place, code in _carried() if code not in requirements()] == []


def test_every_line_of_the_table_is_read():
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    heads = [line for line in lines if line.startswith("| Id |")]

    assert len(requirements()) == len(lines) - len(heads)
    notes = {each.note.partition(": ")[0] for each in requirements().values() if each.note}
    assert notes <= {"open", "not applicable"}


@pytest.mark.parametrize(
    ("note", "outcomes", "word"),
    [
        ("", {"passed": 2}, "pass"),
        ("", {"passed": 1, "skipped": 1}, "pass"),
        ("", {"passed": 9, "failed": 1}, "FAIL"),
        ("", {}, "not proven yet"),
        ("", {"skipped": 1}, "not proven yet"),
        ("open: half of it", {"passed": 9}, "not proven yet"),
        ("open: half of it", {"failed": 1}, "FAIL"),
        ("not applicable: none", {}, "not applicable"),
    ],
)
def test_an_id_is_judged_by_its_tests_and_its_note(note, outcomes, word):
    assert verdict(Requirement("XX1", "L1", "Something", note), Counter(outcomes)).word == word

"""What became of each id of docs/security-requirements.md in a run: a plugin that tests/conftest.py brings in.

Tests carry ids by `@pytest.mark.requirement("IN2")`. The table is printed with `--requirements`; with STRICT=1 an id that
nothing proves yet fails the run.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

TABLE = Path(__file__).parents[1] / "docs" / "security-requirements.md"
ROW = re.compile(r"^\| ([A-Z]{2}\d+) \| ([^|]+) \| ([^|]+) \| ?([^|]*?) ?\|$", re.MULTILINE)
NOT_APPLICABLE, OPEN = "not applicable: ", "open: "
STRICT = os.environ.get("STRICT", "") not in ("", "0")
CARRIED = "requirement"  # the name under which a report takes the ids of its test from a worker to the whole run


@dataclass(frozen=True)
class Requirement:
    """A line of the table. `note` is empty, or says what is open or why it isn't applicable."""

    id: str
    level: str
    words: str
    note: str


@dataclass(frozen=True)
class Verdict:
    """What a run says of one requirement."""

    requirement: Requirement
    word: str  # pass, FAIL, not applicable, not proven yet
    why: str


def requirements() -> dict[str, Requirement]:
    """Every id of the table, in its order."""
    found = (Requirement(*row) for row in ROW.findall(TABLE.read_text(encoding="utf-8")))
    return {requirement.id: requirement for requirement in found}


def verdict(requirement: Requirement, outcomes: Counter[str]) -> Verdict:
    """Judge one requirement by the outcomes of the tests that carry it; a failed test counts before any note."""
    passed, skipped = outcomes["passed"], outcomes["skipped"]
    tests = f"{passed} test{'s' * (passed != 1)}" + (f", {skipped} not run" if skipped else "")
    if outcomes["failed"]:
        return Verdict(requirement, "FAIL", f"{outcomes['failed']} of its tests failed")
    if requirement.note.startswith(NOT_APPLICABLE):
        return Verdict(requirement, "not applicable", requirement.note.removeprefix(NOT_APPLICABLE))
    if requirement.note.startswith(OPEN):
        return Verdict(requirement, "not proven yet", f"in part ({tests}); {requirement.note}")
    return Verdict(requirement, "pass" if passed else "not proven yet", tests if passed or skipped else "no test")


class Requirements:
    """Collects outcomes by id during a run, in the process that sees every worker's reports."""

    def __init__(self) -> None:
        self.outcomes: dict[str, Counter[str]] = {code: Counter() for code in requirements()}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test once: by its call, or by what kept it from being called or broke its end."""
        if report.when == "call" or report.outcome != "passed":
            for name, value in report.user_properties:
                if name == CARRIED:
                    self.outcomes.setdefault(str(value), Counter())[report.outcome] += 1

    def verdicts(self) -> list[Verdict]:
        """One for each id of the table, in its order."""
        return [verdict(requirement, self.outcomes[code]) for code, requirement in requirements().items()]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table and, below it, how many there are of each kind."""
        if not terminalreporter.config.getoption("--requirements"):
            return
        terminalreporter.section("security requirements", sep="-")
        verdicts = self.verdicts()
        for each in verdicts:
            line = f"{each.requirement.id:5} {each.requirement.level:7} {each.word:15} {each.requirement.words}: {each.why}"
            terminalreporter.line(line, red=each.word == "FAIL", green=each.word == "pass")
        counted = Counter(each.word for each in verdicts)
        terminalreporter.line(", ".join(f"{number} {word}" for word, number in counted.items()))
        if STRICT and counted["not proven yet"]:
            terminalreporter.line("STRICT is set: what is not proven is a failure.", red=True)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """With --requirements and STRICT=1, a run that left an id unproven has failed."""
        asked = session.config.getoption("--requirements") and STRICT
        if (
            asked
            and session.exitstatus == pytest.ExitCode.OK
            and any(v.word == "not proven yet" for v in self.verdicts())
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--requirements`: print the table at the end."""
    parser.addoption("--requirements", action="store_true", help="print what became of each security requirement")


def pytest_configure(config: pytest.Config) -> None:
    """Collect in the one process that hears of all tests."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Requirements(), "requirements")


def carried_by(item: pytest.Item) -> Iterator[str]:
    """The ids that a test carries, by its own marks and those of its parameters, class and module; each once."""
    yield from {str(code) for mark in item.iter_markers("requirement") for code in mark.args}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have every report bring the ids of its test along."""
    for item in items:
        item.user_properties += [(CARRIED, code) for code in carried_by(item)]

"""The floors of the linter are the apps of the settings."""

import tomllib

from django.conf import settings

from tests.house.source import ROOT

LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
FLOORS, ROOMS = LINTER["contracts"]


def test_every_app_of_the_project_is_a_floor_in_the_same_order():
    assert [app for floor in FLOORS["layers"] for app in floor.split(" | ")] == settings.PROJECT_APPS
    assert LINTER["root_packages"] == settings.PROJECT_APPS


def test_every_floor_below_the_wiring_has_the_same_rooms():
    assert ROOMS["containers"] == settings.PROJECT_APPS[1:]
    assert ROOMS["exhaustive"] is True


def test_every_app_of_the_project_is_type_checked():
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert configuration["tool"]["mypy"]["packages"] == settings.PROJECT_APPS


def test_no_module_has_a_name_that_says_nothing():
    empty_words = {"utils", "helpers", "manager", "managers", "data", "info", "misc", "common"}
    found = [
        path.relative_to(ROOT).as_posix()
        for app in settings.PROJECT_APPS
        for path in (ROOT / app).rglob("*.py")
        if path.stem in empty_words
    ]
    assert found == []

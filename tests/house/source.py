"""The project's own source as syntax trees, for the tests that hold the house."""

import ast
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the project's apps but migrations: its path from the root, and its tree."""
    for app in settings.PROJECT_APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def method_calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """Every call of the form `something.name(…)`, with that name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node, node.func.attr

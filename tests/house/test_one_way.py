"""There is one way for each thing; methods, which the linter can't ban by name, are looked for here."""

import ast

import pytest

from tests.house.source import method_calls, modules

ONE_WAY = {
    "build_absolute_uri": "links are built from settings.SITE_URL, never from the request's host (rule 8)",
    "get_host": "links are built from settings.SITE_URL, never from the request's host (rule 8)",
    "get_objects_for_user": "guardian knows no suspension and no end: ask our querysets (rule 1)",
    "extra": "raw SQL in a queryset",
    "raw": "raw SQL in a queryset",
}


@pytest.mark.rule(8)
@pytest.mark.parametrize("name", sorted(ONE_WAY))
def test_nobody_goes_the_other_way(name):
    found = [
        f"{path}:{call.lineno} {ast.unparse(call)[:80]}"
        for path, tree in modules()
        for call, called in method_calls(tree)
        if called == name
    ]

    assert found == [], ONE_WAY[name]


@pytest.mark.rule(12)
def test_no_action_calls_an_action():
    """One act, one event: what two acts share is a private function that writes none."""
    found = []
    for path, tree in modules():
        if "/actions" not in path:
            continue
        acts = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and _is_an_action(node)}
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and _is_an_action(node):
                found += [
                    f"{path}:{call.lineno} {call.func.id}"
                    for call in ast.walk(node)
                    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in acts
                ]

    assert found == []


def _is_an_action(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "action"
        for decorator in function.decorator_list
    )

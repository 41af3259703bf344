"""Nothing outside actions writes, so nothing happens without its event (rule 12)."""

import ast

import pytest

from tests.house.source import method_calls, modules

ALWAYS_WRITES = {
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
    "acreate",
    "asave",
    "aupdate",
    "adelete",
}
WRITES_ON_ROWS = {"create", "save", "update", "delete"}
NAMED_PLACES = {  # outside actions/, each with its reason
    "oversight/demo/verbs.py": "the rows of a sign-in, which the sign-in library makes on its pages only",
    "accounts/models/people.py": "the manager that allauth and createsuperuser call makes the row of a person",
    "accounts/forms/signing_in.py": "the sign-in library's own form asks for the link, once the earlier ones are outdated",
    "audit/recording.py": "the event itself",
    "audit/store.py": "files in the store of checkpoints",
}
NOT_A_ROW = {"cache", "hashlib", "digest", "vars()", "session", "context"}  # they have such methods and are no rows


def _writes(call: ast.Call, name: str) -> bool:
    if name in ALWAYS_WRITES:
        return True
    if name not in WRITES_ON_ROWS:
        return False
    owner = ast.unparse(call.func.value)
    if owner.split(".")[-1] in NOT_A_ROW or owner in NOT_A_ROW:
        return False
    if name == "update":  # a queryset's takes names; a dictionary's or digest's takes one thing
        return not call.args and bool(call.keywords)
    return True


def _may_write(path: str) -> bool:
    return "/actions/" in path or path.endswith("/actions.py") or path in NAMED_PLACES


@pytest.mark.rule(12)
def test_nothing_outside_actions_writes():
    found = [
        f"{path}:{call.lineno} {ast.unparse(call)[:80]}"
        for path, tree in modules()
        if not _may_write(path)
        for call, name in method_calls(tree)
        if _writes(call, name)
    ]

    assert found == [], "a change belongs into actions, with its event"


@pytest.mark.rule(12)
def test_each_named_place_still_writes():
    trees = dict(modules())
    raw = {"audit/recording.py"}  # through one statement of SQL

    idle = [
        path
        for path in NAMED_PLACES
        if path not in raw and not any(_writes(call, name) for call, name in method_calls(trees[path]))
    ]

    assert idle == [], "take it off the list"


@pytest.mark.parametrize(
    "code", ["row.save()", "Row.objects.create(name=1)", "rows.filter(a=1).update(state=2)", "rows.delete()"]
)
def test_this_test_sees_a_write(code):
    assert [_writes(call, name) for call, name in method_calls(ast.parse(code))].count(True) == 1

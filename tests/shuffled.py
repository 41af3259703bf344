"""Rows that nobody asked an order for come in a random one: `make test ARGS="-p tests.shuffled"`.

PostgreSQL mostly gives them in the order of writing, until a page of a table is rewritten; a test (or a page) that counts
on it fails once in a thousand runs. Under this plugin it fails at once.
"""

from typing import Any

from django.db.models.expressions import OrderBy
from django.db.models.functions import Random
from django.db.models.sql.compiler import SQLCompiler

in_the_order_asked_for = SQLCompiler.get_order_by


def _in_any_order(compiler: SQLCompiler) -> list[Any]:
    query = compiler.query
    asked = in_the_order_asked_for(compiler)
    if asked or query.subquery or query.distinct or query.combinator or query.group_by is not None:
        return asked
    shuffle = OrderBy(Random()).resolve_expression(query, allow_joins=True, reuse=None)
    return [(shuffle, (*compiler.compile(shuffle), False))]


def pytest_configure() -> None:
    """Take the place of Django's own, in readers only: what changes rows has compilers of its own."""
    SQLCompiler.get_order_by = _in_any_order

"""Every page inside an account asks for a permission of the table (rules 1 and 4)."""

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.permissions import PERMISSIONS
from accounts.views import AccountView


def _pages(patterns, before=""):
    for pattern in patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _pages(pattern.url_patterns, address)
        elif isinstance(pattern, URLPattern):
            yield address, getattr(pattern.callback, "view_class", pattern.callback)


PAGES = list(_pages(get_resolver().url_patterns))
INSIDE = [(address, view) for address, view in PAGES if address.startswith("accounts/<slug:slug>/")]


def test_there_are_pages_inside_an_account():
    assert INSIDE


@pytest.mark.rule(4)
@pytest.mark.parametrize(("address", "view"), INSIDE, ids=[address for address, view in INSIDE])
def test_a_page_inside_an_account_asks_for_a_permission(address, view):
    assert isinstance(view, type), "a page inside an account is a class below AccountView"
    assert issubclass(view, AccountView)
    assert view.permission in PERMISSIONS

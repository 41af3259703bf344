"""Every page inside an account asks for a permission of the table (rules 1 and 4)."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.permissions import PERMISSIONS
from accounts.views import AccountView
from tests.factories import BusinessAccountFactory


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
@pytest.mark.requirement("AZ2")
def test_a_page_inside_an_account_asks_for_a_permission(address, view):
    assert isinstance(view, type), "a page inside an account is a class below AccountView"
    assert issubclass(view, AccountView)
    assert view.permission in PERMISSIONS


@pytest.mark.requirement("AZ2")
def test_a_page_that_asks_for_nothing_does_not_start():
    with pytest.raises(ImproperlyConfigured, match="must say which permission"):
        type("Forgotten", (AccountView,), {})


@pytest.mark.django_db
@pytest.mark.requirement("AZ2")
def test_an_error_while_deciding_is_a_no(monkeypatch):
    account = BusinessAccountFactory(name="Northwind")
    client = Client(raise_request_exception=False)
    client.force_login(account.owner)

    def breaks(*_asked):
        raise OperationalError("the database went away")

    monkeypatch.setattr("teams.access.explain", breaks)
    shown = client.get(reverse("team", args=[account.slug]))
    sent = client.post(reverse("account_settings", args=[account.slug]), {"name": "Changed"})

    account.refresh_from_db()
    assert (shown.status_code, sent.status_code) == (503, 503)
    assert "Northwind" not in shown.content.decode()
    assert account.name == "Northwind"

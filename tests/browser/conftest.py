"""What the stories begin with."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from accounts.models import Person
from tests.conftest import Site
from tests.factories import PASSWORD

from .people import Someone


@pytest.fixture
def arrives(browser: Browser, live_site: Site) -> Iterator[Callable[[Person], Someone]]:
    """Let somebody sign in at a browser of their own, and look afterwards whether it complained."""
    there = []

    def arriving(person: Person) -> Someone:
        someone = Someone(browser, live_site.url, str(person), person.email)
        someone.signs_in(PASSWORD)
        expect(someone.page).to_have_url(re.compile("/dashboard/"))
        there.append(someone)
        return someone

    yield arriving
    for someone in there:
        someone.leaves()

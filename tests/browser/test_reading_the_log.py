"""Reading the log in a browser: narrowed as one types, watched live, and its strip by the keyboard alone."""

import datetime as dt

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from accounts.events import ACCOUNT_SETTINGS_CHANGED
from accounts.models import Session
from audit.recording import note
from tests.factories import BusinessAccountFactory


@pytest.fixture
def account(live_site):
    """An account whose log goes back three weeks."""
    with transaction.atomic():  # noqa: TID251  # rows of a test: the owner's seat is checked at the end
        return BusinessAccountFactory()


@pytest.fixture
def page(browser, live_site, account, time_machine):
    """The owner's browser, before the log."""
    now = timezone.now()
    for days in (20, 10):
        time_machine.move_to(now - dt.timedelta(days=days))
        for _turn in range(15):
            note(ACCOUNT_SETTINGS_CHANGED, by=account.owner, on=account, reason=f"{days} days ago")
    time_machine.move_to(now)
    client = Client()
    client.force_login(account.owner)
    name = settings.SESSION_COOKIE_NAME
    page = browser.new_page()
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_site.url}])
    page.goto(f"{live_site.url}{reverse('activity', args=[account.slug])}")
    yield page
    page.context.close()


def test_what_happens_comes_to_a_page_that_is_watched_live_and_the_session_is_not_used_by_it(page, account):
    page.get_by_role("link", name="Watch live").click()
    expect(page.get_by_role("link", name="Live: stop")).to_be_visible()
    Session.objects.filter(person=account.owner).update(seen_at=timezone.now() - dt.timedelta(minutes=10))
    seen = Session.objects.get(person=account.owner).seen_at

    number = note(ACCOUNT_SETTINGS_CHANGED, by=account.owner, on=account, reason="Just now")

    expect(page.locator(f"#event-{number}")).to_be_visible(timeout=20_000)
    expect(page.locator("li.is-new")).to_have_count(1)
    expect(page.locator("#live")).to_have_text("1 new event")
    assert Session.objects.get(person=account.owner).seen_at == seen

    page.get_by_role("link", name="Live: stop").click()
    expect(page.get_by_role("link", name="Watch live")).to_be_visible()


def test_the_strip_is_one_stop_of_the_tab_key_and_leads_to_a_time_with_the_filter_kept(page):
    page.get_by_role("searchbox").fill("days ago")
    expect(page.get_by_role("main").get_by_text("20 days ago").first).to_be_visible()
    page.wait_for_url("**words=days**")
    strip = page.get_by_role("navigation", name="Jump to a time")
    expect(strip.locator("a[tabindex='0']")).to_have_count(1)

    strip.locator("a[tabindex='0']").focus()
    page.keyboard.press("Home")
    expect(strip.locator("a").first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(strip.locator("a").nth(1)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")

    page.wait_for_url("**at=**")
    expect(page.get_by_role("main").get_by_text("20 days ago").first).to_be_visible()
    expect(page.get_by_role("main").get_by_text("10 days ago")).to_have_count(0)
    assert "words=days" in page.url

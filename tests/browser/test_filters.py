"""What a filter leaves in the address of the page."""

from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse

from tests.factories import BusinessAccountFactory, MembershipFactory


def test_a_filter_leaves_only_what_was_asked_for_in_the_address(browser, live_site):
    with transaction.atomic():  # noqa: TID251  # rows of a test: the owner's seat is checked at the end
        account = BusinessAccountFactory()
        MembershipFactory(account=account, person__name="Eddie Stone")
    client = Client()
    client.force_login(account.owner)
    name = settings.SESSION_COOKIE_NAME
    page = browser.new_page()
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_site.url}])
    team = f"{live_site.url}{reverse('team', args=[account.slug])}"
    page.goto(team)

    page.locator("input[name=q]").fill("eddie")
    page.wait_for_url(f"{team}?q=eddie")

    assert page.get_by_text("Eddie Stone").first.is_visible()
    page.context.close()

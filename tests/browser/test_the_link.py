"""A real browser at the mailed link: where it takes the address of the page, and that its forms count nevertheless."""

import re

import pytest
from playwright.sync_api import expect

from invitations import actions
from invitations.models import Invitation
from teams.models import Membership, Role
from tests.factories import PASSWORD, BusinessAccountFactory, PersonFactory
from tests.together import committed

from .people import Someone


@pytest.mark.rule(7)
@pytest.mark.rule(8)
@pytest.mark.requirement("IN8")
@pytest.mark.parametrize("way", ["a new person", "signed in under another address", "declines"])
def test_the_browser_hands_the_link_to_nobody_and_its_forms_count(browser, live_site, way):
    account = committed(lambda: BusinessAccountFactory(name="Northwind Coffee"))
    role = Role.objects.built_in("editor")
    invitation = actions.invite(account=account, address="eddie@northwind.example", role=role, by=account.owner)
    token = invitation.present_token()
    eddie = Someone(browser, live_site.url, "Eddie Stone", "eddie@northwind.example")
    told: list[str] = []
    eddie.page.on("request", lambda request: told.append(request.all_headers().get("referer", "")))
    if way == "signed in under another address":
        committed(lambda: PersonFactory(email="eddie@northwind.example"))
        committed(lambda: PersonFactory(email="other@private.example"))
        eddie.opens("/auth/login/")
        eddie.page.locator("input[name=login]").fill("other@private.example")
        eddie.page.locator("input[name=password]").fill(PASSWORD)
        eddie.presses("Sign in")
        expect(eddie.page).to_have_url(re.compile("/dashboard/"))

    eddie.opens(f"/invitations/{token}/")
    if way == "declines":
        eddie.presses("No, thank you")
        eddie.presses("Decline")
        eddie.sees("You have declined")
    else:
        if way == "a new person":
            eddie.presses("Create your sign-in")
            eddie.types("Your name", "Eddie Stone")
            eddie.types("Password", "a sentence that nobody guesses 42")
            eddie.presses("Create account")
        else:
            eddie.presses("Switch to the invited address")
            eddie.page.locator("input[name=login]").fill("eddie@northwind.example")
            eddie.page.locator("input[name=password]").fill(PASSWORD)
            eddie.presses("Sign in")
        eddie.presses("Accept and join")
        eddie.sees("Welcome to Northwind Coffee. You are Editor.")

    joined = Membership.objects.filter(account=account, person__email="eddie@northwind.example").exists()
    assert joined == (way != "declines")
    assert Invitation.objects.get().state == ("accepted" if joined else "declined")
    assert [referrer for referrer in told if token in referrer] == []
    eddie.leaves()

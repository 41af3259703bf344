"""A claim of the ownership, seen in browsers: refused in one click, and carried out after its wait."""

import re

import pytest
from playwright.sync_api import expect

from accounts.models import BusinessAccount
from audit.models import Event
from teams.models import OwnershipClaim
from tests.factories import PASSWORD, TOTP_SECRET, BusinessAccountFactory, claimant_in
from tests.post import the_post_goes_out
from tests.showing import code_of
from tests.together import committed

from .people import Someone, link_in_the_mail

pytestmark = pytest.mark.rule(3)
REASON = "Nobody has heard of Olga since the beginning of June"


def signs_in(someone, *, code=False):
    someone.opens("/auth/login/")
    someone.page.locator("input[name=login]").fill(someone.address)
    someone.page.locator("input[name=password]").fill(PASSWORD)
    someone.page.locator("main form .btn-primary").first.click()
    if code:
        someone.page.locator("input[name=code]").first.fill(code_of(TOTP_SECRET, lasting=10))
        someone.page.locator("main form .btn-primary").first.click()
    expect(someone.page).to_have_url(re.compile("/dashboard/"))


def weeks_pass(as_owner):
    """Only the owner of the tables can turn the clock: the trigger refuses it to web and worker."""
    with as_owner.cursor() as cursor:
        cursor.execute("ALTER TABLE teams_ownershipclaim DISABLE TRIGGER claim_keeps_its_time")
        cursor.execute(
            "UPDATE teams_ownershipclaim SET claimed_at = claimed_at - interval '15 days', "
            "ripe_at = ripe_at - interval '15 days', recorded_at = recorded_at - interval '15 days'"
        )
        cursor.execute("ALTER TABLE teams_ownershipclaim ENABLE TRIGGER claim_keeps_its_time")


@pytest.fixture
def account(live_site):
    return committed(lambda: BusinessAccountFactory(name="Northwind", owner__name="Olga"))


def claims(browser, live_site, account, person):
    """Someone who manages the team signs in with the second factor and claims, by the settings."""
    anna = Someone(browser, live_site.url, str(person), person.email)
    signs_in(anna, code=True)
    anna.opens(f"{account.get_absolute_url()}settings/")
    anna.presses("See how that goes")
    anna.sees("The owner has 14 days to refuse", "Nobody can shorten the wait")
    anna.types("Reason", REASON)
    anna.presses("Claim the ownership")
    anna.sees("The owner and all who manage the team are told by mail.", REASON)
    the_post_goes_out()
    return anna


def test_the_owner_refuses_from_the_mail_in_one_click(browser, live_site, account):
    anna = claims(browser, live_site, account, committed(lambda: claimant_in(account)).person)
    olga = Someone(browser, live_site.url, "Olga", account.owner.email)
    signs_in(olga)
    olga.sees("claims the ownership of Northwind.")

    olga.opens(link_in_the_mail(olga.address))
    olga.sees(REASON)
    assert OwnershipClaim.objects.get().is_open
    olga.presses("Refuse the claim")

    expect(olga.page).to_have_url(re.compile("/accounts/"))
    assert OwnershipClaim.objects.get().state == "refused"
    anna.page.reload()
    anna.sees("Olga refused it")
    assert anna.complaints == olga.complaints == []


def test_after_the_wait_the_claimant_takes_over(browser, live_site, account, as_owner):
    person = committed(lambda: claimant_in(account)).person
    anna = claims(browser, live_site, account, person)
    weeks_pass(as_owner)

    anna.page.reload()
    anna.presses("Take over the ownership")
    anna.presses("Take over")

    expect(anna.page).to_have_url(re.compile(f"{account.get_absolute_url()}$"))
    assert BusinessAccount.objects.get().owner == person
    assert [event.name for event in Event.objects.in_chain_of(account).named("ownership.")] == [
        "ownership.claimed", "ownership.claim_carried_out",
    ]  # fmt: skip
    assert anna.complaints == []

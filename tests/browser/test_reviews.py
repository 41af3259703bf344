"""A reviewer goes through a list by keys alone; an auditor reads what came of it. Without script the buttons do the same."""

import re

from playwright.sync_api import expect

from audit.models import Event
from reviews.actions import close_campaign
from reviews.models import Campaign, Item
from tests.factories import BusinessAccountFactory, CampaignFactory, MembershipFactory, PersonFactory, ReviewItemFactory
from tests.together import committed

from .people import Someone

PASSWORD = "a long enough sentence 4 tests"
NAMES = ("Ada Berg", "Bo Lind", "Cy Holm", "Di Rask")


def a_review():
    """A running review of four people, whom Olga reviews; Ruth reads the log."""
    account = BusinessAccountFactory(name="Northwind", slug="northwind", owner=PersonFactory(name="Olga Berg"))
    campaign = CampaignFactory(account=account, name="Autumn")
    for name in NAMES:
        ReviewItemFactory(campaign=campaign, membership__person__name=name)
    MembershipFactory(account=account, holding="auditor", person__name="Ruth Adler")
    MembershipFactory(account=account, holding="administrator", person__name="Anna Kowal")
    return campaign


def heading(who):
    return who.page.get_by_role("heading", level=1)


def test_a_reviewer_goes_through_the_list_by_keys(browser, live_site):
    campaign = committed(a_review)
    olga = Someone(browser, live_site.url, "Olga Berg", campaign.account.owner.email)
    olga.signs_in(PASSWORD)
    olga.opens("/dashboard/")
    olga.sees("4 accesses to review")
    olga.page.get_by_role("link", name="Review", exact=True).click()
    olga.page.get_by_role("link", name="Begin").click()
    expect(heading(olga)).to_have_text(NAMES[0])

    # The arrows walk; a key while typing is a letter, and no decision.
    olga.page.keyboard.press("ArrowRight")
    expect(heading(olga)).to_have_text(NAMES[1])
    olga.page.keyboard.press("ArrowLeft")
    expect(heading(olga)).to_have_text(NAMES[0])
    olga.page.get_by_label("Reason").press_sequentially("keep")
    expect(heading(olga)).to_have_text(NAMES[0])
    assert not Item.objects.decided().exists()

    # Turned off, a key does nothing, on the next page too; turned on again, it decides.
    olga.page.get_by_label("Use these keys").uncheck()
    olga.page.reload()
    expect(olga.page.get_by_label("Use these keys")).not_to_be_checked()
    heading(olga).click()
    olga.page.keyboard.press("k")
    expect(heading(olga)).to_have_text(NAMES[0])
    olga.page.get_by_label("Use these keys").check()
    heading(olga).click()
    olga.page.keyboard.press("k")
    expect(heading(olga)).to_have_text(NAMES[1])
    olga.page.keyboard.press("r")
    expect(heading(olga)).to_have_text(NAMES[2])
    olga.page.keyboard.press("e")
    expect(heading(olga)).to_have_text(NAMES[3])
    olga.page.keyboard.press("n")
    olga.sees("Pass the access of Di Rask on?")
    olga.presses("Pass it on")
    olga.sees("Anna Kowal reviews the access of Di Rask now")

    decisions = dict(Item.objects.values_list("membership__person__name", "decision"))
    assert decisions == dict(zip(NAMES, ("keep", "reduce", "end", ""), strict=True))
    assert all(seconds is not None for seconds in Item.objects.decided().values_list("seconds", flat=True))

    # What was decided is shown, then done; the auditor reads the report, which the log holds.
    olga.opens(f"/accounts/northwind/reviews/{campaign.pk}/")
    olga.page.get_by_role("link", name="Carry out").click()
    olga.sees("loses all access")
    olga.presses("Carry out")
    olga.sees("2 decisions are carried out")
    Item.objects.filter(decision="").update(must_decide=False)
    close_campaign(campaign=Campaign.objects.get(), by=campaign.account.owner)
    ruth = Someone(
        browser, live_site.url, "Ruth Adler", campaign.account.memberships.get(person__name="Ruth Adler").person.email
    )
    ruth.signs_in(PASSWORD)
    ruth.opens("/accounts/northwind/")
    ruth.page.get_by_role("link", name="Reports").first.click()
    ruth.page.get_by_role("link", name=re.compile("Autumn")).click()
    ruth.sees("The log holds the digest of exactly this report", "3 decided, 2 of them removed")
    assert Event.objects.filter(name="review.closed").count() == 1


def test_without_script_the_buttons_decide(browser, live_site):
    campaign = committed(a_review)
    olga = Someone(browser, live_site.url, "Olga Berg", campaign.account.owner.email)
    olga.signs_in(PASSWORD)
    plain = browser.new_context(java_script_enabled=False, storage_state=olga.page.context.storage_state())
    page = plain.new_page()
    page.goto(f"{live_site.url}/accounts/northwind/reviews/mine/")
    page.get_by_role("link", name="Begin").click()
    expect(page.get_by_label("Use these keys")).to_be_hidden()

    page.get_by_role("button", name="End", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text(NAMES[1])
    assert Item.objects.get(membership__person__name=NAMES[0]).decision == "end"
    plain.close()

"""An agency, seen in browsers: one person hops between clients by the keyboard, and a client ends the engagement."""

import re

import pytest
from playwright.sync_api import expect

from audit.models import Event
from teams.models import EndedEngagement, Membership
from tests.factories import PASSWORD, BusinessAccountFactory, MembershipFactory, PersonFactory
from tests.together import committed

from .people import Someone


def signs_in(someone):
    someone.opens("/auth/login/")
    someone.page.locator("input[name=login]").fill(someone.address)
    someone.page.locator("input[name=password]").fill(PASSWORD)
    someone.page.locator("main form .btn-primary").first.click()
    expect(someone.page).to_have_url(re.compile("/dashboard/"))


def an_agency():
    """Ines of Brightside edits for sixty clients; Northwind, one of them, has Jonas too, whom Anna looks after."""
    ines = PersonFactory(name="Ines Duarte", email="ines@brightside.example")
    for number in range(59):
        account = BusinessAccountFactory(name=f"Client {number:02}", owner__name=f"Owner {number:02}")
        MembershipFactory(account=account, person=ines, kind="agency", organisation="Brightside")
    northwind = BusinessAccountFactory(name="Northwind Coffee")
    MembershipFactory(account=northwind, person=ines, kind="agency", organisation="Brightside")
    MembershipFactory(account=northwind, person__name="Jonas Weber", kind="agency", organisation="BRIGHTSIDE")
    MembershipFactory(
        account=northwind, holding="administrator", person__name="Anna", person__email="anna@northwind.example"
    )
    return northwind


@pytest.mark.rule(13)
def test_a_client_ends_the_engagement_of_whom_it_sees_by_name(browser, live_site):
    northwind = committed(an_agency)
    anna = Someone(browser, live_site.url, "Anna", "anna@northwind.example")
    signs_in(anna)

    anna.opens(f"{northwind.get_absolute_url()}team/")
    anna.presses("More")
    anna.page.get_by_role("link", name="Agencies and firms").click()
    anna.presses("BRIGHTSIDE")
    anna.sees("Ines Duarte", "Jonas Weber", "Spelt in several ways")
    anna.presses("End the engagement")
    anna.types("Why", "The contract has ended")
    anna.presses("End the engagement")
    anna.sees("The engagement of BRIGHTSIDE has ended", "Nothing is left", "exactly this receipt")

    assert not Membership.objects.current().filter(account=northwind, kind="agency").exists()
    assert EndedEngagement.objects.get().members.count() == 2
    assert Event.objects.of(northwind).named("engagement.").count() == 1
    anna.presses("Bring back")
    anna.presses("Bring back")
    anna.sees("2 people are members again.")
    assert anna.complaints == []


@pytest.mark.rule(4)
def test_the_agencys_person_hops_between_sixty_clients_by_the_keyboard(browser, live_site):
    northwind = committed(an_agency)
    ines = Someone(browser, live_site.url, "Ines Duarte", "ines@brightside.example")
    signs_in(ines)
    switch = ines.page.locator("#account-switch")

    ines.page.wait_for_load_state("load")
    ines.page.keyboard.press("Control+k")
    expect(switch).to_be_visible()
    button = ines.page.locator("button.switch")
    assert switch.bounding_box()["y"] >= button.bounding_box()["y"] + button.bounding_box()["height"]
    expect(switch.get_by_text("Northwind Coffee")).to_have_count(0)  # beyond the first fifty
    ines.page.keyboard.type("northw")
    expect(switch.get_by_text("Northwind Coffee")).to_be_visible()
    ines.page.keyboard.press("Enter")

    expect(ines.page).to_have_url(re.compile(re.escape(northwind.get_absolute_url())))
    ines.page.wait_for_load_state("load")  # a key finds nobody before the script is there
    ines.page.keyboard.press("Control+k")
    expect(switch.locator("[data-menu-search]")).to_be_focused()
    ines.page.keyboard.type("client 0")
    expect(switch.locator(".menu-item", has_text="Client")).to_have_count(10)
    ines.page.keyboard.press("ArrowDown")
    ines.page.keyboard.press("ArrowDown")
    expect(switch.locator(".menu-item", has_text="Client 01")).to_be_focused()
    ines.page.keyboard.press("ArrowUp")
    ines.page.keyboard.press("ArrowUp")
    expect(switch.locator("[data-menu-search]")).to_be_focused()
    ines.page.keyboard.press("Escape")  # empties the search
    expect(switch.locator(".menu-item", has_text="Client")).to_have_count(50)
    ines.page.keyboard.press("Escape")
    expect(switch).to_be_hidden()
    ines.opens("/dashboard/")
    ines.presses("Portfolio")
    ines.types("Name of an account", "north")
    expect(ines.page.get_by_role("main").get_by_text("1–1 of 1")).to_be_visible()
    assert ines.complaints == []


def test_without_script_the_switch_leads_to_the_search_of_the_dashboard(browser, live_site):
    committed(an_agency)
    ines = Someone(browser, live_site.url, "Ines Duarte", "ines@brightside.example")
    ines.page.context.close()
    ines.context = browser.new_context(java_script_enabled=False)
    ines.page = ines.context.new_page()
    signs_in(ines)

    ines.page.locator("button.switch").click()
    ines.page.locator("#account-switch input[name=q]").fill("northw")
    ines.page.keyboard.press("Enter")

    expect(ines.page).to_have_url(re.compile(r"/dashboard/\?q=northw"))
    ines.sees("Northwind Coffee")

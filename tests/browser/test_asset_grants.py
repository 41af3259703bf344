"""Granting, seen in browsers: several at once from the grid, used at once, and taken away again in one cell."""

import re

import pytest
from playwright.sync_api import expect

from audit.models import Event
from teams.models import AssetGrant
from tests.factories import PASSWORD, AssetFactory, BusinessAccountFactory, MembershipFactory
from tests.together import committed

pytestmark = pytest.mark.rule(2)


@pytest.fixture
def account(live_site):
    return committed(lambda: BusinessAccountFactory(name="Northwind", owner__name="Olga"))


def test_two_are_granted_a_preset_at_once_and_one_loses_it_in_a_cell(arrives, account):
    profile = committed(lambda: AssetFactory(account=account, name="Profile"))
    mina, nina = (
        committed(lambda name=name: MembershipFactory(account=account, person__name=name, holding="member"))
        for name in ("Mina", "Nina")
    )
    olga, hers = arrives(account.owner), arrives(mina.person)
    page_of_profile = f"{account.get_absolute_url()}assets/{profile.pk}/"

    hers.opens(page_of_profile)
    hers.sees("Not in the role Member, and not granted.")
    olga.opens(f"{account.get_absolute_url()}assets/")
    olga.presses("People and assets")
    for name in ("Mina", "Nina", "Profile"):
        olga.page.get_by_label(f"Select {name}", exact=True).check()
    olga.presses("Grant")
    olga.page.get_by_role("radio", name="Editor").check(force=True)
    olga.presses("See what would happen")
    olga.sees("Nothing has happened yet.", "Make 2 changes?")
    olga.presses("Grant")
    olga.sees("2 grants are changed")

    hers.page.reload()
    hers.sees("By a grant on Profile.")
    olga.presses("To the grid")
    olga.page.get_by_role("link", name=re.compile("^Mina on Profile: Editor, by grant")).click()
    olga.page.get_by_role("radio", name="Nothing").check(force=True)
    olga.presses("See what it changes")
    olga.sees("Change what Mina may do on Profile?", "Takes away:")
    olga.presses("Save")
    olga.sees("The grants of Mina are saved.")

    hers.page.reload()
    hers.sees("Not in the role Member, and not granted.")
    olga.opens(page_of_profile)
    olga.sees("Granted by Olga")
    assert set(AssetGrant.objects.values_list("membership__person__name", flat=True)) == {"Nina"}
    assert [event.name for event in Event.objects.of(account)] == ["grants.changed"] * 3
    assert nina.person.has_perm("publish_content", profile)


def test_without_scripts_all_of_it_works_too(browser, live_site, account):
    committed(lambda: AssetFactory(account=account, name="Profile"))
    committed(lambda: MembershipFactory(account=account, person__name="Mina", holding="member"))
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    context.set_default_timeout(8_000)
    page = context.new_page()
    page.goto(f"{live_site.url}/auth/login/?next={account.get_absolute_url()}assets/grid/")
    page.locator("input[name=login]").fill(account.owner.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form .btn-primary").first.click()

    page.get_by_role("link", name="Mina on Profile: nothing").click()
    page.locator("label:has(input[name=preset][value=own])").click()
    page.locator("input[name=codes][value=run_ads]").check()
    page.get_by_role("button", name="See what it changes").click()
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("The grants of Mina are saved.")).to_be_visible()
    assert list(AssetGrant.objects.values_list("permission__codename", flat=True)) == ["run_ads"]
    context.close()

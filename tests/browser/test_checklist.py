"""An owner sees what is left to do, mends one thing by the keyboard alone, and finds the score one higher."""

import re

from playwright.sync_api import expect

from accounts.models import SecurityPolicy
from tests.factories import BusinessAccountFactory, MembershipFactory
from tests.together import committed

from .people import tab_to


def test_the_score_rises_by_one_when_one_thing_is_mended(arrives, fresh_database):
    account = committed(lambda: BusinessAccountFactory(name="Northwind", owner__name="Olga"))
    committed(lambda: MembershipFactory(account=account, person__name="Eddie"))
    olga = arrives(account.owner)
    page = olga.page

    olga.opens(account.get_absolute_url())
    olga.sees("2 of 13 done")
    tab_to(page, "main a[href$='/security/checklist/']")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/security/checklist/$"))
    olga.sees("2 of 13 done", "Who walks away is signed out")

    tab_to(page, "main a[href$='#id_session_idle_minutes']")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/security/#id_session_idle_minutes$"))
    tab_to(page, "#id_session_idle_minutes")
    page.keyboard.type("15")
    page.keyboard.press("Enter")
    olga.sees("The security policy is saved.")

    tab_to(page, "main a[href$='/security/checklist/']")
    page.keyboard.press("Enter")
    olga.sees("3 of 13 done")
    done = page.get_by_role("main").get_by_role("listitem").filter(has_text="Who walks away is signed out")
    expect(done).to_contain_text("(done)")
    assert SecurityPolicy.objects.get(account=account).session_idle_minutes == 15

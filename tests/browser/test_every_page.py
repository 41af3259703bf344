"""Every page and state, with the demo's data: nothing for axe to find, no complaint of the browser, nothing sticks out.

With SCREENSHOTS=1 each page is also written to test-results/screenshots, and those that the docs show to docs/screenshots.
"""

import os
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from django.urls import reverse

from accounts.models import Asset, BusinessAccount, Person
from audit.models import Event
from invitations.models import Invitation
from oversight.demo.cast import CAST, PASSWORD
from teams.models import Membership, OwnershipOffer

ROOT = Path(__file__).parents[2]
ALL, SHOWN = ROOT / "test-results" / "screenshots", ROOT / "docs" / "screenshots"
IN_THE_DOCS = {
    "account_home-1280-light", "team-1280-light", "team-390-dark", "member-1280-light", "roles-1280-dark",
    "invitation-1280-light", "offer-390-light", "activity-1280-light", "event-1280-light", "dashboard-390-light",
}  # fmt: skip
TAKE = os.environ.get("SCREENSHOTS") == "1"
EXPECTED = "Failed to load resource: the server responded with a status of 4"  # a refusal is a page like others


@pytest.fixture
def demo(live_site, settings):
    """The portal with the demo's past."""
    settings.DEBUG = True
    call_command("seed_demo", verbosity=0)
    settings.DEBUG = False
    return live_site


def _member(account, key, **more):
    rows = Membership.objects.filter(account=account, person__email=CAST[key].address, **more).order_by("-pk")
    return {"slug": account.slug, "pk": rows[0].pk}


def _invitation(account, address):
    return {"slug": account.slug, "pk": Invitation.objects.filter(account=account, address=address).latest("pk").pk}


def pages() -> dict[str, list[tuple[str, str]]]:
    """Return, for each person, the pages to visit: a name and an address."""
    northwind = BusinessAccount.objects.get(name="Northwind Coffee")
    halo = BusinessAccount.objects.get(name="Halo Skincare")
    studio = BusinessAccount.objects.get(name="Pellegrini Ceramics")
    here = {"slug": northwind.slug}
    us, popup = (Asset.objects.get(account=northwind, name=name) for name in ("Northwind US", "Pop-up 2025"))
    offer = OwnershipOffer.objects.open().get()
    changed = Event.objects.of(northwind).named("role.changed").filter(result="done").first()
    at = lambda name, **kwargs: (name, reverse(name, kwargs=kwargs))  # noqa: E731  # a word for each line below
    oscar, elif_, bruno = (_member(northwind, key) for key in ("oscar", "elif", "bruno"))
    lena, failed = (
        _invitation(northwind, address) for address in ("lena.fischer@northwind.example", "dana.w@northwnd.example")
    )
    return {
        "": [
            at("front"), at("account_login"), at("account_signup"), at("account_reset_password"),
            at("account_reset_password_done"), at("no_invitation", anything="x"), ("not_found", "/nowhere/"),
        ],
        "nadia": [
            at("dashboard"), at("my_activity"), at("profile"), at("account_email"), at("account_change_password"),
            at("mfa_index"), at("usersessions_list"), at("open_account"), at("account_logout"),
            at("account_home", **here), at("team", **here), ("team_none", reverse("team", kwargs=here) + "?q=zzz"),
            ("team_ended", reverse("team", kwargs=here) + "?state=ended"),
            at("member", **oscar), ("member_to_confirm", reverse("member", kwargs=elif_)),
            ("member_suspended", reverse("member", kwargs=bruno)),
            ("member_ended", reverse("member", kwargs=_member(northwind, "kofi", state="ended"))),
            at("confirm_role", **elif_), at("change_role", **oscar), at("suspend_member", **oscar),
            at("restore_member", **bruno), at("remove_member", **oscar), at("member_grants", **oscar, asset_id=us.pk),
            at("roles", **here), at("assets", **here), at("asset", slug=northwind.slug, pk=us.pk),
            ("asset_archived", reverse("asset", kwargs={"slug": northwind.slug, "pk": popup.pk})),
            at("add_asset", **here), at("change_asset", slug=northwind.slug, pk=us.pk),
            at("archive_asset", slug=northwind.slug, pk=us.pk), at("restore_asset", slug=northwind.slug, pk=popup.pk),
            at("invitations", **here), ("invitations_failed", reverse("invitations", kwargs=here) + "?state=failed"),
            at("invite", **here), at("invitation", **lena), ("invitation_failed", reverse("invitation", kwargs=failed)),
            at("resend_invitation", **lena), at("copy_invitation_link", **lena), at("correct_invitation", **failed),
            at("change_invitation", **lena), at("revoke_invitation", **lena),
            at("activity", **here), at("event", slug=northwind.slug, number=changed.number),
            ("activity_none", reverse("activity", kwargs=here) + "?q=zzz"), at("export_activity", **here),
            at("security_policy", **here), at("account_settings", **here), at("close_account", **here),
            at("leave_account", **here), at("ownership", **here),
        ],
        "eddie": [
            ("home_of_a_member", reverse("account_home", kwargs=here)), ("refused", reverse("team", kwargs=here)),
            ("leave_as_member", reverse("leave_account", kwargs=here)),
            ("settings_of_a_member", reverse("account_settings", kwargs=here)),
            ("offer_for_another", reverse("invitation_offer", args=[Invitation.objects.get(pk=lena["pk"]).present_token()])),
        ],
        "bruno": [("suspended", reverse("account_home", kwargs=here)), ("dashboard_suspended", reverse("dashboard"))],
        "ines": [("no_second_factor", "/accounts/brightside-agency/"), ("dashboard_of_an_agency", reverse("dashboard"))],
        "viktor": [("unconfirmed", "/accounts/lumen-bikes/")],
        "giulia": [
            ("standard_home", reverse("account_home", args=[studio.slug])), ("upgrade_account", reverse("upgrade_account", args=[studio.slug])),
            ("standard_invitations", reverse("invitations", args=[studio.slug])), ("standard_team", reverse("team", args=[studio.slug])),
        ],
        "henrik": [("closed", "/accounts/northwind-pop-up/"), ("ended", reverse("account_home", kwargs=here))],
        "wanda": [
            ("dashboard_empty", reverse("dashboard")),
            ("offer", reverse("invitation_offer", args=[Invitation.objects.get(address=CAST["wanda"].address).present_token()])),
            ("decline_invitation", reverse("decline_invitation", args=[Invitation.objects.get(address=CAST["wanda"].address).present_token()])),
        ],
        "chen": [("ownership_offer", reverse("ownership_offer", args=[halo.slug, offer.pk]))],
        "amelie": [("ownership_open", reverse("ownership", args=[halo.slug])), ("withdraw_ownership", reverse("withdraw_ownership", args=[halo.slug, offer.pk]))],
    }  # fmt: skip


LOOKS = [
    pytest.param(1280, "light", id="wide-light"),
    pytest.param(1280, "dark", id="wide-dark"),
    pytest.param(390, "light", id="phone-light"),
    pytest.param(390, "dark", id="phone-dark"),
    pytest.param(360, "light", id="small-phone"),
]


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_every_page_in_one_look(browser, demo, width, scheme, client):
    axe, faults = Axe(), []
    for key, visits in pages().items():
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce", timezone_id="UTC"
        )
        if key:
            context.add_cookies([_signed_in(key, demo.url)])
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message, said=said: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error, said=said: said.append(str(error)))
        for name, address in visits:
            said.clear()
            response = page.goto(f"{demo.url}{address}")
            if response.status >= 500:
                faults.append((name, response.status))
                continue
            faults += [(name, "console", text) for text in said if not text.startswith(EXPECTED)]
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                faults.append((name, "sticks out of the page"))
            if width != 360:
                found = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
                faults += [(name, entry["id"], entry["nodes"][0]["html"][:150]) for entry in found]
            if TAKE and width != 360:
                shot = f"{name}-{width}-{scheme}"
                page.screenshot(path=(SHOWN if shot in IN_THE_DOCS else ALL) / f"{shot}.png", full_page=True)
        context.close()

    assert faults == []


def _signed_in(key: str, url: str) -> dict[str, str]:
    """The cookie of a session: signing in by the page is another test's story."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(Person.objects.get(email=CAST[key].address))
    return {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
        "url": url,
    }


@pytest.mark.requirement("MF1")
def test_signing_in_inviting_and_accepting_by_the_keyboard_alone(browser, demo):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{demo.url}/auth/login/")
    _tab_to(page, "input[name=login]")
    page.keyboard.type(CAST["nadia"].address)
    _tab_to(page, "input[name=password]")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/dashboard/"))
    page.goto(f"{demo.url}/accounts/northwind-coffee/invitations/new/")
    _tab_to(page, "textarea[name=addresses]")
    page.keyboard.type("keys@northwind.example")
    _tab_to(page, "input[name=role]")
    page.keyboard.press("Space")
    _tab_to(page, "main form button.btn-primary[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/invitations/$"))

    assert Invitation.objects.filter(address="keys@northwind.example").exists()
    token = Invitation.objects.get(address=CAST["wanda"].address).present_token()
    other = browser.new_context()
    other.add_cookies([_signed_in("wanda", demo.url)])
    page = other.new_page()
    page.goto(f"{demo.url}{reverse('invitation_offer', args=[token])}")
    _tab_to(page, "form[action$='/accept/'] button")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/accounts/northwind-coffee/"))


def _tab_to(page, selector: str) -> None:
    """Press Tab until an element has the focus, visibly."""
    for _press in range(80):
        if page.evaluate("selector => document.activeElement && document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    where = page.evaluate("location.pathname + ' at ' + document.activeElement.outerHTML.slice(0, 200)")
    raise AssertionError(f"the keyboard never reaches {selector}: {where}")

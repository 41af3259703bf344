"""Looking at pages as a strict reader: axe, the console, what sticks out; and the screenshots."""

import os
import re
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.urls import Resolver404, resolve
from playwright.sync_api import Browser, Page

from accounts.models import Person
from oversight.demo.cast import CAST

ROOT = Path(__file__).parents[2]
ALL, SHOWN = ROOT / "var" / "screenshots", ROOT / "docs" / "screenshots"
IN_THE_DOCS = {
    "account_home-1280-light", "team-1280-light", "team-390-dark", "member-1280-light", "roles-1280-dark",
    "invitation-1280-light", "offer-390-light", "receipt-1280-light", "activity-1280-light", "event-1280-light", "dashboard-390-light",
}  # fmt: skip
TAKE = os.environ.get("SCREENSHOTS") == "1"
FAILED_TO_LOAD = "Failed to load resource: the server responded with a status of "
REFUSED = f"{FAILED_TO_LOAD}4"  # a form that is refused is a page like others

# What reaches past the right edge: also where something around it cuts it off; but not what scrolls by itself.
STICKS_OUT = """() => {
  const edge = document.documentElement.clientWidth + 1
  const scrolls = one => one && one !== document.body && (
    ["auto", "scroll"].includes(getComputedStyle(one).overflowX) || getComputedStyle(one).clipPath !== "none"
    || one.getAttribute("aria-hidden") === "true" || scrolls(one.parentElement))
  const out = [...document.body.querySelectorAll("*")].filter(
    one => one.getBoundingClientRect().width && one.getBoundingClientRect().right > edge && !scrolls(one))
  if (!out.length && document.documentElement.scrollWidth > edge) out.push(document.documentElement)
  return out.slice(0, 2).map(one => one.outerHTML.slice(0, 150))
}"""


class Look:
    """One width and one colour scheme. `faults` collects what is wrong, `seen` the names of the addresses."""

    def __init__(self, browser: Browser, site: str, width: int, scheme: str) -> None:
        self.browser, self.site, self.width, self.scheme = browser, site, width, scheme
        self.axe = Axe()
        self.faults: list[tuple[str, ...]] = []
        self.seen: set[str] = set()
        self._said: list[str] = []

    def window(self, who: str = "") -> Page:
        """A browser of its own, signed in as someone of the cast."""
        context = self.browser.new_context(
            viewport={"width": self.width, "height": 900},
            color_scheme=self.scheme,
            reduced_motion="reduce",
            locale="en-GB",
            timezone_id="UTC",
        )
        context.set_default_timeout(10_000)
        if who:
            context.add_cookies([signed_in(who, self.site)])
        page = context.new_page()
        page.on("console", lambda message: self._said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self._said.append(str(error)))
        return page

    def visit(self, page: Page, name: str, address: str, *, status: int = 200) -> None:
        """Open an address, which must answer with this status in the end, and look at it."""
        self._said.clear()
        response = page.goto(address if address.startswith("http") else f"{self.site}{address}")
        if response.status != status:
            self.faults.append((name, f"status {response.status} instead of {status}"))
        self.look(page, name, expected=f"{FAILED_TO_LOAD}{status}")

    def send(self, page: Page, button: str = "main form .btn-primary") -> None:
        """Press a button that leads on, past the browser's own checks, and wait for where it leads."""
        self._said.clear()
        page.evaluate("document.querySelectorAll('form').forEach(form => { form.noValidate = true })")
        with page.expect_navigation():
            page.locator(button).first.click()

    def look(self, page: Page, name: str, *, expected: str = REFUSED) -> None:
        """Look at the page as it stands."""
        page.wait_for_load_state()
        self.seen.add(_name_of(page.url.removeprefix(self.site)))
        self.faults += [(name, "console", text) for text in self._said if not text.startswith(expected)]
        self._said.clear()
        self.faults += [(name, "sticks out of the page", html) for html in page.evaluate(STICKS_OUT)]
        if self.width != 360:
            found = self.axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
            self.faults += [(name, entry["id"], entry["nodes"][0]["html"][:150]) for entry in found]
        if TAKE and self.width != 360:
            shot = f"{name}-{self.width}-{self.scheme}"
            page.screenshot(path=(SHOWN if shot in IN_THE_DOCS else ALL) / f"{shot}.png", full_page=True)


def _name_of(address: str) -> str:
    try:
        return resolve(re.split(r"[?#]", address)[0]).url_name or ""
    except Resolver404:
        return ""


def signed_in(key: str, url: str) -> dict[str, str]:
    """The cookie of a session: signing in by the page is another test's story."""
    client = Client()
    client.force_login(Person.objects.get(email=CAST[key].address))
    return {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
        "url": url,
    }

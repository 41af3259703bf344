"""Looking at pages as a strict reader: axe, the console, what sticks out; and the screenshots."""

import os
import re
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.urls import Resolver404, resolve
from playwright.sync_api import Browser, Locator, Page

from accounts.models import Person
from oversight.demo.cast import CAST
from tests import showing

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

# An id that stands twice: the label of the one field is then read, and pressed, for the other.
TWICE = """() => {
  const ids = [...document.querySelectorAll("[id]")].map(one => one.id)
  return [...new Set(ids.filter((id, place) => ids.indexOf(id) !== place))].slice(0, 3)
}"""


# When a page has another size or other colours: what moves has come to its end, and two pictures were drawn.
STANDS = """async () => {
  await document.fonts.ready
  const moves = () => document.getAnimations().some(
    one => one.playState === "running" && Number.isFinite(one.effect.getComputedTiming().endTime))
  for (let picture = 0; picture < 2 || (moves() && picture < 300); picture++) await new Promise(requestAnimationFrame)
}"""

JUDGED = """options => axe.run(document, options).then(
  found => found.violations.map(one => [one.id, one.nodes[0].html.slice(0, 150)]))"""
ALL_RULES = {"resultTypes": ["violations"], "iframes": False}  # frames hold mails, where axe may not run
RULES_OF_COLOUR = {**ALL_RULES, "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}

WIDE, PHONE, SMALL = 1280, 390, 360
LOOKS = {  # in the order in which the least changes, and a phone again at the end; dark has other colours, no more
    (PHONE, "light"): ALL_RULES,
    (PHONE, "dark"): RULES_OF_COLOUR,
    (WIDE, "dark"): RULES_OF_COLOUR,
    (WIDE, "light"): ALL_RULES,
    (SMALL, "light"): None,
}


class Look:
    """Loads a page once, on a phone, and looks at it in every look; what is typed is typed on a phone.

    `faults` collects what is wrong: the page, the look, what, where. `seen` holds the names of the addresses.
    """

    def __init__(self, browser: Browser, site: str) -> None:
        self.browser, self.site = browser, site
        self.faults: list[tuple[str, ...]] = []
        self.seen: set[str] = set()
        self._said: list[str] = []

    def window(self, who: str = "", *, ago: float = 0.0, kind: str = "") -> Page:
        """A browser of its own, signed in as someone of the cast, so many seconds ago; by this `kind` of factor, or all."""
        context = self.browser.new_context(
            viewport={"width": PHONE, "height": 900},
            color_scheme="light",
            reduced_motion="reduce",
            locale="en-GB",
            timezone_id="UTC",
        )
        context.set_default_timeout(10_000)
        if who:
            context.add_cookies([signed_in(who, self.site, ago, kind)])
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
            self.press(page, page.locator(button).first)

    def press(self, page: Page, button: Locator) -> None:
        """Press what could be pressed at every width."""
        for width in (WIDE, PHONE, SMALL):
            turn(page, width)
            button.click(trial=True)
        button.click()

    def look(self, page: Page, name: str, *, expected: str = REFUSED, narrow: bool = False) -> None:
        """Look at the page as it stands: in every look, or (`narrow`) in those of a phone."""
        page.wait_for_load_state()
        self.seen.add(name_of(page.url.removeprefix(self.site)))
        self.faults += [(name, "an id that stands twice", found) for found in page.evaluate(TWICE)]
        if not page.evaluate("Boolean(window.axe)"):
            page.evaluate(AXE_SCRIPT)
        for (width, scheme), rules in LOOKS.items():
            if narrow and width == WIDE:
                continue
            turn(page, width, scheme)
            self._look_once(page, name, f"{width}-{scheme}", rules)
        self.faults += [(name, "console", text) for text in self._said if not text.startswith(expected)]
        self._said.clear()

    def _look_once(self, page: Page, name: str, look: str, rules: dict | None) -> None:
        self.faults += [(name, look, "sticks out of the page", html) for html in page.evaluate(STICKS_OUT)]
        if rules is None:
            return
        self.faults += [(name, look, rule, html) for rule, html in page.evaluate(JUDGED, rules)]
        if TAKE:
            shot = f"{name}-{look}"
            page.screenshot(path=(SHOWN if shot in IN_THE_DOCS else ALL) / f"{shot}.png", full_page=True)


def turn(page: Page, width: int, scheme: str = "light") -> None:
    """Give the page another width, and the reader's wish for other colours; it has settled afterwards."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.evaluate(STANDS)


def name_of(address: str) -> str:
    """Return the name of an address, empty where none is meant."""
    try:
        return resolve(re.split(r"[?#]", address)[0]).url_name or ""
    except Resolver404:
        return ""


def signed_in(key: str, url: str, ago: float = 0.0, kind: str = "") -> dict[str, str]:
    """The cookie of a session that began so many seconds ago: signing in by the page is another test's story."""
    client = showing.signed_in(Person.objects.get(email=CAST[key].address), ago=ago, kind=kind)
    return {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
        "url": url,
    }

"""What a person does in a browser, as the stories tell it."""

import re

from django.core import mail
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.post import the_post_goes_out

PASSWORD = "a sentence that nobody guesses 42"


class Someone:
    """A person at a browser of their own: nothing is shared with the others, no cookie and no tab."""

    def __init__(self, browser: Browser, site: str, name: str, address: str) -> None:
        self.site, self.name, self.address = site, name, address
        self.context: BrowserContext = browser.new_context(
            locale="en-GB", timezone_id="UTC", viewport={"width": 1280, "height": 900}
        )
        self.context.set_default_timeout(20_000)  # ms: a page that takes longer, even on a busy machine, is broken
        self.page: Page = self.context.new_page()
        self.password = PASSWORD
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._listen)

    def _listen(self, message) -> None:
        expected = "Failed to load resource: the server responded with a status of"  # refusals are part of the story
        if message.type == "error" and expected not in message.text:
            self.complaints.append(message.text)

    def opens(self, path: str) -> None:
        self.page.goto(path if path.startswith("http") else f"{self.site}{path}")

    def presses(self, name: str, *, exact: bool = True) -> None:
        main = self.page.get_by_role("main")
        buttons = main.get_by_role("button", name=name, exact=exact)
        links = main.get_by_role("link", name=name, exact=exact)
        buttons.or_(links).first.click()

    def types(self, label: str, text: str) -> None:
        self.page.get_by_role("main").get_by_label(label).first.fill(text)

    def sees(self, *texts: str) -> None:
        for text in texts:
            expect(self.page.get_by_role("main").get_by_text(text).first).to_be_visible()

    def reads_on(self, link: str) -> str:
        """Return the text of a list and of all pages that follow it by this link."""
        told = self.page.get_by_role("main").inner_text()
        while (more := self.page.get_by_role("main").get_by_role("link", name=link)).count():
            more.first.click()
            self.page.wait_for_load_state()
            told += self.page.get_by_role("main").inner_text()
        return told

    def signs_up(self) -> None:
        """Make a sign-in, with the code that is mailed."""
        self.opens("/auth/signup/")
        self.types("E-mail address", self.address)
        self.types("Your name", self.name)
        self.types("Password", PASSWORD)
        self.presses("Create account")
        expect(self.page).to_have_url(re.compile("confirm-email"))
        the_post_goes_out()
        code = re.search(r"^\s*([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})\s*$", newest_mail(self.address).body, re.MULTILINE)[1]
        self.page.locator("input[name=code]").fill(code)
        self.presses("Go on")
        expect(self.page).to_have_url(re.compile("/dashboard/"))

    def signs_in(self, password: str = "") -> None:
        """Sign in with the password, which is the one from now on."""
        self.opens("/auth/login/")
        self._enters(password or self.password)

    def signs_in_again(self) -> None:
        """Sign in at the page to which one is led whose session has ended, and get where one wanted to be."""
        expect(self.page).to_have_url(re.compile("/auth/login/"))
        self._enters(self.password)
        expect(self.page).not_to_have_url(re.compile("/auth/login/"))

    def _enters(self, password: str) -> None:
        self.password = password
        self.page.locator("input[name=login]").fill(self.address)
        self.page.locator("input[name=password]").fill(password)
        self.presses("Sign in")

    def leaves(self) -> None:
        assert self.complaints == [], f"{self.name}’s browser complained"
        self.context.close()


def newest_mail(address: str):
    return [message for message in mail.outbox if address in message.to][-1]


def link_in_the_mail(address: str) -> str:
    """The link of the newest mail: to an invitation, a new password, or a claim of the ownership."""
    pages = "invitations|password/reset/key|ownership/claims"
    return re.search(rf"https?://\S+/({pages})/\S+", newest_mail(address).body)[0]


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element has the focus, visibly."""
    for _press in range(80):
        if page.evaluate("selector => document.activeElement && document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    where = page.evaluate("location.pathname + ' at ' + document.activeElement.outerHTML.slice(0, 200)")
    raise AssertionError(f"the keyboard never reaches {selector}: {where}")

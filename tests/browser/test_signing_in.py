"""A real browser at a password field, and at the link of a mail about a sign-in from elsewhere."""

import json
import re
from urllib.parse import parse_qsl

import pytest
from django.core import mail
from playwright.sync_api import expect

from accounts.models import Person, Session
from audit.models import Event
from tests.factories import PASSWORD, AssetFactory, BusinessAccountFactory, PersonFactory
from tests.post import the_post_goes_out
from tests.together import committed

from .people import Someone


@pytest.mark.requirement("PW6")
def test_a_password_can_be_pasted_shown_and_hidden_again(browser, live_site):
    nina = Someone(browser, live_site.url, "Nina Berg", "nina@example.com")
    nina.opens("/auth/login/")
    field, show = nina.page.locator("input[name=password]"), nina.page.get_by_role("button", name="Show", exact=True)

    nina.page.locator("input[name=login]").fill(PASSWORD)
    nina.page.locator("input[name=login]").press("Control+a")
    nina.page.locator("input[name=login]").press("Control+x")
    field.press("Control+v")
    hidden = field.get_attribute("type")
    show.click()

    expect(field).to_have_value(PASSWORD)
    assert (hidden, field.get_attribute("type")) == ("password", "text")
    assert field.get_attribute("autocomplete") == "current-password"
    nina.page.get_by_role("button", name="Hide", exact=True).click()
    assert field.get_attribute("type") == "password"
    assert nina.complaints == []


@pytest.mark.requirement("SE8")
def test_a_sign_in_from_elsewhere_is_ended_by_the_link_in_the_mail(browser, live_site):
    person = committed(lambda: PersonFactory(email="nina@example.com"))
    at_home, elsewhere = (Someone(browser, live_site.url, "Nina Berg", person.email) for _browser in range(2))
    for one in (at_home, elsewhere):
        one.opens("/auth/login/")
        one.page.locator("input[name=login]").fill(person.email)
        one.page.locator("input[name=password]").fill(PASSWORD)
        one.presses("Sign in")
        expect(one.page).to_have_url(re.compile("/dashboard/"))
    the_post_goes_out()
    told: list[str] = []
    at_home.page.on("request", lambda request: told.append(request.all_headers().get("referer", "")))

    at_home.opens(re.search(r"http://\S+/auth/not-me/\S+/", mail.outbox[-1].body)[0])
    expect(at_home.page.get_by_text("Your password does not work any more.")).to_be_visible()
    at_home.presses("It wasn’t me: end it all")
    expect(at_home.page.get_by_role("heading", name="It is ended")).to_be_visible()
    elsewhere.opens("/dashboard/")

    expect(elsewhere.page).to_have_url(re.compile("/auth/login/"))
    assert not Session.objects.filter(person=person).exists()
    assert not Person.objects.get(pk=person.pk).has_usable_password()
    assert not any("not-me" in referrer for referrer in told)
    assert at_home.complaints == []


@pytest.mark.requirement("MF6")
def test_a_passkey_is_made_and_signs_in_alone_once_for_each_question_and_only_for_its_holder(browser, live_site):
    person = committed(lambda: PersonFactory(email="nina@example.com"))
    nina, thief = (Someone(browser, live_site.url, "Nina Berg", person.email) for _browser in range(2))
    device = nina.page.context.new_cdp_session(nina.page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    made = device.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, "isUserVerified": True}})
    key = made["authenticatorId"]
    nina.signs_in(PASSWORD)
    expect(nina.page).to_have_url(re.compile("/dashboard/"))
    nina.opens("/auth/2fa/webauthn/add/")
    nina.page.locator("input[name=name]").fill("Nina’s laptop")
    nina.presses("Add the passkey")
    expect(nina.page).not_to_have_url(re.compile("/webauthn/add/"))
    assert len(device.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]) == 1
    nina.context.clear_cookies()

    nina.opens("/auth/login/")
    with nina.page.expect_request(lambda it: it.method == "POST" and it.url.endswith("/webauthn/login/")) as sent:
        nina.presses("Sign in with a passkey")
    expect(nina.page).to_have_url(re.compile("/dashboard/"))
    assert committed(lambda: list(Event.objects.of(person).named("person.second_factor_shown").values_list("result")))

    answer = dict(parse_qsl(sent.value.post_data))["credential"]
    thief.opens("/auth/login/")
    with thief.page.expect_navigation():
        thief.page.evaluate(
            """answer => {
                const form = document.getElementById("mfa_login");
                form.querySelector("[name=credential]").value = answer;
                HTMLFormElement.prototype.submit.call(form);
            }""",
            answer,
        )
    thief.opens("/dashboard/")
    expect(thief.page).to_have_url(re.compile("/auth/login/"))

    device.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    nina.context.clear_cookies()
    nina.opens("/auth/login/")
    with nina.page.expect_response(lambda answer: answer.url.endswith("/webauthn/login/")):  # the question
        nina.presses("Sign in with a passkey")
    nina.page.wait_for_timeout(500)  # the device gives no answer, which would be sent at once
    nina.opens("/dashboard/")
    expect(nina.page).to_have_url(re.compile("/auth/login/"))


# All that a page can read of what a browser keeps.
KEPT = """async () => JSON.stringify([
    {...localStorage}, {...sessionStorage}, document.cookie, history.state, window.name,
    await caches.keys(), (await indexedDB.databases()).map(each => each.name),
])"""


@pytest.mark.requirement("SE8")
def test_a_browser_keeps_nothing_of_a_session_that_a_page_could_read(browser, live_site):
    account = committed(lambda: BusinessAccountFactory(name="Northwind"))
    committed(lambda: AssetFactory.create_batch(30, account=account))
    olga = Someone(browser, live_site.url, "Olga", account.owner.email)
    olga.signs_in(PASSWORD)
    expect(olga.page).to_have_url(re.compile("/dashboard/"))
    olga.opens(f"/accounts/{account.slug}/assets/")
    olga.page.get_by_role("link", name="Next page").first.click()  # by htmx, which could keep pages for the way back
    expect(olga.page).to_have_url(re.compile("page=2"))

    kept = olga.page.evaluate(KEPT)
    cookies = {cookie["name"]: cookie["value"] for cookie in olga.context.cookies()}

    assert {"session", "csrf", "device"} <= set(cookies)
    assert [name for name, value in cookies.items() if value in kept] == []
    assert json.loads(kept)[:3] == [{}, {}, ""]
    olga.leaves()

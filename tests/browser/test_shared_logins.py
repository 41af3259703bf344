"""A password that several people share, seen in browsers: noted, exposed, reminded of, signed, and left behind."""

import datetime as dt
import re

import pytest
import time_machine
from django.core import mail
from django.utils import timezone
from playwright.sync_api import expect

from audit.models import Event
from logins.models import ChangeTask, SharedLogin
from logins.tasks import remind_owners
from tests.factories import BusinessAccountFactory, KnowerFactory, MembershipFactory, PersonFactory, SharedLoginFactory
from tests.post import the_post_goes_out
from tests.together import committed
from tests.written import written

from .people import newest_mail, tab_to

HOME = "/accounts/pellegrini/"


@pytest.fixture
def studio(live_site):
    return committed(
        lambda: BusinessAccountFactory(
            name="Pellegrini Ceramics",
            slug="pellegrini",
            kind="standard",
            owner__name="Giulia Pellegrini",
            owner__email="giulia@pellegrini.example",
        )
    )


def notes(someone, name, address):
    someone.presses("Note a person")
    someone.types("Name", name)
    someone.types("E-mail address", address)
    someone.presses("Save")
    someone.sees(name)


def reminded_after(hours):
    """Let so much time pass, with the task run twice as two workers would; return the subjects of the new mails."""
    before = len(mail.outbox)
    with time_machine.travel(timezone.now() + dt.timedelta(hours=hours)):
        remind_owners()
        remind_owners()
        the_post_goes_out()
    return [message.subject for message in mail.outbox[before:]]


def _acts(account):
    return Event.objects.of(account).exclude(name__startswith="mail.").order_by("id")


@pytest.mark.rule(17)
def test_a_shared_password_is_changed_because_somebody_left(arrives, studio):
    giulia = arrives(studio.owner)
    page, keys = giulia.page, giulia.page.keyboard

    # By the keyboard alone: into the register. No field asks for a password, and a text that holds one is refused.
    giulia.opens(f"{HOME}logins/")
    giulia.sees("No shared login is noted yet")
    page.wait_for_load_state()
    tab_to(page, "main a[href$='/logins/new/']")
    keys.press("Enter")
    page.wait_for_url("**/logins/new/")
    page.wait_for_load_state()
    assert page.locator("main [name]:not([type=hidden])").evaluate_all("fields => fields.map(field => field.name)") == [
        "label", "platform", "username", "known_since",
    ]  # fmt: skip
    expect(page.locator("input[type=password]")).to_have_count(0)
    for field, text in {"label": "TikTok", "platform": "tiktok.com", "username": "@pellegrini, pw: terracotta"}.items():
        tab_to(page, f"input[name={field}]")
        keys.type(text)
    keys.press("Enter")
    giulia.sees("This looks as if a password stands in it.")
    assert not SharedLogin.objects.exists()
    giulia.types("User name", "@pellegrini")
    giulia.presses("Add to the register")
    giulia.sees("TikTok is in the register.", "quiet", "Giulia Pellegrini")
    notes(giulia, "Marco Bruni", "marco@bruni.example")
    notes(giulia, "Chiara Pellegrini", "chiara@pellegrini.example")

    # Marco leaves: exposed, on every page that she comes by, and by mail, until she signs.
    giulia.presses("Marco Bruni is gone")
    giulia.types("Reason", "The films are made")
    giulia.presses("Note as gone")
    giulia.sees("exposed", "Change this password", "Gone, but still knowing it: Marco Bruni.")
    expect(page.get_by_role("navigation").get_by_role("link", name=re.compile("Shared logins"))).to_contain_text("1")
    giulia.opens("/dashboard/")
    giulia.sees("1 password to change")
    giulia.opens(HOME)
    giulia.sees("TikTok is exposed.", "Marco Bruni is gone and knows its password.")
    the_post_goes_out()
    first = newest_mail(giulia.address)
    assert first.subject == "Change the password of TikTok (Pellegrini Ceramics)"
    assert reminded_after(23) == []
    assert reminded_after(25) == ["Still to do: Change the password of TikTok (Pellegrini Ceramics)"]

    # From the mail to the signature: a time before Marco left, and another name, are refused.
    giulia.opens(re.search(r"https?://\S+/logins/\d+/", first.body)[0])
    giulia.presses("I have changed it")
    now = page.get_by_label("Changed on").input_value()
    giulia.types("Changed on", "2026-01-01T10:00")
    giulia.presses("Read what you sign")
    giulia.sees("who is gone may have known that password too")
    giulia.types("Changed on", now)
    giulia.presses("Read what you sign")
    giulia.sees("Besides me, only these know the new one: Chiara Pellegrini.", "not knowing it any more: Marco Bruni")
    giulia.types("Your name, as a signature", "Marco Bruni")
    giulia.presses("Sign")
    giulia.sees("Sign with your own name: Giulia Pellegrini.")
    assert ChangeTask.objects.open().exists()
    tab_to(page, "input[name=signature]")
    keys.press("Control+a")
    keys.type("giulia pellegrini")
    keys.press("Enter")
    giulia.sees("Signed. TikTok is known to those that you named, and to nobody else.", "quiet")
    page.get_by_role("link", name=re.compile("^Knew an earlier one")).click()
    expect(page.locator("#results")).to_contain_text("Marco Bruni")
    expect(page.locator("#results")).not_to_contain_text("Chiara")
    assert reminded_after(24 * 8) == []

    told = [(event.name, event.result) for event in _acts(studio)]
    assert told == [
        ("login.added", "done"), ("login.knower_noted", "done"), ("login.knower_noted", "done"), ("login.knower_gone", "done"),
        ("login.reminder_sent", "done"), ("login.password_changed", "refused"), ("login.password_changed", "done"),
    ]  # fmt: skip
    assert "terracotta" not in "".join(written(Event.objects.of(studio)))


@pytest.mark.rule(13)
def test_the_upgrade_keeps_the_register_and_an_offboarding_exposes_what_was_known(arrives, studio):
    login = committed(lambda: SharedLoginFactory(account=studio, label="TikTok"))
    committed(lambda: KnowerFactory(login=login, name="Chiara", address="chiara@pellegrini.example"))
    giulia = arrives(studio.owner)
    stella = arrives(committed(lambda: PersonFactory(name="Stella")))

    stella.opens(f"{HOME}logins/{login.pk}/")
    stella.sees("There is nothing here")
    giulia.opens(f"{HOME}logins/{login.pk}/")
    giulia.sees("Better: nobody shares a password", "This register stays")
    giulia.presses("See the upgrade")
    giulia.sees("the register stays until each password is changed a last time")
    giulia.presses("Upgrade")
    giulia.sees("has a team now.")
    giulia.page.get_by_role("navigation").get_by_role("link", name="Shared logins").click()
    giulia.sees("This is a business account now", "TikTok", "1 person")
    expect(giulia.page.get_by_role("main").get_by_role("link", name="Add a login")).to_have_count(0)
    giulia.opens(f"{HOME}logins/new/")
    giulia.sees("A business account needs none")

    # Chiara is a member now, and may not look into the register; when she is offboarded, it knows by itself.
    chiara = committed(
        lambda: MembershipFactory(account=studio, person__name="Chiara", person__email="chiara@pellegrini.example")
    )
    hers = arrives(chiara.person)
    hers.opens(f"{HOME}logins/")
    hers.sees("You may not do this", "Manage the team", "Giulia Pellegrini")
    giulia.opens(f"{HOME}team/{chiara.pk}/offboard/")
    giulia.sees("Shared logins known to the person: TikTok is exposed until its password is changed")
    giulia.types("Why", "Left")
    giulia.presses("End all access")
    giulia.sees("The access of Chiara has ended")
    giulia.sees("TikTok is exposed until its password is changed")
    giulia.opens(f"{HOME}logins/")
    giulia.sees("TikTok is exposed.", "Chiara is gone and knows its password.")
    the_post_goes_out()
    assert newest_mail(giulia.address).subject == "Change the password of TikTok (Pellegrini Ceramics)"

    # A login that was closed where it was used is put away by a signature of its own.
    giulia.presses("Look")
    giulia.presses("More")
    giulia.page.get_by_role("link", name="Retire this login").click()
    giulia.types("Your name, as a signature", "Giulia Pellegrini")
    giulia.presses("Sign and retire")
    giulia.sees("Signed. TikTok is retired.")
    assert not ChangeTask.objects.open().exists()
    hers.page.reload()
    hers.sees("Everyone signs in as themselves.")  # all her sessions ended with it

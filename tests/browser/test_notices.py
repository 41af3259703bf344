"""The inbox, seen in browsers: what a member is told from the invitation to the end, what comes by mail, what stays."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.utils import timezone
from playwright.sync_api import expect

from audit.models import Event
from notices.models import Choice
from notices.tasks import send_digests
from teams.models import Membership
from teams.tasks import watch_ends
from tests.factories import BusinessAccountFactory, MembershipFactory, PersonFactory
from tests.post import the_post_goes_out
from tests.together import committed

from .people import link_in_the_mail, tab_to

HOME = "/accounts/northwind/"
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture
def account(live_site):
    return committed(
        lambda: BusinessAccountFactory(
            name="Northwind", slug="northwind", owner__name="Olga", owner__email="olga@northwind.example"
        )
    )


def inbox(someone):
    """What stands in the inbox, the newest first."""
    someone.opens("/inbox/")
    return someone.page.locator(".inbox-open").all_inner_texts()


def unread(someone):
    """The number at the bell, which stands in the head of every page."""
    bell = someone.page.get_by_role("banner").get_by_role("link", name="Inbox")
    return int(found[0]) if (found := re.search(r"\d+", bell.inner_text())) else 0


def asks(someone, reason):
    someone.opens(f"{HOME}team/")
    someone.presses("Ask for it")
    someone.page.locator("label.option", has_text="Administrator").click()
    someone.types("What you need it for", reason)
    someone.presses("Send the request")
    someone.sees("Your request is on its way.")


def subjects(address):
    """Send what waits, and return the subjects of what came to an address since the last time."""
    the_post_goes_out()
    found = [message.subject for message in mail.outbox if message.to == [address]]
    mail.outbox[:] = [message for message in mail.outbox if message.to != [address]]
    return found


def test_a_member_is_told_from_the_invitation_to_the_suspension(arrives, account):
    eddie = committed(lambda: PersonFactory(name="Eddie", email="eddie@northwind.example"))
    olga, his = arrives(account.owner), arrives(eddie)
    his.opens("/inbox/")
    his.sees("Nothing to tell yet")

    olga.opens(f"{HOME}invitations/new/")
    olga.types("E-mail addresses", eddie.email)
    olga.page.locator("input[name=role][value=editor]").check()
    olga.presses("Send the invitations")
    olga.sees("eddie@northwind.example is invited.")
    assert inbox(his) == ["Olga invites you, as Editor"]
    the_post_goes_out()
    his.opens(link_in_the_mail(eddie.email))
    his.presses("Accept and join")
    his.sees("Welcome to Northwind. You are Editor.")
    member = Membership.objects.get(person=eddie)
    olga.opens(f"{HOME}team/{member.pk}/role/")
    olga.page.locator("label.option", has_text="Analyst").click()
    olga.presses("Change role")
    olga.sees("Eddie is now Analyst.")
    asks(his, "Cover for Anna in August")
    assert inbox(olga) == ["Eddie asked for more access", "Eddie joined as Editor"]
    olga.presses("Eddie asked for more access")
    olga.types("Why not", "Not this summer")
    olga.presses("Refuse")
    olga.sees("Refused. Eddie is told why.")
    committed(lambda: Membership.objects.filter(pk=member.pk).update(ends_at=timezone.now() + dt.timedelta(days=6)))
    watch_ends()
    assert inbox(his) == [
        "An access of yours ends soon",
        "Olga refused what you had asked for",
        "Olga changed your role from Editor to Analyst",
        "Olga invites you, as Editor",
    ]

    # Opened, put back, and all of it read by the keyboard: the number at the bell goes along.
    assert unread(his) == 4
    his.presses("Olga refused what you had asked for")
    his.sees("Your request", "Not this summer")
    assert unread(his) == 3
    his.opens("/inbox/")
    his.presses("Mark as unread")
    expect(his.page.locator(".inbox .unread")).to_have_count(4)
    his.page.wait_for_load_state()
    tab_to(his.page, "main form[action$='/mark/'] button")
    his.page.keyboard.press("Enter")
    expect(his.page.locator(".inbox .unread")).to_have_count(3)
    his.page.get_by_role("link", name=re.compile("^Unread")).click()
    expect(his.page.locator(".inbox-open")).to_have_count(3)
    his.page.wait_for_load_state()
    tab_to(his.page, "main form[action$='/inbox/read/'] button")
    his.page.keyboard.press("Enter")
    his.sees("3 notices are marked as read.", "None here")
    assert unread(his) == 0

    # Suspended: told at once, by mail too; the account stays shut, and the bell is the way that is left.
    subjects(eddie.email)
    olga.opens(f"{HOME}team/{member.pk}/suspend/")
    olga.presses("Suspend")
    olga.sees("Eddie is suspended.")
    his.opens("/inbox/")
    his.signs_in_again()
    assert inbox(his)[0] == "Olga suspended your access"
    assert unread(his) == 1
    his.page.get_by_role("link", name=re.compile("^Security")).click()
    expect(his.page.locator(".inbox-open")).to_have_count(2)
    his.presses("Olga suspended your access")
    his.sees("Your access is suspended")
    assert subjects(eddie.email) == []  # it was read before the post went out


@pytest.mark.rule(4)
def test_whoever_is_suspended_keeps_only_what_concerned_them(arrives, account):
    anna = committed(lambda: MembershipFactory(account=account, holding="administrator", person__name="Anna"))
    eddie = committed(lambda: MembershipFactory(account=account, holding="editor", person__name="Eddie"))
    olga, hers, his = arrives(account.owner), arrives(anna.person), arrives(eddie.person)

    asks(his, "Cover for Anna in August")
    assert inbox(hers) == ["Eddie asked for more access"]
    theirs = hers.page.locator("form[action$='/open/']").first.get_attribute("action")
    olga.opens(f"{HOME}team/{anna.pk}/suspend/")
    olga.presses("Suspend")
    olga.sees("Anna is suspended.")

    hers.opens("/inbox/")
    hers.signs_in_again()
    assert inbox(hers) == ["Olga suspended your access"]
    hers.sees("All 1")
    assert unread(hers) == 1
    hers.opens("/inbox/?q=Eddie")
    hers.sees("None here")
    hers.opens("/inbox/")
    hers.page.locator("form[action$='/open/']").first.evaluate("(form, to) => { form.action = to }", theirs)
    hers.page.locator(".inbox-open").first.click()
    hers.sees("There is nothing here")
    olga.opens(f"{HOME}team/{anna.pk}/restore/")
    olga.presses("Restore")
    olga.sees("Anna has access again.")
    assert inbox(hers) == [
        "Olga gave you your access back",
        "Olga suspended your access",
        "Eddie asked for more access",
    ]


def test_a_digest_comes_at_eight_where_the_reader_is_and_no_security_notice_is_turned_off(arrives, account):
    anna = committed(
        lambda: MembershipFactory(
            account=account,
            holding="administrator",
            person__name="Anna",
            person__email="anna@northwind.example",
            person__time_zone=TOKYO.key,
        )
    )
    eddie = committed(lambda: MembershipFactory(account=account, holding="editor", person__name="Eddie"))
    hers, his = arrives(anna.person), arrives(eddie.person)

    # By the keyboard alone: requests once a day. What is about security has no choice beside it.
    hers.opens("/profile/notices/")
    hers.sees("08:00 in your time zone (Asia/Tokyo)", "Security notices can’t be turned off")
    expect(hers.page.locator("input[name=changed], input[name=ended]")).to_have_count(0)
    hers.page.wait_for_load_state()
    tab_to(hers.page, "input[name=requested]")
    hers.page.keyboard.press("ArrowRight")
    expect(hers.page.locator("input[name=requested][value=digest]")).to_be_checked()
    tab_to(hers.page, "main button.btn-primary")
    hers.page.keyboard.press("Enter")
    hers.sees("Your choice is saved. It counts from the next notice on.")

    # A forged choice is refused, with all that came with it, and the refusal stands in her own log.
    hers.page.locator("input[name=joined][value=inbox]").check()
    hers.page.locator("input[name=team_ended][value=inbox]").evaluate(
        "radio => { radio.name = 'changed'; radio.checked = true }"
    )
    hers.presses("Save")
    hers.sees("“What you may do changed” can’t be turned off.")
    assert list(Choice.objects.filter(person=anna.person).values_list("kind", "channel")) == [("requested", "digest")]
    assert [event.result for event in Event.objects.named("person.notices_chosen").order_by("id")] == [
        "done", "refused",
    ]  # fmt: skip

    # Eddie asks: the owner hears of it at once, Anna at eight o’clock in Tokyo, once.
    asks(his, "Cover for Anna in August")
    assert any("Eddie asks for more access" in subject for subject in subjects("olga@northwind.example"))
    assert subjects("anna@northwind.example") == []
    here = timezone.now().astimezone(TOKYO)
    eight = dt.datetime.combine(here.date() + dt.timedelta(days=here.hour >= 8), dt.time(8), TOKYO)
    with time_machine.travel(eight - dt.timedelta(minutes=1), tick=False):
        send_digests()
        assert subjects("anna@northwind.example") == []
    with time_machine.travel(eight, tick=False):
        send_digests()
        send_digests()
        the_post_goes_out()
    [digest] = [message for message in mail.outbox if message.to == ["anna@northwind.example"]]
    assert digest.subject == "1 notice of the last day"
    hers.opens(re.search(r"https?://\S+/requests/\d+/", digest.body)[0])
    hers.sees("Eddie asks for more", "Cover for Anna in August")

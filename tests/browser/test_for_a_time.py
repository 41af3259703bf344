"""The life of a contractor's access, seen in browsers: for a time, asked for, given for less, extended, ended, undone."""

import datetime as dt
import re

import time_machine
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Person
from teams.models import AccessRequest, Membership
from teams.tasks import watch_ends
from tests.factories import AssetFactory, BusinessAccountFactory, MembershipFactory, PersonFactory
from tests.post import the_post_goes_out
from tests.together import committed

from .people import Someone, link_in_the_mail, newest_mail

PASSWORD = "a long enough sentence 4 tests"
HOME = "/accounts/northwind/"


def test_a_contractor_comes_for_a_time_asks_for_more_and_leaves(browser, live_site):
    owner = PersonFactory(name="Olga Berg", email="olga@northwind.example")
    northwind = committed(lambda: BusinessAccountFactory(name="Northwind", slug="northwind", owner=owner))
    harbour = committed(lambda: BusinessAccountFactory(name="Harbour", owner=owner))
    AssetFactory(account=northwind, name="Northwind US")
    olga = Someone(browser, live_site.url, "Olga Berg", owner.email)
    kim = Someone(browser, live_site.url, "Kim Lee", "kim@studio.example")
    olga.signs_in(PASSWORD)

    # Kim is invited as a contractor for a week, with somebody who answers for them.
    olga.opens(f"{HOME}invitations/new/")
    olga.types("E-mail addresses", kim.address)
    olga.page.locator("input[name=role][value=member]").check()
    olga.page.get_by_text("Contractor, agency, or only for a time").click()
    olga.page.get_by_label("Kind").select_option("contractor")
    olga.types("Organisation", "Studio Nord")
    olga.types("Who answers for them", owner.email)
    olga.page.locator("label.end-span", has_text="A week").first.click()
    olga.presses("Send the invitations")
    the_post_goes_out()
    kim.opens(link_in_the_mail(kim.address))
    kim.sees("Your access ends", "Studio Nord")
    kim.presses("Create your sign-in")
    kim.types("Your name", "Kim Lee")
    kim.types("Password", "a sentence that nobody guesses 42")
    kim.presses("Create account")
    kim.presses("Accept and join")

    # What is refused says why, and leads to the request; Olga gives less, and shorter.
    kim.opens(f"{HOME}team/")
    kim.sees("You may not do this", "Manage the team", "Olga Berg")
    kim.presses("Ask for it")
    kim.page.get_by_role("link", name="One asset").click()
    kim.page.locator("select[name=asset]").select_option(label="Northwind US")
    kim.page.get_by_label("Run ads").check()
    kim.page.get_by_label("Draft content").check()
    kim.page.locator("label.end-span", has_text="30 days").click()
    kim.types("What you need it for", "The summer campaign")
    kim.presses("Send the request")
    kim.sees("Your request is on its way.")
    the_post_goes_out()
    assert "Kim Lee asks for more access" in newest_mail(owner.email).subject
    olga.opens(HOME)
    olga.presses("Decide")
    olga.page.get_by_label("Draft content").uncheck()
    olga.page.locator("label.end-span", has_text="A week").click()
    olga.types("A word to them", "Ads only, for now")
    olga.presses("Approve")
    olga.sees("Approved. Kim Lee is told.")
    kim.opens(HOME)
    kim.sees("By a grant on Northwind US.")
    assert AccessRequest.objects.get().given["grants"] == ["run_ads"]

    # The end comes near: both are told, and one click extends it.
    watch_ends()
    the_post_goes_out()
    assert "ends soon" in newest_mail(kim.address).subject
    olga.opens(HOME)
    olga.sees("The access of Kim Lee ends soon.")
    olga.presses("Extend by 30 days")
    olga.sees("The access of Kim Lee is extended.")

    # Everything ends at once, in both accounts, and is brought back at once.
    person = Membership.objects.get(person__email=kim.address).person
    MembershipFactory(account=harbour, person=person)
    olga.opens(f"{HOME}team/{Membership.objects.get(account=northwind, person=person).pk}/offboard/?scope=all")
    olga.sees("Harbour", "Northwind US")
    olga.types("Why", "The campaign is over")
    olga.presses("End all access")
    olga.sees("has ended in 2 accounts", "Nothing is left")
    olga.presses("Bring back")
    olga.sees("Bring Kim Lee back in these 2 accounts?", "The grant on Northwind US counts again:")
    olga.presses("Bring back")
    olga.sees("is a member of 2 accounts again")
    expect(olga.page).to_have_url(re.compile("/team/"))
    assert person.has_perm("run_ads", northwind.assets.get())
    for someone in (olga, kim):
        someone.leaves()


def test_a_role_for_a_week_is_asked_for_given_for_three_days_and_gone_after_them(browser, live_site):
    owner = PersonFactory(name="Olga Berg", email="olga@northwind.example")
    northwind = committed(lambda: BusinessAccountFactory(name="Northwind", slug="northwind", owner=owner))
    AssetFactory(account=northwind, name="Northwind US")
    seat = MembershipFactory(account=northwind, holding="analyst", person__name="Kim Lee")
    olga = Someone(browser, live_site.url, "Olga Berg", owner.email)
    kim = Someone(browser, live_site.url, "Kim Lee", seat.person.email)
    for someone in (olga, kim):
        someone.signs_in(PASSWORD)

    # Kim asks for a role for a week; Olga gives it for three days.
    kim.opens(f"{HOME}requests/new/?what=role")
    kim.page.locator("input[name=role][value=editor]").check()
    kim.page.locator("label.end-span", has_text="A week").click()
    kim.types("What you need it for", "The trade fair")
    kim.presses("Send the request")
    kim.sees("Your request is on its way.", "until")
    olga.opens(HOME)
    olga.presses("Decide")
    olga.sees("Editor", "Publish content")
    olga.page.locator("label.end-span", has_text="Until").click()
    three_days = timezone.now() + dt.timedelta(days=3)
    olga.page.locator("input[name=ends_at_until]").fill(f"{three_days:%Y-%m-%dT%H:%M}")
    olga.presses("Approve")
    olga.sees("Approved. Kim Lee is told.", "until")

    # The power is there, in words and for the check.
    kim.opens(HOME)
    kim.sees("Editor", "then Analyst", "By the role Editor, until")
    asset = northwind.assets.get()
    assert Person.objects.get(pk=seat.person_id).has_perm("publish_content", asset)

    # Three days later it is gone, with no job in between; then the log says so.
    with time_machine.travel(three_days + dt.timedelta(minutes=1)):
        assert not Person.objects.get(pk=seat.person_id).has_perm("publish_content", asset)
        kim.opens(HOME)
        kim.signs_in_again()
        kim.sees("Not in the role Analyst, and not granted.")
        watch_ends()
        the_post_goes_out()
        assert newest_mail(kim.address).subject == "You are Analyst again in Northwind"
        olga.opens(f"{HOME}team/{seat.pk}/")
        olga.signs_in_again()
        olga.sees("The role Editor of Kim Lee ran out: Analyst again")
    for someone in (olga, kim):
        someone.leaves()

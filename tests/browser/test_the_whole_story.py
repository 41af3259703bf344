"""The main job, end to end: the whole life of an access, seen in browsers (issue: what proves it)."""

import re

import pytest
from django.core.management import CommandError, call_command
from playwright.sync_api import expect

from audit.models import Chain
from teams.models import Membership
from tests.post import the_post_goes_out

from .people import Someone, link_in_the_mail

HOME = "/accounts/northwind-coffee/"


def test_the_whole_life_of_an_access(browser, live_site, as_owner, capsys):
    olga = Someone(browser, live_site.url, "Olga Berg", "olga@northwind.example")
    eddie = Someone(browser, live_site.url, "Eddie Stone", "eddie@northwind.example")
    tess = Someone(browser, live_site.url, "Tess Wong", "tess@private.example")
    aud = Someone(browser, live_site.url, "Ruth Adler", "ruth@northwind.example")

    # An owner signs up and opens a business account.
    olga.signs_up()
    olga.opens("/accounts/new/")
    olga.types("Name of the account", "Northwind Coffee")
    olga.presses("Open the account")
    expect(olga.page).to_have_url(re.compile(HOME))
    olga.opens(f"{HOME}assets/new/")
    olga.types("Name", "Northwind US")
    olga.presses("Save")

    # She invites two people; one mail for each.
    olga.opens(f"{HOME}invitations/new/")
    olga.types("E-mail addresses", "eddie@northwind.example, Tess Wong <tess@northwind.example>")
    olga.page.locator("input[name=role][value=editor]").check()
    olga.presses("Send the invitations")
    olga.sees("eddie@northwind.example, tess@northwind.example are invited.")
    the_post_goes_out()

    # The first opens the mailed link in a fresh browser, signs up, accepts, and sees what he may do.
    eddie.opens(link_in_the_mail("eddie@northwind.example"))
    eddie.sees("Join Northwind Coffee", "Olga Berg", "Schedule and publish content")
    eddie.presses("Create your sign-in")
    expect(eddie.page.get_by_label("E-mail address")).to_have_value("eddie@northwind.example")
    eddie.types("Your name", "Eddie Stone")
    eddie.types("Password", "a sentence that nobody guesses 42")
    eddie.presses("Create account")
    eddie.presses("Accept and join")
    expect(eddie.page).to_have_url(re.compile(HOME))
    eddie.sees("Welcome to Northwind Coffee. You are Editor.", "Draft content")

    # The second is signed in under another address and gets the kind page.
    tess.signs_up()
    tess.opens(link_in_the_mail("tess@northwind.example"))
    tess.sees("This invitation is for another address", "t•••@n•••.example", "tess@private.example")
    tess.opens("/dashboard/")
    assert not Membership.objects.filter(person__email="tess@private.example").exists()

    # The owner confirms the role, changes it, grants one asset.
    eddies = f"{HOME}team/{Membership.objects.get(person__email='eddie@northwind.example').pk}/"
    olga.opens(f"{eddies}confirm/")
    olga.presses("Yes, confirm")
    olga.sees("The role of Eddie Stone is confirmed.")
    olga.opens(f"{eddies}role/")
    olga.page.locator("input[name=role][value=analyst]").check()
    olga.types("Reason", "Only reads the numbers now")
    olga.presses("Change role")
    olga.sees("Eddie Stone is now Analyst.")
    olga.page.get_by_role("link", name="Grants on Northwind US").click()
    olga.page.locator("input[name=preset][value=own]").check(force=True)
    olga.page.get_by_label("Run ads").check()
    olga.presses("See what it changes")
    olga.sees("Change what Eddie Stone may do on Northwind US?", "Adds:")
    olga.presses("Save")
    olga.sees("The grants of Eddie Stone are saved.", "By a grant on Northwind US.")
    eddie.opens(HOME)
    eddie.sees("By a grant on Northwind US.")

    # She suspends and restores him.
    olga.opens(f"{eddies}suspend/")
    olga.presses("Suspend")
    olga.sees("Eddie Stone is suspended.")
    eddie.opens(HOME)
    eddie.signs_in_again()
    eddie.sees("Your access is suspended", "Olga Berg")
    olga.opens(f"{eddies}restore/")
    olga.presses("Restore")
    eddie.opens(HOME)
    eddie.sees("Draft content")

    # An auditor joins. Then the owner offboards the first: his open page is refused at the next click. The mail leads
    # him to a new password, and he sees that his access has ended, and whom to ask.
    olga.opens(f"{HOME}invitations/new/")
    olga.types("E-mail addresses", aud.address)
    olga.page.locator("input[name=role][value=auditor]").check()
    olga.presses("Send the invitations")
    the_post_goes_out()
    aud.opens(link_in_the_mail(aud.address))
    aud.presses("Create your sign-in")
    aud.types("Your name", "Ruth Adler")
    aud.types("Password", "a sentence that nobody guesses 42")
    aud.presses("Create account")
    aud.presses("Accept and join")
    eddie.opens(f"{HOME}assets/")
    olga.opens(f"{eddies}offboard/")
    olga.types("Why", "Left the company")
    olga.presses("End all access")
    olga.sees("The access of Eddie Stone has ended", "Nothing is left", "The log holds the digest")
    eddie.page.get_by_role("link", name=re.compile("Northwind US")).first.click()
    eddie.sees("Sign in")
    the_post_goes_out()
    eddie.opens(link_in_the_mail(eddie.address))
    for field in eddie.page.locator("main form input[type=password]").all():
        field.fill("a new sentence that nobody guesses")
    eddie.page.locator("main form .btn-primary").click()
    eddie.sees("Your password is changed")
    eddie.signs_in("a new sentence that nobody guesses")
    eddie.opens(HOME)
    eddie.sees("Your access has ended", "Olga Berg")

    # The auditor finds each of these acts in the activity page.
    aud.opens(f"{HOME}activity/")
    told = aud.reads_on("Older")
    for sentence in (
        "Olga Berg offboarded Eddie Stone",
        "Olga Berg restored Eddie Stone",
        "Olga Berg suspended Eddie Stone",
        "Olga Berg changed what Eddie Stone may do on Northwind US",
        "Olga Berg changed the role of Eddie Stone from Editor to Analyst",
        "Olga Berg confirmed Eddie Stone as Editor",
        "Tess Wong, who is signed in under another address",
        "Eddie Stone accepted the invitation as Editor",
        "Olga Berg invited eddie@northwind.example as Editor",
        "Olga Berg invited tess@northwind.example as Editor",
        "Olga Berg opened the account Northwind Coffee",
    ):
        assert sentence in told

    # verify_audit is green; then one event is changed, by the tables' owner with the triggers off, and it is named.
    call_command("verify_audit")
    assert "OK:" in capsys.readouterr().out
    chain = Chain.objects.get(kind="account")
    with as_owner.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE audit_event SET canonical = replace(canonical, 'offboarded', 'praised') , name = 'member.praised'"
            " WHERE chain_id = %s AND name = 'member.offboarded' RETURNING number",
            [chain.pk],
        )
        (number,) = cursor.fetchone()
    with pytest.raises(CommandError):
        call_command("verify_audit")
    assert f"BROKEN account/{chain.subject_id} at event {number}: the text was changed" in capsys.readouterr().err
    for person in (olga, eddie, tess, aud):
        person.leaves()

"""Roles of an account's own, seen in browsers: made, copied, compared, given, edited, retired; the power goes along."""

import re

import pytest
from django.core import mail
from playwright.sync_api import expect

from audit.models import Event
from teams.models import Role
from tests.factories import AssetFactory, BusinessAccountFactory, MembershipFactory
from tests.post import the_post_goes_out
from tests.together import committed

from .people import tab_to

pytestmark = pytest.mark.rule(2)
HOME = "/accounts/northwind/"


@pytest.fixture
def account(live_site):
    return committed(lambda: BusinessAccountFactory(name="Northwind", slug="northwind", owner__name="Olga"))


def member(account, name, holding, **more):
    return committed(lambda: MembershipFactory(account=account, person__name=name, holding=holding, **more))


def may(someone):
    """What somebody's own page says that they may do here, at this very request."""
    someone.opens(HOME)
    return someone.page.locator("dt", has_text="You may").locator("xpath=following-sibling::dd[1]").inner_text()


def told(account, *results):
    """The acts on roles that the log tells, the oldest first."""
    events = Event.objects.of(account).filter(name__startswith="role.", result__in=results or ["done"]).order_by("id")
    return list(events.values_list("name", flat=True))


def test_a_role_is_made_given_edited_and_retired_and_its_power_follows(arrives, account):
    asset = committed(lambda: AssetFactory(account=account, name="Profile"))
    eddie = member(account, "Eddie", "analyst")
    olga, his = arrives(account.owner), arrives(eddie.person)
    assert may(his) == "view analytics"

    # By the keyboard alone: a name, two switches, Enter.
    olga.opens(f"{HOME}roles/new/")
    olga.page.wait_for_load_state()
    tab_to(olga.page, "input[name=name]")
    olga.page.keyboard.type("Community")
    for code in ("view_analytics", "reply_comments"):
        tab_to(olga.page, f"input[value={code}]")
        olga.page.keyboard.press("Space")
    tab_to(olga.page, "main button.btn-primary")
    olga.page.keyboard.press("Enter")
    olga.sees("The role Community is made.", "Nobody at the moment.")

    # Given: what it adds stands beside it, and Eddie's power is there at his next request.
    olga.opens(f"{HOME}team/{eddie.pk}/role/")
    choice = olga.page.locator("label.option", has_text="Community")
    expect(choice).to_contain_text("Adds: reply to comments and messages")
    choice.click()
    olga.presses("Change role")
    olga.sees("Eddie is now Community.")
    assert may(his) == "view analytics; reply to comments and messages"

    # Edited: nothing happens before the page has shown what changes, and for whom.
    olga.opens(f"{HOME}roles/community/")
    olga.presses("Edit")
    olga.sees("1 person holds it.")
    olga.page.get_by_label("Draft content").check()
    olga.page.get_by_label("View analytics").uncheck()
    olga.presses("Save")
    olga.sees("Change what 1 person may do as Community?", "Eddie", "at their very next click")
    assert "draft_content" not in Role.objects.get(code="community").held
    olga.presses("Yes, change the role")
    olga.sees("The role Community is saved.")
    assert may(his) == "draft content; reply to comments and messages"
    the_post_goes_out()
    his.page.get_by_role("link", name="Inbox").click()
    his.sees("Olga changed what your role Community holds")
    assert [message.subject for message in mail.outbox if message.to == [his.address]][-1].startswith("Olga changed")

    # Retired: its holder moves first, and the page shows what he gets and loses.
    olga.presses("More")
    olga.page.get_by_role("link", name="Retire").click()
    olga.presses("See what would happen")
    olga.sees("Choose the role that takes its place.")
    olga.page.locator("label.option", has_text="Moderator").click()
    olga.types("Reason", "One role for all who answer")
    olga.presses("See what would happen")
    olga.sees("Retire Community and move everybody to Moderator?", "Eddie", "One role for all who answer")
    expect(olga.page.get_by_role("row", name=re.compile("Eddie"))).to_contain_text("draft content")
    olga.presses("Retire the role")
    olga.opens(f"{HOME}roles/community/")
    olga.sees("This role is retired")
    assert may(his) == "view analytics; reply to comments and messages"
    assert not eddie.person.has_perm("draft_content", asset)
    olga.opens(f"{HOME}roles/community/edit/")
    olga.sees("Nothing can be changed about it.")
    assert told(account) == ["role.created", "role.changed", "role.edited", "role.retired"]


def test_a_powerful_copy_is_warned_of_and_stands_beside_what_it_was_copied_from(arrives, account):
    olga = arrives(account.owner)

    olga.opens(f"{HOME}roles/administrator/")
    olga.presses("Copy")
    olga.sees("As a copy of Administrator.")
    expect(olga.page.get_by_label("Name")).to_have_value("Copy of Administrator")
    olga.types("Name", "Deputy")
    for code in ("manage_security", "manage_roles", "run_reviews"):
        olga.page.locator(f"input[value={code}]").uncheck()
    olga.page.get_by_label("Manage billing").check()
    olga.presses("Make the role")
    olga.sees("This role is powerful", "Team and billing.", "nobody else need notice", "Ads and billing.")
    olga.presses("Go back and change it")
    expect(olga.page.get_by_label("Name")).to_have_value("Deputy")
    olga.page.get_by_label("Run ads").uncheck()
    olga.presses("Make the role")
    olga.sees("Team and billing.")
    expect(olga.page.get_by_role("main")).not_to_contain_text("Ads and billing")
    assert not Role.objects.filter(account=account).exists()
    olga.presses("Make it all the same")
    olga.sees("The role Deputy is made.", "Powerful together")

    olga.presses("More")
    olga.page.get_by_role("link", name="Compare with another").click()
    olga.page.get_by_label("Another").select_option(label="Administrator")
    olga.presses("Compare")
    olga.sees("The difference", "Powerful together in Deputy")
    facts = olga.page.locator("#difference, [aria-labelledby=difference]").first
    expect(facts).to_contain_text(
        re.compile("Only Deputy.*manage billing.*Only Administrator.*manage roles", re.DOTALL)
    )
    assert told(account) == ["role.created"]


def test_an_administrator_makes_no_role_that_holds_more_than_she_does(arrives, account):
    anna = member(account, "Anna", "administrator")
    eddie = member(account, "Eddie", "member")
    hers, his = arrives(anna.person), arrives(eddie.person)

    # The switch is locked and says who can give it; a form that sends it all the same is refused, and kept in the log.
    hers.opens(f"{HOME}roles/new/?from=finance")
    hers.sees("Left out of the copy", "manage billing: nobody puts into a role what they don’t hold themselves.")
    billing = hers.page.locator("input[value=manage_billing]")
    expect(billing).to_be_disabled()
    hers.sees("You don’t hold this yourself. Olga can give it.")
    hers.types("Name", "Bookkeeping")
    billing.evaluate("box => { box.disabled = false; box.checked = true }")
    hers.presses("Make the role")
    hers.sees("manage billing")
    assert not Role.objects.filter(account=account).exists()
    assert told(account, "refused") == ["role.created"]

    # Without it, it is made; she renames it, and only its name moves for who holds it.
    hers.opens(f"{HOME}roles/new/?from=moderator")
    hers.types("Name", "Help desk")
    hers.presses("Make the role")
    hers.sees("The role Help desk is made.")
    hers.opens(f"{HOME}team/{eddie.pk}/role/")
    hers.page.locator("label.option", has_text="Help desk").click()
    hers.presses("Change role")
    hers.sees("Eddie is now Help desk.")
    hers.opens(f"{HOME}roles/help-desk/edit/")
    hers.types("Name", "Customer care")
    hers.presses("Save")
    hers.sees("The role Customer care is saved.")
    his.opens(HOME)
    his.sees("Customer care")
    his.opens(f"{HOME}roles/new/")
    his.sees("You may not do this", "Manage roles", "Olga", "Anna")

    # Nobody edits what the own role holds.
    own = committed(lambda: Role.objects.get(account=account))
    type(eddie).objects.filter(pk=eddie.pk).update(lasting_role=Role.objects.built_in("member"))
    type(anna).objects.filter(pk=anna.pk).update(lasting_role=own)
    Role.objects.filter(pk=own.pk).update(held=sorted({*own.held, "manage_roles", "manage_team"}))
    hers.opens(f"{HOME}roles/{own.code}/edit/")
    hers.sees("You can change name and words only")
    expect(hers.page.get_by_label("Draft content")).to_be_disabled()

"""Something looks wrong: an account is frozen, an administrator’s changes are undone, and a second person lifts it."""

import pytest

from audit.models import Event
from teams import actions
from teams.models import Role
from tests.factories import PASSWORD, BusinessAccountFactory, MembershipFactory
from tests.post import the_post_goes_out
from tests.together import committed

from .people import Someone, newest_mail

pytestmark = pytest.mark.rule(12)


def test_frozen_undone_and_lifted(browser, live_site):
    account = committed(lambda: BusinessAccountFactory(name="Northwind", owner__name="Olga"))
    anna, bert = (
        committed(lambda name=name: MembershipFactory(account=account, person__name=name, holding="administrator"))
        for name in ("Anna", "Bert")
    )
    eddie = committed(lambda: MembershipFactory(account=account, person__name="Eddie"))
    actions.change_role(membership=eddie, role=Role.objects.built_in("analyst"), by=anna.person)
    home = account.get_absolute_url()
    olga, of_anna, of_bert = (
        Someone(browser, live_site.url, str(person), person.email)
        for person in (account.owner, anna.person, bert.person)
    )
    for someone in (olga, of_anna, of_bert):
        someone.signs_in(PASSWORD)

    of_bert.opens(f"{home}security/")
    of_bert.presses("Freeze the account")
    of_bert.sees("Freeze all access?", "Olga", "Anna")
    of_bert.types("Reason", "Eddie lost his role, and Anna says it was not her")
    of_bert.presses("Freeze")
    of_bert.sees("Frozen by Bert")

    of_anna.opens(f"{home}team/{eddie.pk}/suspend/")
    of_anna.presses("Suspend")
    of_anna.sees("Northwind is frozen: nobody’s access changes until somebody lifts it.")
    of_bert.presses("Lift the freeze")
    of_bert.sees("You froze the account. The owner lifts it, or somebody else who manages the team.")
    the_post_goes_out()
    assert "froze the account" in newest_mail(account.owner.email).body

    olga.opens(f"{home}team/{anna.pk}/")
    olga.page.get_by_role("main").locator(".menu button").first.click()
    olga.page.get_by_role("link", name="Undo their changes").or_(
        olga.page.get_by_role("menuitem", name="Undo their changes")
    ).first.click()
    olga.sees("Undo 1 change of Anna?", "Analyst", "Editor")
    olga.types("Reason", "It was not her")
    olga.presses("Undo")
    olga.sees("1 change of Anna is undone.")
    olga.opens(f"{home}security/freeze/")
    olga.presses("Lift the freeze")
    olga.sees("The freeze is lifted: access can be changed again.")

    eddie.refresh_from_db()
    assert eddie.role.code == "editor"
    names = Event.objects.of(account).exclude(name__startswith="mail.").order_by("number").values_list("name", "result")
    assert list(names) == [
        ("role.changed", "done"), ("account.frozen", "done"), ("member.suspended", "refused"),
        ("account.changes_undone", "done"), ("account.freeze_lifted", "done"),
    ]  # fmt: skip
    for someone in (olga, of_anna, of_bert):
        someone.leaves()

"""A member's home, the overview of an account, the public face, and the frame around them."""

import datetime as dt

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse
from django.utils import timezone

from accounts.models import OutgoingMail
from oversight.navigation import ENTRIES, address_of
from teams import actions
from tests.factories import (
    AssetFactory,
    BusinessAccountFactory,
    InvitationFactory,
    MembershipFactory,
    OwnershipOfferFactory,
    PersonFactory,
    grant,
)
from tests.oversight.log import url

pytestmark = pytest.mark.django_db


def text_of(client, address):
    response = client.get(address)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


# --- The public face ---------------------------------------------------------------------------------------------------
def test_the_front_is_public_and_leads_who_is_signed_in_home(client):
    assert "password" in text_of(client, "/").lower()

    client.force_login(PersonFactory())

    assert client.get("/").headers["Location"] == "/dashboard/"


def test_a_home_asks_for_a_sign_in(client):
    assert "/auth/login/" in client.get("/dashboard/").headers["Location"]


# --- My home -----------------------------------------------------------------------------------------------------------
def test_home_shows_each_account_with_role_powers_and_whom_to_ask(client):
    member = MembershipFactory(holding="member", account__name="Northwind")
    asset = AssetFactory(account=member.account, name="Northwind US")
    grant(member, asset, "run_ads")
    MembershipFactory(account=member.account, holding="administrator", person=PersonFactory(name="Anna Administers"))
    client.force_login(member.person)

    text = text_of(client, "/dashboard/")

    for part in ("Northwind", "Member", "run ads", "By a grant on Northwind US", "Anna Administers", "Manage billing"):
        assert part in text


@pytest.mark.rule(4)
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"suspended": True}, "was suspended"),
        ({"ended": True}, "ended"),
        ({"ends_at": timezone.now() - dt.timedelta(1)}, "ran out"),
    ],
)
def test_who_has_no_power_sees_that_since_when_and_whom_to_ask_and_nothing_else(client, given, words):
    eddie = MembershipFactory(**given)
    AssetFactory(account=eddie.account, name="Secret Profile")
    client.force_login(eddie.person)

    text = text_of(client, "/dashboard/" + ("?show=former" if "ended" in given else ""))

    assert eddie.account.name in text
    assert words in text
    assert str(eddie.account.owner) in text
    assert "Secret Profile" not in text
    assert "may and may not" not in text


def test_who_was_in_an_account_once_is_not_told_of_never(client):
    eddie = MembershipFactory(ended=True)
    client.force_login(eddie.person)

    text = text_of(client, "/dashboard/")

    assert "You are in no account now" in text
    assert 'href="?show=former"' in text
    assert "no account yet" not in text


def test_home_shows_what_waits_for_me_and_no_link_to_accept(client):
    eddie = MembershipFactory(person=PersonFactory(email="eddie@example.com"))
    invitation = InvitationFactory(address="eddie@example.com", account=BusinessAccountFactory(name="Kite Surf"))
    InvitationFactory(address="other@example.com", account=BusinessAccountFactory(name="Not Mine"))
    InvitationFactory(address="eddie@example.com", account=BusinessAccountFactory(name="Too Late"), expired=True)
    OwnershipOfferFactory(account=eddie.account, person=eddie.person)
    client.force_login(eddie.person)

    text = text_of(client, "/dashboard/")

    assert "Kite Surf" in text
    assert 'id="invitations"' in text
    assert "Not Mine" not in text
    assert "Too Late" not in text
    assert "ownership" in text
    assert "/invitations/" not in text
    assert invitation.token_hash not in text


def test_an_administrators_home_counts_what_waits_in_each_account(client):
    anna = MembershipFactory(holding="administrator")
    MembershipFactory(account=anna.account, unconfirmed=True)
    MembershipFactory(account=MembershipFactory(person=anna.person).account, unconfirmed=True)  # she only edits there
    client.force_login(anna.person)

    text = text_of(client, "/dashboard/")

    assert "1 role to confirm" in text
    assert text.count("to confirm</b>") == 1


def test_home_pages_and_searches_many_accounts(client):
    ava = PersonFactory()
    for number in range(23):
        MembershipFactory(person=ava, account=BusinessAccountFactory(name=f"Client {number:02}"))
    client.force_login(ava)

    first, last = text_of(client, "/dashboard/"), text_of(client, "/dashboard/?page=3")

    assert "1–10 of 23" in first
    assert 'id="account-' in first
    assert "21–23 of 23" in last
    assert "1–10 of 10" not in text_of(client, "/dashboard/?q=Client 0")
    assert text_of(client, "/dashboard/?q=Client 17").count('<section class="panel" aria-labelledby="account-') == 1
    assert "No account of that name" in text_of(client, "/dashboard/?q=zzz")
    for query in ("?page=999", "?page=-1", "?page=%00", "?q=%00", "?show=%00", "?q=" + "x" * 5000):
        assert client.get("/dashboard/" + query).status_code == 200


def test_home_costs_the_same_for_one_account_and_for_ten(client):
    ava = PersonFactory()

    def join(count):
        for _turn in range(count):
            member = MembershipFactory(person=ava)
            grant(member, AssetFactory(account=member.account), "run_ads")

    def asked():
        with CaptureQueriesContext(connection) as queries:
            client.get("/dashboard/")
        return len(queries)

    join(1)
    client.force_login(ava)
    asked()
    one = asked()
    join(9)

    assert asked() == one <= 31


# --- The overview ------------------------------------------------------------------------------------------------------
def test_who_manages_sees_numbers_and_what_waits(client):
    account = BusinessAccountFactory(name="Northwind")
    MembershipFactory(account=account, unconfirmed=True, person=PersonFactory(name="Ivan New"))
    MembershipFactory(account=account, suspended=True)
    failed = InvitationFactory(account=account, address="dana@northwnd.example")
    OutgoingMail.objects.create(
        kind="invitation", account=account, about_kind="invitation", about_id=failed.pk, sending=failed.sending,
        address=failed.address, message_id="<1@x>", state="parked", problem="550 no such domain",
    )  # fmt: skip
    client.force_login(account.owner)

    text = text_of(client, url("account_home", account))

    assert "Ivan New joined as Editor" in text
    assert url("confirm_role", account, account.memberships.get(person__name="Ivan New").pk) in text
    assert "dana@northwnd.example did not arrive" in text
    assert "550 no such domain" in text
    assert "Add an asset" in text
    assert "Everyone who manages the team has a second factor" in text
    assert "You have no second factor" in text


@pytest.mark.rule(2)
def test_an_administrator_is_not_offered_to_confirm_another_or_a_power_she_lacks(client):
    anna = MembershipFactory(holding="administrator")
    other = MembershipFactory(account=anna.account, holding="administrator", unconfirmed=True)
    ruth = MembershipFactory(account=anna.account, holding="finance", unconfirmed=True)
    eddie = MembershipFactory(account=anna.account, unconfirmed=True)
    client.force_login(anna.person)

    text = text_of(client, url("account_home", anna.account))

    assert url("confirm_role", anna.account, eddie.pk) in text
    assert url("confirm_role", anna.account, other.pk) not in text
    assert url("confirm_role", anna.account, ruth.pk) not in text


def test_a_wide_role_is_confirmed_on_its_own_page_only(client):
    anna = MembershipFactory(holding="administrator", unconfirmed=True)
    client.force_login(anna.account.owner)

    text = text_of(client, url("account_home", anna.account))

    assert f'action="{url("confirm_role", anna.account, anna.pk)}"' not in text
    assert f'href="{url("confirm_role", anna.account, anna.pk)}"' in text


@pytest.mark.parametrize("holding", ["editor", "moderator", "analyst", "finance", "auditor", "member"])
def test_other_members_see_their_own_access_at_the_same_address(client, holding):
    member = MembershipFactory(holding=holding)
    colleague = MembershipFactory(account=member.account, person=PersonFactory(email="colleague@example.com"))
    client.force_login(member.person)

    text = text_of(client, url("account_home", member.account))

    assert "What you may do, and why" in text
    assert str(member.account.owner) in text
    assert colleague.person.email not in text
    assert "Waiting for you" not in text


@pytest.mark.rule(4)
def test_an_overview_is_not_there_for_strangers_and_closed_to_the_suspended(client):
    eddie = MembershipFactory(suspended=True)
    client.force_login(eddie.person)
    assert client.get(url("account_home", eddie.account)).status_code == 403

    client.force_login(PersonFactory())
    assert client.get(url("account_home", eddie.account)).status_code == 404


def test_the_overview_costs_the_same_for_a_small_and_a_large_team(client):
    account = BusinessAccountFactory()
    client.force_login(account.owner)

    def grow(count):
        for _turn in range(count):
            MembershipFactory(account=account, unconfirmed=True)
            InvitationFactory(account=account)
            AssetFactory(account=account)

    def asked():
        with CaptureQueriesContext(connection) as queries:
            client.get(url("account_home", account))
        return len(queries)

    grow(2)
    asked()
    few = asked()
    grow(15)

    assert asked() == few <= 36


# --- The frame ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.page)
def test_a_line_of_the_navigation_asks_for_what_its_page_asks_for(entry):
    account = BusinessAccountFactory()

    page = resolve(address_of(entry.page, account.slug)).func.view_class

    assert page.permission == entry.permission


@pytest.mark.parametrize(
    ("holding", "lines"),
    [
        ("administrator", "Overview Team Invitations Requests Roles Assets Reviews Activity Alerts Security Settings"),
        ("auditor", "Overview Requests Roles Assets Reports Activity Alerts Settings"),
        ("editor", "Overview Requests Roles Assets Settings"),
    ],
)
def test_the_navigation_holds_only_what_the_reader_may_open(client, holding, lines):
    member = MembershipFactory(holding=holding)
    client.force_login(member.person)

    nav = client.get(url("account_home", member.account)).context["account_nav"]()

    assert [str(line["label"]) for line in nav] == lines.split()
    assert [line["current"] for line in nav].count(True) == 1


def test_the_navigation_counts_team_and_invitations(client):
    account = BusinessAccountFactory()
    MembershipFactory(account=account)
    MembershipFactory(account=account, ended=True)
    InvitationFactory(account=account)
    InvitationFactory(account=account, expired=True)
    client.force_login(account.owner)

    counts = {line["url"]: line["count"] for line in client.get(url("account_home", account)).context["account_nav"]()}

    assert counts[url("team", account)] == 2
    assert counts[url("invitations", account)] == 1


def test_the_frame_costs_four_queries(client, rf):
    from oversight.navigation import navigation

    anna = MembershipFactory(holding="administrator")
    MembershipFactory(person=anna.person)
    request = rf.get(url("team", anna.account))
    request.user, request.account = anna.person, anna.account
    anna.person.has_perm("manage_team", anna.account)  # asked by the page itself before

    with CaptureQueriesContext(connection) as none:
        answers = navigation(request)
    with CaptureQueriesContext(connection) as queries:
        for _turn in range(2):
            for ask in answers.values():
                ask()

    assert len(none) == 0
    assert len(queries) <= 4


def test_an_ended_membership_is_no_account_of_mine_in_the_switch(client):
    eddie = MembershipFactory()
    MembershipFactory(person=eddie.person)
    actions.leave(membership=eddie, by=eddie.person)
    client.force_login(eddie.person)

    mine = client.get("/dashboard/").context["my_switch"]()["accounts"]

    assert eddie.account.slug not in [account["slug"] for account in mine]
    assert len(mine) == 1


def test_who_is_blocked_by_the_policy_does_not_count_as_having_access(client):
    account = BusinessAccountFactory(policy_and_seat={"second_factor": "everyone"})
    for person in [account.owner, MembershipFactory(account=account).person]:
        Authenticator.objects.create(user=person, type="totp", data={})
    MembershipFactory(account=account, holding="editor")
    client.force_login(account.owner)

    overview = client.get(reverse("account_home", args=[account.slug]))
    blocked = client.get(reverse("team", args=[account.slug]), {"state": "blocked"})

    assert (overview.context["counts"]["active"], overview.context["counts"]["blocked"]) == (2, 1)
    assert "and 1 without access now" in overview.content.decode()
    assert len(blocked.context["page_obj"]) == 1
    assert "blocked: no second factor" in blocked.content.decode()


@pytest.mark.rule(11)
def test_who_waits_for_a_confirmation_that_access_needs_does_not_count_as_having_access(client):
    account = BusinessAccountFactory(policy_and_seat={"confirmation": "before"})
    ivan = MembershipFactory(account=account, unconfirmed=True)
    client.force_login(account.owner)

    team = client.get(reverse("team", args=[account.slug]), {"state": "active"})
    all_of_them = client.get(reverse("team", args=[account.slug]))

    assert [row.person for row in team.context["page_obj"]] == [account.owner]
    assert "no access until confirmed" in all_of_them.content.decode()
    assert not ivan.person.has_perm("view_account", account)


def test_a_person_with_grants_only_reads_on_which_asset_each_counts(client):
    account = BusinessAccountFactory()
    milo = MembershipFactory(account=account, holding="member")
    europe, us = AssetFactory(account=account, name="Europe"), AssetFactory(account=account, name="US")
    grant(milo, europe, "reply_comments")
    grant(milo, us, "draft_content")
    client.force_login(milo.person)

    shown = client.get(reverse("account_home", args=[account.slug]))

    assert shown.context["may"] == [
        "on Europe: reply to comments and messages",
        "on US: draft content",
    ]


def test_an_editor_of_an_account_without_assets_reads_that_the_role_counts_for_all_of_them(client):
    eddie = MembershipFactory(holding="editor")
    client.force_login(eddie.person)

    home = client.get(reverse("account_home", args=[eddie.account.slug])).content.decode()

    assert "your role works on every asset, and there is none yet" in home

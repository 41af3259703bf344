"""One person in many accounts: the portfolio, and the search of the account switch (rule 4)."""

import datetime as dt
import re

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import OutgoingMail
from oversight.navigation import MOST_IN_SWITCH
from teams import actions
from tests.factories import (
    AccessRequestFactory,
    BusinessAccountFactory,
    InvitationFactory,
    MembershipFactory,
    OwnershipClaimFactory,
    PersonFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.rule(4)]


@pytest.fixture
def mara():
    return PersonFactory(name="Mara Lindqvist")


@pytest.fixture
def seated(mara):
    """Mara administers Alpha, edits Beta, is suspended in Gamma, has run out in Delta, and left Omega."""
    kinds = {
        "Alpha": {"holding": "administrator"},
        "Beta": {"holding": "editor"},
        "Gamma": {"holding": "administrator", "suspended": True},
        "Delta": {"holding": "administrator", "ends_at": timezone.now()},
        "Omega": {"holding": "administrator", "ended": True},
    }
    return {
        name: MembershipFactory(account=BusinessAccountFactory(name=name), person=mara, **given)
        for name, given in kinds.items()
    }


def lines(client, **query):
    response = client.get(reverse("portfolio"), query)
    assert response.status_code == 200
    return {line.account.name: line for line in response.context["page_obj"]}


def main(client, **query):
    text = client.get(reverse("portfolio"), query).content.decode()
    return text[text.index("<main") : text.index("</main>")]


def busy(account):
    """Let something of every kind wait, and stand at risk, in an account."""
    MembershipFactory(account=account, unconfirmed=True)
    MembershipFactory(account=account, ends_at=timezone.now() + dt.timedelta(days=3))
    AccessRequestFactory(account=account)
    invitation = InvitationFactory(account=account)
    OutgoingMail.objects.create(
        kind="invitation", account=account, about_kind="invitation", about_id=invitation.pk, tries=9, state="parked",
        address=invitation.address, message_id=f"<{invitation.pk}@example.com>", sending=invitation.sending,
    )  # fmt: skip
    OwnershipClaimFactory(account=account)


# --- The portfolio ----------------------------------------------------------------------------------------------------
def test_each_of_my_accounts_stands_there_with_role_and_standing_and_no_other(client, mara, seated):
    MembershipFactory(account__name="Strange")
    closed = MembershipFactory(person=mara, account__name="Shut", holding="administrator").account
    actions.close_account(account=closed, by=closed.owner)
    client.force_login(mara)

    found = {name: (line.standing_name, line.manages) for name, line in lines(client).items()}

    assert found == {
        "Alpha": ("ACTIVE", True), "Beta": ("ACTIVE", False), "Delta": ("EXPIRED", False), "Gamma": ("SUSPENDED", False),
    }  # fmt: skip
    assert not re.search("Strange|Shut|Omega", main(client))


def test_what_waits_and_what_is_at_risk_is_told_only_where_i_manage_the_team(client, mara, seated):
    for seat in seated.values():
        busy(seat.account)
    client.force_login(mara)

    found = lines(client)

    words = [entry["words"] for entry in found["Alpha"].waiting]
    assert words == [
        "1 claim of the ownership", "1 role to confirm", "1 request", "1 undelivered invitation", "1 access ends soon",
    ]  # fmt: skip
    assert set(found["Alpha"].risks) == {"without_factor"}
    assert all(client.get(entry["url"]).status_code == 200 for entry in found["Alpha"].waiting)
    for name in ("Beta", "Gamma", "Delta"):
        assert (found[name].waiting, found[name].risks) == ([], {})


def test_my_own_missing_factor_and_my_own_end_are_risks_wherever_i_am(client, mara, seated):
    beta = seated["Beta"]
    beta.account.policy.second_factor = "everyone"
    beta.account.policy.save()
    beta.ends_at = timezone.now() + dt.timedelta(days=2)
    beta.save()
    client.force_login(mara)

    before = lines(client)["Beta"]
    Authenticator.objects.create(user=mara, type="totp", data={})
    after = lines(client)["Beta"]

    assert (set(before.risks), before.standing_name) == ({"no_factor", "ends"}, "NO_SECOND_FACTOR")
    assert (set(after.risks), after.standing_name) == ({"ends"}, "ACTIVE")


def test_an_account_that_only_its_owner_administers_is_at_risk(client, mara):
    mine = BusinessAccountFactory(name="Mine", owner=mara)
    BusinessAccountFactory(name="Small", owner=mara, kind="standard")
    client.force_login(mara)

    assert "alone" in lines(client)["Mine"].risks
    assert "alone" not in lines(client)["Small"].risks
    MembershipFactory(account=mine, holding="administrator")
    assert "alone" not in lines(client)["Mine"].risks


def test_the_last_activity_is_the_accounts_where_i_see_the_log_and_else_my_own(client, mara, seated):
    for name in ("Alpha", "Beta"):
        account = seated[name].account
        actions.ask_for_access(
            membership=MembershipFactory(account=account), by=account.memberships.latest("pk").person,
            role=seated["Alpha"].role, reason="Cover",
        )  # fmt: skip
    client.force_login(mara)

    found = lines(client)

    assert found["Alpha"].last_at is not None
    assert not found["Alpha"].last_is_mine
    assert found["Beta"].last_at is None


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"q": "alp"}, {"Alpha"}),
        ({"state": "managed"}, {"Alpha"}),
        ({"state": "todo"}, {"Alpha"}),
        ({"state": "risk"}, {"Alpha"}),
        ({"risk": "without_factor"}, {"Alpha"}),
        ({"risk": "ends"}, set()),
        ({"q": "zzz"}, set()),
        *(({"sort": minus + name}, {"Alpha", "Beta", "Gamma", "Delta"})
          for name in ("name", "role", "ends", "waiting", "seen") for minus in ("", "-")),
        *((nonsense, {"Alpha", "Beta", "Gamma", "Delta"})
          for nonsense in ({"q": "\0"}, {"state": "x"}, {"risk": "x"}, {"sort": "'"}, {"page": "x"})),
    ],
)  # fmt: skip
def test_the_portfolio_is_searched_narrowed_and_sorted(client, mara, seated, query, names):
    busy(seated["Alpha"].account)
    client.force_login(mara)

    assert set(lines(client, **query)) == names


def test_the_portfolio_asks_as_much_for_many_accounts_as_for_few(client, mara, seated):
    client.force_login(mara)

    def asked():
        client.get(reverse("portfolio"))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("portfolio"))
        return len(queries)

    few = asked()
    for number in range(12):
        busy(MembershipFactory(person=mara, holding="administrator", account__name=f"More {number}").account)

    assert asked() == few
    assert few <= 25


def test_home_leads_to_the_portfolio_from_three_accounts_on(client, mara):
    client.force_login(mara)
    leads = []
    for _number in range(3):
        MembershipFactory(person=mara)
        leads.append(reverse("portfolio") in client.get(reverse("dashboard")).content.decode())

    assert leads == [False, False, True]


def test_who_is_in_no_account_is_told_what_to_do(client):
    client.force_login(PersonFactory())

    assert "You are in no account yet" in main(client)


@pytest.mark.parametrize("state", [{"suspended": True}, {"ends_at": timezone.now()}, {"unconfirmed": True}])
def test_where_my_access_rests_not_even_the_policy_is_told(client, mara, state):
    policy = {"confirmation": "before", "second_factor": "everyone"}
    account = BusinessAccountFactory(name="Alpha", policy_and_seat=policy)
    MembershipFactory(account=account, person=mara, holding="administrator", **state)
    busy(account)
    client.force_login(mara)

    line = lines(client)["Alpha"]

    assert (line.manages, line.waiting, line.risks, line.last_at) == (False, [], {}, None)
    assert "second factor" not in main(client).split("<tbody>")[1]


# --- The switch -------------------------------------------------------------------------------------------------------
def found(client, q="", **more):
    response = client.get(reverse("switch_accounts"), {"q": q, **more})
    assert response.status_code == 200
    return [account["name"] for account in response.context["switch"]["accounts"]]


def test_the_switch_finds_only_accounts_that_i_am_in(client, mara, seated):
    MembershipFactory(account__name="Alpha of a stranger")
    client.force_login(mara)

    assert found(client, "alpha") == ["Alpha"]
    assert found(client) == ["Alpha", "Beta", "Delta", "Gamma"]
    assert found(client, "omega") == []
    assert found(client, "stranger") == []


def test_the_switch_answers_with_its_lines_and_marks_where_i_am(client, mara, seated):
    client.force_login(mara)

    text = client.get(reverse("switch_accounts"), {"q": "a", "here": seated["Alpha"].account.slug}).content.decode()

    assert text.lstrip().startswith('<div id="account-switch-list"')
    assert "<html" not in text
    assert text.count('aria-current="true"') == 1
    assert "Administrator" in text
    assert text.count("<small></small>") == 2  # at rest: the role says nothing


def test_the_switch_shows_fifty_and_finds_the_rest_by_search(client, mara):
    for number in range(MOST_IN_SWITCH + 3):
        MembershipFactory(person=mara, account__name=f"Client {number:03}")
    client.force_login(mara)

    head = client.get(reverse("dashboard")).content.decode()

    assert len(found(client)) == MOST_IN_SWITCH
    assert found(client, "client 052") == ["Client 052"]
    assert "data-menu-search" in head
    assert "Type a part of the name" in head
    assert "Client 052" in client.get(reverse("dashboard"), {"q": "client 052"}).content.decode()


def test_with_a_few_accounts_the_switch_has_no_search(client, mara, seated):
    client.force_login(mara)

    assert "data-menu-search" not in client.get(reverse("dashboard")).content.decode()


@pytest.mark.parametrize("q", ["\0", "x" * 9999, "<script>", "%", "'"])
def test_nonsense_in_the_switch_is_no_failure(client, mara, seated, q):
    client.force_login(mara)

    text = client.get(reverse("switch_accounts"), {"q": q, "here": q}).content.decode()

    assert "<script>" not in text

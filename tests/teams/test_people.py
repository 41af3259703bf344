"""Everybody in the accounts that I administer: listed once each, and as a grid of people and accounts (rule 4)."""

import datetime as dt
import re

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.factories import BusinessAccountFactory, MembershipFactory, PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.rule(4)]
PAGES = ["people", "people_grid"]


@pytest.fixture
def tom():
    return PersonFactory(name="Tom Becker")


@pytest.fixture
def mine(tom):
    """Two accounts that Tom administers, by name, and one where he only edits."""
    accounts = [BusinessAccountFactory(name=name, owner__name=f"{name} owner") for name in ("Alpha", "Beta", "Gamma")]
    for account, holding in zip(accounts, ("administrator", "administrator", "editor"), strict=True):
        MembershipFactory(account=account, person=tom, holding=holding)
    return accounts


def main(client, listing, **query):
    response = client.get(reverse(listing), query)
    assert response.status_code == 200
    text = response.content.decode()
    return text[text.index("<main") : text.index("</main>")]


def listed(client, listing, **query):
    return [str(row["person"]) for row in client.get(reverse(listing), query).context["rows"]]


@pytest.mark.parametrize("listing", PAGES)
def test_each_person_stands_once_and_nobody_of_an_account_that_i_do_not_administer(client, tom, mine, listing):
    _alpha, beta, gamma = mine
    ines = PersonFactory(name="Ines Duarte")
    for account in (*mine, BusinessAccountFactory(name="Strange")):
        MembershipFactory(account=account, person=ines)
    MembershipFactory(account=gamma, person__name="Gina of Gamma")
    MembershipFactory(account=beta, person__name="Left since", ended=True)
    MembershipFactory(person__name="Stella")
    client.force_login(tom)

    assert listed(client, listing) == ["Alpha owner", "Beta owner", "Ines Duarte", "Tom Becker"]
    text = main(client, listing)
    assert not re.search("Gamma|Strange|Stella|Left since", text)


@pytest.mark.parametrize("listing", PAGES)
def test_where_my_own_access_rests_i_see_nothing(client, mine, listing):
    alpha, beta, _gamma = mine
    anna = MembershipFactory(account=alpha, holding="administrator", suspended=True).person
    MembershipFactory(account=beta, holding="administrator", person=anna, ends_at=timezone.now())
    client.force_login(anna)

    assert "You administer no account" in main(client, listing)
    assert listed(client, listing) == []


def test_a_row_counts_only_my_accounts_and_tells_organisation_and_nearest_end_there(client, tom, mine):
    ines = PersonFactory(name="Ines Duarte")
    MembershipFactory(account=mine[0], person=ines, kind="agency", organisation="Brightside", ends_at=_in(days=40))
    MembershipFactory(account=mine[1], person=ines, kind="agency", organisation="BRIGHTSIDE", suspended=True)
    MembershipFactory(person=ines, kind="contractor", organisation="Secret Client", ends_at=_in(days=2))
    client.force_login(tom)

    text = main(client, "people", q="ines")

    assert re.search(r"<b>2</b>", text)
    assert f"{_in(days=40):%-d %b %Y}" in text
    assert "1 at rest" in text
    assert not re.search("Secret|ontractor</", text.split("<tbody>")[1])


@pytest.mark.parametrize("listing", PAGES)
def test_the_list_is_searched_and_narrowed(client, tom, mine, listing):
    ines, jonas = PersonFactory(name="Ines Duarte"), PersonFactory(name="Jonas", email="jonas@brightside.example")
    for account in mine:
        MembershipFactory(account=account, person=ines, kind="agency", organisation="Studio Sol", ends_at=_in(days=3))
    MembershipFactory(account=mine[0], person=jonas, kind="contractor")
    Authenticator.objects.create(user=jonas, type="totp", data={})
    MembershipFactory(person=jonas, kind="agency", organisation="Studio Sol")
    client.force_login(tom)

    assert listed(client, listing, q="sol") == ["Ines Duarte"]
    assert listed(client, listing, q="brightside.example") == ["Jonas"]
    assert listed(client, listing, kind="contractor") == ["Jonas"]
    assert listed(client, listing, state="several") == ["Ines Duarte", "Tom Becker"]
    assert listed(client, listing, state="ends_soon") == ["Ines Duarte"]
    assert "Jonas" not in listed(client, listing, state="no_second_factor")
    assert listed(client, listing, q="zzz") == []
    assert "Nobody found" in main(client, listing, q="zzz")


@pytest.mark.parametrize("sort", ["name", "-name", "accounts", "-accounts", "ends", "-ends", "seen", "-seen"])
def test_every_order_shows_everybody(client, tom, mine, sort):
    client.force_login(tom)

    assert sorted(listed(client, "people", sort=sort)) == ["Alpha owner", "Beta owner", "Tom Becker"]


@pytest.mark.parametrize("listing", PAGES)
@pytest.mark.parametrize(
    "query",
    [{"q": "\0"}, {"q": "x" * 9999}, {"state": "x"}, {"kind": "'"}, {"sort": "x"}, {"page": "x"}, {"from": "-1"},
     {"from": "9" * 400}, {"from": "٣"}, {"page": "99999"}],
)  # fmt: skip
def test_nonsense_is_no_failure(client, tom, mine, listing, query):
    client.force_login(tom)

    assert client.get(reverse(listing), query).status_code == 200


def test_a_cell_says_role_and_standing_and_leads_to_the_member(client, tom, mine):
    seat = MembershipFactory(account=mine[1], person__name="Eddie", suspended=True)
    client.force_login(tom)

    text = main(client, "people_grid", q="eddie").split("<tbody>")[1]

    assert f'href="{reverse("member", args=[mine[1].slug, seat.pk])}">Editor</a>' in text
    assert "suspended" in text
    assert text.count("no access") == 1


def test_the_grid_shows_eight_accounts_at_a_time(client, tom):
    accounts = [BusinessAccountFactory(name=f"Account {number:02}") for number in range(17)]
    for account in accounts:
        MembershipFactory(account=account, person=tom, holding="administrator")
    client.force_login(tom)

    def columns(**query):
        return [account.name[-2:] for account in client.get(reverse("people_grid"), query).context["columns"]]

    assert columns() == [f"{number:02}" for number in range(8)]
    assert columns(**{"from": 8}) == [f"{number:02}" for number in range(8, 16)]
    assert columns(**{"from": 16}) == columns(**{"from": 500}) == ["16"]
    assert "from=8" in main(client, "people_grid", q="tom")


@pytest.mark.parametrize("listing", PAGES)
def test_a_page_asks_as_much_for_many_as_for_few(client, tom, mine, listing):
    client.force_login(tom)

    def asked():
        client.get(reverse(listing))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(reverse(listing))
        return len(queries)

    few = asked()
    for number in range(4):
        account = BusinessAccountFactory(name=f"More {number}")
        MembershipFactory(account=account, person=tom, holding="administrator")
        for _person in range(5):
            MembershipFactory(account=account)

    assert asked() == few
    assert few <= 20


def _in(**span):
    return timezone.now() + dt.timedelta(**span)

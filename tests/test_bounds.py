"""No list answers with more than a page of rows, whatever is asked for (IO9)."""

import re

import pytest
from django.urls import reverse

from accounts.views import PAGE_SIZE
from tests.factories import AssetFactory, BusinessAccountFactory, InvitationFactory, MembershipFactory, PersonFactory
from tests.oversight.log import write

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IO9")]
GREED = dict.fromkeys(("all", "limit", "size", "page_size", "per_page", "count", "_to"), 1000)


@pytest.mark.parametrize("page", ["team", "assets", "invitations", "asset_grid", "people", "activity"])
def test_a_list_holds_a_page_of_rows_at_most(client, page):
    account = BusinessAccountFactory()
    people = [PersonFactory(name=f"Row{number:02} Person") for number in range(2 * PAGE_SIZE)]
    for person in people:
        MembershipFactory(account=account, person=person)
        AssetFactory(account=account, name=f"Row of {person.name}")
        InvitationFactory(account=account, address=f"row.of.{person.pk}@example.com")
    write(account, 2 * PAGE_SIZE)
    client.force_login(account.owner)

    told = client.get(reverse(page, args=[] if page == "people" else [account.slug]), GREED).content.decode()
    told = re.sub(r"<select\b.*?</select>", "", told, flags=re.DOTALL)  # the choices of a filter are no rows

    people_shown = set(re.findall(r"Row\d\d Person", told.replace("Row of Row", "asset ")))
    assets_shown, invited = set(re.findall(r"Row of Row\d\d", told)), set(re.findall(r"row\.of\.\d+", told))
    events = set(re.findall(rf"/accounts/{account.slug}/activity/\d+/", told))
    shown = [len(people_shown), len(assets_shown), len(invited), len(events)]
    assert max(shown) <= PAGE_SIZE
    assert max(shown) >= PAGE_SIZE - 1  # the owner has a row, too

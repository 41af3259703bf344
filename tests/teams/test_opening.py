"""Opening an account: the address that it gets, also where others want the same at the same moment."""

import pytest
from django.urls import reverse

from accounts.models import BusinessAccount
from teams import actions
from tests.factories import PersonFactory
from tests.together import at_once, committed


def test_accounts_of_one_name_that_are_opened_at_once_get_addresses_of_their_own(fresh_database):
    people = [committed(PersonFactory) for _number in range(4)]

    opened = at_once(
        *(lambda by=person: actions.open_account(name="Halo", kind="business", by=by) for person in people)
    )

    assert [account.name for account in opened] == ["Halo"] * 4
    slugs = sorted(BusinessAccount.objects.values_list("slug", flat=True))
    assert slugs[0] == "halo"
    assert len({slug for slug in slugs if slug.startswith("halo-")}) == 3


@pytest.mark.django_db
def test_no_account_gets_the_address_of_another_page(client):
    client.force_login(PersonFactory())

    client.post(reverse("open_account"), {"name": "New", "kind": "business"})

    assert BusinessAccount.objects.get().slug.startswith("new-")

"""The lists of the staff area: what narrows and orders them, and that nothing else does."""

import pytest
from django.urls import reverse

from staff.admin import site
from tests.factories import BusinessAccountFactory, PersonFactory
from tests.staff.desk import ALWAYS, LISTS, at_the_desk, full, opens

pytestmark = pytest.mark.django_db
PROBES = [
    "account__owner__password__startswith=argon2", "password__startswith=argon2", "password=x", "owner__password=x",
    "sealed__startswith=a", "token_hash__startswith=a", "id__in=1,2", "pk=1", "email__startswith=a", "is_superuser=1",
    "name__regex=(", "created_at__gte=abc", "memberships__person__email__contains=a", "_popup=1&_to_field=password",
    "_to_field=email", "no_such_field=1", "e=1&password=1", "at__gte=x", "chain__subject_id=1", "person__password=a",
    "_changelist_filters=x", "user__password__startswith=a",
]  # fmt: skip
HARMLESS = [
    "o=1", "o=-1", "o=1.-2.3", "o=999", "o=x", "o=--1", "o=password", "o=%C2%B2", "page=0", "page=99", "page=x",
    "p=3", "p=x", "q=%00", "q=%27%20OR%201%3D1", "q=%FF", "state=nonsense", "state=%00", "all=", "_facets=True", "_popup=1", "e=1",
    "account=1&account=x", "account=%00", "kind=%00", "is_staff=2", "second_factor=x",
]  # fmt: skip


@pytest.fixture
def desk():
    return at_the_desk()


@pytest.mark.requirement("AZ12")
def test_no_list_can_be_narrowed_by_a_field_of_ones_own_choice(desk):
    """Whoever could, would read a hash letter by letter from how many rows are left."""
    inside = full()
    opens(desk, inside.account)
    wrong = []
    for name in (*ALWAYS, *LISTS):
        address = reverse(f"staff_{name}")
        whole = desk.get(address).context["page_obj"].paginator.count
        for probe in PROBES:
            answer = desk.get(f"{address}?{probe}")
            if (answer.status_code, answer.context["page_obj"].paginator.count) != (400, whole):
                wrong.append((name, probe, answer.status_code))

    assert wrong == []


@pytest.mark.requirement("IO1")
def test_whatever_else_stands_in_the_address_of_a_list_it_is_shown(desk):
    inside = full()
    opens(desk, inside.account)
    wrong = []
    for name in (*ALWAYS, *LISTS):
        for query in HARMLESS:
            status = desk.get(f"{reverse(f'staff_{name}')}?{query}").status_code
            if status not in (200, 400):
                wrong.append((name, query, status))

    assert wrong == []


def test_accounts_are_found_by_name_and_narrowed_by_kind_and_state(desk):
    for name in ("Northwind", "Lumen"):
        BusinessAccountFactory(name=name)
    BusinessAccountFactory(name="Studio", kind="standard")

    def found(**query):
        return [row["first"].value for row in desk.get(reverse("staff_accounts"), query).context["rows"]]

    assert found(q="north") == ["Northwind"]
    assert found(kind="standard") == ["Studio"]
    assert found(state="closed") == []
    assert found(o="-0") == ["Studio", "Northwind", "Lumen"]
    assert found() == found(o="0") == ["Lumen", "Northwind", "Studio"]


def test_people_are_found_by_the_whole_address_only_so_that_no_masked_one_can_be_guessed_bit_by_bit(desk):
    PersonFactory(name="Nadia", email="nadia@northwind.example")

    def found(text):
        return [row["first"].value for row in desk.get(reverse("staff_people"), {"q": text}).context["rows"]]

    assert found("nadia@northwind.example") == ["Nadia"]
    assert found("northwind.example") == found("nadia@") == []
    assert found("nad") == ["Nadia"]


def test_a_list_is_as_many_questions_for_many_rows_as_for_few(desk, django_assert_max_num_queries):
    for name in ("accounts", "people"):
        desk.get(reverse(f"staff_{name}"))
    BusinessAccountFactory.create_batch(12)

    for name in ("accounts", "people"):
        with django_assert_max_num_queries(14):
            assert desk.get(reverse(f"staff_{name}")).status_code == 200


def test_djangos_own_checks_find_nothing_wrong_with_any_model_of_the_area():
    assert [problem for admin in site._registry.values() for problem in admin.check()] == []

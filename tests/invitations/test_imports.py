"""A list of people to invite: its dry run tells each row's fate, and starting it changes what was told, no more."""

import csv
import datetime as dt
import io

import pytest
from django.urls import reverse
from django.utils import timezone

from audit import exporting
from audit.models import Event
from invitations import actions, fates
from invitations.models import Import, ImportRow, Invitation
from teams.models import Role
from tests.factories import (
    BusinessAccountFactory,
    ImportFactory,
    InvitationFactory,
    MembershipFactory,
    PersonFactory,
)
from tests.written import written

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return BusinessAccountFactory(name="Northwind", owner=PersonFactory(name="Olga", email="olga@example.com"))


@pytest.fixture
def anna(account):
    """An administrator."""
    return MembershipFactory(account=account, holding="administrator", person=PersonFactory(name="Anna")).person


def url(page, account, listing=None):
    return reverse(page, args=[account.slug, *([listing.pk] if listing else [])])


def listed(account, *rows, **given):
    """A list with these rows (address, role, message), nothing started."""
    cells = [[*row, "", ""][:3] for row in rows]
    columns = {"address": 0, "role": 1, "message": 2}
    head = ["E-mail", "Role", "Message"]
    return ImportFactory(account=account, rows=cells, total=len(cells), head=head, **{"columns": columns, **given})


def foreseen(listing, by):
    return [(row.fate, row.problem) for row in fates.foresee(listing, listing.account, by=by)]


def started(listing, by):
    """The list, started by someone who has looked at it."""
    seen = fates.fingerprint(fates.foresee(listing, listing.account, by=by))
    return actions.start_import(listing=listing, seen=seen, by=by)


def csv_rows(response):
    text = response.content.decode().removeprefix("\ufeff")
    return list(csv.reader(io.StringIO(text)))


def test_the_same_columns_chosen_again_are_no_second_act(account, anna):
    listing, role = listed(account, ["a@example.com", "Editor"]), Role.objects.built_in("editor")

    for _time in range(2):
        actions.map_columns(listing=listing, columns={"address": 1}, role=role, message="", by=account.owner)

    assert Event.objects.named("invitation.list_mapped").count() == 1


# --- The dry run ------------------------------------------------------------------------------------------------------
@pytest.mark.rule(2)
@pytest.mark.rule(5)
@pytest.mark.rule(6)
def test_the_dry_run_tells_the_fate_of_each_row_by_the_rules_of_a_single_invitation(account, anna):
    account.policy.most_administrators = 1
    account.policy.save()
    MembershipFactory(account=account, person=PersonFactory(email="eddie@example.com"))
    MembershipFactory(account=account, person=PersonFactory(email="left@example.com"), ended=True)
    InvitationFactory(account=account, address="open@example.com")
    InvitationFactory(account=account, address="late@example.com", expired=True)
    listing = listed(
        account,
        ("Nina@Example.com", "editor"),
        ("nina@example.com", "Analyst"),
        ("eddie@example.com", "editor"),
        ("left@example.com", "EDITOR"),
        ("open@example.com", "editor"),
        ("late@example.com", "editor"),
        (anna.email, "editor"),
        ("no address", "editor"),
        ("", "editor"),
        ("a@example.com", "Emperor"),
        ("b@example.com", ""),
        ("c@example.com", "owner"),
        ("d@example.com", "Finance"),
        ("e@example.com", "administrator"),
        ("f@example.com", "editor", "x" * 1_001),
    )

    assert foreseen(listing, anna) == [
        ("waiting", ""),
        ("repeated", "Row 2 has the same address."),
        ("member", "eddie@example.com is a member already."),
        ("waiting", ""),
        ("open", "open@example.com has an open invitation already."),
        ("waiting", ""),
        ("member", f"{anna.email} is a member already."),
        ("bad_address", "Enter an e-mail address, such as name@example.com."),
        ("bad_address", "Enter an e-mail address, such as name@example.com."),
        ("bad_role", "There is no role “Emperor” in this account."),
        ("bad_role", "The row names no role, and none was chosen for such rows."),
        ("not_given", "Ownership can’t be offered by an invitation. It moves by a transfer."),
        ("not_given", "You can’t give “manage billing”, since you don’t hold it yourself."),
        ("no_room", "This account may have 1 administrator, and has one. Change the policy or another role first."),
        ("refused", "The message is longer than 1000 letters."),
    ]
    assert not Event.objects.of(account).exists()


def test_rows_without_a_role_or_words_of_their_own_take_those_chosen_for_the_list(account):
    role = Role.objects.built_in("analyst")
    listing = listed(account, ("a@example.com",), ("b@example.com", "editor", "Hi"), role=role, message="Welcome")

    rows = fates.foresee(listing, account, by=account.owner)

    assert [(str(row.role), row.message) for row in rows] == [("Analyst", "Welcome"), ("Editor", "Hi")]


def test_roles_of_another_account_are_unknown(account):
    Role.objects.create(account=BusinessAccountFactory(), code="secret", name="Secret", held=["view_account"])

    assert foreseen(listed(account, ("a@example.com", "Secret")), account.owner)[0][0] == "bad_role"


def test_the_page_lists_the_rows_by_fate_and_searches_and_pages_them(client, account):
    listing = listed(account, *[(f"p{number}@example.com", "editor") for number in range(30)], ("bad", "editor"))
    client.force_login(account.owner)

    page = client.get(url("import", account, listing))
    bad = client.get(url("import", account, listing), {"state": "bad_address"})
    found = client.get(url("import", account, listing), {"q": "P29"})
    second = client.get(url("import", account, listing), {"page": 2})

    assert "Of 31 rows, 30 people would be invited" in page.content.decode()
    assert [(chip["label"], chip["count"]) for chip in page.context["chips"]] == [
        ("All rows", 31),
        ("To invite", 30),
        ("No address", 1),
    ]
    assert [row.shown for row in bad.context["page_obj"]] == ["bad"]
    assert [row.shown for row in found.context["page_obj"]] == ["p29@example.com"]
    assert len(second.context["page_obj"].object_list) == 6


def test_five_thousand_rows_are_told_in_a_fixed_number_of_queries(client, account, django_assert_max_num_queries):
    for number in range(20):
        InvitationFactory(account=account, address=f"p{number}@example.com")
    listing = listed(account, *[(f"p{number}@example.com", "editor") for number in range(5_000)])
    client.force_login(account.owner)
    client.get(url("import", account, listing))

    with django_assert_max_num_queries(20):
        page = client.get(url("import", account, listing), {"state": "waiting"})

    assert page.context["ready"] == 4_980


@pytest.mark.rule(18)
@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t"])
def test_what_was_not_invited_can_be_downloaded_mended_and_uploaded_again(client, account, sign):
    listing = listed(account, (f"{sign}cmd|' /C calc'!A0", "editor"), ("ok@example.com", "editor"))
    client.force_login(account.owner)

    rows = csv_rows(client.get(url("import_problems", account, listing)))

    assert rows[0] == ["E-mail", "Role", "Message", "Row", "What is wrong"]
    assert len(rows) == 2
    assert rows[1][3] == "2"
    assert rows[1][4].startswith("Enter a")
    assert not any(cell.lstrip().startswith(exporting.DANGEROUS) for cell in rows[1])


# --- Choosing columns, starting, stopping -----------------------------------------------------------------------------
def test_the_way_from_the_file_to_the_dry_run(client, account):
    from django.core.files.uploadedfile import SimpleUploadedFile

    client.force_login(account.owner)
    file = SimpleUploadedFile("staff.csv", b"Name,Contact\nNina,nina@example.com\n")
    columns = client.post(url("imports", account), {"upload": file}, follow=True)
    listing = Import.objects.get()

    before = client.get(url("import", account, listing))
    chosen = {"address_column": "1", "role": "analyst", "message": "Hello"}
    page = client.post(url("import_columns", account, listing), chosen, follow=True)

    assert columns.context["form"]["address_column"].value() == "1"
    assert before["Location"] == url("import_columns", account, listing)
    assert "Of 1 rows, 1 person would be invited" in page.content.decode()
    assert list(Event.objects.of(account).order_by("number").values_list("name", flat=True)) == [
        "invitation.list_uploaded",
        "invitation.list_mapped",
    ]
    assert not any("nina@example.com" in text for text in written(Event.objects.of(account)))


@pytest.mark.rule(2)
@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "Choose the column with the e-mail addresses."),
        ({"address_column": "0"}, "Choose the column with the roles, or one role for all rows."),
        ({"address_column": "0", "role_column": "0"}, "Each column can be read as one thing only."),
        ({"address_column": "9", "role": "editor"}, "Select a valid choice."),
        ({"address_column": "-1", "role": "editor"}, "Select a valid choice."),
        ({"address_column": "0", "role": "owner"}, "Choose a role that you can give."),
        ({"address_column": "0", "role": "finance"}, "Choose a role that you can give."),
    ],
)
def test_columns_without_sense_and_roles_that_one_cannot_give_are_refused(client, account, anna, form, words):
    client.force_login(anna)

    response = client.post(url("import_columns", account, listed(account, ("a@example.com", "x"))), form)

    assert response.status_code == 422
    assert words in response.content.decode()


@pytest.mark.rule(12)
def test_starting_keeps_what_was_told_and_is_one_event(client, account):
    listing = listed(account, ("nina@example.com", "editor"), ("bad", "editor"))
    client.force_login(account.owner)
    page = client.get(url("start_import", account, listing))

    response = client.post(url("start_import", account, listing), {"seen": page.context["asked"]})

    assert response["Location"] == url("import", account, listing)
    listing.refresh_from_db()
    assert (listing.state, listing.by) == ("running", account.owner)
    rows = listing.rows.order_by("number").values_list("number", "fate", "address")
    assert list(rows) == [(2, "waiting", "nina@example.com"), (3, "bad_address", "")]
    event = Event.objects.of(account).get()
    assert (event.name, event.parts["after"]["to_invite"]) == ("invitation.list_started", 1)
    assert not Invitation.objects.exists()


@pytest.mark.requirement("AZ10")
def test_a_yes_counts_only_for_what_was_shown(client, account):
    listing = listed(account, ("nina@example.com", "editor"), ("eddie@example.com", "editor"))
    client.force_login(account.owner)
    seen = client.get(url("start_import", account, listing)).context["asked"]
    MembershipFactory(account=account, person=PersonFactory(email="eddie@example.com"))

    response = client.post(url("start_import", account, listing), {"seen": seen})

    assert response.status_code == 409
    assert "What would happen has changed since you looked." in response.content.decode()
    assert Import.objects.get(pk=listing.pk).is_draft


@pytest.mark.requirement("AZ10")
def test_a_list_is_started_once(client, account):
    listing = listed(account, ("nina@example.com", "editor"))
    client.force_login(account.owner)
    seen = client.get(url("start_import", account, listing)).context["asked"]

    answers = [client.post(url("start_import", account, listing), {"seen": seen}).status_code for _turn in range(2)]

    assert answers == [302, 409]
    assert client.get(url("start_import", account, listing)).status_code == 302
    assert (
        client.post(url("import_columns", account, listing), {"address_column": "0", "role": "editor"}).status_code
        == 409
    )


def test_a_list_on_which_nobody_can_be_invited_does_not_start(client, account):
    listing = listed(account, ("bad", "editor"))
    client.force_login(account.owner)
    page = client.get(url("start_import", account, listing))

    response = client.post(url("start_import", account, listing), {"seen": page.context["asked"]})

    assert response.status_code == 422
    assert "There is nobody to invite" in page.content.decode()


@pytest.mark.requirement("AZ10")
def test_a_list_can_be_discarded_or_stopped_once(client, account):
    draft, running = listed(account, ("a@example.com", "editor")), listed(account, ("b@example.com", "editor"))
    started(running, account.owner)
    client.force_login(account.owner)

    answers = [client.post(url("stop_import", account, listing)).status_code for listing in (draft, running, running)]
    actions.work_through(import_id=running.pk)

    assert answers == [302, 302, 409]
    assert set(Import.objects.values_list("state", flat=True)) == {"stopped"}
    assert not Invitation.objects.exists()


@pytest.mark.rule(6)
def test_a_standard_account_has_no_lists(client):
    account = BusinessAccountFactory(kind="standard")
    client.force_login(account.owner)
    listing = listed(account, ("a@example.com", "editor"))
    seen = fates.fingerprint(fates.foresee(listing, account, by=account.owner))

    page = client.get(url("imports", account))
    response = client.post(url("start_import", account, listing), {"seen": seen})

    assert "A standard account has no team" in page.content.decode()
    assert response.status_code == 422


@pytest.mark.rule(4)
@pytest.mark.parametrize("page", ["import", "import_columns", "start_import", "stop_import", "import_problems"])
def test_a_list_of_another_account_is_like_one_that_never_was(client, account, page):
    foreign = ImportFactory()
    client.force_login(account.owner)

    assert client.get(url(page, account, foreign)).status_code == 404
    assert client.post(url(page, account, foreign)).status_code in {404, 405}
    assert Import.objects.get(pk=foreign.pk).is_draft


def test_there_is_an_end_to_lists_that_nobody_starts(client, account):
    from django.core.files.uploadedfile import SimpleUploadedFile

    client.force_login(account.owner)
    for _turn in range(20):
        listed(account, ("a@example.com", "editor"))

    response = client.post(url("imports", account), {"upload": SimpleUploadedFile("x.csv", b"a@example.com\n")})

    assert response.status_code == 422
    assert "Very many lists wait to be started." in response.content.decode()


# --- Afterwards -------------------------------------------------------------------------------------------------------
def test_rows_are_deleted_after_thirty_days_and_their_counts_stay(client, account):
    listing, fresh = (
        listed(account, ("a@example.com", "editor"), ("bad", "editor")),
        listed(account, ("b@x.example", "editor")),
    )
    started(listing, account.owner)
    actions.work_through(import_id=listing.pk)
    Import.objects.filter(pk=listing.pk).update(created_at=timezone.now() - dt.timedelta(days=31))

    cleared = [actions.clear_old_imports(), actions.clear_old_imports()]
    client.force_login(account.owner)
    page = client.get(url("import", account, listing)).content.decode()

    assert cleared == [1, 0]
    assert set(ImportRow.objects.values_list("source_id", flat=True)) == {fresh.pk}
    assert "The rows are deleted" in page
    assert "1 person invited" in page


def test_the_pages_of_a_list_stand_whatever_was_typed_in_it(client, account):
    odd = ["<script>alert(1)</script>", "\u202eevil@example.com", "x" * 2_000, "{{ 7 }}", "%s", "nina@straße.de", "'"]
    listing = listed(account, *[(cell, cell, cell) for cell in odd])
    client.force_login(account.owner)

    pages = [client.get(url(page, account, listing)) for page in ("import", "import_columns", "start_import")]

    assert [page.status_code for page in pages] == [200, 200, 200]
    assert not any("<script>alert" in page.content.decode() for page in pages)
    listing.rows.filter(number=2).update(typed=["ok@example.com", "editor", ""])
    assert started(listing, account.owner).is_running
    actions.work_through(import_id=listing.pk)
    assert client.get(url("import", account, listing)).status_code == 200
    assert client.get(url("import_problems", account, listing)).status_code == 200

"""Many at once, seen in browsers: a list of people to invite, one act for a selection, the list of members as a file."""

import csv
import io
import re
import zipfile

import pytest
from playwright.sync_api import expect

from audit.models import Event
from invitations.actions import work_through
from invitations.models import Import, Invitation
from teams.models import Membership, Role
from tests.factories import BusinessAccountFactory, MembershipFactory
from tests.post import the_post_goes_out
from tests.together import committed

from .people import Someone, link_in_the_mail, tab_to

HOME = "/accounts/northwind/"
STAFF = """Who;Mail;Rolle
Nina Fox;nina@northwind.example;Editor
Noor Aziz;noor@northwind.example;
Eddie;eddie@northwind.example;Editor
Ole;ole[at]northwind.example;Analyst
Una;una@northwind.example;Emperor
Fay;fay@northwind.example;Finance
=HYPERLINK("https://evil.example");=1+1@evil.example.;Editor
"""


@pytest.fixture
def account(live_site):
    return committed(lambda: BusinessAccountFactory(name="Northwind", slug="northwind", owner__name="Olga"))


@pytest.fixture
def team(account):
    """Anna administers, Eddie edits, Mo moderates; the third calls himself a formula."""
    cast = {"Anna": "administrator", "Eddie": "editor", "Mo": "moderator", "=cmd|' /C calc'!A0": "analyst"}
    address = {"Anna": "anna@northwind.example", "Eddie": "eddie@northwind.example"}

    def make():
        return {
            name: MembershipFactory(
                account=account,
                holding=role,
                person__name=name,
                **({"person__email": address[name]} if name in address else {}),
            )
            for name, role in cast.items()
        }

    return committed(make)


def uploads(someone, name, content):
    someone.opens(f"{HOME}invitations/")
    someone.presses("From a file")
    file = {"name": name, "mimeType": "text/csv", "buffer": content}
    someone.page.get_by_label("A CSV file").set_input_files(file)
    someone.presses("Read the file")


def downloaded(someone, name):
    with someone.page.expect_download() as download:
        someone.presses(name)
    return download.value.path().read_bytes()


def rows_of(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def fate_of(someone, row):
    return someone.page.get_by_role("row", name=re.compile(f"^{row} ")).get_by_role("cell").last


@pytest.mark.rule(6)
def test_a_list_is_foretold_row_by_row_started_mended_and_accepted(browser, live_site, arrives, account, team):
    anna = arrives(team["Anna"].person)
    anna.page.on("dialog", lambda dialog: dialog.accept())

    # What can't be read as a whole is refused as a whole.
    uploads(anna, "staff.xlsx", b"PK\x03\x04 a workbook")
    anna.sees("This is a workbook. In the spreadsheet, save it as CSV")

    # The column with the addresses is found by what stands in it; the role of the rest is chosen once.
    uploads(anna, "staff.csv", STAFF.encode())
    anna.sees("What stands in which column?", "nina@northwind.example")
    expect(anna.page.get_by_label("Column with the e-mail addresses")).to_have_value("1")
    anna.page.get_by_label("Role of rows that name none").select_option(label="Analyst")
    anna.presses("See what would happen")

    # The dry run: each row with its fate, and nothing has happened.
    anna.sees("Of 7 rows, 2 people would be invited", "Nothing has happened yet.")
    for row, fate in {
        2: "Will be invited",
        3: "Will be invited",
        4: "eddie@northwind.example is a member already.",
        5: "Enter an e-mail address",
        6: "There is no role “Emperor” in this account.",
        7: "You can’t give “manage billing”, since you don’t hold it yourself.",
        8: "Enter an e-mail address",
    }.items():
        expect(fate_of(anna, row)).to_contain_text(fate)
    assert not Invitation.objects.exists()
    anna.page.get_by_role("link", name="No address 2").click()
    expect(anna.page.locator("tbody tr")).to_have_count(2)

    # Started, and watched to its end without touching the page.
    anna.presses("Invite 2 people")
    anna.sees("Invite 2 people?", "5 rows are left out")
    anna.presses("Invite them")
    anna.sees("under way", "0 people invited")
    work_through(import_id=Import.objects.get(file_name="staff.csv").pk)
    anna.sees("2 people invited", "5 not invited", "Mend the rows in the downloaded file")
    assert set(Invitation.objects.values_list("address", "role__code")) == {
        ("nina@northwind.example", "editor"), ("noor@northwind.example", "analyst"),
    }  # fmt: skip

    # The rows that were not invited come back as they were typed; mended, they are a list of their own.
    left = rows_of(downloaded(anna, "Download what was not invited"))
    assert left[0] == ["Who", "Mail", "Rolle", "Row", "What is wrong"]
    assert [row[0] for row in left[1:]] == ["Eddie", "Ole", "Una", "Fay", '\'=HYPERLINK("https://evil.example")']
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in left for cell in row)
    mended = io.StringIO()
    csv.writer(mended).writerows([left[0], [left[2][0], "ole@northwind.example", *left[2][2:]]])
    uploads(anna, "mended.csv", mended.getvalue().encode())
    anna.presses("See what would happen")
    anna.presses("Invite 1 person")
    anna.presses("Invite them")
    work_through(import_id=Import.objects.get(file_name="mended.csv").pk)
    anna.sees("1 person invited")
    the_post_goes_out()

    # One of them comes by the mailed link.
    ole = Someone(browser, live_site.url, "Ole Lund", "ole@northwind.example")
    ole.opens(link_in_the_mail(ole.address))
    ole.sees("Join Northwind", "Anna", "View analytics")
    ole.presses("Create your sign-in")
    ole.types("Your name", "Ole Lund")
    ole.types("Password", "a sentence that nobody guesses 42")
    ole.presses("Create account")
    ole.presses("Accept and join")
    ole.sees("Welcome to Northwind. You are Analyst.")
    ole.opens(f"{HOME}invitations/from-a-file/")
    ole.leaves()
    assert [
        event.name for event in Event.objects.of(account).filter(name__startswith="invitation.list_").order_by("id")
    ] == [f"invitation.list_{act}" for act in 2 * ("uploaded", "mapped", "started", "done")]


@pytest.mark.rule(2)
def test_a_selection_is_changed_and_suspended_by_the_keyboard_but_for_whom_a_rule_protects(arrives, account, team):
    second = committed(lambda: MembershipFactory(account=account, person__name="Arne", holding="moderator"))
    anna, mo = arrives(team["Anna"].person), arrives(team["Mo"].person)
    keys = anna.page.keyboard

    anna.opens(f"{HOME}team/")
    anna.page.wait_for_load_state()
    for member in (second, team["Eddie"], team["Mo"]):
        tab_to(anna.page, f"input[name=member][value='{member.pk}']")
        keys.press("Space")
    expect(anna.page.locator("[data-count-of=member]")).to_have_text("3")
    # Meanwhile Arne is given the team, so that only the owner may act on him.
    committed(
        lambda: Membership.objects.filter(pk=second.pk).update(lasting_role=Role.objects.built_in("administrator"))
    )
    tab_to(anna.page, "#selected button[formaction*=role]")
    keys.press("Enter")
    anna.page.wait_for_url("**/team/selected/role/**")
    anna.page.wait_for_load_state()
    tab_to(anna.page, "input[name=role]")
    anna.page.locator("input[name=role][value=analyst]").focus()
    keys.press("Space")
    tab_to(anna.page, "main button.btn-primary")
    keys.press("Enter")

    anna.sees("Of 3 selected, 2 would become Analyst", "Nothing has happened yet.")
    row = anna.page.get_by_role("row", name=re.compile("Arne"))
    expect(row).to_contain_text("owner")
    expect(anna.page.get_by_role("row", name=re.compile("Mo "))).to_contain_text("reply to comments and messages")
    tab_to(anna.page, "main button.btn-primary")
    keys.press("Enter")
    anna.sees("2 members are now Analyst")
    mo.opens(HOME)
    mo.sees("Analyst")

    # Suspended: what rests is shown, and is gone at the next click.
    anna.opens(f"{HOME}team/")
    for name in ("Eddie", "Mo"):
        anna.page.get_by_label(f"Select {name}", exact=True).check()
    anna.page.get_by_role("button", name="Suspend", exact=True).click()
    anna.sees("Of 2 selected, 2 would be suspended", "Rests:", "view analytics")
    anna.types("Reason", "The summer is over")
    anna.presses("Suspend")
    anna.sees("2 members are suspended")
    mo.page.reload()
    mo.signs_in_again()
    mo.sees("Your access is suspended")
    assert sorted(Event.objects.of(account).order_by("id").values_list("name", "result")) == [
        *2 * [("member.suspended", "done")], *2 * [("role.changed", "done")],
    ]  # fmt: skip


@pytest.mark.rule(18)
def test_the_members_are_downloaded_as_csv_and_as_a_workbook_without_a_formula(arrives, account, team):
    anna, eddie = arrives(team["Anna"].person), arrives(team["Eddie"].person)

    anna.opens(f"{HOME}team/")
    anna.presses("More")
    anna.page.get_by_role("link", name="Export this list").click()
    anna.sees("The file will hold 5 members", "is itself written into the log")
    rows = rows_of(downloaded(anna, "Download"))
    anna.page.get_by_label("workbook").check()
    book = zipfile.ZipFile(io.BytesIO(downloaded(anna, "Download")))
    eddie.opens(f"{HOME}team/export/")
    eddie.sees("You may not do this", "Manage the team")

    assert {row[0] for row in rows[1:]} == {"Olga", "Anna", "Eddie", "Mo", "'=cmd|' /C calc'!A0"}
    assert "=cmd|' /C calc'!A0" in book.read("xl/sharedStrings.xml").decode()
    assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()
    exports = Event.objects.of(account).named("member.").filter(result="done")
    assert exports.count() == 2

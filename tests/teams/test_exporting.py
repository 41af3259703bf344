"""The list of members as a file: what the page shows, recorded first, and harmless in a spreadsheet (rule 18)."""

import csv
import io
import zipfile
from xml.etree import ElementTree as ET

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse

from accounts.policies import exports
from audit import exporting
from audit.models import Event
from teams import spreadsheets
from tests.factories import AssetFactory, BusinessAccountFactory, MembershipFactory, PersonFactory, grant

pytestmark = [pytest.mark.django_db, pytest.mark.rule(18)]


@pytest.fixture
def account():
    return BusinessAccountFactory(name="Northwind", owner=PersonFactory(name="Olga", email="olga@example.com"))


@pytest.fixture
def take(client, account):
    """Export as the owner; return the answer."""
    client.force_login(account.owner)
    return lambda **form: client.post(reverse("export_members", args=[account.slug]), form)


def csv_rows(response):
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def sheet_of(response):
    """The cells of the workbook, row by row, and the whole XML of its sheet."""
    book = zipfile.ZipFile(io.BytesIO(response.content))
    ns = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    shared = [
        "".join(part.text or "" for part in item.iter(f"{ns}t"))
        for item in ET.fromstring(book.read("xl/sharedStrings.xml"))
    ]
    xml = book.read("xl/worksheets/sheet1.xml").decode()
    rows = []
    for row in ET.fromstring(xml).iter(f"{ns}row"):
        cells = [(cell.get("t"), cell.findtext(f"{ns}v")) for cell in row]
        rows.append([shared[int(value)] if kind == "s" else value for kind, value in cells])
    return rows, xml


def test_the_file_holds_each_member_as_the_page_shows_it_and_is_recorded_before_its_first_byte(take, account):
    eddie = MembershipFactory(account=account, person=PersonFactory(name="Eddie"), suspended=True)
    nina = MembershipFactory(account=account, person=PersonFactory(name="Nina"), holding="member", unconfirmed=True)
    Authenticator.objects.create(user=nina.person, type="totp", data={})
    grant(nina, AssetFactory(account=account, name="US"), "run_ads", "view_analytics")

    response = take(format="csv")

    recorded = Event.objects.of(account).get(name="member.list_exported")
    assert (recorded.actor_id, recorded.parts["after"]) == (account.owner_id, {"format": "CSV", "narrowed": {}})
    rows = csv_rows(response)
    assert list(rows[0]) == list(spreadsheets.COLUMNS)
    assert [(row["name"], row["role"], row["standing"], row["second_factor"], row["to_confirm"]) for row in rows] == [
        ("Eddie", "Editor", "suspended", "off", "no"),
        ("Nina", "Member", "active", "on", "yes"),
        ("Olga", "Owner", "active", "off", "no"),
    ]
    assert rows[1]["granted_assets"] == "US: run ads, view analytics"
    assert rows[0]["joined"] == eddie.joined_at.isoformat(timespec="seconds")
    assert response["Content-Disposition"].startswith("attachment")


def test_the_file_is_narrowed_and_ordered_as_the_page(take, account):
    for name in ("Abe", "Zoe"):
        MembershipFactory(account=account, person=PersonFactory(name=f"{name} Stone"), holding="analyst")
    MembershipFactory(account=account, person=PersonFactory(name="Ida Stone"))
    MembershipFactory(account=account, person=PersonFactory(name="Bea Stone"), holding="analyst", ended=True)
    MembershipFactory(person=PersonFactory(name="Cy Stone"), holding="analyst")  # in another account

    response = take(q="stone", role="analyst", sort="-name")

    assert [row["name"] for row in csv_rows(response)] == ["Zoe Stone", "Abe Stone"]
    narrowed = Event.objects.of(account).get(name="member.list_exported").parts["after"]["narrowed"]
    assert narrowed == {"Name or address": "stone", "Role": "Analyst"}


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t=", "＝"])
@pytest.mark.requirement("AU9")
def test_no_cell_of_either_file_can_be_taken_for_a_formula(take, account, sign):
    MembershipFactory(account=account, person=PersonFactory(name=f"{sign}HYPERLINK(1)"))

    lines, (cells, xml) = csv_rows(take(format="csv")), sheet_of(take(format="xlsx"))

    for row in lines:
        assert not any(cell.lstrip().startswith(exporting.DANGEROUS) for cell in row.values())
    assert any(f"{sign}HYPERLINK(1)" in row for row in cells)
    assert "<f>" not in xml


def test_a_workbook_holds_the_same_rows_with_times_that_sort(take, account):
    MembershipFactory(account=account, person=PersonFactory(name="Eddie"))

    response = take(format="xlsx")

    rows, _xml = sheet_of(response)
    assert rows[0][:7] == ["Name", "Address", "Role", "Standing", "To confirm", "Second factor", "Joined (UTC)"]
    assert [row[0] for row in rows[1:]] == ["Eddie", "Olga"]
    assert float(rows[1][6]) > 40_000  # a day, as spreadsheets count them
    assert Event.objects.of(account).get(name="member.list_exported").parts["after"]["format"] == "XLSX"


def test_the_number_of_queries_does_not_grow_with_the_number_of_members(take, account, django_assert_num_queries):
    def queries():
        with django_assert_num_queries(4):  # the ids, the rows, what they hold, what they are granted
            list(spreadsheets.rows_of(members(), account))

    def members():
        from teams.models import Membership

        wanted = {"q": "", "role": "", "kind": "", "state": "", "sort": ""}
        return Membership.objects.filter(account=account).listed(wanted, account.policy)

    asset = AssetFactory(account=account)
    queries()
    for _number in range(20):
        grant(MembershipFactory(account=account), asset, "run_ads")
    queries()


@pytest.mark.parametrize("form", [{"format": "exe"}, {"state": "\0"}, {"role": "no-such-role"}, {"sort": "x"}])
def test_a_filter_without_sense_exports_nothing(take, account, form):
    assert take(**form).status_code == 422
    assert not Event.objects.of(account).exists()


def test_who_does_not_manage_the_team_takes_no_list_away(client, account):
    auditor = MembershipFactory(account=account, holding="auditor")
    client.force_login(auditor.person)

    response = client.post(reverse("export_members", args=[account.slug]), {"format": "csv"})

    assert response.status_code == 403
    assert not Event.objects.of(account).named("member.list_exported").filter(result="done").exists()


@pytest.mark.requirement("IO9")
def test_a_list_is_taken_twenty_times_an_hour_and_no_more(take, account, monkeypatch):
    monkeypatch.setattr(exports, "MOST_EXPORTS", 2)

    answers = [take(format=kind) for kind in ("csv", "xlsx", "csv")]

    assert [answer.status_code for answer in answers] == [200, 200, 422]
    assert "You have exported 2 times within an hour" in answers[-1].content.decode()


def test_the_page_tells_what_the_file_will_hold(client, account):
    MembershipFactory(account=account, person=PersonFactory(name="Eddie"))
    client.force_login(account.owner)

    team = client.get(reverse("team", args=[account.slug]), {"q": "eddie"}).content.decode()
    page = client.get(reverse("export_members", args=[account.slug]), {"q": "eddie"}).content.decode()

    assert f"{reverse('export_members', args=[account.slug])}?q=eddie" in team
    assert "The file will hold 1 member" in page

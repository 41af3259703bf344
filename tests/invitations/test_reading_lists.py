"""Files of people to invite, as spreadsheets and people write them; what can't be read is refused whole, in words."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from invitations.models import Import, ImportRow
from tests.factories import BusinessAccountFactory

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IO6")]


@pytest.fixture
def account():
    return BusinessAccountFactory(name="Northwind")


@pytest.fixture
def upload(client, account):
    """Upload a file as the owner."""
    client.force_login(account.owner)

    def uploading(content, name="staff.csv"):
        content = content.encode() if isinstance(content, str) else content
        return client.post(reverse("imports", args=[account.slug]), {"upload": SimpleUploadedFile(name, content)})

    return uploading


def kept(listing=None):
    listing = listing or Import.objects.get()
    return listing.head, list(listing.rows.order_by("number").values_list("number", "typed"))


ROWS = [(2, ["Nina", "nina@example.com"]), (3, ["Eddie", "eddie@example.com"])]


@pytest.mark.parametrize(
    "content",
    [
        "Name,E-mail\nNina,nina@example.com\nEddie,eddie@example.com\n",
        "Name;E-mail\r\nNina;nina@example.com\r\nEddie;eddie@example.com\r\n",
        "Name\tE-mail\nNina\tnina@example.com\nEddie\teddie@example.com",
        "sep=;\nName;E-mail\nNina;nina@example.com\nEddie;eddie@example.com\n",
        b"\xef\xbb\xbfName,E-mail\nNina,nina@example.com\nEddie,eddie@example.com\n",
        '"Name","E-mail"\n"Nina","nina@example.com"\n" Eddie ","eddie@example.com"\n',
        "Name,E-mail\rNina,nina@example.com\rEddie,eddie@example.com\r",
    ],
    ids=["comma", "semicolon", "tab", "named separator", "byte order mark", "quoted", "old line ends"],
)
def test_a_file_is_read_whatever_the_spreadsheet_put_between_its_cells(upload, content):
    response = upload(content)

    assert response.status_code == 302
    assert response["Location"].endswith("/columns/")
    assert kept() == (["Name", "E-mail"], ROWS)


def test_a_file_without_names_of_columns_gets_some_and_loses_no_row(upload):
    upload("nina@example.com,editor\neddie@example.com,analyst\n")

    head, rows = kept()
    assert head == ["Column 1", "Column 2"]
    assert [number for number, _cells in rows] == [1, 2]


def test_empty_rows_are_left_out_and_every_row_keeps_its_number(upload):
    upload("E-mail\n\nnina@example.com\n,,\n\neddie@example.com\n")

    assert [number for number, _cells in kept()[1]] == [3, 6]


def test_rows_may_be_shorter_or_longer_than_the_head(upload):
    upload("E-mail,Role\nnina@example.com\neddie@example.com,editor,more\n")

    head, rows = kept()
    assert head == ["E-mail", "Role", "Column 3"]
    assert rows[0] == (2, ["nina@example.com"])


def test_columns_of_the_same_name_are_told_apart(upload, client, account):
    upload("Mail,Mail\nnina@example.com,old@example.com\n")

    page = client.get(reverse("import_columns", args=[account.slug, Import.objects.get().pk])).content.decode()

    assert ">Mail (1)<" in page
    assert ">Mail (2)<" in page


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b" \n\n", "The file is empty."),
        (b"E-mail,Role\n", "There is nothing below the names of the columns."),
        (b"a@example.com\0\n", "This is no text in UTF-8."),
        ("E-mail\nnina@example.com".encode("utf-16"), "This is no text in UTF-8."),
        ("E-mail\nnina@straße.de".encode("latin-1"), "This is no text in UTF-8."),
        (b"PK\x03\x04\x14\x00", "This is a workbook."),
        (b"E-mail\n" + b"x" * 10_000_000, "The file is larger than 1024 KB."),
        (b"E-mail\n" + b"x" * 500_000 + b"\n", "near line 2"),
        (b'E-mail,Name\nnina@example.com,"Nina\n', "is not closed"),
        (b'E-mail,Name\nnina@example.com,"Ni"na\n', "is not closed"),
        (b"E-mail\n" + b"a@example.com\n" * 5_001, "The file has more than 5000 rows."),
        (b"x," * 60 + b"\na@example.com\n", "The file has more than 50 columns."),
    ],
)
@pytest.mark.requirement("IO6")
def test_what_cannot_be_read_is_refused_whole_and_says_why(upload, content, words):
    response = upload(content)

    assert response.status_code == 422
    assert words in response.content.decode().replace("&#x27;", "'")
    assert not Import.objects.exists()


def test_five_thousand_rows_are_taken(upload):
    assert upload("E-mail\n" + "".join(f"p{number}@example.com\n" for number in range(5_000))).status_code == 302

    assert ImportRow.objects.count() == Import.objects.get().total == 5_000


@pytest.mark.parametrize(
    ("name", "kept_as"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\olga\\staff.csv", "staff.csv"),
        ("<b>\u202estaff.csv", "<b>staff.csv"),
        ("x" * 300, "x" * 100),
        ("\u2800.", "."),
    ],
)
def test_the_name_of_the_file_is_kept_as_plain_text(upload, client, account, name, kept_as):
    upload("nina@example.com\n", name)

    listing = Import.objects.get()
    assert listing.file_name == kept_as
    assert "<b>" not in client.get(reverse("imports", args=[account.slug])).content.decode().split("<table>")[1]


def test_a_row_that_we_sent_out_neutralised_comes_back_as_it_was(upload):
    upload("E-mail,Name\n'+tag@example.com,'=1+1\n'quoted'@example.com,x\n")

    assert [cells for _number, cells in kept()[1]] == [["+tag@example.com", "=1+1"], ["'quoted'@example.com", "x"]]


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ("E-Mail,Rolle,Nachricht", ("0", "1", "2")),
        ("Name,EMAIL ADDRESS,role", ("1", "2", "")),
        ("Name,Contact,Team", ("1", "", "")),
    ],
)
def test_the_columns_are_guessed_by_their_names_or_by_what_stands_in_them(upload, client, account, head, found):
    upload(f"{head}\nNina,nina@example.com,x\n")

    page = client.get(reverse("import_columns", args=[account.slug, Import.objects.get().pk]))

    form = page.context["form"]
    assert tuple(form[f"{name}_column"].value() for name in ("address", "role", "message")) == found

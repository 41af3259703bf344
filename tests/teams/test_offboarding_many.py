"""A list of people whose access ends: a dry run first, then one act each (rule 13, IO6)."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from audit.models import Event
from teams.models import Membership, Receipt
from tests.factories import BusinessAccountFactory, MembershipFactory, PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.rule(13)]


@pytest.fixture
def account():
    return BusinessAccountFactory(name="Northwind")


@pytest.fixture
def send(client, account):
    """Send the form as the owner."""
    client.force_login(account.owner)

    def sending(addresses="", **given):
        form = {"addresses": addresses, "reason": "Project ended", **given}
        return client.post(reverse("offboard_many", args=[account.slug]), form)

    return sending


def seat(account, address, **given):
    return MembershipFactory(account=account, person=PersonFactory(email=address), **given)


def test_a_dry_run_tells_the_fate_of_each_row_and_changes_nothing(send, account):
    seat(account, "eddie@example.com")

    shown = send(f"eddie@example.com, stella@example.com; {account.owner.email}\nno-address")

    fates = [(row.typed, [str(end.role) for end in row.seats], row.hindrance) for row in shown.context["rows"]]
    assert fates == [
        ("eddie@example.com", ["Editor"], ""),
        ("stella@example.com", [], "Not a member of this account."),
        (account.owner.email, [], "Nobody changes their own role or access. Ask another administrator or the owner."),
        ("no-address", [], "Enter an e-mail address, such as name@example.com."),
    ]
    assert "Nothing has happened yet." in shown.content.decode()
    assert Membership.objects.current().filter(account=account).count() == 2


@pytest.mark.rule(12)
def test_once_confirmed_each_person_is_an_act_with_a_receipt_of_its_own(send, account):
    members = [seat(account, f"p{number}@example.com") for number in range(3)]
    listed = "\n".join(member.person.email for member in members)

    shown = send(listed)
    done = send(listed, sure=shown.context["asked"])

    assert "The access of 3 people has ended" in done.content.decode()
    assert Receipt.objects.filter(account=account).count() == 3
    assert list(Event.objects.of(account).values_list("name", flat=True)) == ["member.offboarded"] * 3
    assert Membership.objects.current().filter(account=account).count() == 1


@pytest.mark.requirement("AZ10")
def test_a_yes_counts_only_for_what_was_shown(send, account):
    eddie, nina = seat(account, "eddie@example.com"), seat(account, "nina@example.com")
    shown = send("eddie@example.com")

    again = send("eddie@example.com nina@example.com", sure=shown.context["asked"])

    assert "What would end has changed since you looked." in again.content.decode()
    assert Membership.objects.current().filter(pk__in=[eddie.pk, nina.pk]).count() == 2


@pytest.mark.rule(2)
def test_an_administrator_ends_no_other_administrator_by_a_list(client, account):
    anna = seat(account, "anna@example.com", holding="administrator")
    other = seat(account, "other@example.com", holding="administrator")
    client.force_login(anna.person)

    form = {"addresses": "other@example.com", "reason": "Out", "sure": "whatever"}
    shown = client.post(reverse("offboard_many", args=[account.slug]), form)

    assert "Only the owner can do this." in shown.content.decode()
    assert Membership.objects.get(pk=other.pk).is_current


@pytest.mark.rule(4)
def test_everywhere_takes_in_only_accounts_that_the_reader_administers(send, account):
    eddie = seat(account, "eddie@example.com")
    mine = MembershipFactory(person=eddie.person, account=BusinessAccountFactory(name="Lumen", owner=account.owner))
    MembershipFactory(person=eddie.person, account=BusinessAccountFactory(name="Secret client"))

    shown = send("eddie@example.com", everywhere="on")
    send("eddie@example.com", everywhere="on", sure=shown.context["asked"])

    assert "Secret client" not in shown.content.decode()
    ended = set(Membership.objects.filter(person=eddie.person, state="ended").values_list("pk", flat=True))
    assert ended == {eddie.pk, mine.pk}


@pytest.mark.requirement("IO6")
def test_a_file_gives_whatever_in_it_is_an_address(send, account):
    seat(account, "eddie@example.com")
    rows = 'Name,"E-mail",Team\r\nEddie Stone,"Eddie@Example.com",Content\r\n=1+1,nina@example.com,Ads\r\n'

    shown = send(upload=SimpleUploadedFile("leavers.csv", b"\xef\xbb\xbf" + rows.encode(), "text/csv"))

    assert [(row.typed, bool(row.seats)) for row in shown.context["rows"]] == [
        ("Eddie@Example.com", True),
        ("nina@example.com", False),
    ]


@pytest.mark.requirement("IO6")
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x50\x4b\x03\x04\x00\x00", "This is no text file."),
        (b"\xff\xfe\x00a@b.example", "This is no text file."),
        (b"a@example.com\n" * 20_000, "The file is larger than 256 KB."),
        ("\n".join(f"p{number}@example.com" for number in range(201)).encode(), "more than 200 addresses"),
        ("\n".join(f"p{number}@example.com" for number in range(9_000)).encode(), "more than 200 addresses"),
        (b"nothing in it", "Paste the addresses, or choose a file that holds some."),
    ],
)
def test_a_file_of_another_kind_or_size_is_refused_whole(send, content, words):
    response = send(upload=SimpleUploadedFile("leavers.csv", content))

    assert response.status_code == 422
    assert words in response.content.decode()
    assert "Project ended" in response.content.decode()

"""The log as a file: complete, narrowed as asked, recorded first, and harmless in a spreadsheet (rule 18)."""

import csv
import datetime as dt
import io
import json
import tracemalloc

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import BusinessAccount
from accounts.policies import MOST_EXPORTS
from audit import exporting, querysets
from audit.canonical import digest_of, link
from audit.models import Event
from tests.factories import BusinessAccountFactory, MembershipFactory, PersonFactory
from tests.oversight.log import url, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def ruth():
    """An auditor."""
    return MembershipFactory(holding="auditor")


def lines_of(response):
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.mark.rule(18)
@pytest.mark.requirement("AU11")
def test_the_export_holds_every_event_and_is_recorded_before_its_first_byte(client, ruth, monkeypatch):
    monkeypatch.setattr(querysets.every, "__kwdefaults__", {"batch": 7, "after": None})
    write(ruth.account, 50)
    client.force_login(ruth.person)

    response = client.post(url("export_activity", ruth.account))

    recorded = Event.objects.of(ruth.account).get(name="audit.exported")
    assert (recorded.actor_id, recorded.parts["after"]) == (ruth.person_id, {"format": "CSV", "narrowed": {}})
    write(ruth.account, 5)  # while it is downloaded
    rows = lines_of(response)
    assert [int(row["number"]) for row in rows] == list(range(1, 51))
    assert response["Content-Disposition"].startswith("attachment")
    assert list(rows[0]) == list(exporting.COLUMNS)


@pytest.mark.rule(18)
@pytest.mark.parametrize(
    ("kind", "name", "ending"), [("json", "JSON Lines", "-activity-2026-11-02.jsonl"), ("ocsf", "OCSF", ".ocsf.jsonl")]
)
def test_the_log_leaves_as_json_too_and_the_record_says_as_what(client, ruth, time_machine, kind, name, ending):
    time_machine.move_to("2026-11-02 12:00Z")
    write(ruth.account, 30, reason="=danger()")
    client.force_login(ruth.person)

    response = client.post(url("export_activity", ruth.account), {"format": kind})

    rows = [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]
    recorded = Event.objects.of(ruth.account).get(name="audit.exported")
    assert recorded.parts["after"] == {"format": name, "narrowed": {}}
    assert response["Content-Type"] == "application/jsonl"
    assert response["Content-Disposition"].rstrip('"').endswith(ending)
    head = bytes(32)
    for number, row in enumerate(rows, 1):
        text = row["canonical"] if kind == "json" else row["raw_data"]
        head = link(head, number, digest_of(text))
        assert (row if kind == "json" else row["unmapped"])["hash"] == head.hex()
        assert (row if kind == "json" else row["unmapped"])["reason"] == "=danger()"
    assert len(rows) == 30


def test_a_kind_of_file_that_is_not_there_exports_nothing(client, ruth):
    client.force_login(ruth.person)

    response = client.post(url("export_activity", ruth.account), {"format": "exe"})

    assert response.status_code == 422
    assert not Event.objects.of(ruth.account).named("audit.exported").exists()


@pytest.mark.rule(16)
def test_the_chain_can_be_checked_from_the_file_alone(client, ruth):
    write(ruth.account, 20, reason="=danger()")
    client.force_login(ruth.person)

    head = bytes(32)
    for row in lines_of(client.post(url("export_activity", ruth.account))):
        head = link(head, int(row["number"]), digest_of(row["canonical"]))
        assert row["hash"] == head.hex()

    assert head == bytes(Event.objects.of(ruth.account).get(number=20).hash)


def test_the_export_holds_what_the_page_showed_and_says_so_in_the_log(client, ruth):
    eddie = MembershipFactory(account=ruth.account, person=PersonFactory(name="Eddie Edits"))
    write(ruth.account, 3, by=eddie.person)
    write(ruth.account, 3)
    client.force_login(ruth.person)

    page = client.get(url("export_activity", ruth.account) + "?q=Eddie&act=account.")
    rows = lines_of(client.post(url("export_activity", ruth.account), {"q": "Eddie", "act": "account."}))

    assert 'name="q" value="Eddie"' in page.content.decode()
    assert [int(row["number"]) for row in rows] == [1, 2, 3]
    narrowed = Event.objects.of(ruth.account).get(name="audit.exported").parts["after"]["narrowed"]
    assert narrowed == {"Person by name or address": "Eddie", "Act": "Account: all"}


@pytest.mark.parametrize("given", [{"since": "0000-00-00"}, {"q": "a\0b"}, {"act": "nonsense"}, {"person": "9" * 30}])
def test_a_filter_that_is_not_understood_exports_nothing(client, ruth, given):
    write(ruth.account)
    client.force_login(ruth.person)

    response = client.post(url("export_activity", ruth.account), given)

    assert response.status_code == 422
    assert "not understood" in response.content.decode()
    assert not Event.objects.of(ruth.account).filter(name="audit.exported").exists()


def test_looking_at_the_export_page_exports_nothing(client, ruth):
    client.force_login(ruth.person)

    assert client.get(url("export_activity", ruth.account)).status_code == 200
    assert not Event.objects.of(ruth.account).filter(name="audit.exported").exists()


@pytest.mark.rule(18)
@pytest.mark.requirement("AU9")
@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\0", "\n", "＝", " =", "\t="])
def test_no_cell_can_be_taken_for_a_formula(client, ruth, sign):
    evil = MembershipFactory(account=ruth.account, person=PersonFactory(name=f"{sign}HYPERLINK(1)".replace("\0", "")))
    write(ruth.account, by=evil.person, target=evil, reason=f"{sign}cmd|' /C calc'!A0", after={"name": f"{sign}1+1"})
    client.force_login(ruth.person)

    for row in lines_of(client.post(url("export_activity", ruth.account))):
        for cell in row.values():
            assert not cell.lstrip().startswith(exporting.DANGEROUS)


@pytest.mark.parametrize("sign", exporting.DANGEROUS)
def test_neutral_puts_an_apostrophe_before_each_dangerous_sign(sign):
    assert exporting.neutral(f"{sign}1") == f"'{sign}1"
    assert exporting.neutral(f"1{sign}") == f"1{sign}"
    assert exporting.neutral(None) == ""


@pytest.mark.requirement("IO9")
@pytest.mark.parametrize("kind", exporting.FILES)
def test_a_long_export_keeps_little_in_memory(kind):
    account = BusinessAccountFactory()
    event = {"after": {"text": "x" * 1900}}
    write(account, 1_500, **event)
    log = Event.objects.in_chain_of(account)
    tracemalloc.start()

    events = querysets.every([log], by=querysets.BY_TIME, batch=100)
    size = sum(len(line) for line in exporting.FILES[kind].lines(events))

    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 5_000_000
    assert most < 3_000_000


@pytest.mark.rule(12)
@pytest.mark.requirement("IO9")
def test_who_has_exported_twenty_times_within_an_hour_waits_and_nobody_else_does(client, ruth, time_machine):
    other = MembershipFactory(account=ruth.account, holding="auditor")
    export = url("export_activity", ruth.account)
    client.force_login(ruth.person)
    done = [client.post(export).get("Content-Type") for _time in range(MOST_EXPORTS)]

    refused = client.post(export, {"q": "eddie"})
    client.force_login(other.person)
    others = client.post(export)
    time_machine.move_to(timezone.now() + dt.timedelta(minutes=61))
    client.force_login(ruth.person)
    later = client.post(export)

    assert set(done) == {"text/csv; charset=utf-8"}
    assert refused.status_code == 422
    assert "You have exported 20 times within an hour" in refused.content.decode()
    assert [answer["Content-Type"] for answer in (others, later)] == ["text/csv; charset=utf-8"] * 2
    assert Event.objects.of(ruth.account).filter(name="audit.exported", result="refused").count() == 1


def test_without_its_event_there_is_no_export(client, ruth, monkeypatch):
    write(ruth.account)
    client.force_login(ruth.person)
    client.raise_request_exception = False
    monkeypatch.setattr("oversight.actions.reading.record", lambda *_given, **_more: 1 / 0)

    assert client.post(reverse("export_activity", args=[ruth.account.slug])).status_code == 500
    assert BusinessAccount.objects.filter(pk=ruth.account_id).exists()

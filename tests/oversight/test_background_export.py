"""An export in the background: whole, for who asked alone, told by mail, and gone after a week (rules 10, 18; IO9)."""

import csv
import datetime as dt
import io
import json
import os
import re
import signal
import stat
from pathlib import Path

import pytest
import time_machine
from django.core import mail
from django.db import connections
from django.utils import timezone

from accessportal.embedded.paths import private_storage_of
from accounts.models import OutgoingMail
from accounts.policies import MOST_EXPORTS
from audit.models import Event
from oversight import actions
from oversight.actions import making
from oversight.models import LogExport
from oversight.views import activity
from teams.models import Membership
from tests.factories import LogExportFactory, MembershipFactory
from tests.oversight.log import url, write
from tests.post import the_post_goes_out
from tests.showing import signed_in
from tests.together import at_once, committed


@pytest.fixture
def folder(settings, tmp_path):
    """The folder of the files, as the embedded setting has it."""
    place = tmp_path / "exports"
    settings.STORAGES = {**settings.STORAGES, "exports": private_storage_of("EXPORT_STORE", str(place))}
    return place


@pytest.fixture
def small_parts(monkeypatch):
    """Parts of seven events."""
    monkeypatch.setattr(making, "PART", 7)


def _ruth():
    return MembershipFactory(holding="auditor")


def _asked(ruth, **form):
    """Ask for an export by the page, and return it."""
    signed_in(ruth.person).post(url("export_activity", ruth.account), {"how": "later", **form})
    return LogExport.objects.latest("pk")


def _made(export):
    actions.make_export(export_id=export.pk)
    return LogExport.objects.get(pk=export.pk)


def _fetched(ruth, export):
    return signed_in(ruth.person).post(url("take_export", ruth.account, export.pk))


def _content(response):
    return b"".join(response.streaming_content)


def _names(account):
    return [event.name for event in Event.objects.of(account).order_by("number") if event.name.startswith("audit.")]


@pytest.mark.django_db
@pytest.mark.rule(18)
def test_it_holds_what_a_download_at_once_holds_and_is_told_by_mail(folder, small_parts):
    ruth = _ruth()
    write(ruth.account, 30)

    export = _asked(ruth)
    write(ruth.account, 5)  # while it is made
    export = _made(export)
    the_post_goes_out()
    response = _fetched(ruth, export)

    text = _content(response).decode()
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [int(row["number"]) for row in rows] == list(range(1, 31))
    assert len(export.parts) == 5
    assert (export.state, export.done, export.total, export.size) == ("ready", 30, 30, len(text.encode()))
    assert response["Content-Disposition"] == f'attachment; filename="{export.name}"'
    assert response["Cache-Control"] == "no-store"
    [letter] = [letter for letter in mail.outbox if "export" in letter.subject]
    assert letter.to == [ruth.person.email]
    assert url("log_export", ruth.account, export.pk) in letter.body
    assert not re.search(r"/file/|token|[A-Za-z0-9_-]{40}", letter.body), "no link works by itself"
    assert _names(ruth.account) == ["audit.exported", "audit.export_made", "audit.export_taken"]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["json", "ocsf"])
def test_each_kind_of_file_is_whole_over_its_parts(folder, small_parts, kind):
    ruth = _ruth()
    write(ruth.account, 20)

    export = _made(_asked(ruth, format=kind))

    rows = [json.loads(line) for line in _content(_fetched(ruth, export)).splitlines()]
    assert [row["number"] if kind == "json" else row["metadata"]["sequence"] for row in rows] == list(range(1, 21))


@pytest.mark.django_db
def test_it_is_narrowed_as_the_page_was_and_an_empty_one_has_its_head(folder, small_parts):
    ruth = _ruth()
    write(ruth.account, 10)
    write(ruth.account, 9, by=ruth.person)

    some = _made(_asked(ruth, person=ruth.person_id, since="2020-01-01", until="2100-01-01"))
    none = _made(_asked(ruth, since="2001-01-01", until="2001-01-02"))

    numbers = [row.partition(",")[0] for row in _content(_fetched(ruth, some)).decode().splitlines()[1:]]
    assert numbers == [str(number) for number in range(11, 20)]
    assert none.narrowed == {"From": "2001-01-01", "To": "2001-01-02"}
    assert _content(_fetched(ruth, none)).decode().startswith("\ufeffnumber,time")


@pytest.mark.django_db
@pytest.mark.requirement("IO9")
def test_a_large_one_is_made_in_the_background_unasked(folder, monkeypatch):
    monkeypatch.setattr(activity, "MOST_AT_ONCE", 10)
    ruth = _ruth()
    client, page = signed_in(ruth.person), url("export_activity", ruth.account)
    write(ruth.account, 10)

    at_once_ = client.post(page)
    write(ruth.account, 10)
    said = client.get(page).content.decode()
    later = client.post(page)

    assert (at_once_.status_code, at_once_.streaming) == (200, True)
    assert "more than 10 events" in said
    assert later.headers["Location"] == url("log_export", ruth.account, LogExport.objects.get().pk)


@pytest.mark.django_db
def test_where_there_is_no_place_to_keep_it_it_is_downloaded_as_it_is_made(monkeypatch):
    monkeypatch.setattr(activity, "MOST_AT_ONCE", 1)
    ruth = _ruth()
    write(ruth.account, 3)

    response = signed_in(ruth.person).post(url("export_activity", ruth.account), {"how": "later"})

    assert response.streaming
    assert not LogExport.objects.exists()


@pytest.mark.django_db
@pytest.mark.requirement("IO9")
def test_it_counts_into_the_limit_of_exports(folder):
    ruth = _ruth()
    client = signed_in(ruth.person)
    for _each in range(MOST_EXPORTS):
        client.post(url("export_activity", ruth.account), {"how": "later"})

    refused = client.post(url("export_activity", ruth.account), {"how": "later"})

    assert refused.status_code == 422
    assert LogExport.objects.count() == MOST_EXPORTS


@pytest.mark.django_db
@pytest.mark.rule(4)
def test_it_is_there_for_who_asked_alone(folder):
    ruth = _ruth()
    other = MembershipFactory(account=ruth.account, holding="auditor")
    export = _made(_asked(ruth))
    strangers = [(other, ruth.account), (_ruth(), ruth.account)]

    answers = [
        signed_in(who.person).get(url("log_export", account, export.pk)).status_code for who, account in strangers
    ]
    answers += [
        signed_in(who.person).post(url("take_export", account, export.pk)).status_code for who, account in strangers
    ]
    listed = signed_in(other.person).get(url("log_exports", ruth.account)).content.decode()

    assert answers == [404] * 4
    assert export.name not in listed


@pytest.mark.django_db
@pytest.mark.rule(18)
def test_who_may_not_read_the_log_any_more_gets_no_file_and_none_is_made(folder):
    ruth = _ruth()
    made, waiting = _made(_asked(ruth)), _asked(ruth)
    member = Membership.objects.get(person=ruth.person)
    member.lasting_role = type(member.lasting_role).objects.built_in("editor")
    member.save()

    refused = _fetched(ruth, made)
    waiting = _made(waiting)
    the_post_goes_out()

    assert refused.status_code == 403
    assert (waiting.state, waiting.parts) == ("failed", [])
    assert "view the audit log" in waiting.problem
    assert not any(letter.to == [ruth.person.email] and "could not be made" in letter.body for letter in mail.outbox)
    assert {mail_.state for mail_ in OutgoingMail.objects.filter(kind="log_export")} == {"dropped"}


@pytest.mark.django_db
def test_files_are_closed_to_others_and_deleted_after_a_week(folder, small_parts):
    ruth = _ruth()
    write(ruth.account, 10)
    export = _made(_asked(ruth))
    files = [path for path in folder.rglob("*") if path.is_file()]
    (folder / str(export.pk) / "000009-left").write_bytes(b"of a worker that was killed")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")] if path.name != "000009-left"}

    with time_machine.travel(timezone.now() + dt.timedelta(days=7, minutes=1)):
        late = _fetched(ruth, export)
        cleared = actions.clear_old_exports()
        page = signed_in(ruth.person).get(url("log_export", ruth.account, export.pk)).content.decode()

    assert len(files) == 2
    assert modes == {0o600, 0o700}
    assert (late.status_code, cleared) == (409, 1)
    assert list(folder.rglob("*")) == []
    assert LogExport.objects.get().state == "gone"
    assert "The file is deleted" in page


@pytest.mark.django_db
def test_the_page_shows_how_far_it_is_and_the_list_is_searched(folder, small_parts):
    ruth = _ruth()
    client = signed_in(ruth.person)
    empty = client.get(url("log_exports", ruth.account)).content.decode()
    export = LogExportFactory(account=ruth.account, person=ruth.person, done=14, total=30)

    page = client.get(url("log_export", ruth.account, export.pk)).content.decode()
    listed, none = (
        client.get(url("log_exports", ruth.account), {"q": text}).content.decode() for text in ("northwind", "zzz")
    )

    assert "No export was made in the background" in empty
    assert "14 of 30 events" in page
    assert export.name in listed
    assert "No export fits this search" in none


# --- Workers ----------------------------------------------------------------------------------------------------------
@pytest.mark.requirement("RE3")
def test_two_workers_at_once_make_one_file(fresh_database, folder, small_parts):
    ruth = committed(_ruth)
    write(ruth.account, 40)
    export = _asked(ruth)

    at_once(*[lambda: actions.make_export(export_id=export.pk)] * 3)

    export = LogExport.objects.get()
    assert (export.state, export.done) == ("ready", 40)
    assert len(_content(_fetched(ruth, export)).splitlines()) == 41
    assert OutgoingMail.objects.filter(kind="log_export").count() == 1


@pytest.mark.requirement("RE4")
@pytest.mark.parametrize("moment", ["while it writes", "before it settles", "before it is whole"])
def test_after_a_killed_worker_the_next_one_goes_on(fresh_database, folder, small_parts, moment):
    ruth = committed(_ruth)
    write(ruth.account, 40)
    export = _asked(ruth)
    connections.close_all()
    if not (child := os.fork()):
        _die(export.pk, moment)
    os.waitpid(child, 0)

    left = LogExport.objects.get()
    held = _made(export)
    LogExport.objects.update(due_at=timezone.now())
    export = _made(export)

    rows = csv.DictReader(io.StringIO(_content(_fetched(ruth, export)).decode().removeprefix("\ufeff")))
    assert (left.state, held.done, export.state) == ("waiting", left.done, "ready")
    assert left.done == {"while it writes": 14, "before it settles": 14, "before it is whole": 40}[moment]
    assert [int(row["number"]) for row in rows] == list(range(1, 41))


def _die(pk, moment):
    def die(*_anything, **_more):
        os.kill(os.getpid(), signal.SIGKILL)

    def third(really):
        turns = iter(range(2))
        return lambda *given: really(*given) if next(turns, None) is not None else die()

    if moment == "while it writes":
        making._write = third(making._write)
    elif moment == "before it settles":
        making._settle = third(making._settle)
    else:
        making.finish_export = die
    actions.make_export(export_id=pk)
    os._exit(1)


@pytest.mark.django_db
@pytest.mark.requirement("RE4")
def test_what_kills_each_of_its_workers_is_given_up(folder):
    export = LogExportFactory(tries=5)

    export = _made(export)

    assert export.state == "failed"
    assert "audit.export_failed" in _names(export.account)


@pytest.mark.django_db
def test_a_full_disk_is_tried_again(folder, monkeypatch):
    export = LogExportFactory()
    write(export.account, 3)
    monkeypatch.setattr(making, "_write", lambda *_given: (_ for _ in ()).throw(OSError(28, "No space left")))

    export = _made(export)

    assert (export.state, export.tries) == ("waiting", 1)
    assert export.due_at > timezone.now()
    assert not Path(folder).exists()

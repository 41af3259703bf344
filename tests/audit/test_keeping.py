"""Checkpoints by schedule, the daily check of the record, and the alarm when either is silent (rules 10, 16, AU7)."""

import datetime as dt
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest
import time_machine
from celery.signals import worker_ready
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from accessportal import celery
from accessportal.embedded.paths import BadSetting, storage_of
from accounts import tasks
from accounts.actions import record as minding
from audit import keeping, store
from audit.models import Event, Verification
from audit.recording import PORTAL
from audit.store import WriteOnceFolder
from notices.models import Notice
from tests import showing
from tests.audit.test_checkpoints import KEY, ORIGIN, cut, rewrite
from tests.audit.test_record import seated_account, write
from tests.factories import BusinessAccountFactory, MembershipFactory, PersonFactory, VerificationFactory, with_factor
from tests.together import committed

pytestmark = [pytest.mark.rule(16), pytest.mark.requirement("AU7")]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def kept(settings, tmp_path):
    """The folder of the store, where database and code can't tell what is in it."""
    folder = tmp_path / "store"
    settings.CHECKPOINT_KEY, settings.CHECKPOINT_ORIGIN = KEY, ORIGIN
    settings.STORAGES = {**settings.STORAGES, "checkpoints": storage_of("CHECKPOINT_STORE", str(folder))}
    return folder


@pytest.fixture
def account(fresh_database, kept):
    """An account with three events, one checkpoint of them in the store, and one good check."""
    account = seated_account()
    write(account, 5)
    tasks.mind_record()
    return account


def names(kept):
    return sorted(path.name for path in kept.iterdir())


def later(**much):
    return time_machine.travel(timezone.now() + dt.timedelta(**much), tick=True)


def silences():
    return [event.parts["after"]["what"] for event in Event.objects.in_chain_of(PORTAL).named("record.silent")]


def test_the_first_minutes_give_a_checkpoint_and_a_check_that_says_good_news(account, kept):
    [check] = Verification.objects.all()
    [event] = Event.objects.in_chain_of(PORTAL)

    assert names(kept) == ["00000001.checkpoint"]
    assert (check.outcome, check.events, check.chains, check.checkpoint) == ("holds", 5, 1, 1)
    assert event.name == "record.checked"
    assert event.sentence == "AccessPortal checked the whole record: it holds"
    assert keeping.state_of() == (keeping.State.GOOD, check)


def test_a_checkpoint_comes_every_hour_with_the_links_that_prove_it_and_a_check_every_day(account, kept):
    tasks.mind_record()
    at_once = names(kept)
    with later(hours=1):
        write(account, 2)
        tasks.mind_record()
    hour = names(kept)
    with later(hours=24):
        tasks.mind_record()

    assert at_once == ["00000001.checkpoint"]
    assert hour == ["00000001.checkpoint", "00000002.checkpoint", "00000002.links"]
    assert names(kept)[-2:] == ["00000003.checkpoint", "00000003.links"]
    assert list(Verification.objects.order_by("at").values_list("outcome", "checkpoint")) == [
        ("holds", 1),
        ("holds", 3),
    ]
    assert silences() == []  # of checkpoints it had been silent, but it spoke before it was asked


def test_on_demand_one_is_kept_and_what_is_there_is_never_written_again(account, kept, capsys):
    first = (kept / "00000001.checkpoint").read_bytes()

    call_command("create_checkpoint", keep=True)

    assert capsys.readouterr().out == "00000002.checkpoint\n"
    found = store.newest(store.store())
    for again in (1, 2):
        with pytest.raises(FileExistsError):
            store.keep(store.store(), again, found[1], None)
    folder = WriteOnceFolder(location=str(kept))
    with pytest.raises(FileExistsError), open(__file__, "rb") as quicker:
        folder._save("00000001.checkpoint", quicker)  # which had asked before the other wrote
    assert (kept / "00000001.checkpoint").read_bytes() == first
    assert names(kept) == ["00000001.checkpoint", "00000002.checkpoint", "00000002.links"]


def test_a_worker_that_is_killed_between_links_and_checkpoint_leaves_nothing_in_the_way(account, kept, monkeypatch):
    written = store._write
    monkeypatch.setattr(
        store, "_write", lambda held, name, text: written(held, name, text) if "links" in name else 1 / 0
    )
    with pytest.raises(ZeroDivisionError):
        call_command("create_checkpoint", keep=True)
    monkeypatch.undo()
    left_behind = names(kept)
    write(account, 1)

    call_command("create_checkpoint", keep=True)

    assert left_behind == ["00000001.checkpoint", "00000002.links"]
    assert names(kept) == ["00000001.checkpoint", "00000002.checkpoint", "00000002.links"]
    assert "account/" in (kept / "00000002.links").read_text()


def test_what_the_store_holds_is_read_by_anybody_and_written_by_nobody(account, kept):
    assert (kept / "00000001.checkpoint").stat().st_mode & 0o777 == 0o444


TAMPERING = {
    "a cut tail": lambda raw, account, kept: cut(raw, account, 4),
    "a rewritten suffix": lambda raw, account, kept: rewrite(raw, account),
    "a changed checkpoint": lambda raw, account, kept: _change(kept / "00000001.checkpoint"),
    "a checkpoint taken away": lambda raw, account, kept: (kept / "00000001.checkpoint").unlink(),
    "a deleted chain": lambda raw, account, kept: _delete(raw),
}


def _change(path: Path):
    path.chmod(0o644)
    path.write_text(path.read_text().replace("\n5\n", "\n4\n"))


def _delete(raw):
    with raw.cursor() as cursor:
        cursor.execute(
            "SET session_replication_role = replica;"
            "DELETE FROM audit_event WHERE chain_id IN (SELECT id FROM audit_chain WHERE kind = 'account');"
            "DELETE FROM audit_chain WHERE kind = 'account'"
        )


FOUND = {
    "a cut tail": ("account/{pk}", 5, "it was there at the checkpoint, and is missing now"),
    "a rewritten suffix": ("account/{pk}", 5, "the history up to here is another than at the checkpoint"),
    "a changed checkpoint": ("store", 0, "00000001.checkpoint: the signature of access.example.com does not hold"),
    "a checkpoint taken away": ("store", 1, "checkpoint 1 was there, and is missing now"),
    "a deleted chain": ("account/{pk}", 5, "it was there at the checkpoint, and is missing now"),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_the_daily_check_names_what_was_done_and_nothing_is_signed_over_it(account, kept, as_owner, how, caplog):
    staff = committed(lambda: PersonFactory(is_staff=True))
    TAMPERING[how](as_owner, account, kept)
    write(other := seated_account(), 1)

    with later(hours=25):
        tasks.mind_record()
        tasks.mind_record()

    check = Verification.objects.newest()
    chain, number, problem = FOUND[how]
    [found] = check.problems
    assert (found["chain"], found["number"]) == (chain.format(pk=account.pk), number)
    assert found["problem"].startswith(problem)
    assert check.outcome == "broken"
    assert Verification.objects.count() == 2
    assert [name for name in names(kept) if name > "00000001.links"] == []
    told = {(notice.person_id, notice.event, notice.page) for notice in Notice.objects.filter(kind="record")}
    of_owner = {(account.owner_id, "record.broken", "activity")} if chain != "store" else set()
    assert told == {(staff.pk, "record.checked", "staff"), (staff.pk, "record.silent", "staff")} | of_owner
    assert other.owner_id not in {person for person, _event, _page in told}


def test_a_restored_old_copy_of_the_database_is_found(account, kept, as_owner, capsys):
    """The database as it was an hour ago, beside a store that went on."""
    with later(hours=1):
        write(account, 4)
        tasks.mind_record()
    cut(as_owner, account, 5)
    call_command("verify_audit", alone=True)

    with pytest.raises(CommandError) as failure:
        call_command("verify_audit")

    assert failure.value.returncode == 1
    assert f"BROKEN account/{account.pk} at event 9: it was there at the checkpoint" in capsys.readouterr().err


def test_after_a_copy_was_restored_the_operator_begins_anew_which_stays_on_record(account, kept, as_owner, capsys):
    with later(hours=1):
        write(account, 4)
        tasks.mind_record()
    cut(as_owner, account, 5)
    with later(hours=2), pytest.raises(CommandError, match=f"account/{account.pk} was cut: it had 9 events, and has 5"):
        call_command("create_checkpoint", keep=True)

    with later(hours=2):
        call_command("create_checkpoint", keep=True, anew=True)
        call_command("verify_audit")

    assert names(kept)[-1] == "00000003.checkpoint"  # without links: no witness follows
    assert Event.objects.in_chain_of(PORTAL).named("record.checkpoints_anew").get().parts["after"] == {"number": 3}


def test_the_hour_at_which_the_record_no_longer_extends_the_last_one_checks_all_at_once(account, kept, as_owner):
    rewrite(as_owner, account)

    with later(hours=1):
        tasks.mind_record()
        tasks.mind_record()

    assert Verification.objects.newest().outcome == "broken"
    assert Verification.objects.count() == 2
    assert names(kept) == ["00000001.checkpoint"]
    with pytest.raises(CommandError, match=f"nothing is signed: account/{account.pk} was written anew"):
        call_command("create_checkpoint", keep=True)


def test_verify_audit_holds_the_record_against_the_store_by_itself(account, kept, as_owner, capsys):
    call_command("verify_audit")
    assert "as at the checkpoint of" in capsys.readouterr().out
    cut(as_owner, account, 4)

    with pytest.raises(CommandError):
        call_command("verify_audit")
    call_command("verify_audit", alone=True)


def test_a_store_that_takes_nothing_is_silence_which_is_told_once(account, kept, caplog):
    """Whoever can't be written to, or was turned off, is missed by staff, on the page, and by whoever watches."""
    staff = committed(lambda: PersonFactory(is_staff=True))
    shutil.rmtree(kept)
    kept.write_text("no folder")
    for hours in (4, 5, 6):
        with later(hours=hours):
            tasks.mind_record()

    assert silences() == ["checkpoint"]
    [notice] = Notice.objects.filter(kind="record", person=staff)
    assert notice.words.startswith("The checkpoint of the record that was due did not come")
    with later(hours=25):
        tasks.mind_record()
        assert keeping.state_of()[0] == keeping.State.UNPROVEN


def test_checks_that_fail_are_silence_too_and_keep_no_checkpoint_from_being_made(account, kept, monkeypatch, caplog):
    monkeypatch.setattr(keeping, "check", lambda: 1 / 0)

    with later(hours=27):
        tasks.mind_record()

    assert silences() == ["check"]
    assert names(kept)[-2:] == ["00000002.checkpoint", "00000002.links"]
    assert "minding the record: a part of it failed" in caplog.text
    with later(hours=27):
        assert keeping.state_of()[0] == keeping.State.LATE


def test_a_check_that_another_worker_is_at_is_not_done_twice(account):
    cache.add(minding.CHECKING, "1")

    assert minding.check_record(now=True) is None


def test_without_a_store_the_record_is_checked_all_the_same_and_that_is_said(fresh_database):
    account = seated_account()
    write(account, 1)

    tasks.mind_record()

    assert Verification.objects.get().outcome == "unproven"
    assert keeping.state_of()[0] == keeping.State.NOT_KEPT
    with later(hours=25):
        tasks.mind_record()
    assert silences() == []


def test_web_and_worker_can_write_a_check_down_and_never_change_one(account, as_app_role):
    with as_app_role.cursor() as cursor:
        for statement in ("UPDATE audit_verification SET outcome = 'holds'", "DELETE FROM audit_verification"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("/srv/checkpoints", {"BACKEND": "audit.store.WriteOnceFolder", "OPTIONS": {"location": "/srv/checkpoints"}}),
        ('{"BACKEND": "storages.backends.s3.S3Storage"}', {"BACKEND": "storages.backends.s3.S3Storage"}),
    ],
)
def test_the_store_is_a_folder_or_any_storage(given, wanted):
    assert storage_of("CHECKPOINT_STORE", given) == wanted


@pytest.mark.parametrize("given", ["{", "{}", '{"BACKEND": 1}'])
def test_a_store_that_is_none_is_said_before_anything_starts(given):
    with pytest.raises(BadSetting, match="CHECKPOINT_STORE must be a folder, or JSON"):
        storage_of("CHECKPOINT_STORE", given)


SAID = {
    "good": ({}, "Last verified", ["nothing was changed or taken away"]),
    "late": ({"hours": 27}, "The check of the record is late", ["Its silence may mean"]),
    "checkpoint_late": ({"checkpoint_hours": 4}, "Checkpoints of the record are late", ["One is due every hour"]),
    "unproven": ({"outcome": "unproven", "checkpoint": 7, "checkpoint_at": None}, "could not be held against a checkpoint", []),
    "broken": (
        {"outcome": "broken", "problems": [{"chain": "account/0", "number": 3, "problem": "gone"}]},
        "The record of the portal does not hold", ["none in what you see here"],
    ),
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("state", SAID)
def test_the_pages_of_account_and_person_say_how_the_record_stands(client, kept, state):
    given, heading, words = SAID[state]
    account = BusinessAccountFactory()
    client.force_login(account.owner)
    VerificationFactory(**given)

    pages = [client.get(reverse("activity", args=[account.slug])), client.get(reverse("my_activity"))]

    for page in pages:
        text = page.content.decode()
        assert heading in text
        assert all(word in text for word in words)
        assert "account/0" not in text


@pytest.mark.django_db
def test_a_break_in_ones_own_chain_is_named_to_its_readers_and_to_nobody_else(client):
    account, other = BusinessAccountFactory(), BusinessAccountFactory()
    problem = {"chain": f"account/{account.pk}", "number": 3, "problem": "event 3 is missing"}
    VerificationFactory(outcome="broken", problems=[problem])
    ruth = MembershipFactory(account=account, holding="auditor").person

    shown = {}
    for person, seen in ((account.owner, account), (ruth, account), (other.owner, other)):
        client.force_login(person)
        shown[person] = client.get(reverse("activity", args=[seen.slug])).content.decode()

    for person in (account.owner, ruth):
        assert "The record of this account does not hold" in shown[person]
        assert "At event 3: event 3 is missing." in shown[person]
    assert "event 3" not in shown[other.owner]


@pytest.mark.django_db
def test_a_page_says_that_nothing_was_verified_yet_and_when_that_is_too_long(client, kept):
    account = BusinessAccountFactory()
    client.force_login(account.owner)
    page = reverse("activity", args=[account.slug])

    assert "Not verified yet" in client.get(page).content.decode()
    write(account, 1)
    with later(hours=27):
        client.force_login(account.owner)
        assert "It was never verified." in client.get(page).content.decode()


@pytest.mark.parametrize(
    ("setting", "given", "words"),
    [
        ("CHECKPOINT_KEY", "11", "CHECKPOINT_KEY must be 32 bytes in hexadecimal"),
        ("CHECKPOINT_KEY", "g" * 64, "CHECKPOINT_KEY must be 32 bytes in hexadecimal"),
        ("CHECKPOINT_ORIGIN", "a b", "CHECKPOINT_ORIGIN must hold neither a space nor a plus"),
        ("CHECKPOINT_STORE", "{", "CHECKPOINT_STORE must be a folder, or JSON"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_before_anything_starts(setting, given, words):
    told = {**os.environ, setting: given}

    asked = [sys.executable, "-c", "import accessportal.settings"]
    answer = subprocess.run(asked, cwd=ROOT, env=told, check=False, capture_output=True, text=True)

    assert f"BadSetting: {words}" in answer.stderr


@pytest.mark.django_db
def test_staff_see_how_the_whole_record_stands_and_where_it_breaks():
    client = showing.signed_in(with_factor(PersonFactory(is_staff=True)))
    places = [{"chain": "account/5", "number": 12, "problem": "event 12 is missing"}]
    said = {}
    for state, given in {
        "late": {"hours": 27}, "checkpoint_late": {"hours": 9, "checkpoint_hours": 5},
        "broken": {"hours": 5, "outcome": "broken", "problems": places}, "good": {},
    }.items():  # fmt: skip
        VerificationFactory(**given)
        said[state] = client.get(reverse("staff")).content.decode()

    assert "The check of the record is late" in said["late"]
    assert "Checkpoints are late" in said["checkpoint_late"]
    assert "account/5, event 12: event 12 is missing" in said["broken"]
    assert "The record holds" in said["good"]
    assert "1,234 events in 56 chains" in said["good"]


def test_a_worker_that_starts_looks_at_the_record_at_once(settings, monkeypatch):
    sent = []
    monkeypatch.setattr(celery.app, "send_task", sent.append)

    worker_ready.send(sender=None)

    assert sent == ["accounts.tasks.mind_record"]
    assert sent[0] in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}


def test_any_storage_of_djangos_keeps_them_and_is_never_overwritten(fresh_database, kept, settings):
    backend = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "checkpoints": backend}
    account = seated_account()
    for number in (1, 2):
        write(account, 2)
        call_command("create_checkpoint", keep=True)
        assert store.newest(store.store())[0] == number

    held = store.store()
    with pytest.raises(FileExistsError):
        store.keep(held, 2, store.newest(held)[1], None)
    assert sorted(held.listdir("")[1]) == ["00000001.checkpoint", "00000002.checkpoint", "00000002.links"]
    call_command("verify_audit")

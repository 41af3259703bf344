"""Any task run twice, or two copies of it at once, leaves the rows that one run leaves (RE3).

Every task of the registry is tried; one that is not in DUE fails the test. Two copies meet in two ways, at the moments
that decide: the second runs when the first has read what is due but holds no lock yet, and when it holds all its locks.
"""

import datetime as dt
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import time_machine
from celery import current_app
from django.conf import settings
from django.core import mail
from django.db import connection, connections
from django.utils import timezone

from accessportal.embedded.paths import storage_of
from accounts.actions.mails import post
from accounts.events import ACCOUNT_SETTINGS_CHANGED
from accounts.models import BusinessAccount, Session, Tally
from audit.recording import SYSTEM, note
from invitations.models import Import
from notices.models import Choice, Notice
from teams.models import AssetGrant, PendingAct, Role
from tests.audit.test_checkpoints import KEY, ORIGIN
from tests.factories import (
    AccessRequestFactory,
    AssetFactory,
    BusinessAccountFactory,
    CampaignFactory,
    ChangeTaskFactory,
    DeliveryFactory,
    FactorResetFactory,
    ImportFactory,
    InvitationFactory,
    LogExportFactory,
    MembershipFactory,
    OwnershipClaimFactory,
    PendingActFactory,
    PersonFactory,
    ReviewItemFactory,
    ReviewScheduleFactory,
    SharedLoginFactory,
    StreamFactory,
    grant,
    older,
    with_plan,
)
from tests.together import PATIENCE, committed, until
from tests.watching.lives import ABROAD, STRANGE, sign_in

pytestmark = pytest.mark.requirement("RE3")
DAY, MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)


# --- What is due for each task ----------------------------------------------------------------------------------------
def _mail_to_send() -> dict[str, Any]:
    invitation = InvitationFactory()
    return {
        "mail_id": post(kind="invitation", about=invitation, address=invitation.address, account=invitation.account).pk
    }


def _old_tallies() -> None:
    for key in ("network:192.0.2.0/24", "network:198.51.100.0/24", "nobody:0123456789", "nobody:abcdef"):
        Tally.objects.create(key=key, failed=3, last_at=timezone.now() - 400 * DAY)


def _expired_sessions() -> None:
    for key in ("a" * 32, "b" * 32):
        Session.objects.create(session_key=key, session_data="", expire_date=timezone.now() - DAY)


def _ends() -> None:
    account = BusinessAccountFactory()
    for days in (-1, 0.5, 3):
        at = timezone.now() + days * DAY
        MembershipFactory(account=account, ends_at=at)
        MembershipFactory(
            account=account, holding="analyst", raised_to=Role.objects.built_in("editor"), raised_until=at
        )
        for held in grant(
            MembershipFactory(account=account), AssetFactory(account=account), "view_analytics", "run_ads"
        ):
            AssetGrant.objects.filter(pk=held.pk).update(ends_at=at)


def _lapsed_requests() -> None:
    account = BusinessAccountFactory()
    for _each in range(2):
        AccessRequestFactory(account=account, lapses_at=timezone.now() - DAY)


def _claims() -> None:
    for days in (13, 13, 30, 30):
        OwnershipClaimFactory(days=days)


def _resets() -> None:
    for _each in range(2):
        FactorResetFactory(hours=48 + 15 * 24)


def _plans() -> None:
    for given in ({"days": -1}, {"days": -1}, {"days": 0.5}, {"days": 0.5}, {"planned_by": PersonFactory()}):
        with_plan(BusinessAccountFactory(), **given)


def _pending_acts() -> None:
    for _each in range(2):
        waits = PendingActFactory()
        PendingAct.objects.filter(pk=waits.pk).update(
            state="approved", approved_by=waits.account.owner, approved_at=timezone.now()
        )
        older(PendingActFactory(way="delay"), 2 * DAY)
        older(PendingActFactory(), 8 * DAY)


def _expired_invitations() -> None:
    account = BusinessAccountFactory()
    for _each in range(2):
        InvitationFactory(account=account, expired=True)


def _running_list() -> dict[str, Any]:
    return {"import_id": ImportFactory(state=Import.State.RUNNING, started_at=timezone.now(), due_at=timezone.now()).pk}


def _old_lists() -> None:
    for _each in range(2):
        Import.objects.filter(pk=ImportFactory().pk).update(created_at=timezone.now() - 31 * DAY)


def _exposed_logins() -> None:
    for _each in range(2):
        account = BusinessAccountFactory(kind=BusinessAccount.Kind.STANDARD)
        for _login in range(2):
            ChangeTaskFactory(login=SharedLoginFactory(account=account))


def _reviews() -> None:
    for _each in range(2):
        MembershipFactory(account=ReviewScheduleFactory().account)
        ReviewItemFactory(campaign__deadline=timezone.now() + 3 * DAY)
        for silence in ("suspend", "keep", "end"):
            ReviewItemFactory(campaign__overdue=True, campaign__silence=silence)
        CampaignFactory(overdue=True)


def _notices(**given: Any) -> None:
    for _person in range(2):
        person = PersonFactory()
        for number in range(2):
            Notice.objects.create(
                person=person, kind="joined", event="member.joined", number=number, words="Eddie joined",
                page="dashboard", **given,
            )  # fmt: skip


def _unusual_sign_ins() -> None:
    now = timezone.now()
    for _person in range(2):
        person = MembershipFactory().person
        for minute in range(20, 5, -1):
            sign_in(person, now - minute * MINUTE)
        for minute in (2, 1):
            sign_in(person, now - minute * MINUTE, ABROAD, STRANGE)


def _dormant_members() -> None:
    account = BusinessAccountFactory()
    for holding in ("editor", "administrator"):
        MembershipFactory(account=account, holding=holding, joined_at=timezone.now() - 200 * DAY)


def _checkpoints_wanted() -> None:
    for _owner in range(2):
        Choice.objects.create(person=BusinessAccountFactory().owner, kind="checkpoint", channel="weekly")


def _events_to_send() -> dict[str, Any]:
    stream = StreamFactory(address="https://127.0.0.1/")  # nothing is sent inside, so a try comes to a failure
    for _each in range(3):
        note(ACCOUNT_SETTINGS_CHANGED, by=SYSTEM, on=stream.account)
    return {"stream_id": stream.pk}


def _export_to_make() -> dict[str, Any]:
    return {"export_id": LogExportFactory().pk}  # there is no place to keep it in, so it comes to a failure


def _old_exports() -> None:
    for _each in range(2):
        LogExportFactory(state="ready", expires_at=timezone.now() - DAY)


def _old_deliveries() -> None:
    for _each in range(2):
        DeliveryFactory(state="delivered", made_at=timezone.now() - 40 * DAY)


# The rows that make work for each task; what they return are the task's arguments.
DUE: dict[str, Callable[[], dict[str, Any] | None]] = {
    "accounts.tasks.deliver_mail": _mail_to_send,
    "accounts.tasks.sweep_outbox": _mail_to_send,
    "accounts.tasks.clear_old_tallies": _old_tallies,
    "accounts.tasks.clear_expired_sessions": _expired_sessions,
    "teams.tasks.watch_ends": _ends,
    "teams.tasks.note_lapses": _lapsed_requests,
    "teams.tasks.mind_claims": _claims,
    "teams.tasks.mind_resets": _resets,
    "teams.tasks.mind_plans": _plans,
    "teams.tasks.mind_pending_acts": _pending_acts,
    "invitations.tasks.note_expiries": _expired_invitations,
    "invitations.tasks.work_through_import": _running_list,
    "invitations.tasks.sweep_imports": _running_list,
    "invitations.tasks.clear_old_imports": _old_lists,
    "logins.tasks.remind_owners": _exposed_logins,
    "reviews.tasks.mind_reviews": _reviews,
    "notices.tasks.send_digests": lambda: _notices(channel="digest", created_at=timezone.now() - 2 * DAY),
    "notices.tasks.clear_old": lambda: _notices(
        channel="inbox", created_at=timezone.now() - 200 * DAY, read_at=timezone.now() - 190 * DAY
    ),
    "notices.tasks.mail_checkpoints": _checkpoints_wanted,
    "oversight.tasks.make_export": _export_to_make,
    "oversight.tasks.sweep_exports": _export_to_make,
    "oversight.tasks.clear_old_exports": _old_exports,
    "streams.tasks.deliver": _events_to_send,
    "streams.tasks.sweep": _events_to_send,
    "streams.tasks.clear_old": _old_deliveries,
    "watching.tasks.read_log": _unusual_sign_ins,
    "watching.tasks.look_over": _dormant_members,
    "accounts.tasks.mind_record": lambda: None,  # a record that was never checked is due
}  # fmt: skip
WRITE_NO_ROW = {  # they only ring for tasks, whose rows are the truth
    "accounts.tasks.sweep_outbox",
    "invitations.tasks.sweep_imports",
    "oversight.tasks.sweep_exports",
    "streams.tasks.sweep",
}
# What differs between two runs on equal rows, and why; everything else of every table is compared.
BY_CHANCE = {
    "accounts_outgoingmail": ["message_id"],  # random, so that no two mails of the world share one
    "streams_delivery": ["key"],  # random, too
}

Rows = dict[str, list[str]]
Moment = str
UNLOCKED, LOCKED = "read, without a lock", "about to commit"


@pytest.fixture
def portal(copied, settings, tmp_path, monkeypatch):
    """Have, for the length of a block, a copy of the database and a store of checkpoints that is empty."""
    settings.CHECKPOINT_KEY, settings.CHECKPOINT_ORIGIN = KEY, ORIGIN
    monkeypatch.setattr("audit.personal.fresh_salt", lambda: "00" * 16)  # so that equal events have equal hashes

    @contextmanager
    def one(name: str) -> Iterator[None]:
        kept = storage_of("CHECKPOINT_STORE", str(tmp_path / name))
        settings.STORAGES = {**settings.STORAGES, "checkpoints": kept}
        with copied():
            yield

    return one


def test_every_task_run_twice_or_by_two_at_once_leaves_what_one_run_leaves(fresh_database, portal):
    current_app.loader.import_default_modules()
    tasks = {name for name in current_app.tasks if name.partition(".")[0] in settings.PROJECT_APPS}
    assert tasks == set(DUE), "say in DUE what makes work for it"
    with time_machine.travel(timezone.now(), tick=False):
        arguments = {name: committed(make) or {} for name, make in DUE.items()}
        with portal("twice"):
            once, again = _run_twice(arguments)
        sent = _mails_sent()
        assert _first_difference(once, again) is None
        for moment in (UNLOCKED, LOCKED):
            with portal(moment):
                both = _run_two(arguments, moment)
            assert (moment, _first_difference(once, both)) == (moment, None)
            assert _mails_sent() == sent


def _run_twice(arguments: dict[str, dict[str, Any]]) -> tuple[dict[str, Rows], dict[str, Rows]]:
    """Run each task twice in a row; return all rows after its first run and after its second."""
    once, again, before = {}, {}, _rows()
    for name, ids in arguments.items():
        current_app.tasks[name](**ids)
        once[name] = _rows()
        current_app.tasks[name](**ids)
        again[name] = _rows()
        assert (once[name] == before) == (name in WRITE_NO_ROW), f"{name} had nothing to do, so nothing was tried"
        before = again[name]
    return once, again


def _run_two(arguments: dict[str, dict[str, Any]], moment: Moment) -> dict[str, Rows]:
    """Run two copies of each task that meet at a moment of the first; return all rows afterwards."""
    after = {}
    for name, ids in arguments.items():
        meets = _Second(name, ids)
        with _at(moment, meets):
            current_app.tasks[name](**ids)
        assert (meets.thread is not None) or name in WRITE_NO_ROW, f"{name} never came to the moment"
        meets.has_ended()
        after[name] = _rows()
    return after


class _Second:
    """A second copy of a task. It runs, when called, until it has ended or waits for the first; once."""

    def __init__(self, name: str, ids: dict[str, Any]) -> None:
        self.name, self.ids = name, ids
        self.thread: threading.Thread | None = None
        self.backend = 0
        self.problem: Exception | None = None

    def __call__(self) -> None:
        if self.thread is None:
            self.thread = threading.Thread(target=self._run)
            self.thread.start()
            until(lambda: not self.thread.is_alive() or self._waits())

    def has_ended(self) -> None:
        """Wait for its end, and raise what it raised."""
        if self.thread is not None:
            self.thread.join(PATIENCE)
            assert not self.thread.is_alive()
        if self.problem is not None:
            raise self.problem

    def _run(self) -> None:
        try:
            connection.ensure_connection()
            self.backend = connection.connection.info.backend_pid
            current_app.tasks[self.name](**self.ids)
        except Exception as problem:  # noqa: BLE001  # raised again where the test looks at it
            self.problem = problem
        finally:
            connections.close_all()

    def _waits(self) -> bool:
        if not self.backend:
            return False
        with connection.connection.cursor() as cursor:  # past the wrapper of the first copy's statements
            cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [self.backend])
            return cursor.fetchone()[0]


@contextmanager
def _at(moment: Moment, call: Callable[[], None]) -> Iterator[None]:
    """Call at the first lock, or the first commit after it, of this thread's connection."""
    locks = re.compile(r"\bFOR (NO KEY )?UPDATE\b|^\s*(INSERT|UPDATE|DELETE|WITH|EXECUTE)\b")
    seen = []

    def before_a_lock(execute: Any, statement: str, *more: Any) -> Any:
        if locks.search(str(statement)):
            seen.append(statement)
            if moment == UNLOCKED or not connection.in_atomic_block:
                call()
        return execute(statement, *more)

    def before_a_commit() -> None:
        if seen and moment == LOCKED:
            call()
        commit()

    commit = connection._commit
    with pytest.MonkeyPatch.context() as patch, connection.execute_wrapper(before_a_lock):
        patch.setattr(connection, "_commit", before_a_commit)
        yield


def _rows() -> Rows:
    """Every row of every table, as text, but for what is as it is by chance."""
    one = """SELECT '{0}', (to_jsonb(line) - '{{{1}}}'::text[])::text FROM "{0}" line"""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [table for (table,) in cursor.fetchall()]
        cursor.execute(" UNION ALL ".join(one.format(table, ",".join(BY_CHANCE.get(table, []))) for table in tables))
        rows: Rows = {}
        for table, row in sorted(cursor.fetchall()):
            rows.setdefault(table, []).append(row)
    return rows


def _first_difference(one: dict[str, Rows], other: dict[str, Rows]) -> tuple[str, dict[str, Any]] | None:
    """The first task after which the rows differ, with those that only one of the two has, by table."""
    for name in one:
        mine, theirs = one[name], other[name]
        if mine != theirs:
            tables = sorted(table for table in mine.keys() | theirs.keys() if mine.get(table) != theirs.get(table))
            return name, {table: (mine.get(table), theirs.get(table)) for table in tables}
    return None


def _mails_sent() -> list[tuple[str, ...]]:
    sent = [(*message.to, message.subject) for message in mail.outbox]
    mail.outbox.clear()
    return sent

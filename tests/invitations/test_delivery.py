"""No invitation is lost when mail, broker or worker fails: rule 10, RE1 to RE3. Tried on a real mail server."""

import datetime as dt
import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from celery import current_app
from django.db import connection, connections, transaction
from django.utils import timezone

from accessportal.embedded import paths, servers
from accounts import doorbell
from accounts.actions import deliver, sweep
from accounts.actions.mails import PAUSES, claim
from accounts.models import OutgoingMail
from audit.models import Event
from invitations import actions
from invitations.delivery import timeline
from invitations.models import Invitation
from teams.models import Role
from tests.factories import BusinessAccountFactory, token_of
from tests.mail_server import mail_server
from tests.together import until

ADDRESS = "nina@example.com"


@pytest.fixture
def post_office(settings):
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield server


@contextmanager
def broker_at(url):
    """Ring at another broker for the length of the block."""
    kept, silent = current_app.conf.broker_url, doorbell._silent_until

    def turn_to(url):
        current_app.conf.broker_url = url
        current_app.amqp._producer_pool = current_app._pool = None  # the connections of the former one

    turn_to(url)
    try:
        yield
    finally:
        turn_to(kept)
        doorbell._silent_until = silent


def invite(**given):
    with transaction.atomic():  # noqa: TID251  # rows of a test: the owner's seat is checked at the end
        account = BusinessAccountFactory(**given)
    role = Role.objects.built_in("editor")
    return actions.invite(account=account, address=ADDRESS, role=role, by=account.owner)


def its_mail(invitation):
    return OutgoingMail.objects.get(about_kind="invitation", about_id=invitation.pk, sending=invitation.sending)


def made_due(mail):
    OutgoingMail.objects.filter(pk=mail.pk).update(due_at=timezone.now() - dt.timedelta(seconds=1))


def link_in(message):
    return re.search(r"/invitations/([A-Za-z0-9_-]{43})/", message.get_body(("plain",)).get_content())[1]


@pytest.mark.rule(8)
@pytest.mark.rule(10)
def test_the_mail_carries_the_link_as_text_and_as_html(fresh_database, post_office):
    invitation = invite(name="Northwind <Coffee>\r\nBcc: all@example.com")

    deliver(mail_id=its_mail(invitation).pk)

    (message,) = post_office.mails
    assert message["To"] == ADDRESS
    assert message["Bcc"] is None
    assert message["Message-ID"] == its_mail(invitation).message_id
    assert "\n" not in message["Subject"]
    html = message.get_body(("html",)).get_content()
    assert link_in(message) == token_of(invitation)
    assert token_of(invitation) in html
    assert "Northwind &lt;Coffee&gt;" in html
    assert [event.name for event in Event.objects.about(invitation)] == ["invitation.created", "mail.sent"]


@pytest.mark.rule(10)
@pytest.mark.requirement("RE2")
def test_inviting_with_the_broker_down_works_and_the_sweep_sends_it_later(fresh_database, post_office, caplog):
    with broker_at("redis://127.0.0.1:1/0"):
        invitation = invite()
    assert "the sweep will find it" in caplog.text
    assert its_mail(invitation).state == "queued"

    assert sweep() == 1
    deliver(mail_id=its_mail(invitation).pk)

    assert len(post_office.mails) == 1


@pytest.mark.rule(10)
def test_a_passing_trouble_is_tried_again_with_growing_pauses_and_then_parked(fresh_database, post_office):
    post_office.answer_to_rcpt = "451 4.7.1 try again later"
    invitation = invite()
    mail, waits = its_mail(invitation), []

    for _try in range(len(PAUSES)):
        deliver(mail_id=mail.pk)
        mail.refresh_from_db()
        waits.append(mail.due_at - timezone.now())
        assert mail.state == "queued"
        assert "try again later" in mail.problem
        deliver(mail_id=mail.pk)  # too early: nothing happens
        made_due(mail)
    deliver(mail_id=mail.pk)

    assert waits == sorted(waits)
    assert its_mail(invitation).state == "parked"
    names = [event.name for event in Event.objects.about(invitation)]
    assert names == ["invitation.created", *["mail.delayed"] * len(PAUSES), "mail.failed"]


@pytest.mark.rule(10)
@pytest.mark.parametrize("where", ["answer_to_rcpt", "answer_to_data"])
def test_a_refused_address_is_parked_at_once_and_corrected_in_one_step(fresh_database, post_office, where):
    setattr(post_office, where, "550 5.1.1 no such person here")
    invitation = invite()
    deliver(mail_id=its_mail(invitation).pk)
    assert its_mail(invitation).state == "parked"
    assert "no such person here" in its_mail(invitation).problem
    setattr(post_office, where, "250 fine")

    actions.correct_address(invitation=invitation, address="nora@example.com", by=invitation.account.owner)
    corrected = Invitation.objects.get(pk=invitation.pk)
    deliver(mail_id=its_mail(corrected).pk)

    (message,) = post_office.mails
    assert message["To"] == "nora@example.com"
    assert link_in(message) != token_of(invitation)


@pytest.mark.rule(8)
@pytest.mark.rule(10)
@pytest.mark.requirement("RE1")
def test_a_worker_killed_while_sending_loses_nothing_and_the_second_mail_is_the_very_same(fresh_database, post_office):
    invitation = invite()
    mail = its_mail(invitation)
    post_office.holds.set()
    worker = subprocess.Popen(
        [sys.executable, "-c", f"import django; django.setup(); from accounts.actions import deliver; deliver(mail_id={mail.pk})"],
        env={**os.environ, **_environment(fresh_database, post_office.port)},
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert post_office.has_taken.wait(30)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    post_office.holds.clear()
    assert its_mail(invitation).state == "sending"

    deliver(mail_id=mail.pk)  # the lease still runs: nobody else takes it
    assert len(post_office.mails) == 1
    made_due(mail)
    assert sweep() == 1
    deliver(mail_id=mail.pk)
    deliver(mail_id=mail.pk)

    first, second = post_office.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert link_in(first) == link_in(second) == token_of(invitation)
    assert its_mail(invitation).state == "sent"


# --- With a broker and a worker of the test's own ----------------------------------------------------------------------
@pytest.fixture
def broker(tmp_path):
    """A broker that is not up yet."""
    (server,) = servers.servers_of(tmp_path, database=False, broker=True, for_tests=True)
    yield server
    server.stop()


@contextmanager
def worker_of(broker, database, port):
    """A real worker with one child, as in production; yields its process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "--app", "accessportal", "--quiet", "worker", "--concurrency", "1",
         "--without-gossip", "--without-mingle", "--without-heartbeat"],
        env={
            **os.environ, **_environment(database, port),
            "REDIS_URL": paths.redis_url(broker.data), "ACCESSPORTAL_DATA": str(broker.data),  # its checkpoints are its own
        },
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def children_of(process):
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
        except OSError:  # it has ended meanwhile
            continue
        if int(parent) == process.pid:
            found.append(int(folder.name))
    return found


def ask_for_a_sweep():
    """What beat does every minute."""
    current_app.send_task("accounts.tasks.sweep_outbox")


@pytest.mark.rule(10)
@pytest.mark.requirement("RE2")
def test_what_was_invited_without_a_broker_goes_out_by_the_sweep_when_it_is_up(fresh_database, post_office, broker):
    with broker_at(paths.redis_url(broker.data).replace("unix://", "redis+socket://")):
        invitation = invite()
        assert its_mail(invitation).state == "queued"

        broker.start(dies_with_us=True)
        ask_for_a_sweep()
        with worker_of(broker, fresh_database, post_office.port):
            until(lambda: its_mail(invitation).state == "sent")

    (message,) = post_office.mails
    assert (message["To"], message["Message-ID"]) == (ADDRESS, its_mail(invitation).message_id)
    assert link_in(message) == token_of(invitation)
    assert [event.name for event in Event.objects.about(invitation)] == ["invitation.created", "mail.sent"]


@pytest.mark.rule(8)
@pytest.mark.rule(10)
@pytest.mark.requirement("RE1")
@pytest.mark.requirement("RE4")
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which processes are whose children")
def test_a_child_of_the_worker_that_is_killed_while_sending_loses_nothing(fresh_database, post_office, broker):
    broker.start(dies_with_us=True)
    post_office.holds.set()
    with (
        broker_at(paths.redis_url(broker.data).replace("unix://", "redis+socket://")),
        worker_of(broker, fresh_database, post_office.port) as worker,
    ):
        invitation = invite()
        mail = its_mail(invitation)
        assert post_office.has_taken.wait(30)
        (child,) = children_of(worker)
        os.kill(child, signal.SIGKILL)
        post_office.holds.clear()
        until(lambda: [pid for pid in children_of(worker) if pid != child])  # the worker has put another in its place
        assert its_mail(invitation).state == "sending"

        made_due(mail)  # as when its lease has run out
        ask_for_a_sweep()
        until(lambda: its_mail(invitation).state == "sent")

    first, second = post_office.mails
    assert first["Message-ID"] == second["Message-ID"] == mail.message_id
    assert link_in(first) == link_in(second) == token_of(invitation)
    assert not OutgoingMail.objects.due().exists()
    assert Event.objects.named("mail.sent").count() == 1


@pytest.mark.rule(10)
@pytest.mark.requirement("RE3")
def test_two_workers_with_one_mail_send_it_once(fresh_database, post_office):
    mail = its_mail(invite())

    def work(_number):
        try:
            deliver(mail_id=mail.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))

    assert len(post_office.mails) == 1
    assert Event.objects.named("mail.sent").count() == 1


@pytest.mark.rule(8)
def test_what_was_revoked_or_sent_anew_meanwhile_is_not_sent(fresh_database, post_office):
    invitation = invite()
    first = its_mail(invitation)
    resent = actions.resend(invitation=invitation, by=invitation.account.owner)
    actions.revoke(invitation=resent, by=invitation.account.owner)

    deliver(mail_id=first.pk)
    deliver(mail_id=its_mail(resent).pk)

    assert post_office.mails == []
    assert set(OutgoingMail.objects.values_list("state", flat=True)) == {"dropped"}


@pytest.mark.rule(8)
def test_a_change_of_keys_leaves_the_link_of_a_waiting_mail_as_it_was(fresh_database, post_office, settings):
    invitation = invite()
    before = token_of(invitation)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "the next key " + "z" * 50

    deliver(mail_id=its_mail(invitation).pk)

    assert link_in(post_office.mails[0]) == before


@pytest.mark.rule(6)
@pytest.mark.requirement("IN9")
def test_an_address_gets_only_so_many_mails_a_day(fresh_database, post_office):
    invitation = invite()
    for _time in range(4):
        invitation = actions.resend(invitation=invitation, by=invitation.account.owner)

    with pytest.raises(actions.inviting.PolicyViolation, match="several invitations today"):
        actions.resend(invitation=invitation, by=invitation.account.owner)


def _environment(database: str, port: int) -> dict[str, str]:
    from django.conf import settings

    given = connection.settings_dict
    host = given["HOST"] or "localhost"
    address = f"postgresql://{given['USER']}@/{database}?host={host}" if host.startswith("/") else ""
    return {
        "DATABASE_URL": address
        or f"postgresql://{given['USER']}:{given['PASSWORD']}@{host}:{given['PORT'] or 5432}/{database}",
        "DJANGO_SETTINGS_MODULE": "accessportal.settings",
        "ACCESSPORTAL_LOCAL": "1",
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        "SECRET_KEY": settings.SECRET_KEY,
        "SITE_URL": settings.SITE_URL,
    }


@pytest.mark.rule(10)
def test_a_mail_that_a_worker_holds_is_being_sent_and_not_put_off(fresh_database):
    invitation = invite()
    waits = timeline(invitation)[-1]

    claim(its_mail(invitation).pk)

    held = timeline(invitation)[-1]
    assert (waits["title"], bool(waits["at"])) == ("The mail waits to be sent", True)
    assert (held["title"], held["at"]) == ("The mail is being sent", None)

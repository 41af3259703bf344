"""The outbox where things go wrong in odd ways: rule 10, RE1, RE3, RE4."""

import datetime as dt
import smtplib

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from accounts import letters
from accounts.actions import deliver, mails, post, sweep
from accounts.errors import ChangedMeanwhile
from accounts.letters import Letter
from accounts.models import OutgoingMail
from audit.models import Event
from audit.recording import SYSTEM
from tests.factories import BusinessAccountFactory
from tests.written import written

pytestmark = pytest.mark.django_db
TOKEN = "AbC-_" * 8 + "xyz"


class Answering(BaseEmailBackend):
    """A mail server that answers as the test says."""

    answer: Exception | None = None
    taken: list = []  # emptied by the fixture

    def send_messages(self, messages):
        if self.answer:
            raise self.answer
        self.taken.extend(messages)
        return len(messages)


@pytest.fixture
def server(settings, monkeypatch):
    settings.EMAIL_BACKEND = f"{__name__}.Answering"
    monkeypatch.setattr(Answering, "answer", None)
    Answering.taken.clear()
    monkeypatch.setitem(letters._writers, "test", lambda _mail: Letter("Subject", "Text", "<p>Text</p>"))
    return Answering


@pytest.fixture
def waiting(server):
    account = BusinessAccountFactory()
    return post(kind="test", about=account, address="nina@example.com", account=account)


def now_due(mail):
    OutgoingMail.objects.filter(pk=mail.pk).update(due_at=timezone.now() - dt.timedelta(seconds=1))
    return OutgoingMail.objects.get(pk=mail.pk)


@pytest.mark.rule(10)
@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (smtplib.SMTPRecipientsRefused({"nina@example.com": (550, b"no such user")}), "parked"),
        (smtplib.SMTPRecipientsRefused({"nina@example.com": (450, b"try again")}), "queued"),
        (smtplib.SMTPDataError(554, b"looks like spam"), "parked"),
        (smtplib.SMTPDataError(451, b"greylisted"), "queued"),
        (smtplib.SMTPAuthenticationError(535, b"bad credentials"), "queued"),  # ours to mend, not the address's fault
        (smtplib.SMTPSenderRefused(550, b"sender unknown", "no-reply@localhost"), "queued"),
        (smtplib.SMTPServerDisconnected("gone"), "queued"),
        (ConnectionRefusedError("nobody listens"), "queued"),
        (TimeoutError("slow"), "queued"),
        (ValueError("can't be put into a header"), "parked"),
        (RuntimeError("a bug of the backend"), "queued"),
    ],
)
def test_each_answer_of_a_mail_server_is_settled(server, waiting, answer, state):
    server.answer = answer

    deliver(mail_id=waiting.pk)

    mail = OutgoingMail.objects.get(pk=waiting.pk)
    assert (mail.state, mail.tries) == (state, 1)
    assert mail.problem
    assert (mail.due_at > timezone.now()) or state == "parked"
    assert Event.objects.of(waiting.account).named("mail.").count() == 1


@pytest.mark.rule(8)
@pytest.mark.rule(10)
def test_a_server_that_quotes_the_link_puts_no_token_into_the_database_or_a_log(server, waiting, caplog):
    server.answer = smtplib.SMTPDataError(554, f"blocked: https://x.example/invitations/{TOKEN}/\r\nX: y".encode())

    deliver(mail_id=waiting.pk)

    mail = OutgoingMail.objects.get(pk=waiting.pk)
    assert mail.problem == "554 blocked: https://x.example/invitations/…/ X: y"
    assert all(TOKEN not in text for text in written())
    assert TOKEN not in caplog.text


@pytest.mark.rule(10)
@pytest.mark.requirement("RE4")
def test_a_letter_that_can_t_be_written_is_parked_and_one_that_breaks_is_not_tried_for_ever(
    server, waiting, monkeypatch
):
    def key_is_gone(_mail):
        raise LookupError("the secret that made this link is no longer known")

    monkeypatch.setitem(letters._writers, "test", key_is_gone)
    deliver(mail_id=waiting.pk)
    assert OutgoingMail.objects.get(pk=waiting.pk).state == "parked"

    other = post(kind="test", about=waiting.account, address="other@example.com", account=waiting.account)
    monkeypatch.setitem(letters._writers, "test", lambda _mail: 1 / 0)
    for _try in range(len(mails.PAUSES) + 1):
        deliver(mail_id=now_due(other).pk)
    assert OutgoingMail.objects.get(pk=other.pk).state == "parked"


@pytest.mark.rule(10)
@pytest.mark.requirement("RE4")
def test_a_mail_whose_workers_all_die_is_parked_at_last(server, waiting):
    for _worker in range(len(mails.PAUSES) + 1):
        assert mails.claim(now_due(waiting).pk)  # and the worker is killed

    deliver(mail_id=now_due(waiting).pk)

    mail = OutgoingMail.objects.get(pk=waiting.pk)
    assert mail.state == "parked"
    assert server.taken == []
    assert sweep() == 0


@pytest.mark.rule(10)
@pytest.mark.requirement("RE3")
def test_a_worker_that_comes_back_after_its_lease_spoils_nothing(server, waiting):
    slow = mails.claim(waiting.pk)
    deliver(mail_id=now_due(waiting).pk)  # another worker takes it over, and sends
    assert OutgoingMail.objects.get(pk=waiting.pk).state == "sent"

    for settle in (mails.settle_delayed, mails.settle_parked):
        with pytest.raises(ChangedMeanwhile):
            settle(mail=slow, problem="too late", by=SYSTEM)
    with pytest.raises(ChangedMeanwhile):
        mails.settle_sent(mail=slow, by=SYSTEM)
    mails.drop(slow)

    assert OutgoingMail.objects.get(pk=waiting.pk).state == "sent"
    assert [event.name for event in Event.objects.of(waiting.account).named("mail.")] == ["mail.sent"]


@pytest.mark.rule(10)
@pytest.mark.requirement("RE3")
@pytest.mark.parametrize("state", ["sent", "parked", "dropped"])
def test_what_is_settled_is_not_sent_again(server, waiting, state):
    OutgoingMail.objects.filter(pk=waiting.pk).update(state=state)

    deliver(mail_id=waiting.pk)
    deliver(mail_id=2**40)

    assert server.taken == []
    assert OutgoingMail.objects.get(pk=waiting.pk).state == state


@pytest.mark.rule(10)
def test_each_pause_is_longer_than_the_one_before(server, waiting):
    server.answer = ConnectionRefusedError("nobody listens")
    pauses = []

    for _try in range(len(mails.PAUSES)):
        deliver(mail_id=now_due(waiting).pk)
        pauses.append(round((OutgoingMail.objects.get(pk=waiting.pk).due_at - timezone.now()).total_seconds()))

    assert pauses == sorted(set(pauses))
    assert pauses == [round(pause.total_seconds()) for pause in mails.PAUSES]

"""The outbox: posting a mail, sending it, finding again what was not sent (rule 10)."""

import datetime as dt
import logging
import re
import smtplib
import uuid
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone

from audit.canonical import Snapshot
from audit.querysets import kind_of
from audit.recording import PORTAL, SYSTEM, action, record

from .. import letters
from ..doorbell import ring
from ..errors import ChangedMeanwhile
from ..events import MAIL_DELAYED, MAIL_FAILED, MAIL_SENT
from ..models import BusinessAccount, OutgoingMail, Person
from ..normalising import plain_name

logger = logging.getLogger(__name__)

LEASE = dt.timedelta(minutes=3)  # longer than a task may run, so that two workers never hold one mail
PAUSES = [dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720)]  # between tries; then it is parked
MOST_A_SWEEP = 500
MOST_RINGS = 20  # of one act; a sweep rings for the rest
LAST_SWEEP = "outbox:last_sweep"
SECRET = re.compile(r"[A-Za-z0-9_-]{40,}|\b[A-Z0-9]{4}-[A-Z0-9]{4}\b")  # what looks like a token or a mailed code


def post(*, kind: str, about: Any, address: str, account: BusinessAccount | None, sending: int = 1) -> OutgoingMail:
    """Put a mail into the outbox, in the transaction of the act that wants it; it goes out after the commit."""
    return _post(kind=kind, about=about, address=address, account=account, sending=sending)


def post_many(*, kind: str, mails: Iterable[tuple[Any, str, BusinessAccount | None]], sending: int = 1) -> None:
    """Put mails of one kind into the outbox as `post` does, in one statement: about what, to whom, of which account."""
    rows = [
        _mail(kind=kind, about=about, address=address, account=account, sending=sending)
        for about, address, account in mails
    ]
    made = OutgoingMail.objects.bulk_create(rows)
    for mail in made[:MOST_RINGS]:
        ring("accounts.tasks.deliver_mail", mail_id=mail.pk)
    if len(made) > MOST_RINGS:
        ring("accounts.tasks.sweep_outbox")


def post_sealed(
    *, kind: str, about: Any, address: str, letter: letters.Letter, works_for: dt.timedelta | None = None
) -> OutgoingMail:
    """Put a letter into the outbox that can't be written again, since only it holds its code or link (rule 8).

    When `works_for` is over it is not sent any more: what it says would be of no use.
    """
    until = None if works_for is None else timezone.now() + works_for
    sealed = letters.sealed(letter)
    return _post(kind=kind, about=about, address=address, account=None, sealed=sealed, wanted_until=until)


def _post(**fields: Any) -> OutgoingMail:
    mail = _mail(**fields)
    mail.save(force_insert=True)
    ring("accounts.tasks.deliver_mail", mail_id=mail.pk)
    return mail


def _mail(*, about: Any, **fields: Any) -> OutgoingMail:
    message_id = f"<{uuid.uuid4().hex}@{settings.SITE_HOST}>"
    return OutgoingMail(about_kind=kind_of(about), about_id=about.pk, message_id=message_id, **fields)


def deliver(*, mail_id: int) -> None:
    """Send one mail of the outbox and settle how it went. Running it twice sends once, unless a worker was killed.

    What the mail server refuses for good parks the mail at once; any other failure is tried again with growing pauses,
    then parked. So is a mail whose workers died each time: it may be what kills them.
    """
    mail = claim(mail_id)
    if mail is None:
        return
    try:
        _send(mail)
    except ChangedMeanwhile:  # its lease ran out, and another worker has settled it
        logger.warning("mail %s was settled by another worker", mail.pk)


def _send(mail: OutgoingMail) -> None:
    if mail.tries > len(PAUSES) + 1:
        _settle_failure(mail, "no worker came back from sending it", final=True)
        return
    try:
        letter = letters.write(mail)
        if letter is not None:
            _hand_over(mail, letter)
    except smtplib.SMTPRecipientsRefused as refusal:
        code, words = next(iter(refusal.recipients.values()), (550, b"refused"))
        _settle_failure(mail, f"{code} {_text(words)}", final=500 <= code < 600)
    except smtplib.SMTPDataError as refusal:  # many servers refuse an address only after they have seen the mail
        _settle_failure(mail, f"{refusal.smtp_code} {_text(refusal.smtp_error)}", final=500 <= refusal.smtp_code < 600)
    except (smtplib.SMTPException, OSError) as problem:
        _settle_failure(mail, f"{type(problem).__name__}: {problem}", final=False)
    except (ValueError, LookupError) as problem:  # what can't be written, or can't be put into a mail at all
        _settle_failure(mail, str(problem), final=True)
    except Exception as problem:  # noqa: BLE001  # a backend's own errors; unsettled, the mail would be tried for ever
        _settle_failure(mail, type(problem).__name__, final=False)
    else:
        if letter is None:
            drop(mail)
        else:
            settle_sent(mail=mail, by=SYSTEM)


def sweep() -> int:
    """Ring again for every mail that is due, and return how many: those the broker lost or a killed worker held."""
    due = list(OutgoingMail.objects.due().order_by("due_at").values_list("pk", flat=True)[:MOST_A_SWEEP])
    for mail_id in due:
        ring("accounts.tasks.deliver_mail", mail_id=mail_id)
    cache.set(LAST_SWEEP, timezone.now().timestamp(), timeout=None)
    return len(due)


@transaction.atomic  # noqa: TID251  # taking a mail is no act of anybody: it is recorded when it is settled
def claim(mail_id: int) -> OutgoingMail | None:
    """Take a due mail for the length of a lease; None when it is not due or another worker has it."""
    mail = (
        OutgoingMail.objects.due()
        .select_for_update(skip_locked=True, no_key=True, of=("self",))
        .filter(pk=mail_id)
        .first()
    )
    if mail is None:
        return None
    mail.state, mail.tries, mail.due_at = OutgoingMail.State.SENDING, mail.tries + 1, timezone.now() + LEASE
    mail.save(update_fields=["state", "tries", "due_at"])
    return mail


def _hand_over(mail: OutgoingMail, letter: letters.Letter) -> None:
    headers = {"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated"}
    message = EmailMultiAlternatives(subject=letter.subject, body=letter.text, to=[mail.address], headers=headers)
    message.attach_alternative(letter.html, "text/html")
    message.send()


def drop(mail: OutgoingMail) -> None:
    """Put aside a mail that nobody wants any more: what it is about has changed since it was posted."""
    OutgoingMail.objects.unsettled().filter(pk=mail.pk).update(state=OutgoingMail.State.DROPPED, sealed="")


@action(MAIL_SENT)
def settle_sent(*, mail: OutgoingMail, by: Any) -> OutgoingMail:
    """Write down that a mail was handed over to the mail server. More is not known without its reports.

    Raises ChangedMeanwhile when it is settled already. It does not ask whose turn it is: what went out, went out.
    """
    mail = OutgoingMail.objects.unsettled().lock(mail.pk)
    mail.state, mail.sent_at, mail.problem, mail.sealed = OutgoingMail.State.SENT, timezone.now(), "", ""
    mail.save(update_fields=["state", "sent_at", "problem", "sealed"])
    _record(MAIL_SENT, mail, by=by)
    return mail


@action(MAIL_DELAYED)
def settle_delayed(*, mail: OutgoingMail, problem: str, by: Any) -> OutgoingMail:
    """Write down that a try failed, and when the next one is due. Raises ChangedMeanwhile: another worker has it."""
    mail = OutgoingMail.objects.unsettled().filter(tries=mail.tries).lock(mail.pk)
    mail.state, mail.problem = OutgoingMail.State.QUEUED, _plain(problem)
    mail.due_at = timezone.now() + PAUSES[min(mail.tries, len(PAUSES)) - 1]
    mail.save(update_fields=["state", "problem", "due_at"])
    _record(MAIL_DELAYED, mail, by=by)
    return mail


@action(MAIL_FAILED)
def settle_parked(*, mail: OutgoingMail, problem: str, by: Any) -> OutgoingMail:
    """Write down that a mail failed for good; a person has to look at it. Raises ChangedMeanwhile."""
    mail = OutgoingMail.objects.unsettled().filter(tries=mail.tries).lock(mail.pk)
    mail.state, mail.problem, mail.sealed = OutgoingMail.State.PARKED, _plain(problem), ""
    mail.save(update_fields=["state", "problem", "sealed"])
    _record(MAIL_FAILED, mail, by=by)
    return mail


def _settle_failure(mail: OutgoingMail, problem: str, *, final: bool) -> None:
    logger.warning("mail %s was not sent: %s", mail.pk, _plain(problem))
    settle = settle_parked if final or mail.tries > len(PAUSES) else settle_delayed
    settle(mail=mail, problem=problem, by=SYSTEM)


def _record(act: Any, mail: OutgoingMail, *, by: Any) -> None:
    target = Snapshot(mail.about_kind, mail.about_id, mail.address)
    after = {"address": mail.address, "mail": mail.kind, "tries": mail.tries}
    record(act, by=by, on=mail.account or _person(mail) or PORTAL, target=target, after=after, reason=mail.problem)


def _person(mail: OutgoingMail) -> Person | None:
    """The person whom a mail of the sign-in library is about; such a mail belongs to no account."""
    return Person.objects.filter(pk=mail.about_id).first() if mail.about_kind == kind_of(Person) else None


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words


def _plain(problem: str) -> str:
    """The server's words on one line, without secrets: a spam filter may quote the mail (rule 8)."""
    return plain_name(SECRET.sub("…", problem))[:300]

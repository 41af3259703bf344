"""What goes over the line: the body of a webhook with its signature, and the frames of syslog (docs/streams.md)."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from accounts.sealing import unseal
from audit.canonical import instant
from audit.exporting import FILES
from audit.models import Event
from audit.querysets import EventQuerySet, kind_of

from .models import Delivery, Stream

SEALED_FOR = "secret of a stream"
PREFIX = "whsec_"
AUDIT, INFORMATIONAL, WARNING = 13 << 3, 6, 4  # facility "log audit", and the severities (RFC 5424)
LARGEST_SEQUENCE = 2_147_483_647


class Written(NamedTuple):
    """An event, and its line in the form of the stream."""

    event: Event
    line: bytes


def new_secret() -> str:
    """Return a secret in the form of Standard Webhooks."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def batch_of(stream: Stream, first: int, last: int) -> list[Written]:
    """Return the events of a stretch of the account's chain, in order, each as its line."""
    return _written(stream, _log(stream).filter(number__range=(first, last)))


def next_of(stream: Stream, most: int) -> list[Written]:
    """Return the events behind the stream's cursor, in order, as many as may be, each as its line."""
    return _written(stream, _log(stream).filter(number__gt=stream.cursor)[:most])


def _log(stream: Stream) -> EventQuerySet:
    return Event.objects.in_chain_of(stream.account).order_by("number")


def _written(stream: Stream, log: Iterable[Event]) -> list[Written]:
    events = list(log)
    lines = FILES[stream.form].lines(events)
    return [Written(event, line.rstrip(b"\n")) for event, line in zip(events, lines, strict=True)]


def body_of(stream: Stream, delivery: Delivery, events: Sequence[Written]) -> bytes:
    """Return the JSON of a webhook: the same bytes at every try."""
    account = stream.account
    told = {
        "account": account.slug,
        "chain": f"{kind_of(account)}/{account.pk}",
        "form": stream.form,
        "first": delivery.first,
        "last": delivery.last,
    }
    head = {"type": "activity.test" if delivery.is_test else "activity.events", "timestamp": instant(delivery.made_at)}
    shell = json.dumps({**head, "data": {**told, "events": []}}, ensure_ascii=False).encode()
    return shell.removesuffix(b"]}}") + b", ".join(one.line for one in events) + b"]}}"


def signed(stream: Stream, delivery: Delivery, body: bytes) -> dict[str, str]:
    """Return the headers of Standard Webhooks: id, time, and a signature by each secret that counts.

    Raises LookupError when the portal's secret that sealed them is gone.
    """
    at = str(int(timezone.now().timestamp()))
    sealed = [stream.secret, *([stream.former_secret] if stream.former_secret_counts else [])]
    keys = [base64.b64decode(unseal(one, purpose=SEALED_FOR).removeprefix(PREFIX)) for one in sealed]
    content = f"{delivery.message_id}.{at}.".encode() + body
    signatures = [base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode() for key in keys]
    return {
        "Content-Type": "application/json",
        "webhook-id": delivery.message_id,
        "webhook-timestamp": at,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def frames_of(stream: Stream, delivery: Delivery, events: Sequence[Written]) -> bytes:
    """Return the messages of RFC 5424, each behind its length (RFC 5425)."""
    if delivery.is_test:
        told = json.dumps({"test": True, "account": stream.account.slug}).encode()
        return _frame(_message(stream, instant(delivery.made_at), "stream.test", "-", told))
    return b"".join(_frame(_of_event(stream, one)) for one in events)


def _of_event(stream: Stream, one: Written) -> bytes:
    event = one.event
    sequence = (event.number - 1) % LARGEST_SEQUENCE + 1
    severity = WARNING if event.refused else INFORMATIONAL
    at, place = instant(event.at), f'[meta sequenceId="{sequence}"]'
    return _message(stream, at, event.name[:32], place, one.line, severity=severity)


def _message(stream: Stream, at: str, name: str, place: str, text: bytes, *, severity: int = INFORMATIONAL) -> bytes:
    head = f"<{AUDIT + severity}>1 {at} {settings.SITE_HOST} accessportal {stream.account.slug} {name} {place} "
    return head.encode("ascii") + text


def _frame(message: bytes) -> bytes:
    return b"%d %s" % (len(message), message)

"""A syslog receiver gets every event as RFC 5424, counted by octets, over TLS (RFC 5425)."""

import json
import re

import pytest

from audit.models import Event
from streams import actions
from streams.models import Delivery
from tests.factories import StreamFactory
from tests.oversight.log import write
from tests.streams.receiving import sent

pytestmark = pytest.mark.django_db
MESSAGE = re.compile(
    rb"<(\d+)>1 (\S+Z) (\S+) accessportal (\S+) (\S+) (-|\[meta sequenceId=\"\d+\"\]) (\{.*\})", re.DOTALL
)


def _stream(syslog, authority, **given):
    return StreamFactory(kind="syslog", address=syslog.address, authority=authority.authority, secret="", **given)


def test_every_event_arrives_once_and_in_order(syslog, authority):
    stream = _stream(syslog, authority)
    write(stream.account, 230, reason="Grüße,\nzwei Zeilen")

    stream = sent(stream)

    told = [json.loads(MESSAGE.fullmatch(message)[7]) for message in syslog.got]
    assert [event["number"] for event in told] == list(range(1, 231))
    assert told[0]["reason"] == "Grüße, zwei Zeilen"
    assert (stream.cursor, stream.problem) == (230, "")


def test_a_message_has_the_parts_that_the_standard_names(syslog, authority):
    stream = _stream(syslog, authority)
    write(stream.account)
    write(stream.account, result=Event.Result.REFUSED)

    sent(stream)

    done, refused = (MESSAGE.fullmatch(message) for message in syslog.got)
    assert done.groups()[:6] == (
        b"110", done[2], b"localhost", stream.account.slug.encode(), b"account.settings_changed", b'[meta sequenceId="1"]',
    )  # fmt: skip
    assert refused[1] == b"108", "a refused act is a warning"
    assert done[2].decode() == json.loads(done[7])["time"]
    assert b"\n" not in done[7]


def test_ocsf_goes_by_syslog_too(syslog, authority):
    stream = _stream(syslog, authority, form="ocsf")
    write(stream.account)

    sent(stream)

    assert json.loads(MESSAGE.fullmatch(syslog.got[0])[7])["metadata"]["sequence"] == 1


def test_a_test_arrives_as_such(syslog, authority):
    stream = _stream(syslog, authority, cursor=1)
    actions.test_stream(stream=stream, by=stream.account.owner)

    sent(stream)

    assert json.loads(MESSAGE.fullmatch(syslog.got[0])[7]) == {"test": True, "account": stream.account.slug}


def test_a_receiver_that_dies_in_the_middle_gets_the_batch_again(syslog, authority):
    stream = _stream(syslog, authority)
    write(stream.account, 100)
    syslog.dies_after = 1_000

    failed = sent(stream)
    syslog.dies_after = 0
    failed.due_at = failed.added_at
    failed.save()
    stream = sent(failed)

    assert failed.problem.startswith("No connection")
    assert [json.loads(MESSAGE.fullmatch(message)[7])["number"] for message in syslog.got] == list(range(1, 101))
    assert (stream.cursor, Delivery.objects.get().tries) == (100, 2)


def test_a_receiver_that_nobody_vouches_for_gets_nothing(syslog):
    stream = StreamFactory(kind="syslog", address=syslog.address, secret="")
    write(stream.account)

    stream = sent(stream)

    assert syslog.got == []
    assert "certificate is not trusted" in stream.problem

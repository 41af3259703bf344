"""A webhook gets every event, signed, in order, at least once (rule 10), and says how it went."""

import base64
import datetime as dt
import hashlib
import hmac
import json
import re

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.models import BusinessAccount
from audit.models import Event
from notices.models import Notice
from streams import actions
from streams.models import Delivery, Stream
from tests.factories import BusinessAccountFactory, DeliveryFactory, StreamFactory
from tests.house.source import ROOT
from tests.oversight.log import write
from tests.showing import signed_in
from tests.streams.receiving import sent

pytestmark = pytest.mark.django_db


def _stream(receiver, authority, **given):
    return StreamFactory(address=receiver.address, authority=authority.authority, **given)


def _verified(secret, headers, body):
    """Check a message as the snippet of docs/streams.md does."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(expected, given) for given in headers["webhook-signature"].split(" "))


def _names(account):
    return [event.name for event in Event.objects.of(account).order_by("number") if event.name.startswith("stream.")]


def test_every_event_arrives_once_and_in_order(receiver, authority):
    stream = _stream(receiver, authority)
    write(stream.account, 250)

    stream = sent(stream)

    assert receiver.numbers == list(range(1, 251))
    assert [len(body["data"]["events"]) for body in receiver.bodies] == [100, 100, 50]
    assert (stream.cursor, stream.problem, stream.leased_until) == (250, "", None)
    assert stream.last_success_at is not None
    assert Event.objects.of(stream.account).count() == 250, "a delivery is no event: the log would feed itself"


def test_the_body_holds_what_an_export_holds(receiver, authority):
    stream = _stream(receiver, authority)
    write(stream.account, reason="Because")
    event = Event.objects.get()

    sent(stream)

    body = receiver.bodies[0]
    assert body["type"] == "activity.events"
    assert {key: body["data"][key] for key in ("account", "chain", "form", "first", "last")} == {
        "account": stream.account.slug, "chain": f"account/{stream.account_id}", "form": "json", "first": 1, "last": 1,
    }  # fmt: skip
    [line] = body["data"]["events"]
    assert (line["act"], line["reason"], line["hash"]) == (event.name, "Because", bytes(event.hash).hex())


def test_the_account_can_have_ocsf(receiver, authority):
    stream = _stream(receiver, authority, form="ocsf")
    write(stream.account)

    sent(stream)

    assert receiver.bodies[0]["data"]["events"][0]["metadata"]["sequence"] == 1


def test_the_signature_proves_the_message_and_a_changed_byte_breaks_it(receiver, authority):
    stream = _stream(receiver, authority)
    secret = actions.make_secret(stream=stream, by=stream.account.owner)

    sent(Stream.objects.get())

    path, headers, body = receiver.got[0]
    assert path == "/in?token=opens-it"
    assert headers["host"] == f"localhost:{receiver.port}"
    assert _verified(secret, headers, body)
    assert not _verified(secret, headers, body.replace(b"activity", b"activitx"))
    assert abs(int(headers["webhook-timestamp"]) - timezone.now().timestamp()) < 60


def test_the_snippet_of_the_documentation_tells_a_message_from_a_forgery(receiver, authority):
    text = (ROOT / "docs/streams.md").read_text(encoding="utf-8")
    [snippet] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    named = {}
    exec(snippet, named)
    stream = _stream(receiver, authority)
    secret = actions.make_secret(stream=stream, by=stream.account.owner)
    sent(stream)
    _path, headers, body = receiver.got[0]
    old = {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 400)}

    answers = [
        named["is_from_the_portal"](secret, *message)
        for message in ((headers, body), (headers, body + b" "), (old, body))
    ]

    assert answers == [True, False, False]


def test_a_new_secret_and_the_former_one_both_sign_for_a_day(receiver, authority):
    stream = _stream(receiver, authority)
    owner = stream.account.owner
    former = actions.make_secret(stream=stream, by=owner)
    new = actions.make_secret(stream=stream, by=owner)

    sent(stream)
    with time_machine.travel(timezone.now() + dt.timedelta(hours=25)):
        write(stream.account)
        sent(stream)

    within, after = receiver.got
    assert [_verified(secret, *within[1:]) for secret in (new, former)] == [True, True]
    assert [_verified(secret, *after[1:]) for secret in (new, former)] == [True, False]


def test_the_secret_is_nowhere_but_in_the_answer_that_shows_it(receiver, authority):
    stream = _stream(receiver, authority, secret="")
    client = signed_in(stream.account.owner)
    page = reverse("stream_secret", args=[stream.account.slug, stream.pk])

    shown = client.post(page)

    secret = shown.content.decode().partition('value="whsec_')[2].partition('"')[0]
    stored = Stream.objects.values().get()
    assert len(base64.b64decode(secret)) == 32
    assert shown.headers["Cache-Control"] == "no-store"
    assert secret not in json.dumps(stored, default=str)
    assert not any(secret in event.canonical for event in Event.objects.all())
    assert secret not in client.get(page).content.decode()


def test_without_a_secret_nothing_is_sent(receiver, authority):
    stream = _stream(receiver, authority, secret="")
    write(stream.account, 3)

    sent(stream)
    assert receiver.got == []
    actions.make_secret(stream=stream, by=stream.account.owner)
    sent(stream)

    assert receiver.numbers == [1, 2, 3, 4]


def test_what_is_refused_is_tried_again_later_under_the_same_id(receiver, authority):
    stream = _stream(receiver, authority)
    write(stream.account, 2)
    receiver.answer = lambda request: 500

    failed = sent(stream)
    sent(stream)  # too early
    write(stream.account)
    receiver.answer = lambda request: 200
    with time_machine.travel(failed.due_at):
        stream = sent(stream)

    assert failed.problem == "It answered 500."
    assert dt.timedelta(seconds=50) < failed.due_at - timezone.now() <= dt.timedelta(minutes=1)
    assert receiver.numbers == [1, 2, 1, 2, 3]
    ids = [headers["webhook-id"] for _path, headers, _body in receiver.got]
    assert ids[0] == ids[1] != ids[2]
    assert receiver.got[0][2] == receiver.got[1][2], "the same bytes at every try"
    assert (stream.failing_since, stream.problem, stream.cursor) == (None, "", 3)


def _fail_until_parked(stream):
    for _try in range(6):
        stream = Stream.objects.get(pk=stream.pk)
        with time_machine.travel(max(stream.due_at, timezone.now())):
            sent(stream)


def test_a_batch_that_fails_too_often_is_put_aside_and_the_next_one_goes_on(receiver, authority):
    stream = _stream(receiver, authority)
    write(stream.account, 2)
    receiver.answer = lambda request: 503
    _fail_until_parked(stream)

    parked = Delivery.objects.parked().get()
    receiver.answer = lambda request: 200
    with time_machine.travel(timezone.now() + dt.timedelta(days=1)):
        sent(stream)

    assert (parked.first, parked.last, parked.tries, parked.problem) == (1, 2, 6, "It answered 503.")
    assert receiver.numbers[-1] == 3, "the event of the parking itself goes out, too"
    event = Event.objects.of(stream.account).get(name="stream.batch_parked")
    assert event.parts["after"] == {"first": 1, "last": 2, "tries": 6}
    assert event.actor_kind == "system"
    assert [notice.person for notice in Notice.objects.filter(kind="streams")] == [stream.account.owner]


def test_what_was_put_aside_is_sent_again_or_dropped(receiver, authority):
    stream = _stream(receiver, authority, cursor=4)
    write(stream.account, 4)
    one, two = DeliveryFactory(stream=stream), DeliveryFactory(stream=stream, first=3, last=4)
    client, here = signed_in(stream.account.owner), [stream.account.slug, stream.pk]

    again = client.post(reverse("send_batch_again", args=[*here, one.pk]))
    dropped = client.post(reverse("drop_batch", args=[*here, two.pk]))
    sent(stream)
    late = client.post(reverse("drop_batch", args=[*here, one.pk]))

    assert (again.status_code, dropped.status_code, late.status_code) == (302, 302, 409)
    assert [body["data"]["first"] for body in receiver.bodies] == [1, 5]
    assert {delivery.first: delivery.state for delivery in Delivery.objects.all()} == {
        1: "delivered",
        3: "dropped",
        5: "delivered",
    }
    assert _names(stream.account)[:2] == ["stream.batch_sent_again", "stream.batch_dropped"]


def test_what_is_sent_again_and_fails_is_put_aside_again_and_holds_nothing_up(receiver, authority):
    stream = _stream(receiver, authority, cursor=2)
    write(stream.account, 3)
    batch = DeliveryFactory(stream=stream)
    actions.send_again(delivery=batch, by=stream.account.owner)
    receiver.answer = lambda request: 500 if len(receiver.got) == 1 else 200

    stream = sent(stream)

    assert Delivery.objects.get(pk=batch.pk).state == "parked"
    assert (receiver.numbers, stream.cursor, stream.failing_since) == ([1, 2, 3, 4], 4, None)


def test_a_receiver_that_is_silent_for_days_pauses_the_stream_and_people_are_told(receiver, authority):
    stream = _stream(receiver, authority)
    write(stream.account, 2)
    receiver.answer = lambda request: 500
    sent(stream)

    with time_machine.travel(timezone.now() + dt.timedelta(days=3, minutes=1)):
        stopped = sent(stream)
        sent(stream)

    assert (stopped.state, stopped.cursor, stopped.problem) == ("paused", 0, "It answered 500.")
    assert len(receiver.got) == 2
    assert _names(stream.account) == ["stream.stopped"]
    notice = Notice.objects.get(kind="streams")
    assert notice.person == stream.account.owner
    assert "It answered 500." in notice.words

    receiver.answer = lambda request: 200
    actions.resume_stream(stream=stopped, by=stream.account.owner)
    sent(stream)
    assert receiver.numbers[4:] == [1, 2, 3, 4], "nothing was lost"


def test_a_receiver_that_says_gone_is_not_asked_again(receiver, authority):
    stream = _stream(receiver, authority)
    write(stream.account)
    receiver.answer = lambda request: 410

    assert sent(stream).state == "paused"


def test_a_paused_stream_sends_nothing_and_goes_on_where_it_was(receiver, authority):
    stream = _stream(receiver, authority)
    client, here = signed_in(stream.account.owner), [stream.account.slug, stream.pk]

    client.post(reverse("pause_stream", args=here))
    sent(stream)
    assert receiver.got == []
    client.post(reverse("resume_stream", args=here))
    sent(stream)

    assert receiver.numbers == [1, 2]
    assert _names(stream.account) == ["stream.paused", "stream.resumed"]


def test_a_test_goes_out_at_once_also_while_paused_and_is_tried_once(receiver, authority):
    stream = _stream(receiver, authority, state="paused", cursor=9)
    client, here = signed_in(stream.account.owner), [stream.account.slug, stream.pk]

    client.post(reverse("test_stream", args=here))
    again = client.post(reverse("test_stream", args=here))
    receiver.answer = lambda request: 404
    stream = sent(stream)

    assert again.status_code == 422
    assert [(body["type"], body["data"]["events"]) for body in receiver.bodies] == [("activity.test", [])]
    assert [(delivery.state, delivery.problem) for delivery in Delivery.objects.all()] == [
        ("failed", "It answered 404.")
    ]
    assert (stream.cursor, stream.state) == (9, "paused")
    assert "It answered 404." in client.get(reverse("stream", args=here)).content.decode()


def test_a_long_event_makes_a_short_batch(receiver, authority):
    stream = _stream(receiver, authority)
    for _each in range(3):
        write(stream.account, after={"list": ["x" * 1_000] * 120})

    sent(stream)

    assert receiver.numbers == [1, 2, 3]
    assert len(receiver.got) > 1


def test_a_stream_begins_with_what_happens_from_now_on_or_with_the_first_event():
    account = BusinessAccountFactory()
    write(account, 5)
    given = {
        "account": account,
        "kind": "webhook",
        "form": "json",
        "address": "https://logs.example.com/in",
        "by": account.owner,
    }

    now = actions.add_stream(label="A", **given)
    whole = actions.add_stream(label="B", whole=True, **given)

    assert (now.cursor, whole.cursor) == (5, 0)


def test_what_was_delivered_goes_after_a_month_and_what_waits_for_a_decision_stays():
    stream = StreamFactory()
    old = timezone.now() - dt.timedelta(days=31)
    kept = [DeliveryFactory(stream=stream, made_at=old).pk, DeliveryFactory(stream=stream, state="delivered").pk]
    DeliveryFactory(stream=stream, state="delivered", made_at=old)

    assert actions.clear_old() == 1
    assert sorted(Delivery.objects.values_list("pk", flat=True)) == sorted(kept)


def test_the_sweep_finds_only_what_has_something_to_send():
    due, _paused, _unsigned, _done = (
        StreamFactory(), StreamFactory(state="paused"), StreamFactory(secret=""), StreamFactory(cursor=1),
    )  # fmt: skip
    for account in BusinessAccount.objects.all():
        write(account)

    assert list(Stream.objects.due()) == [due]

"""Two workers at once, and workers that are killed: nothing is lost, and the order holds (rule 10, RE3)."""

import datetime as dt
import os
import signal
import time

import pytest
from django.db import connections
from django.utils import timezone

from accounts.errors import ChangedMeanwhile
from streams import actions
from streams.actions import delivering
from streams.delivery import Outcome
from streams.models import Delivery, Stream
from tests.factories import StreamFactory
from tests.oversight.log import write
from tests.streams.receiving import sent
from tests.together import at_once, committed

pytestmark = pytest.mark.requirement("RE3")


def _stream(receiver, authority, events):
    stream = committed(lambda: StreamFactory(address=receiver.address, authority=authority.authority))
    write(stream.account, events)
    return stream


def test_of_several_workers_at_once_one_sends_and_the_order_holds(fresh_database, receiver, authority):
    stream = _stream(receiver, authority, 350)
    receiver.answer = lambda request: time.sleep(0.1) or 200

    outcomes = at_once(*[lambda: actions.deliver(stream_id=stream.pk)] * 4)

    assert outcomes == [None] * 4
    assert receiver.numbers == list(range(1, 351))
    assert Delivery.objects.filter(state="delivered").count() == 4


def test_events_that_are_written_while_it_sends_come_each_once_and_in_order(fresh_database, receiver, authority):
    stream = _stream(receiver, authority, 10)

    at_once(
        *[lambda: [write(stream.account) for _each in range(40)]] * 3,
        *[lambda: [actions.deliver(stream_id=stream.pk) for _each in range(20)]] * 2,
    )
    sent(stream)

    assert receiver.numbers == list(range(1, 131))


@pytest.mark.requirement("RE4")
@pytest.mark.parametrize("moment", ["before it sends", "while it sends", "after it sent"])
def test_what_a_killed_worker_held_is_sent_by_the_next_one(fresh_database, receiver, authority, moment):
    stream = _stream(receiver, authority, 150)
    connections.close_all()
    if not (child := os.fork()):
        _die(stream.pk, moment)
    os.waitpid(child, 0)
    got = len(receiver.got)

    held = sent(stream)
    during = list(receiver.numbers)
    Stream.objects.update(leased_until=timezone.now() - dt.timedelta(seconds=1))
    stream = sent(stream)

    assert got == (0 if moment == "before it sends" else 1)
    assert held.leased_until is not None
    assert during == list(range(1, 101)) * got, "until its lease runs out nobody else sends"
    assert receiver.numbers == list(range(1, 101)) * got + list(range(1, 151))
    assert stream.cursor == 150
    ids = [headers["webhook-id"] for _path, headers, _body in receiver.got]
    assert len(set(ids)) == 2, "what comes twice has the same id"


def _die(pk, moment):
    def die(*_anything):
        os.kill(os.getpid(), signal.SIGKILL)

    if moment == "before it sends":
        delivering.handing.hand_over = die
    elif moment == "while it sends":
        really = delivering.handing.calling.Line.status
        delivering.handing.calling.Line.status = lambda line: really(line) and die()
    else:
        delivering._settle_taken = die
    actions.deliver(stream_id=pk)
    os._exit(1)


def test_a_batch_that_kills_each_of_its_workers_is_put_aside(fresh_database, receiver, authority):
    stream = _stream(receiver, authority, 2)
    for _each in range(6):
        assert delivering.claim(stream.pk) is not None
        Stream.objects.update(leased_until=None)

    sent(stream)

    parked = Delivery.objects.parked().get()
    assert (parked.first, parked.last, parked.problem) == (1, 2, "No worker came back from sending it.")
    assert receiver.numbers == [3]


def test_a_worker_whose_lease_ran_out_settles_nothing(fresh_database, receiver, authority):
    stream = _stream(receiver, authority, 3)
    slow = delivering.claim(stream.pk)
    Stream.objects.update(leased_until=None)
    quick = delivering.claim(stream.pk)

    for outcome in (Outcome(), Outcome("It answered 500.")):
        with pytest.raises(ChangedMeanwhile):
            delivering.settle(slow, outcome)
    delivering.settle(quick, Outcome())

    assert quick.delivery.pk == slow.delivery.pk
    assert Stream.objects.get().cursor == 3


def test_a_stream_that_is_removed_while_it_is_sent_leaves_nothing(fresh_database, receiver, authority):
    stream = _stream(receiver, authority, 3)
    receiver.answer = lambda request: actions.remove_stream(stream=stream, by=stream.account.owner) or 200

    actions.deliver(stream_id=stream.pk)

    assert (Stream.objects.count(), Delivery.objects.count()) == (0, 0)


def test_a_stream_that_is_paused_while_it_is_sent_counts_what_was_taken(fresh_database, receiver, authority):
    stream = _stream(receiver, authority, 150)
    receiver.answer = lambda request: actions.pause_stream(stream=stream, by=stream.account.owner) and 200

    stream = sent(stream)

    assert (stream.state, stream.cursor) == ("paused", 100)
    assert receiver.numbers == list(range(1, 101))

"""Handing a batch over to the receiver: one try."""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from . import calling, messages
from .calling import BadAddress, NotReached
from .messages import Written
from .models import Delivery, Stream

GONE = 410  # by Standard Webhooks: the receiver wants nothing any more


class Outcome(NamedTuple):
    """How a try went: without a problem it was taken. `gone`: the receiver says that it wants nothing any more."""

    problem: str = ""
    gone: bool = False


def hand_over(stream: Stream, delivery: Delivery, events: Sequence[Written]) -> Outcome:
    """Try once, and say how it went."""
    try:
        if stream.is_webhook:
            return _post(stream, delivery, events)
        frames = messages.frames_of(stream, delivery, events)
        calling.hand_frames(stream.place, frames, authority=stream.authority)
    except (NotReached, BadAddress) as problem:
        return Outcome(str(problem)[:300])
    except LookupError:
        return Outcome(_("Its secret can’t be read any more. Make a new one."))
    return Outcome()


def _post(stream: Stream, delivery: Delivery, events: Sequence[Written]) -> Outcome:
    body = messages.body_of(stream, delivery, events)
    headers = messages.signed(stream, delivery, body)
    status = calling.post(stream.place, body, headers, authority=stream.authority)
    if 200 <= status < 300:
        return Outcome()
    if 300 <= status < 400:
        return Outcome(_("It answered %(status)d: it leads elsewhere, which is not followed.") % {"status": status})
    return Outcome(_("It answered %(status)d.") % {"status": status}, gone=status == GONE)

"""How often something is tried, when it is put aside, and how much there may be."""

import datetime as dt

PAUSES = [dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240)]  # between tries; then it is put aside
MOST_TRIES = len(PAUSES) + 1
STOPPED_AFTER = dt.timedelta(days=3)  # without anything taken, a stream pauses itself
MOST_STREAMS = 5  # of one account
MOST_EVENTS, MOST_BYTES = 100, 500_000  # of one batch; a single event is sent however long it is
FORMER_SECRET_FOR = dt.timedelta(hours=24)  # so long both secrets sign, so that a receiver can change over
KEPT_FOR = dt.timedelta(days=30)  # what was delivered stands on the page; what was put aside stays until it is decided
LEASE = dt.timedelta(minutes=3)  # longer than a task may run, so that two workers never hold one stream

"""Questions about a long chain that cost a few looks into an index, however many events it holds."""

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from django.db import connection

from .querysets import kind_of

_CHAIN = "(SELECT id FROM audit_chain WHERE kind = %(kind)s AND subject_id = %(subject)s)"
# Numbers have no gap, so between two bounds lie as many events as their numbers differ.
_REACHED = f"""
SELECT coalesce((SELECT number FROM audit_event WHERE chain_id = chain.id AND at >= bound ORDER BY at, number LIMIT 1),
                chain.length + 1)
FROM unnest(%(bounds)s::timestamptz[]) WITH ORDINALITY AS given (bound, place), audit_chain chain
WHERE chain.id = {_CHAIN} ORDER BY place
"""  # noqa: S608  # nosec B608  # made of constants
# From one name to the next in the index, over all events of the same between them.
_SENDERS = f"""
WITH RECURSIVE chain AS {_CHAIN}, found AS (
    (SELECT sent_by FROM audit_event WHERE chain_id = (SELECT id FROM chain) AND sent_by IS NOT NULL
     ORDER BY sent_by LIMIT 1)
    UNION ALL
    SELECT (SELECT sent_by FROM audit_event WHERE chain_id = (SELECT id FROM chain) AND sent_by > found.sent_by
            ORDER BY sent_by LIMIT 1)
    FROM found WHERE found.sent_by IS NOT NULL
)
SELECT sent_by FROM found WHERE sent_by IS NOT NULL
"""  # noqa: S608  # nosec B608  # likewise


def counts_between(subject: Any, bounds: Sequence[dt.datetime]) -> list[int]:
    """Return how many events the log of an account or a person holds from each bound to the next.

    Two acts at once may get their times in the one order and their numbers in the other: so next to a bound it may
    count one to the other side.
    """
    reached = [number for (number,) in _asked(_REACHED, subject, bounds=list(bounds))]
    return [max(following - number, 0) for number, following in pairwise(reached or [0] * len(bounds))]


def senders_in(subject: Any) -> list[str]:
    """Return on whose behalf somebody acted in the log of an account: organisations as they were spelt, by name."""
    return [name for (name,) in _asked(_SENDERS, subject)]


def _asked(question: str, subject: Any, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question, {"kind": kind_of(subject), "subject": subject.pk, **values})
        return cursor.fetchall()

"""Events, and other lists, as files: CSV that a spreadsheet opens without running anything (rule 18, AU9), and JSON."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .canonical import instant
from .models import Event
from .ocsf import as_ocsf

BOM = "\ufeff"  # without it, spreadsheets read UTF-8 as something else
# What makes a spreadsheet take a cell for a formula; the wide forms too, which some turn into the narrow ones.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False) if value else ""


# In this order; docs/activity-export.md says what each holds.
COLUMNS: dict[str, Callable[[Event], Any]] = {
    "number": lambda event: event.number,
    "time": lambda event: instant(event.at),
    "act": lambda event: event.name,
    "result": lambda event: event.result,
    "sentence": lambda event: event.sentence,
    "actor": lambda event: event.actor,
    "actor_kind": lambda event: event.actor_kind,
    "actor_id": lambda event: event.actor_id,
    "on_behalf_of": lambda event: event.behalf,
    "target": lambda event: event.target,
    "target_kind": lambda event: event.target_kind,
    "target_id": lambda event: event.target_id,
    "concerned_id": lambda event: event.about_id,
    "reason": lambda event: event.parts["reason"],
    "before": lambda event: _json(event.parts["before"]),
    "after": lambda event: _json(event.parts["after"]),
    "address": lambda event: event.parts["origin"]["address"],
    "user_agent": lambda event: event.parts["origin"]["agent"],
    "session": lambda event: event.parts["origin"]["session"],
    "request": lambda event: event.parts["origin"]["request"],
    "digest": lambda event: bytes(event.digest).hex(),
    "previous_hash": lambda event: bytes(event.previous).hex(),
    "hash": lambda event: bytes(event.hash).hex(),
    "canonical": lambda event: event.canonical,
    "actor_words": lambda event: event.actor_words,
    "target_words": lambda event: event.target_words,
}


def neutral(value: Any) -> str:
    """Return a cell's text; one that a spreadsheet would take for a formula is put behind an apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(DANGEROUS) or text.lstrip().startswith(DANGEROUS) else text


class _Line:
    """What csv writes to: it hands each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def csv_lines(events: Iterable[Event]) -> Iterator[bytes]:
    """Yield the log as a file, line by line."""
    return csv_of(COLUMNS, ([read(event) for read in COLUMNS.values()] for event in events))


def json_lines(events: Iterable[Event]) -> Iterator[bytes]:
    """Yield the log as JSON, an object on each line: what the columns hold, with before and after as they are.

    Nothing is put behind an apostrophe: programs read it.
    """
    for event in events:
        whole = {name: read(event) for name, read in COLUMNS.items()}
        yield _line({**whole, "before": event.parts["before"], "after": event.parts["after"]})


def ocsf_lines(events: Iterable[Event]) -> Iterator[bytes]:
    """Yield the log as OCSF events, one on each line."""
    for event in events:
        yield _line(as_ocsf(event))


def _line(value: Any) -> bytes:
    return f"{json.dumps(value, ensure_ascii=False)}\n".encode()


class FileOfEvents(NamedTuple):
    """A form in which the log leaves: its name in the record, what it is for, the file's ending and type, its lines."""

    name: str
    label: str | Promise
    ending: str
    type: str
    lines: Callable[[Iterable[Event]], Iterator[bytes]]


FILES = {
    "csv": FileOfEvents("CSV", _("CSV, for a spreadsheet"), "csv", "text/csv; charset=utf-8", csv_lines),
    "json": FileOfEvents("JSON Lines", _("JSON Lines, for a program"), "jsonl", "application/jsonl", json_lines),
    "ocsf": FileOfEvents("OCSF", _("OCSF, for a log system"), "ocsf.jsonl", "application/jsonl", ocsf_lines),
}


def csv_of(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[bytes]:
    """Yield a file line by line, the head first, in UTF-8, each cell neutralised. Nothing of it is kept."""
    writer = csv.writer(_Line())
    yield (BOM + writer.writerow(head)).encode()
    for row in rows:
        yield writer.writerow([neutral(cell) for cell in row]).encode()

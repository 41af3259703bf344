"""Reading a table out of a file that somebody saved from a spreadsheet: any of the usual separators, in UTF-8."""

import csv
import io
from collections import Counter
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.normalising import plain_name
from audit.exporting import DANGEROUS

LARGEST_FILE = 1024 * 1024  # bytes
MOST_ROWS = 5_000
MOST_COLUMNS = 50
LONGEST_CELL = 2_000  # letters; what is longer is cut, and is too long for any column that is read
LONGEST_NAME = 100  # of a column
SEPARATORS = ",;\t|"
LOOKED_AT = 20  # lines by which the separator is found


@dataclass(frozen=True, slots=True)
class Table:
    """The names of the columns, and the rows, each with its number as a spreadsheet counts."""

    head: list[str]
    rows: list[tuple[int, list[str]]]


def read_table(content: bytes) -> Table:
    """Return the table of a file. Raises ValidationError, in words for whoever chose the file."""
    lines = _lines(_text(content))
    if not lines:
        raise ValidationError(_("The file is empty."))
    width = max(len(cells) for _number, cells in lines)
    if width > MOST_COLUMNS:
        raise ValidationError(_("The file has more than %(most)d columns.") % {"most": MOST_COLUMNS})
    first = lines[0][1]
    has_head = not any("@" in cell for cell in first)
    rows = lines[1:] if has_head else lines
    if not rows:
        raise ValidationError(_("There is nothing below the names of the columns."))
    if len(rows) > MOST_ROWS:
        raise ValidationError(
            _("The file has more than %(most)d rows. Take them in several goes.") % {"most": MOST_ROWS}
        )
    named = first if has_head else []
    head = [_name(named[place] if place < len(named) else "", place) for place in range(width)]
    return Table(head, rows)


def _text(content: bytes) -> str:
    if len(content) > LARGEST_FILE:
        raise ValidationError(_("The file is larger than %(size)d KB.") % {"size": LARGEST_FILE // 1024})
    if content.startswith(b"PK\x03\x04"):
        raise ValidationError(
            _("This is a workbook. In the spreadsheet, save it as CSV (UTF-8), then choose that file.")
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ValidationError(_("This is no text in UTF-8. In the spreadsheet, save it as CSV (UTF-8)."))
    return text


def _lines(text: str) -> list[tuple[int, list[str]]]:
    """Return the rows that hold anything, each with its number."""
    separator, text = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    lines = []
    try:
        for number, cells in enumerate(reader, 1):
            kept = [_cell(cell) for cell in cells]
            if any(kept):
                lines.append((number, kept))
    except csv.Error:
        words = _(
            "The file can’t be read near line %(line)d: a quotation mark is not closed or stands alone, "
            "or a cell is far too long."
        )
        raise ValidationError(words % {"line": reader.line_num}) from None
    return lines


def _separator(text: str) -> tuple[str, str]:
    """Return the separator, and the text without a line that only names it, as Excel writes and reads it."""
    first, _end, rest = text.partition("\n")
    if first.rstrip("\r").lower() in {f"sep={sign}" for sign in SEPARATORS}:
        return first[4], rest
    counts = Counter(sign for line in text.splitlines()[:LOOKED_AT] for sign in line if sign in SEPARATORS)
    return max(SEPARATORS, key=lambda sign: counts[sign]), text


def _cell(text: str) -> str:
    """Return a cell without white space around it, and without the apostrophe that our own files put before some."""
    plain = text.strip()[:LONGEST_CELL]
    return plain[1:] if plain.startswith("'") and plain[1:].startswith(DANGEROUS) else plain


def _name(typed: str, place: int) -> str:
    return plain_name(typed)[:LONGEST_NAME] or _("Column %(number)d") % {"number": place + 1}

"""The list of members as a file: CSV line by line, or a workbook (rule 18)."""

import datetime as dt
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import xlsxwriter
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import BusinessAccount
from accounts.permissions import words_for
from audit.exporting import csv_of

from .access import standing_of
from .holdings import read_many
from .models import AssetGrant
from .querysets import MembershipQuerySet

CHUNK = 500  # rows that are read at once
WIDTHS = {
    "name": 28,
    "address": 34,
    "role": 16,
    "lasting_role": 16,
    "standing": 18,
    "organisation": 24,
    "sponsor": 24,
    "granted_assets": 60,
}  # in letters; others are short
SECOND_FACTOR = {True: gettext_lazy("on"), False: gettext_lazy("off")}

# In this order; docs/bulk.md says what each holds. The names of a CSV's columns stay the same in every language.
COLUMNS: dict[str, Callable[[Any], Any]] = {
    "name": lambda row: str(row.person),
    "address": lambda row: row.person.email,
    "role": lambda row: str(row.role),
    "standing": lambda row: str(standing_of(row)),
    "to_confirm": lambda row: _("yes") if row.waits_for_confirmation else _("no"),
    "second_factor": lambda row: str(SECOND_FACTOR[row.has_second_factor]),
    "joined": lambda row: row.joined_at,
    "ends": lambda row: row.ended_at or row.ends_at,
    "kind": lambda row: str(row.get_kind_display()),
    "organisation": lambda row: row.organisation,
    "sponsor": lambda row: str(row.sponsor or ""),
    "granted_assets": lambda row: "; ".join(row.granted),
    "role_until": lambda row: row.raised_until if row.is_raised else None,
    "lasting_role": lambda row: str(row.lasting_role),
}


def rows_of(members: MembershipQuerySet, account: BusinessAccount) -> Iterator[list[Any]]:
    """Yield the cells of each member in the order asked for; three queries for each chunk, whatever is in it."""
    ids = list(members.values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        wanted = ids[start : start + CHUNK]
        found = {row.pk: row for row in members.filter(pk__in=wanted)}
        chunk = [found[pk] for pk in wanted if pk in found]
        for row in chunk:
            row.account = account
        read_many([row for row in chunk if row.is_current], account)
        granted = _granted(wanted)
        for row in chunk:
            row.granted = granted[row.pk]
            yield [read(row) for read in COLUMNS.values()]


def csv_of_members(members: MembershipQuerySet, account: BusinessAccount) -> Iterator[bytes]:
    """Yield the list as a CSV file, line by line."""
    return csv_of(COLUMNS, ([_as_text(cell) for cell in row] for row in rows_of(members, account)))


def workbook_of_members(members: MembershipQuerySet, account: BusinessAccount) -> bytes:
    """Return the list as a workbook. Its cells are texts and times: none can be a formula, whatever it begins with."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet(_("Members"))
        bold = book.add_format({"bold": True})
        time = book.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"})
        for column, name in enumerate(COLUMNS):
            sheet.set_column(column, column, WIDTHS.get(name, 17))
            sheet.write_string(0, column, _heading(name), bold)
        number = 0
        for number, row in enumerate(rows_of(members, account), 1):
            for column, cell in enumerate(row):
                if isinstance(cell, dt.datetime):
                    sheet.write_datetime(number, column, cell.astimezone(dt.UTC).replace(tzinfo=None), time)
                else:
                    sheet.write_string(number, column, cell or "")
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, number, len(COLUMNS) - 1)
    return file.getvalue()


def _granted(membership_ids: Iterable[int]) -> dict[int, list[str]]:
    """Return what each member is granted on single assets that are in use, a text for each asset."""
    found: dict[int, dict[str, list[str]]] = defaultdict(dict)
    rows = AssetGrant.objects.filter(membership__in=membership_ids, content_object__archived_at=None)
    named = rows.order_by("content_object__name", "content_object_id", "permission__codename")
    for membership_id, asset, code in named.values_list(
        "membership_id", "content_object__name", "permission__codename"
    ):
        found[membership_id].setdefault(asset, []).append(words_for(code))
    texts = {pk: [f"{asset}: {', '.join(codes)}" for asset, codes in assets.items()] for pk, assets in found.items()}
    return defaultdict(list, texts)


def _as_text(cell: Any) -> Any:
    return cell.astimezone(dt.UTC).isoformat(timespec="seconds") if isinstance(cell, dt.datetime) else cell


def _heading(name: str) -> str:
    plain = capfirst(name.replace("_", " "))
    return f"{plain} (UTC)" if name in {"joined", "ends", "role_until"} else plain

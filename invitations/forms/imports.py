"""A list of people to invite: its file, its columns, what of it is shown."""

import re
from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms import FilterForm, PlainNameField, choices_of
from accounts.normalising import name_key, plain_name
from teams.models import Role

from ..models import Import, ImportRow
from .reading import LARGEST_FILE, Table, read_table

NAMES = {  # what columns are called, as far as letters and digits go
    "address": ["email", "emailaddress", "mail", "address", "emails", "adresse", "courriel", "correo"],
    "role": ["role", "rolle", "rol", "function"],
    "message": ["message", "note", "words", "nachricht"],
}
NAME_OF_FILE = re.compile(r"[^/\\]*\Z")


class UploadListForm(forms.Form):
    """The file."""

    upload = forms.FileField(
        label=_("A CSV file"),
        help_text=_("Up to 5,000 rows, with an e-mail address in each. From a spreadsheet: save it as CSV (UTF‑8)."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
        error_messages={"required": _("Choose a file."), "empty": _("The file is empty.")},
    )

    def clean_upload(self) -> Table:
        """Return the table in the file. Raises ValidationError for one that can't be read."""
        upload = self.cleaned_data["upload"]
        found = NAME_OF_FILE.search(upload.name or "")
        self.file_name = plain_name(found[0] if found else "")[:100] or "list.csv"
        return read_table(upload.read(LARGEST_FILE + 1))


class ColumnsForm(forms.Form):
    """What is read from which column, and what counts for rows that don't say."""

    address_column = forms.ChoiceField(
        label=_("Column with the e-mail addresses"),
        error_messages={"required": _("Choose the column with the e-mail addresses.")},
    )
    role_column = forms.ChoiceField(
        label=_("Column with the roles"), required=False, help_text=_("It names roles of this account, such as Editor.")
    )
    role = forms.ModelChoiceField(
        label=_("Role of rows that name none"),
        queryset=Role.objects.none(),
        to_field_name="code",
        required=False,
        empty_label=_("None: such rows are not invited"),
        error_messages={"invalid_choice": _("Choose a role that you can give.")},
    )
    message_column = forms.ChoiceField(label=_("Column with a few words for the mail"), required=False)
    message = forms.CharField(
        label=_("Words for rows that hold none"),
        required=False,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("They stand in the mail, as plain text."),
    )

    def __init__(self, *args: Any, listing: Import, roles: Sequence[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        columns = [(str(place), _numbered(listing.head, place)) for place in range(len(listing.head))]
        for name, nothing in (
            ("address_column", _("Choose a column")),
            ("role_column", _("In no column")),
            ("message_column", _("In no column")),
        ):
            cast("forms.ChoiceField", self.fields[name]).choices = [("", nothing), *columns]
        choices_of(self, "role").queryset = Role.objects.filter(pk__in=[role.pk for role in roles])

    def clean(self) -> dict[str, Any]:
        """Demand a role from somewhere, and each column for one thing only."""
        given = super().clean() or {}
        chosen = [given.get(f"{name}_column") for name in NAMES if given.get(f"{name}_column")]
        if len(chosen) > len(set(chosen)):
            raise ValidationError(_("Each column can be read as one thing only."))
        if not self.errors and not given.get("role_column") and not given.get("role"):
            self.add_error("role", _("Choose the column with the roles, or one role for all rows."))
        return given

    def columns(self) -> dict[str, int | None]:
        """Return the place of the column for each thing that is read."""
        given = self.cleaned_data
        return {name: int(given[f"{name}_column"]) if given[f"{name}_column"] else None for name in NAMES}


class StartImportForm(forms.Form):
    """A yes to what was shown."""

    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)


class ImportFilterForm(FilterForm):
    """Which rows of a list to show."""

    q = PlainNameField(label=_("Address"), required=False, max_length=100)
    state = forms.ChoiceField(required=False, choices=[("", ""), *ImportRow.Fate.choices], widget=forms.HiddenInput)


def columns_initial(listing: Import, example: Sequence[str]) -> dict[str, Any]:
    """Return what was chosen, or what the names of the columns, and a row of the file, make likely."""
    columns = listing.columns or guessed(listing.head, example)
    given = {f"{name}_column": "" if place is None else str(place) for name, place in columns.items()}
    return {**given, "role": listing.role.code if listing.role else None, "message": listing.message}


def guessed(head: Sequence[str], example: Sequence[str]) -> dict[str, int | None]:
    """Guess the columns by their names; the one with the addresses also by what stands in it."""
    keys = [name_key(name) for name in head]
    found = {
        name: next((place for place, key in enumerate(keys) if key in names), None) for name, names in NAMES.items()
    }
    with_address = next((place for place, cell in enumerate(example) if "@" in cell), None)
    if found["address"] is None and with_address not in {found["role"], found["message"]}:
        found["address"] = with_address
    return found


def _numbered(head: Sequence[str], place: int) -> str:
    """Return the name of a column, with its number where another is called the same."""
    name = head[place]
    return f"{name} ({place + 1})" if list(head).count(name) > 1 else name

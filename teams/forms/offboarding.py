"""Whose access ends, and why."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms import AddressesField, choices_of

from ..models import Membership, Receipt
from .reasons import ReasonField

MOST_AT_ONCE = 200  # people whose access one list ends
LARGEST_FILE = 256 * 1024  # bytes of such a list
CHANGED = {"invalid_choice": _("This has changed since you opened the page. Please look again.")}


class OffboardForm(forms.Form):
    """Why a person's access ends, and which other memberships end with it: only such as the page has shown."""

    also = forms.ModelMultipleChoiceField(
        queryset=Membership.objects.none(),
        required=False,
        widget=forms.MultipleHiddenInput,
        error_messages=CHANGED,
    )
    reason = ReasonField(
        required=True,
        label=_("Why"),
        help_text=_("It stands in the log and on the receipt. The person is not told."),
        error_messages={"required": _("Say why, for those who ask later.")},
    )

    def __init__(self, *args: Any, others: Sequence[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "also").queryset = Membership.objects.current().filter(pk__in=[row.pk for row in others])


class BringBackForm(forms.Form):
    """Which other receipts of the same offboarding are undone too: only such as the page has shown."""

    also = forms.ModelMultipleChoiceField(
        queryset=Receipt.objects.none(),
        required=False,
        widget=forms.MultipleHiddenInput,
        error_messages=CHANGED,
    )

    def __init__(self, *args: Any, others: Sequence[Receipt], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "also").queryset = Receipt.objects.filter(pk__in=[row.pk for row in others])


class OffboardManyForm(forms.Form):
    """Whose access ends, pasted or from a file, and why."""

    addresses = AddressesField(
        most=MOST_AT_ONCE,
        label=_("E-mail addresses"),
        help_text=_("Between commas, spaces or lines."),
        required=False,
        max_length=50_000,
    )
    upload = forms.FileField(
        label=_("Or a file"),
        help_text=_("CSV or text, from a staff list, say. Whatever in it is an e-mail address counts."),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
    )
    everywhere = forms.BooleanField(label=_("Also in every other account that I administer"), required=False)
    reason = ReasonField(
        required=True,
        label=_("Why"),
        help_text=_("It stands in the log and on each receipt. Nobody is told."),
        error_messages={"required": _("Say why, for those who ask later.")},
    )

    def clean_upload(self) -> list[str]:
        """Return the addresses in the file. Raises ValidationError for one that is too large or no text."""
        upload = self.cleaned_data["upload"]
        if upload is None:
            return []
        if upload.size > LARGEST_FILE:
            raise ValidationError(_("The file is larger than %(size)d KB.") % {"size": LARGEST_FILE // 1024})
        try:
            text = upload.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text:
            raise ValidationError(_("This is no text file. Save the list as CSV (UTF-8), then choose it again."))
        words = re.split(r"""[\s,;"'<>]+""", text)
        return list(dict.fromkeys(word for word in words if "@" in word))[: MOST_AT_ONCE + 1]  # one more tells it

    def clean(self) -> dict[str, Any]:
        """Put what was pasted and what the file holds into one list, each address once."""
        given = super().clean() or {}
        if self.errors:
            return given
        typed = [entry.typed for entry in given["addresses"]]
        try:
            given["addresses"] = self.fields["addresses"].clean("\n".join([*typed, *given["upload"]]))
        except ValidationError as problem:
            self.add_error("upload" if given["upload"] else "addresses", problem)
            return given
        if not given["addresses"]:
            self.add_error("addresses", _("Paste the addresses, or choose a file that holds some."))
        return given

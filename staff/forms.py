"""What the staff types: a reason, and what a list is narrowed to."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.actions import LONGEST_REASON


class ReasonForm(forms.Form):
    """Why the staff does it, in words for whom it concerns. Whether they are enough is the action's to say."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("A few words that the other side understands: what was asked, and by whom."),
    )


class ListForm(forms.Form):
    """The filter of a list: its search, and a choice for each of `filters` (as the admin's list knows them)."""

    def __init__(self, data: Any, *, search: str, filters: Iterable[Any]) -> None:
        super().__init__(data)
        if search:
            self.fields["q"] = forms.CharField(label=search, required=False)
        for spec in filters:
            choices = [("", str(spec.title).capitalize()), *spec.lookup_choices]
            self.fields[spec.parameter_name] = forms.ChoiceField(label=spec.title, required=False, choices=choices)

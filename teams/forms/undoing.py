"""Whose changes are undone, and how far back."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import Person

from ..undoing import HOURS
from .reasons import ReasonField


def _hours() -> list[tuple[int, Any]]:
    return [
        (hours, ngettext_lazy("the last hour", "the last %(hours)d hours", hours) % {"hours": hours}) for hours in HOURS
    ]


class PersonChoice(forms.ModelChoiceField):
    """Somebody who did something in the account lately."""

    def label_from_instance(self, obj: Any) -> str:
        """Return name and address."""
        return f"{obj} · {obj.email}"


class WhoseChangesForm(forms.Form):
    """Whose changes, and how far back. `actors` are the people who did anything in the longest span."""

    person = PersonChoice(label=_("Whose changes"), queryset=Person.objects.none(), empty_label=None)
    hours = forms.TypedChoiceField(label=_("How far back"), choices=_hours, coerce=int, initial=24)

    def __init__(self, *args: Any, actors: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("PersonChoice", self.fields["person"]).queryset = actors


class UndoForm(forms.Form):
    """The yes to what a page showed."""

    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)
    reason = ReasonField()

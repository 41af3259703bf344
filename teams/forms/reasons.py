"""Why an act is done."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class ReasonField(forms.CharField):
    """Why an act is done, for the log; a line or two."""

    def __init__(self, **kwargs: Any) -> None:
        words = {
            "label": _("Reason"),
            "help_text": _("It stands in the log, for those who ask later."),
            "required": False,
            "max_length": 500,
            "widget": forms.Textarea(attrs={"rows": 2}),
        }
        super().__init__(**{**words, **kwargs})


class ReasonForm(forms.Form):
    """A confirmation that takes a reason."""

    reason = ReasonField()

"""Which members of the team page an act is about."""

from typing import cast

from django import forms
from django.http import QueryDict

from .members import TeamFilterForm

MOST_SELECTED = 200  # members that one selection takes in
LONGEST_ID = 18  # digits; longer ones are no id of ours


class SelectionForm(TeamFilterForm):
    """Ticked members, or all that a filter shows. What is no id reads as not ticked."""

    all = forms.BooleanField(required=False)

    def takes_all(self) -> bool:
        """Say whether all that the filter shows are meant, whichever page they are on."""
        return bool(self.wanted()["all"])

    def ids(self) -> list[int]:
        """Return the ids that are ticked, each once; whether there are such members is not known here."""
        typed = cast("QueryDict", self.data).getlist("member")
        return list({int(text): None for text in typed if text.isdecimal() and len(text) <= LONGEST_ID})

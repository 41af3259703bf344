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
        return ids_in(cast("QueryDict", self.data), "member")


def ids_in(data: QueryDict, name: str) -> list[int]:
    """Return the ids that were sent under a name, each once; what is no id reads as not sent."""
    return list({int(text): None for text in data.getlist(name) if text.isdecimal() and len(text) <= LONGEST_ID})

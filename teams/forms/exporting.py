"""Which members to export, and as what."""

from django import forms
from django.utils.translation import gettext_lazy as _

from ..models import Kind
from .members import STATES, TeamFilterForm

KINDS = {"csv": _("CSV, for any program"), "xlsx": _("Excel workbook (XLSX)")}


class ExportMembersForm(TeamFilterForm):
    """The filter of the team page, and the kind of the file."""

    format = forms.ChoiceField(
        label=_("As"), required=False, choices=list(KINDS.items()), widget=forms.RadioSelect, initial="csv"
    )

    def kind_of_file(self) -> str:
        """Return the kind of file that is wanted."""
        return self.wanted()["format"] or "csv"

    def in_words(self) -> dict[str, str]:
        """Return how the list is narrowed, by label, as the page and the record of the export tell it."""
        wanted = self.wanted()
        words = {str(self.fields["q"].label): wanted["q"], str(self.fields["role"].label): str(wanted["role"])}
        kind = Kind(wanted["kind"]).label if wanted["kind"] else ""
        words[str(self.fields["kind"].label)] = str(kind)
        words[str(_("Shown"))] = str(STATES[wanted["state"]]) if wanted["state"] else ""
        return {label: text for label, text in words.items() if text}

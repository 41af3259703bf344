"""Which people of one's accounts to list."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import FilterForm, PlainNameField

from ..models import Kind

PEOPLE_STATES = {
    "": _("Everybody"),
    "several": _("In several accounts"),
    "no_second_factor": _("No second factor"),
    "ends_soon": _("Ends soon"),
}
SORTS = ["name", "-name", "accounts", "-accounts", "ends", "-ends", "seen", "-seen"]


class PeopleFilterForm(FilterForm):
    """Which people to list, and in which order."""

    q = PlainNameField(label=_("Name, address or organisation"), required=False, max_length=100)
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("Any kind")), *((kind.value, kind.label) for kind in Kind)]
    )
    state = forms.ChoiceField(required=False, choices=list(PEOPLE_STATES.items()), widget=forms.HiddenInput)
    sort = forms.ChoiceField(required=False, choices=[(sort, sort) for sort in SORTS], widget=forms.HiddenInput)

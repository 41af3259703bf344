"""The list of the team, and what is changed about one member."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import FilterForm, PlainNameField, choices_of
from accounts.models import BusinessAccount

from ..models import Kind, Role
from .reasons import ReasonForm
from .roles import RoleFilterField
from .terms import SPANS, EndField

STATES = {
    "": _("All current"),
    "active": _("With access"),
    "blocked": _("Blocked by policy"),
    "to_confirm": _("To confirm"),
    "no_second_factor": _("No second factor"),
    "ends_soon": _("Ends soon"),
    "run_out": _("Run out"),
    "no_sponsor": _("Without a sponsor"),
    "no_end": _("From outside, without an end"),
    "quiet": _("Not here for 90 days"),
    "unused": _("Unused powers"),
    "suspended": _("Suspended"),
    "ended": _("Ended"),
}
SORTS = ["name", "-name", "role", "-role", "joined", "-joined", "ends", "-ends"]


class TeamFilterForm(FilterForm):
    """Which members to list, and in which order."""

    q = PlainNameField(label=_("Name or address"), required=False, max_length=100)
    role = RoleFilterField()
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("Any kind")), *((kind.value, kind.label) for kind in Kind)]
    )
    state = forms.ChoiceField(required=False, choices=list(STATES.items()), widget=forms.HiddenInput)
    sort = forms.ChoiceField(required=False, choices=[(sort, sort) for sort in SORTS], widget=forms.HiddenInput)

    def __init__(self, *args: Any, account: BusinessAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "role").queryset = Role.objects.ever_of(account)


class ChangeRoleForm(ReasonForm):
    """Another role for a member, lastingly. What may not be given is refused by the action, with the reason."""

    role = forms.ModelChoiceField(
        label=_("Role"),
        queryset=Role.objects.none(),
        to_field_name="code",
        error_messages={"required": _("Choose a role."), "invalid_choice": _("Choose one of the roles below.")},
    )
    field_order = ["role", "reason"]

    def __init__(self, *args: Any, account: BusinessAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "role").queryset = Role.objects.of(account)


class ChangeRoleUntilForm(ChangeRoleForm):
    """Another role for a member, lastingly or until a moment."""

    ends_at = EndField(label=_("For how long"), spans={**SPANS, "": _("For good")})
    seen = forms.CharField(required=False, max_length=24, widget=forms.HiddenInput)  # the use that a proposal rests on
    field_order = ["role", "ends_at", "reason"]

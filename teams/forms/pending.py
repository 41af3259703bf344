"""Deciding about acts that wait, and what an account asks of a second person."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.forms import FilterForm, PlainNameField
from accounts.sensitive import SensitiveAct

from ..models import SecondPerson, Way
from .reasons import ReasonField

APPROVAL_STATES = {
    "": _("Waiting"),
    "done": _("Done"),
    "failed": _("Failed"),
    "cancelled": _("Cancelled"),
    "expired": _("Expired"),
}


class ApprovalFilterForm(FilterForm):
    """Which acts to list."""

    q = PlainNameField(label=_("Name or address"), required=False, max_length=100)
    state = forms.ChoiceField(required=False, choices=list(APPROVAL_STATES.items()), widget=forms.HiddenInput)


class DecideForm(forms.Form):
    """What is done with an act that waits, and why it is cancelled."""

    decision = forms.ChoiceField(
        choices=[("approve", ""), ("cancel", ""), ("do", "")],
        widget=forms.HiddenInput,
        error_messages={
            "required": _("Approve it, cancel it, or leave it open."),
            "invalid_choice": _("Approve it, cancel it, or leave it open."),
        },
    )
    reason = ReasonField(required=False)


class SecondPersonForm(forms.Form):
    """For each kind of act, what is asked beside who acts; and how long what is delayed waits."""

    hours = forms.IntegerField(
        label=_("Hours that a delayed act waits"), min_value=1, max_value=24 * 14,
        help_text=_("So long it can be cancelled. What waits already keeps its time."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for act in SensitiveAct:
            self.fields[f"way_{act.value}"] = forms.ChoiceField(
                label=capfirst(str(act.label)), choices=[(way.value, capfirst(str(way.label))) for way in Way]
            )
        self.fields["way_ownership"].help_text = _("Of these, the offer. A claim has a wait of its own.")
        self.order_fields([*(f"way_{act.value}" for act in SensitiveAct), "hours"])

    @staticmethod
    def initial_of(rules: dict[str, SecondPerson]) -> dict[str, Any]:
        """Return what the form shows of the present rules, by kind of act."""
        ways = {f"way_{act}": rule.way for act, rule in rules.items()}
        return {**ways, "hours": max(rule.hours for rule in rules.values())}

    def rules(self) -> dict[str, list[Any]]:
        """Return way and hours for each kind of act."""
        given = self.cleaned_data
        return {act.value: [given[f"way_{act.value}"], given["hours"]] for act in SensitiveAct}

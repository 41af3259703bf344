"""What is typed about access reviews."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms import FilterForm, PlainNameField, choices_of
from accounts.models import Asset, BusinessAccount
from teams.forms.reasons import ReasonField
from teams.models import Membership, Role

from . import policies
from .models import Decision, Every, Rule, Scope, Silence

CAMPAIGN_STATES = {"": _("All"), "running": _("Running"), "closed": _("Closed")}
ITEM_STATES = {
    "": _("All"),
    "undecided": _("To decide"),
    "keep": _("Keep"),
    "reduce": _("Reduce"),
    "end": _("End"),
    "suspend": _("Suspended by silence"),
    "open": _("Not carried out"),
    "carried": _("Carried over"),
}
LONGEST_TOKEN = 300
FARTHEST = dt.timedelta(days=366)


class DaysField(forms.IntegerField):
    """How long reviewers have."""

    def __init__(self, **kwargs: Any) -> None:
        words = {
            "label": _("Days to decide"),
            "min_value": policies.SHORTEST,
            "max_value": policies.LONGEST,
            "initial": 14,
            "help_text": _("Reviewers are reminded 7 days and a day before the end."),
        }
        super().__init__(**{**words, **kwargs})


class HowForm(forms.Form):
    """Who reviews, how long, and what becomes of silence."""

    rule = forms.ChoiceField(
        label=_("Who reviews"),
        choices=Rule.choices,
        initial=Rule.SPONSOR,
        help_text=_("Nobody reviews themselves; where nobody fits, an administrator or the owner does."),
    )
    days = DaysField()
    silence = forms.ChoiceField(
        label=_("If nobody decides in time"),
        choices=Silence.choices,
        initial=Silence.SUSPEND,
        help_text=_("A suspension keeps role and grants, and one click restores it."),
    )


class StartForm(HowForm):
    """A new review."""

    name = PlainNameField(label=_("Name"), max_length=100, help_text=_("As it stands in mails and in the report."))
    scope = forms.ChoiceField(label=_("Whose access"), choices=Scope.choices, initial=Scope.ALL)
    role = forms.ModelChoiceField(
        label=_("Which role"),
        queryset=Role.objects.none(),
        to_field_name="code",
        required=False,
        empty_label=_("Choose a role"),
    )
    asset = forms.ModelChoiceField(
        label=_("Which asset"), queryset=Asset.objects.none(), required=False, empty_label=_("Choose an asset")
    )
    field_order = ["name", "scope", "role", "asset", "rule", "days", "silence"]

    def __init__(self, *args: Any, account: BusinessAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "role").queryset = Role.objects.of(account)
        choices_of(self, "asset").queryset = Asset.objects.in_use().of(account)

    def clean(self) -> dict[str, Any]:
        """Ask for the role or the asset that the scope names, and drop the other."""
        cleaned = super().clean() or self.cleaned_data
        for name, scope in (("role", Scope.ROLE), ("asset", Scope.ASSET)):
            if cleaned.get("scope") != scope:
                cleaned[name] = None
            elif not cleaned.get(name) and name not in self.errors:
                self.add_error(name, _("Choose one, since the review is about it."))
        return cleaned


class ScheduleForm(HowForm):
    """How often a review starts by itself."""

    every = forms.ChoiceField(
        label=_("Starts by itself"), required=False, choices=[*Every.choices, ("", _("never"))], initial=Every.QUARTER
    )
    next_on = forms.DateField(
        label=_("The next one on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Left empty: tomorrow."),
    )
    field_order = ["every", "next_on", "rule", "days", "silence"]

    def clean_next_on(self) -> dt.date | None:
        """Return the day. Raises ValidationError for one that has come, or lies more than a year ahead."""
        day = self.cleaned_data["next_on"]
        today = timezone.localdate()
        if day is not None and not today < day <= today + FARTHEST:
            raise ValidationError(_("Choose a day from tomorrow on, within a year."), code="day")
        return day


class DecisionForm(forms.Form):
    """What a reviewer decides on one access; `seen` and `opened` say what the page showed, and since when."""

    decision = forms.ChoiceField(
        choices=[(code.value, code.label) for code in (Decision.KEEP, Decision.REDUCE, Decision.END)],
        error_messages={"required": _("Keep, reduce or end: choose one.")},
    )
    reduce_to = forms.ModelChoiceField(
        label=_("Reduce to"), queryset=Role.objects.none(), to_field_name="code", required=False, empty_label=None
    )
    reason = ReasonField(help_text=_("Optional. It stands in the log and in the report."))
    seen = forms.CharField(required=False, max_length=2_000, widget=forms.HiddenInput)
    opened = forms.CharField(required=False, max_length=LONGEST_TOKEN, widget=forms.HiddenInput)

    def __init__(self, *args: Any, smaller: list[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Role.objects.filter(pk__in=[role.pk for role in smaller])
        choices_of(self, "reduce_to").queryset = rows.order_by("position", "name", "pk")


class KeepRestForm(forms.Form):
    """Why all that is left can be kept."""

    reason = ReasonField(
        label=_("Why all of them can be kept"),
        required=True,
        help_text=_("It stands in the report, which marks what was kept together."),
    )


class ReviewerField(forms.ModelChoiceField):
    """A member who can review."""

    def label_from_instance(self, obj: Membership) -> str:
        """Return name and role."""
        return f"{obj.person} · {obj.role}"


class ReassignForm(forms.Form):
    """Who reviews an access instead."""

    reviewer = ReviewerField(
        label=_("Who reviews it"), queryset=Membership.objects.none(), empty_label=_("Choose a member")
    )

    def __init__(self, *args: Any, members: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "reviewer").queryset = members


class CampaignFilterForm(FilterForm):
    """Which reviews to list."""

    q = PlainNameField(label=_("Name of the review"), required=False, max_length=100)
    state = forms.ChoiceField(required=False, choices=list(CAMPAIGN_STATES.items()), widget=forms.HiddenInput)


class ItemFilterForm(FilterForm):
    """Which accesses of a review to list."""

    q = PlainNameField(label=_("Name or address"), required=False, max_length=100)
    state = forms.ChoiceField(required=False, choices=list(ITEM_STATES.items()), widget=forms.HiddenInput)

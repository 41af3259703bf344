"""What is typed about alerts and rules."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.forms import FilterForm, PlainNameField
from teams.forms import ReasonField

from .happenings import Rule, Severity, Tuned
from .policies import MUTES
from .rules import RULES

STATES = {"": _("Open"), "acknowledged": _("Acknowledged"), "all": _("All")}


class AlertFilterForm(FilterForm):
    """Which alerts to list."""

    q = PlainNameField(label=_("Person, rule or note"), required=False, max_length=100)
    severity = forms.ChoiceField(
        label=_("Severity"), required=False, choices=[("", _("Any severity")), *Severity.choices]
    )
    rule = forms.ChoiceField(
        label=_("Rule"),
        required=False,
        choices=[("", _("Any rule")), *((code, one.name) for code, one in RULES.items())],
    )
    state = forms.ChoiceField(required=False, choices=list(STATES.items()), widget=forms.HiddenInput)


def rules_matching(text: str) -> list[str]:
    """Return the codes of the rules whose name holds a text."""
    return [code for code, rule in RULES.items() if text and text.casefold() in str(rule.name).casefold()]


class AcknowledgeForm(forms.Form):
    """What came of looking at an alert."""

    note = ReasonField(
        label=_("What you found"), required=True, help_text=_("It stands beside the alert and in the log.")
    )


class TuneForm(forms.Form):
    """The numbers of one rule, each within its bounds."""

    def __init__(self, *args: Any, rule: Rule, tuned: Tuned, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for tunable in rule.tunables:
            words = _("%(help)s From %(least)d to %(most)d, usually %(usual)d.")
            self.fields[tunable.code] = forms.IntegerField(
                label=str(tunable.label),
                help_text=words % {**{name: getattr(tunable, name) for name in ("help", "least", "most", "usual")}},
                min_value=tunable.least,
                max_value=tunable.most,
                initial=tuned[tunable.code],
            )


class MuteForm(forms.Form):
    """For how long a rule says nothing, and why."""

    days = forms.TypedChoiceField(
        label=_("For"),
        coerce=int,
        choices=[(days, ngettext_lazy("%d day", "%d days", days) % days) for days in MUTES],
    )
    reason = ReasonField()

    def until(self) -> dt.datetime:
        """Return when it ends."""
        return timezone.now() + dt.timedelta(days=self.cleaned_data["days"])

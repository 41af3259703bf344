"""What people type to narrow a log."""

import datetime as dt
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.forms import FilterForm, PlainNameField
from accounts.models import BusinessAccount
from audit.events import Act, all_acts
from audit.models import Event
from audit.querysets import Narrowing
from teams.models import Membership

RISKS = {
    "no_factor": _("I lack the second factor"),
    "ends": _("My access ends soon"),
    "alone": _("Only one administers"),
    "without_factor": _("People without second factor"),
}
LARGEST_ID = 2**63 - 1
FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2200, 1, 1)  # beyond, zones and databases disagree on what a day is
GROUPS = {
    "access": _("Refused pages"),
    "account": _("Account"),
    "asset": _("Assets"),
    "asset_group": _("Groups of assets"),
    "audit": _("The log"),
    "engagement": _("Engagements"),
    "grants": _("Asset grants"),
    "invitation": _("Invitations"),
    "login": _("Shared logins"),
    "mail": _("Mails"),
    "member": _("Members"),
    "ownership": _("Ownership"),
    "people_group": _("Groups of people"),
    "role": _("Roles"),
}
NOT_IN_AN_ACCOUNT = {"person"}  # signing in and the like stands in each person's own chain
TARGET_KINDS = {
    "account": _("The account"),
    "membership": _("A member"),
    "invitation": _("An invitation"),
    "import": _("A list of people to invite"),
    "asset": _("An asset"),
    "asset_group": _("A group of assets"),
    "people_group": _("A group of people"),
    "engagement": _("An engagement"),
    "role": _("A role"),
    "ownershipoffer": _("An offer of ownership"),
    "shared_login": _("A shared login"),
    "notice": _("A notice"),
}


def acts_of_accounts() -> list[Act]:
    """Return the acts that an account's log can hold, by name."""
    return [act for act in all_acts() if act.group not in NOT_IN_AN_ACCOUNT]


def _act_choices() -> list[Any]:
    choices: list[Any] = [("", _("Any act"))]
    for group, grouped in groupby(acts_of_accounts(), key=lambda act: act.group):
        acts = list(grouped)
        name = GROUPS.get(group, capfirst(group))
        labels = [str(act.label) for act in acts]
        options = [(f"{group}.", _("%(group)s: all") % {"group": name})] if len(acts) > 1 else []
        for act, label in zip(acts, labels, strict=True):
            plain = act.name.partition(".")[2].replace("_", " ")
            options.append((act.name, capfirst(f"{label} ({plain})" if labels.count(label) > 1 else label)))
        choices.append((name, options))
    return choices


class ActivityFilter(forms.Form):
    """What of an account's log is wanted. What can't be understood is left out, and the page says so."""

    q = forms.CharField(label=_("Person by name or address"), required=False, max_length=100)
    act = forms.ChoiceField(label=_("Act"), required=False, choices=_act_choices)
    kind = forms.ChoiceField(
        label=_("What it was about"), required=False, choices=[("", _("About anything")), *TARGET_KINDS.items()]
    )
    result = forms.ChoiceField(
        label=_("Result"), required=False, choices=[("", _("Any result")), *Event.Result.choices]
    )
    since = forms.DateField(
        label=_("From"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
    )
    until = forms.DateField(
        label=_("To"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
    )
    person = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID, widget=forms.HiddenInput)
    target = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID, widget=forms.HiddenInput)

    def __init__(self, *args: Any, account: BusinessAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        self.people: tuple[int, ...] | None = None

    def clean(self) -> dict[str, Any]:
        """Find the people of this account whom the search means; no other account's."""
        wanted = super().clean() or {}
        text = wanted.get("q")
        if text:
            rows = Membership.objects.filter(account=self.account).matching(text)
            self.people = tuple(sorted(set(rows.values_list("person_id", flat=True))))
        elif wanted.get("person"):
            self.people = (wanted["person"],)
        return wanted

    def understood(self) -> Mapping[str, Any]:
        """Return the values that make sense; made with a query, be it empty, so there is always an answer."""
        self.is_valid()
        return self.cleaned_data

    def narrowing(self) -> Narrowing:
        """Return what is wanted, as far as it was understood."""
        wanted = self.understood()
        until, kind = wanted.get("until"), wanted.get("kind", "")
        return Narrowing(
            people=self.people,
            names=_names(wanted.get("act", "")),
            target_kind=kind,
            target_id=wanted.get("target") if kind else None,
            result=wanted.get("result", ""),
            start=_midnight(wanted.get("since")),
            end=_midnight(until + dt.timedelta(days=1)) if until else None,
        )

    def in_words(self) -> dict[str, str]:
        """Return what is wanted, by label, as the page and the record of an export tell it."""
        words = {}
        for name, value in self.understood().items():
            if value in (None, ""):
                continue
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                words[str(field.label)] = _label_of(field, value)
            elif name not in {"person", "target"}:
                words[str(field.label)] = value.isoformat() if isinstance(value, dt.date) else value
        return words

    @property
    def is_narrowed(self) -> bool:
        """Whether anything was asked for."""
        return any(value not in (None, "") for value in self.understood().values())


def _label_of(field: forms.ChoiceField, chosen: str) -> str:
    choices: Any = field.choices
    for value, label in choices:
        options = label if isinstance(label, list) else [(value, label)]  # a group holds its own choices
        for code, words in options:
            if code == chosen:
                return str(words)
    return chosen


def _names(choice: str) -> tuple[str, ...]:
    if choice.endswith("."):
        return tuple(act.name for act in acts_of_accounts() if act.group == choice[:-1])
    return (choice,) if choice else ()


def _midnight(day: dt.date | None) -> dt.datetime | None:
    """Return when a day begins in the reader's zone."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time())) if day else None


class SearchForm(forms.Form):
    """One search box over one's own accounts."""

    q = forms.CharField(label=_("Name of an account"), required=False, max_length=100)
    show = forms.CharField(required=False, max_length=10, widget=forms.HiddenInput)

    def text(self) -> str:
        """Return what is searched for; what can't be understood is no search."""
        return self.cleaned_data["q"] if self.is_valid() else ""


PORTFOLIO_STATES = {
    "": _("All"),
    "managed": _("I administer"),
    "todo": _("Something waits"),
    "risk": _("At risk"),
}
PORTFOLIO_SORTS = [minus + name for name in ("name", "role", "ends", "waiting", "seen") for minus in ("", "-")]


class PortfolioForm(FilterForm):
    """Which of one's own accounts to list, and in which order."""

    q = PlainNameField(label=_("Name of an account"), required=False, max_length=100)
    risk = forms.ChoiceField(label=_("Risk"), required=False, choices=[("", _("Any risk")), *RISKS.items()])
    state = forms.ChoiceField(required=False, choices=list(PORTFOLIO_STATES.items()), widget=forms.HiddenInput)
    sort = forms.ChoiceField(
        required=False, choices=[(sort, sort) for sort in PORTFOLIO_SORTS], widget=forms.HiddenInput
    )


class PlaceForm(forms.Form):
    """A place in an endless list: older than one row, or newer than one. Nonsense is the newest page."""

    before = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    after = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)

    def place(self) -> tuple[int | None, int | None]:
        """Return (before, after), as far as they were understood."""
        self.is_valid()
        known = self.cleaned_data
        return known.get("before"), known.get("after")

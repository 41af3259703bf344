"""What people type to narrow a log."""

import datetime as dt
from collections.abc import Mapping
from itertools import groupby
from typing import Any, cast

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.forms import FilterForm, PlainNameField, PlainSelect, choices_of
from accounts.models import Asset, BusinessAccount
from accounts.permissions import PERMISSIONS
from audit.events import Act, all_acts
from audit.exporting import FILES
from audit.models import Event
from audit.probing import senders_in
from audit.querysets import OWN_PEOPLE, PORTAL, Narrowing, words_in
from teams.engagements import key_of
from teams.models import Membership

from .models import LogExport

RISKS = {
    "no_factor": _("I lack the second factor"),
    "ends": _("My access ends soon"),
    "alone": _("Only one administers"),
    "without_factor": _("People without second factor"),
}
LARGEST_ID = 2**63 - 1
MOST_ASSETS = 200  # can be chosen from; more would make a page of their own
FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2200, 1, 1)  # beyond, zones and databases disagree on what a day is
GROUPS = {
    "access": _("Refused pages"),
    "account": _("Account"),
    "alert": _("Alerts"),
    "asset": _("Assets"),
    "asset_group": _("Groups of assets"),
    "audit": _("The log"),
    "billing": _("Billing"),
    "engagement": _("Engagements"),
    "grants": _("Asset grants"),
    "invitation": _("Invitations"),
    "login": _("Shared logins"),
    "mail": _("Mails"),
    "member": _("Members"),
    "ownership": _("Ownership"),
    "people_group": _("Groups of people"),
    "record": _("The record"),
    "review": _("Access reviews"),
    "role": _("Roles"),
    "second_person": _("Second person"),
    "stream": _("Log streams"),
    "watch": _("Rules of watching"),
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
    "pending_act": _("An act that waits for a second person"),
    "shared_login": _("A shared login"),
    "review": _("An access review"),
    "review_item": _("An access under review"),
    "notice": _("A notice"),
    "stream": _("A log stream"),
    "log_export": _("An export of the log"),
    "alert": _("An alert"),
}


def _day_field(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
    )


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


class AsOfForm(FilterForm):
    """Which day is asked about, and what of it; `against` is another day to compare it with."""

    q = PlainNameField(label=_("Person by name or address"), required=False, max_length=100)
    permission = forms.ChoiceField(
        label=_("Who could"),
        required=False,
        choices=lambda: [("", _("Anything")), *((row.code, capfirst(str(row.words))) for row in PERMISSIONS.values())],
    )
    asset = forms.ModelChoiceField(
        Asset.objects.none(), label=_("Asset"), required=False, empty_label=_("The account and any asset")
    )
    day = _day_field(_("At the end of"))
    against = _day_field(_("Compared with"))

    def __init__(self, *args: Any, account: BusinessAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "asset").queryset = Asset.objects.of(account).order_by("name", "pk")

    def moment(self, name: str) -> dt.datetime | None:
        """Return the end of a day in the reader's zone, and now for today; None where no day is given."""
        day = self.wanted()[name]
        end = _midnight(day + dt.timedelta(days=1)) if day else None
        return min(end, timezone.now()) if end else None


class EvidenceForm(forms.Form):
    """Of which period a pack is: from the beginning, and until now, where no day is given."""

    since = _day_field(_("From"))
    until = _day_field(_("To"))

    def clean(self) -> dict[str, Any]:
        """Demand that the one day is not after the other."""
        given = super().clean() or {}
        since, until = given.get("since"), given.get("until")
        if since and until and until < since:
            self.add_error("until", _("This day lies before the first one."))
        return given

    def narrowing(self) -> Narrowing:
        """Return the period."""
        until = self.cleaned_data["until"]
        end = _midnight(until + dt.timedelta(days=1)) if until else None
        return Narrowing(start=_midnight(self.cleaned_data["since"]), end=end)

    def in_words(self) -> dict[str, str]:
        """Return the period by label, as the record tells it."""
        fields = ((self.fields[name].label, self.cleaned_data[name]) for name in ("since", "until"))
        return {str(label): day.isoformat() for label, day in fields if day}


class ActivityFilter(forms.Form):
    """What of an account's log is wanted. What can't be understood is left out, and the page says so."""

    words = forms.CharField(label=_("Words in the log"), required=False, max_length=200)
    q = forms.CharField(label=_("Person by name or address"), required=False, max_length=100)
    act = forms.ChoiceField(label=_("Act"), required=False, choices=_act_choices, widget=PlainSelect)
    kind = forms.ChoiceField(
        label=_("What it was about"),
        required=False,
        choices=[("", _("About anything")), *TARGET_KINDS.items()],
        widget=PlainSelect,
    )
    result = forms.ChoiceField(
        label=_("Result"), required=False, choices=[("", _("Any result")), *Event.Result.choices]
    )
    since = _day_field(_("From"))
    until = _day_field(_("To"))
    behalf = forms.ChoiceField(label=_("On whose behalf"), required=False, widget=PlainSelect)
    asset = forms.ModelChoiceField(
        Asset.objects.none(), label=_("Asset"), required=False, empty_label=_("Any asset"), widget=PlainSelect
    )
    address = forms.GenericIPAddressField(label=_("Network address"), required=False)
    person = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID, widget=forms.HiddenInput)
    target = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID, widget=forms.HiddenInput)

    def __init__(self, *args: Any, account: BusinessAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        self.people: tuple[int, ...] | None = None
        self.organisations = organisations_in(account)
        self._offer_assets(account)
        offered = [(f":{key}", spellings[0]) for key, spellings in self.organisations.items()]
        behalf = cast("forms.ChoiceField", self.fields["behalf"])
        behalf.choices = [
            ("", _("On anybody’s behalf")),
            (OWN_PEOPLE, _("For the account itself")),
            (PORTAL, _("AccessPortal by itself")),
            *offered,
        ]

    def _offer_assets(self, account: BusinessAccount) -> None:
        """Let one of the account's assets be chosen; where they are very many, only the page of an asset leads here."""
        field = choices_of(self, "asset")
        field.queryset = Asset.objects.of(account).order_by("name", "pk")
        few = list(field.queryset[: MOST_ASSETS + 1])
        if len(few) > MOST_ASSETS:
            field.widget = forms.HiddenInput()
        else:
            field.choices = [("", field.empty_label), *((asset.pk, str(asset)) for asset in few)]

    def clean_words(self) -> str:
        """Demand that what is typed has a word in it."""
        typed = self.cleaned_data["words"]
        if typed and not words_in(typed):
            raise forms.ValidationError(_("There is no word in it to look for."))
        return typed

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
        until, kind, asset = wanted.get("until"), wanted.get("kind", ""), wanted.get("asset")
        return Narrowing(
            people=self.people,
            senders=self._senders(wanted.get("behalf", "")),
            asset_id=asset.pk if asset else None,
            addresses=_spellings_of(wanted.get("address", ""), self.data.get("address", "")),
            words=words_in(wanted.get("words", "")),
            names=_names(wanted.get("act", "")),
            target_kind=kind,
            target_id=wanted.get("target") if kind else None,
            result=wanted.get("result", ""),
            start=_midnight(wanted.get("since")),
            end=_midnight(until + dt.timedelta(days=1)) if until else None,
        )

    def _senders(self, chosen: str) -> tuple[str, ...]:
        return self.organisations.get(chosen[1:], ()) if chosen.startswith(":") else (chosen,) if chosen else ()

    def asks(self) -> dict[str, str]:
        """Return the fields by which the log is narrowed, as they were typed and as far as they were understood."""
        wanted = self.understood()
        return {name: str(self[name].data) for name in ActivityFilter.base_fields if wanted.get(name)}

    def in_words(self) -> dict[str, str]:
        """Return what is wanted, by label, as the page and the record of an export tell it."""
        words = {}
        for name, value in self.understood().items():
            if value in (None, "") or name in {"format", "how"}:
                continue
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
                words[str(field.label)] = _label_of(field, value)
            elif name not in {"person", "target"}:
                words[str(field.label)] = value.isoformat() if isinstance(value, dt.date) else str(value)
        return words

    @property
    def is_narrowed(self) -> bool:
        """Whether anything was asked for."""
        return any(value not in (None, "") for value in self.understood().values())


class SaveViewForm(forms.Form):
    """How a view of the log is to be called."""

    name = PlainNameField(label=_("Name of the view"), max_length=60)


class ExportForm(ActivityFilter):
    """What of an account's log is wanted, and as what kind of file."""

    format = forms.ChoiceField(
        label=_("As"),
        required=False,
        choices=[(kind, file.label) for kind, file in FILES.items()],
        widget=forms.RadioSelect,
    )

    how = forms.ChoiceField(
        label=_("How"),
        required=False,
        choices=[("now", _("Download it at once")), ("later", _("Make it in the background, and tell me by mail"))],
    )

    def kind_of_file(self) -> str:
        """Return the kind of file that is wanted."""
        return self.understood().get("format") or "csv"


def organisations_in(account: BusinessAccount) -> dict[str, tuple[str, ...]]:
    """Return the organisations outside on whose behalf somebody acted in an account, by key: all spellings of each."""
    found: dict[str, tuple[str, ...]] = {}
    for name in senders_in(account):
        found[key_of(name)] = (*found.get(key_of(name), ()), name)
    return found


def _spellings_of(address: str, typed: str) -> tuple[str, ...]:
    """Return how a network address may stand in the log: as its shortest form, and as it was typed."""
    return tuple(dict.fromkeys([address, typed.strip()])) if address else ()


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


EXPORT_STATES = {
    "": _("All"),
    LogExport.State.WAITING.value: _("Being made"),
    LogExport.State.READY.value: _("Ready"),
    LogExport.State.FAILED.value: _("Failed"),
    LogExport.State.GONE.value: _("Deleted"),
}


class LogExportFilterForm(FilterForm):
    """Which exports to list."""

    q = PlainNameField(label=_("Name of a file"), required=False, max_length=100)
    state = forms.ChoiceField(required=False, choices=list(EXPORT_STATES.items()), widget=forms.HiddenInput)


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
PORTFOLIO_SORTS = [
    minus + name for name in ("name", "role", "ends", "waiting", "security", "seen") for minus in ("", "-")
]


class PortfolioForm(FilterForm):
    """Which of one's own accounts to list, and in which order."""

    q = PlainNameField(label=_("Name of an account"), required=False, max_length=100)
    risk = forms.ChoiceField(label=_("Risk"), required=False, choices=[("", _("Any risk")), *RISKS.items()])
    state = forms.ChoiceField(required=False, choices=list(PORTFOLIO_STATES.items()), widget=forms.HiddenInput)
    sort = forms.ChoiceField(
        required=False, choices=[(sort, sort) for sort in PORTFOLIO_SORTS], widget=forms.HiddenInput
    )


class PlaceForm(forms.Form):
    """A place in an endless list: older than one row or moment, or newer than a row. Nonsense is the newest page."""

    at = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M:%S%z"])

    before = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    after = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)

    def place(self) -> tuple[int | None, int | None]:
        """Return (before, after), as far as they were understood."""
        self.is_valid()
        known = self.cleaned_data
        return known.get("before"), known.get("after")

    def moment(self) -> dt.datetime | None:
        """Return the moment before which the list is to begin, as far as it was understood."""
        self.is_valid()
        return self.cleaned_data.get("at")

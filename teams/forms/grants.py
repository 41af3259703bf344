"""What is granted on assets: by a preset or by single switches, to one or to several, and the grid over all of it."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.forms import FilterForm, PlainNameField, choices_of
from accounts.models import Asset, BusinessAccount
from accounts.permissions import ASSET_PERMISSIONS

from ..models import AssetGroup, Kind, PeopleGroup, Role
from ..permissions import BUILT_IN, PRESETS
from .reasons import ReasonForm
from .roles import RoleFilterField
from .terms import EndField

NOTHING, OWN = "nothing", "own"
PRESET_CHOICES = [
    (NOTHING, _("Nothing")),
    *((code, BUILT_IN[code].name) for code in PRESETS),
    (OWN, _("Single permissions")),
]
ADD, REPLACE = "add", "replace"


class GrantsForm(ReasonForm):
    """What is granted on an asset, on top of the role: a preset, or single permissions."""

    preset = forms.ChoiceField(
        label=_("Granted"),
        required=False,
        choices=PRESET_CHOICES,
        error_messages={"invalid_choice": _("Choose from what is on the page.")},
    )
    codes = forms.MultipleChoiceField(
        label=_("Single permissions"),
        required=False,
        choices=[(entry.code, capfirst(str(entry.words))) for entry in ASSET_PERMISSIONS],
        error_messages={"invalid_choice": _("Choose from the permissions below.")},
    )
    ends_at = EndField(label=_("Until"))
    field_order = ["preset", "codes", "ends_at", "reason"]

    def chosen(self) -> frozenset[str]:
        """Return the permissions that were chosen, whichever way."""
        preset = self.cleaned_data["preset"] or OWN
        if preset == OWN:
            return frozenset(self.cleaned_data["codes"])
        return PRESETS.get(preset, frozenset())


class GrantManyForm(GrantsForm):
    """The same for several people on several assets; groups stand for those who are in them now."""

    people = forms.ModelChoiceField(
        label=_("and everybody in"),
        queryset=PeopleGroup.objects.none(),
        required=False,
        empty_label=_("No group"),
        error_messages={"invalid_choice": _("Choose one of the groups on the page.")},
    )
    assets = forms.ModelChoiceField(
        label=_("and everything in"),
        queryset=AssetGroup.objects.none(),
        required=False,
        empty_label=_("No group"),
        error_messages={"invalid_choice": _("Choose one of the groups on the page.")},
    )
    how = forms.ChoiceField(
        label=_("What is granted already"),
        required=False,
        choices=[(ADD, _("Stays: this is added")), (REPLACE, _("Is replaced by this"))],
        widget=forms.RadioSelect,
        initial=ADD,
        error_messages={"invalid_choice": _("Choose from what is on the page.")},
    )

    def __init__(self, *args: Any, account: BusinessAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "people").queryset = PeopleGroup.objects.of(account)
        choices_of(self, "assets").queryset = AssetGroup.objects.of(account)

    def clean(self) -> dict[str, Any]:
        """Demand something to add. Raises ValidationError."""
        given = super().clean() or {}
        if not self.errors and self.adds() and not self.chosen():
            self.add_error("preset", _("Choose what is added."))
        return given

    def adds(self) -> bool:
        """Say whether what is granted already stays."""
        return (self.cleaned_data.get("how") or ADD) == ADD


class GridFilterForm(FilterForm):
    """Which people and which assets the grid shows."""

    q = PlainNameField(label=_("Name or address"), required=False, max_length=100)
    role = RoleFilterField()
    kind = forms.ChoiceField(
        label=_("Kind of person"),
        required=False,
        choices=[("", _("Any kind of person")), *((kind.value, kind.label) for kind in Kind)],
    )
    people = forms.ModelChoiceField(
        label=_("Group of people"),
        queryset=PeopleGroup.objects.none(),
        required=False,
        empty_label=_("Any group of people"),
    )
    asset_kind = forms.ChoiceField(
        label=_("Kind of asset"),
        required=False,
        choices=[("", _("Any kind of asset")), *((kind.value, kind.label) for kind in Asset.Kind)],
    )
    assets = forms.ModelChoiceField(
        label=_("Group of assets"), queryset=AssetGroup.objects.none(), required=False, empty_label=_("All assets")
    )

    def __init__(self, *args: Any, account: BusinessAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "role").queryset = Role.objects.of(account)
        choices_of(self, "people").queryset = PeopleGroup.objects.of(account)
        choices_of(self, "assets").queryset = AssetGroup.objects.of(account)


class AbleFilterForm(FilterForm):
    """Whom the page of an asset shows: those able to do one act on it."""

    q = PlainNameField(label=_("Name or address"), required=False, max_length=100)
    act = forms.ChoiceField(
        required=False, choices=[(entry.code, entry.words) for entry in ASSET_PERMISSIONS], widget=forms.HiddenInput
    )

"""What people type about themselves and their accounts."""

import zoneinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from ..models import Asset, BusinessAccount, Person, SecurityPolicy
from .fields import FilterForm, PersonNameField, PlainNameField


class ProfileForm(forms.ModelForm):
    """The own name and time zone."""

    name = PersonNameField(label=_("Name"), max_length=100)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=lambda: [(zone, zone.replace("_", " ")) for zone in sorted(zoneinfo.available_timezones())],
        help_text=_("All times are shown in it."),
    )

    class Meta:
        model = Person
        fields = ["name", "time_zone"]


class OpenAccountForm(forms.Form):
    """Name and kind of a new account."""

    name = PlainNameField(
        label=_("Name of the account"), max_length=100, help_text=_("The brand or client, such as Northwind Coffee.")
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=BusinessAccount.Kind,
        initial=BusinessAccount.Kind.BUSINESS,
        widget=forms.RadioSelect,
        help_text=_("A business account has a team. A standard account is for one person; it can be upgraded."),
    )


class AccountSettingsForm(forms.Form):
    """The account's name."""

    name = PlainNameField(label=_("Name of the account"), max_length=100)


class PolicyForm(forms.ModelForm):
    """What the account demands of its team."""

    class Meta:
        model = SecurityPolicy
        fields = [
            "second_factor",
            "confirmation",
            "most_administrators",
            "invitation_days",
            "outside_days",
            "claim_days",
        ]
        widgets = {"second_factor": forms.RadioSelect, "confirmation": forms.RadioSelect}


def _asset_kinds() -> list[tuple[str, str]]:
    return [(kind, capfirst(str(label))) for kind, label in Asset.Kind.choices]


class AssetForm(forms.ModelForm):
    """Kind, name and handle of an asset."""

    kind = forms.ChoiceField(label=_("Kind"), choices=_asset_kinds)
    name = PlainNameField(label=_("Name"), max_length=100)
    handle = PlainNameField(
        label=_("Handle or number"), max_length=100, required=False, help_text=_("As the platform has it: @northwind.")
    )

    class Meta:
        model = Asset
        fields = ["kind", "name", "handle"]


class AssetFilterForm(FilterForm):
    """Which assets to list."""

    q = PlainNameField(label=_("Name or handle"), required=False, max_length=100)
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=lambda: [("", _("Any kind")), *_asset_kinds()])
    state = forms.ChoiceField(required=False, choices=[("archived", "")], widget=forms.HiddenInput)


class CloseAccountForm(forms.Form):
    """The account's name, typed again before it is closed."""

    typed_name = PlainNameField(label=_("Type the account’s name to close it"), max_length=100)

    def __init__(self, *args: Any, account: BusinessAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account

    def clean_typed_name(self) -> str:
        """Return the name. Raises ValidationError when it is not the account's."""
        if self.cleaned_data["typed_name"] != self.account.name:
            raise ValidationError(_("Type “%(name)s” exactly as it stands."), params={"name": self.account.name})
        return self.cleaned_data["typed_name"]

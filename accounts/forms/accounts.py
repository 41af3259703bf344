"""What people type about themselves and their accounts."""

import zoneinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from .. import retention
from ..models import Asset, BusinessAccount, Person, SecurityPolicy
from ..normalising import normal_domain, normal_range
from ..plans import PLANS
from .fields import AddressField, FilterForm, LinesField, PersonNameField, PlainNameField


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


MOST_DOMAINS, MOST_RANGES = 50, 50


class PolicyForm(forms.ModelForm):
    """What the account demands of its team."""

    domains = LinesField(
        label=_("Domains of members’ e-mail addresses"),
        normal=normal_domain,
        most=MOST_DOMAINS,
        help_text=_(
            "One on a line: example.com, or *.example.com for all below it. Empty: any. Others can’t be invited, and "
            "members with another address are kept out. The owner may have any address."
        ),
    )
    sensitive_ranges = LinesField(
        label=_("Network addresses from which sensitive acts are allowed"),
        normal=normal_range,
        most=MOST_RANGES,
        help_text=_(
            "One range on a line: 203.0.113.0/24, 2001:db8::/32. Empty: from everywhere. It binds whoever manages the "
            "security policy or billing, and the owner. Only the owner can change it, from one of these addresses."
        ),
    )

    class Meta:
        model = SecurityPolicy
        fields = [
            "second_factor",
            "second_factor_kinds",
            "domains",
            "confirmation",
            "most_administrators",
            "invitation_days",
            "outside_days",
            "member_days",
            "probation_days",
            "sensitive_ranges",
            "session_idle_minutes",
            "session_total_hours",
            "claim_days",
        ]
        widgets = {
            "second_factor": forms.RadioSelect,
            "second_factor_kinds": forms.RadioSelect,
            "confirmation": forms.RadioSelect,
        }

    def __init__(self, *args: Any, owner_asks: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sensitive_ranges"].disabled = not owner_asks


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


class BillingForm(forms.Form):
    """Whom the bills go to."""

    name = PlainNameField(label=_("Name"), max_length=100)
    address = AddressField(label=_("E-mail address"), max_length=254)
    company = PlainNameField(label=_("Company"), max_length=100)
    postal_address = PlainNameField(label=_("Postal address"), max_length=300, required=False)
    country = PlainNameField(
        label=_("Country"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "country-name"})
    )
    tax_number = PlainNameField(label=_("Tax number"), max_length=40, required=False)


class PlanForm(forms.Form):
    """The plan."""

    plan = forms.ChoiceField(
        label=_("Plan"), choices=lambda: [(plan.code, plan.name) for plan in PLANS.values()], widget=forms.RadioSelect
    )


class KeepLogForm(forms.Form):
    """For how many years the log is kept."""

    years = forms.TypedChoiceField(
        label=_("Keep the log"), coerce=lambda typed: int(typed) or None, empty_value=None, choices=retention.CHOICES
    )


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

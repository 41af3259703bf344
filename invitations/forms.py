"""Parsing and wording of what an administrator types about invitations."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.forms import AddressField, FilterForm, PlainNameField, choices_of
from accounts.models import Asset, BusinessAccount
from accounts.normalising import normal_address, plain_name
from accounts.permissions import ASSET_PERMISSIONS
from teams.models import Role

from .models import Invitation
from .policies import Grants

MOST_AT_ONCE = 50
STATES = {
    "": _("Open"),
    "failed": _("Not delivered"),
    "expired": _("Expired"),
    "accepted": _("Accepted"),
    "declined": _("Declined"),
    "revoked": _("Revoked"),
}


class AddressesField(forms.CharField):
    """Several addresses, between commas, semicolons, spaces or lines; "Name <address>" is understood."""

    widget = forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"})

    def clean(self, value: Any) -> list[str]:
        """Return the normalised addresses, each once, in order. Raises ValidationError that names each bad one."""
        addresses: dict[str, None] = {}
        problems = []
        for typed in _single(super().clean(value)):
            try:
                addresses[normal_address(typed)] = None
            except ValidationError as problem:
                shown = plain_name(typed)[:80]
                problems.append(
                    f"{shown}: {problem.messages[0]}" if shown not in problem.messages[0] else problem.messages[0]
                )
        if len(addresses) > MOST_AT_ONCE:
            problems.append(
                str(_("These are more than %(most)d addresses. Invite them in several goes.")) % {"most": MOST_AT_ONCE}
            )
        if problems:
            raise ValidationError(problems[:10])
        return list(addresses)


def _single(text: str) -> list[str]:
    found: list[str] = []
    for entry in re.split(r"[,;\r\n]+", text):
        named = re.search(r"<([^<>]*)>", entry)
        found += [named[1].strip()] if named else entry.split()
    return found[: MOST_AT_ONCE * 20]


class OfferForm(forms.Form):
    """A role, and permissions on single assets on top of it."""

    role = forms.ModelChoiceField(
        label=_("Role"),
        queryset=Role.objects.none(),
        to_field_name="code",
        error_messages={"required": _("Choose a role."), "invalid_choice": _("Choose a role that you can give.")},
    )
    assets = forms.ModelMultipleChoiceField(
        label=_("On these assets"),
        required=False,
        queryset=Asset.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Choose from the assets below.")},
    )
    codes = forms.MultipleChoiceField(
        label=_("may also"),
        required=False,
        choices=[(entry.code, capfirst(str(entry.words))) for entry in ASSET_PERMISSIONS],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Choose from the permissions below.")},
    )

    def __init__(self, *args: Any, account: BusinessAccount, roles: Sequence[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "role").queryset = Role.objects.filter(pk__in=[role.pk for role in roles])
        choices_of(self, "assets").queryset = Asset.objects.of(account).in_use()

    def clean(self) -> dict[str, Any]:
        """Demand both halves of a grant, or neither."""
        offer = super().clean() or {}
        if bool(offer.get("assets")) != bool(offer.get("codes")):
            self.add_error(
                "assets" if offer.get("codes") else "codes",
                _("Choose the assets and what may be done on them, or leave both empty."),
            )
        return offer

    def grants(self) -> Grants:
        """Return what is offered on single assets."""
        codes = frozenset(self.cleaned_data["codes"])
        return dict.fromkeys(self.cleaned_data["assets"], codes)


class InviteForm(OfferForm):
    """Whom to invite, as what, with which words."""

    addresses = AddressesField(
        label=_("E-mail addresses"),
        help_text=_("One or several, between commas, spaces or lines."),
        error_messages={"required": _("Type at least one e-mail address.")},
        max_length=20_000,
    )
    message = forms.CharField(
        label=_("A few words"),
        required=False,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Optional. They stand in the mail, as plain text."),
    )
    field_order = ["addresses", "role", "assets", "codes", "message"]


class CorrectAddressForm(forms.Form):
    """The right address."""

    address = AddressField(
        label=_("The right e-mail address"), max_length=254, error_messages={"required": _("Type the address.")}
    )


class InvitationFilterForm(FilterForm):
    """Which invitations to list."""

    q = PlainNameField(label=_("Address"), required=False, max_length=100)
    role = forms.ModelChoiceField(
        label=_("Role"), required=False, queryset=Role.objects.none(), to_field_name="code", empty_label=_("Any role")
    )
    state = forms.ChoiceField(required=False, choices=list(STATES.items()), widget=forms.HiddenInput)

    def __init__(self, *args: Any, account: BusinessAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "role").queryset = Role.objects.of(account)


def offer_initial(invitation: Invitation) -> dict[str, Any]:
    """Return what an invitation offers, as the form holds it."""
    grants = invitation.offered_grants()
    return {
        "role": invitation.role.code,
        "assets": [asset.pk for asset in grants],
        "codes": sorted({code for codes in grants.values() for code in codes}),
    }

"""Parsing and wording of what an administrator types about invitations."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.forms import AddressesField, AddressField, FilterForm, PlainNameField, choices_of
from accounts.models import Asset, BusinessAccount
from accounts.permissions import ASSET_PERMISSIONS
from teams.forms import UNTIL, EndField, RoleFilterField, TermsForm, terms_initial
from teams.models import Role

from ..models import Invitation
from ..policies import Grants

MOST_AT_ONCE = 50
SPANS_OPEN = {1: _("A day"), 3: _("3 days"), 7: _("A week")}  # for which an invitation can be open, by days
STATES = {
    "": _("Open"),
    "failed": _("Not delivered"),
    "expired": _("Expired"),
    "accepted": _("Accepted"),
    "declined": _("Declined"),
    "revoked": _("Revoked"),
}


class OfferForm(TermsForm):
    """A role, permissions on single assets on top of it, and the terms."""

    role = forms.ModelChoiceField(
        label=_("Role"),
        queryset=Role.objects.none(),
        to_field_name="code",
        error_messages={"required": _("Choose a role."), "invalid_choice": _("Choose a role that you can give.")},
    )
    grants = forms.MultipleChoiceField(
        label=_("More on single assets"),
        required=False,
        error_messages={"invalid_choice": _("Choose from the assets and permissions below.")},
    )

    def __init__(self, *args: Any, account: BusinessAccount, roles: Sequence[Role], **kwargs: Any) -> None:
        super().__init__(*args, account=account, **kwargs)
        choices_of(self, "role").queryset = Role.objects.filter(pk__in=[role.pk for role in roles])
        self.assets = {asset.pk: asset for asset in Asset.objects.of(account).in_use()}
        held = {code for role in roles for code in role.permissions}  # nobody offers more than they hold (rule 2)
        self.offered = [entry for entry in ASSET_PERMISSIONS if entry.code in held]
        cast("forms.MultipleChoiceField", self.fields["grants"]).choices = [
            (f"{pk}:{entry.code}", str(entry.words)) for pk in self.assets for entry in self.offered
        ]

    def asset_rows(self) -> list[dict[str, Any]]:
        """Return each asset with one box for each permission, for the page."""
        ticked = set(self["grants"].value() or [])
        return [
            {
                "asset": asset,
                "ticked": any(value.startswith(f"{pk}:") for value in ticked),
                "boxes": [
                    {"value": f"{pk}:{entry.code}", "words": entry.words, "ticked": f"{pk}:{entry.code}" in ticked}
                    for entry in self.offered
                ],
            }
            for pk, asset in self.assets.items()
        ]

    def offered_grants(self) -> Grants:
        """Return what is offered on single assets."""
        grants: dict[Asset, set[str]] = {}
        for choice in self.cleaned_data["grants"]:
            pk, _colon, code = choice.partition(":")
            grants.setdefault(self.assets[int(pk)], set()).add(code)
        return {asset: frozenset(codes) for asset, codes in grants.items()}


class InviteForm(OfferForm):
    """Whom to invite, as what, with which words."""

    addresses = AddressesField(
        most=MOST_AT_ONCE,
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
    field_order = ["addresses", "role", "grants", "message"]

    def __init__(self, *args: Any, account: BusinessAccount, **kwargs: Any) -> None:
        super().__init__(*args, account=account, **kwargs)
        longest = account.policy.invitation_days
        words = ngettext("%(days)d day, the longest", "%(days)d days, the longest", longest) % {"days": longest}
        shorter = {str(days): SPANS_OPEN[days] for days in SPANS_OPEN if days < longest}
        self.fields["expires_at"] = EndField(label=_("Open for"), spans={"": words, **shorter, UNTIL: _("Until")})


class CorrectAddressForm(forms.Form):
    """The right address."""

    address = AddressField(
        label=_("The right e-mail address"), max_length=254, error_messages={"required": _("Type the address.")}
    )


class InvitationFilterForm(FilterForm):
    """Which invitations to list."""

    q = PlainNameField(label=_("Address"), required=False, max_length=100)
    role = RoleFilterField()
    state = forms.ChoiceField(required=False, choices=list(STATES.items()), widget=forms.HiddenInput)

    def __init__(self, *args: Any, account: BusinessAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "role").queryset = Role.objects.ever_of(account)


def offer_initial(invitation: Invitation) -> dict[str, Any]:
    """Return what an invitation offers, as the form holds it."""
    grants = invitation.offered_grants()
    return {
        "role": invitation.role.code,
        "grants": [f"{asset.pk}:{code}" for asset, codes in grants.items() for code in sorted(codes)],
        **terms_initial(invitation.terms),
    }

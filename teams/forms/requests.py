"""Asking for access, and deciding about it."""

from typing import Any, cast

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.forms import FilterForm, PlainNameField, choices_of
from accounts.models import Asset
from accounts.permissions import ASSET_PERMISSIONS

from ..models import AccessRequest, Membership, Role
from .reasons import ReasonField
from .terms import SPANS, EndField

REQUEST_STATES = {
    "": _("Open"),
    "approved": _("Approved"),
    "refused": _("Refused"),
    "withdrawn": _("Withdrawn"),
    "lapsed": _("Lapsed"),
}


class RequestFilterForm(FilterForm):
    """Which requests to list."""

    q = PlainNameField(label=_("Name or address"), required=False, max_length=100)
    state = forms.ChoiceField(required=False, choices=list(REQUEST_STATES.items()), widget=forms.HiddenInput)


class PurposeField(ReasonField):
    """What somebody needs more access for."""

    def __init__(self, **kwargs: Any) -> None:
        words = {
            "required": True,
            "label": _("What you need it for"),
            "help_text": _("Whoever decides reads it, and it stands in the log."),
            "error_messages": {"required": _("Say what you need it for.")},
        }
        super().__init__(**{**words, **kwargs})


class AskForRoleForm(forms.Form):
    """Another role, until when, and why it is needed."""

    role = forms.ModelChoiceField(
        label=_("Role"),
        queryset=Role.objects.none(),
        to_field_name="code",
        error_messages={"required": _("Choose a role."), "invalid_choice": _("Choose one of the roles below.")},
    )
    ends_at = EndField(label=_("For how long"), spans={**SPANS, "": _("For good")})
    reason = PurposeField()

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "role").queryset = Role.objects.of(membership.account).exclude(account=None, code="owner")


class AskOnAssetForm(forms.Form):
    """Permissions on one asset, until when, and why."""

    asset = forms.ModelChoiceField(
        label=_("Asset"),
        queryset=Asset.objects.none(),
        empty_label=_("Choose an asset"),
        error_messages={"required": _("Choose an asset."), "invalid_choice": _("Choose an asset of this account.")},
    )
    codes = forms.MultipleChoiceField(
        label=_("What you want to do there"),
        choices=[(entry.code, capfirst(str(entry.words))) for entry in ASSET_PERMISSIONS],
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose what you want to do on the asset."),
            "invalid_choice": _("Choose from the permissions below."),
        },
    )
    ends_at = EndField(label=_("For how long"))
    reason = PurposeField()

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "asset").queryset = Asset.objects.of(membership.account).in_use()


class ApproveForm(forms.Form):
    """What is given of a request: a role that holds no more, or some of the permissions, no longer than asked."""

    role = forms.ModelChoiceField(
        label=_("Role"),
        queryset=Role.objects.none(),
        to_field_name="code",
        required=False,
        empty_label=None,
        error_messages={"invalid_choice": _("Choose one of the roles in the list.")},
    )
    codes = forms.MultipleChoiceField(
        label=_("Given on this asset"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose what you give, or refuse the request."),
            "invalid_choice": _("Choose from what was asked for."),
        },
    )
    ends_at = EndField(label=_("Until"))
    answer = ReasonField(label=_("A word to them"), help_text=_("They read it in the mail; it stands in the log."))

    def __init__(self, *args: Any, wish: AccessRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if wish.ends_at:
            self.fields["ends_at"] = EndField(label=_("Until"), spans={**SPANS, "": _("As asked")})
        if wish.role:
            del self.fields["codes"]
            fitting = [role.pk for role in Role.objects.of(wish.account) if role.permissions <= wish.role.permissions]
            choices_of(self, "role").queryset = Role.objects.of(wish.account).filter(pk__in=fitting)
        else:
            del self.fields["role"]
            self.fields["codes"].required = True
            choices = [
                (entry.code, capfirst(str(entry.words))) for entry in ASSET_PERMISSIONS if entry.code in wish.codes
            ]
            cast("forms.MultipleChoiceField", self.fields["codes"]).choices = choices
        self.order_fields(["role", "codes", "ends_at", "answer"])


class RefuseForm(forms.Form):
    """Why a request is refused."""

    answer = ReasonField(
        required=True,
        label=_("Why not"),
        help_text=_("They read it in the mail; it stands in the log."),
        error_messages={"required": _("Say why, so that they know what to do.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "refuse_%s"  # on one page with ApproveForm, which has an answer too

"""Parsing and wording of what is asked about members, grants and ownership."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.forms import FilterForm, PlainNameField, choices_of
from accounts.models import BusinessAccount
from accounts.permissions import ASSET_PERMISSIONS

from .models import Membership, Role

STATES = {
    "": _("All current"),
    "active": _("With access"),
    "blocked": _("Blocked by policy"),
    "to_confirm": _("To confirm"),
    "no_second_factor": _("No second factor"),
    "suspended": _("Suspended"),
    "ended": _("Ended"),
}
MOST_CHOICES = 100  # that one list to choose from holds; of more, a search narrows it
SORTS = ["name", "-name", "role", "-role", "joined", "-joined"]


class ReasonField(forms.CharField):
    """Why an act is done, for the log; a line or two."""

    def __init__(self, **kwargs: Any) -> None:
        words = {
            "label": _("Reason"),
            "help_text": _("It stands in the log, for those who ask later."),
            "required": False,
            "max_length": 500,
            "widget": forms.Textarea(attrs={"rows": 2}),
        }
        super().__init__(**{**words, **kwargs})


class ReasonForm(forms.Form):
    """A confirmation that takes a reason."""

    reason = ReasonField()


class OffboardForm(forms.Form):
    """Why a person's access ends, and which other memberships end with it: only such as the page has shown."""

    also = forms.ModelMultipleChoiceField(
        queryset=Membership.objects.none(),
        required=False,
        widget=forms.MultipleHiddenInput,
        error_messages={"invalid_choice": _("This has changed since you opened the page. Please look again.")},
    )
    reason = ReasonField(
        required=True,
        label=_("Why"),
        help_text=_("It stands in the log and on the receipt. The person is not told."),
        error_messages={"required": _("Say why, for those who ask later.")},
    )

    def __init__(self, *args: Any, others: Sequence[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "also").queryset = Membership.objects.current().filter(pk__in=[row.pk for row in others])


class TeamFilterForm(FilterForm):
    """Which members to list, and in which order."""

    q = PlainNameField(label=_("Name or address"), required=False, max_length=100)
    role = forms.ModelChoiceField(
        label=_("Role"), required=False, queryset=Role.objects.none(), to_field_name="code", empty_label=_("Any role")
    )
    state = forms.ChoiceField(required=False, choices=list(STATES.items()), widget=forms.HiddenInput)
    sort = forms.ChoiceField(required=False, choices=[(sort, sort) for sort in SORTS], widget=forms.HiddenInput)

    def __init__(self, *args: Any, account: BusinessAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "role").queryset = Role.objects.of(account)


class ChangeRoleForm(ReasonForm):
    """Another role for a member. What may not be given is refused by the action, with the reason."""

    role = forms.ModelChoiceField(
        label=_("Role"),
        queryset=Role.objects.none(),
        to_field_name="code",
        error_messages={"required": _("Choose a role."), "invalid_choice": _("Choose one of the roles below.")},
    )
    field_order = ["role", "reason"]

    def __init__(self, *args: Any, account: BusinessAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "role").queryset = Role.objects.of(account)


class GrantsForm(ReasonForm):
    """What a member is granted on one asset, on top of the role."""

    codes = forms.MultipleChoiceField(
        label=_("Granted on this asset"),
        required=False,
        choices=[(entry.code, capfirst(str(entry.words))) for entry in ASSET_PERMISSIONS],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Choose from the permissions below.")},
    )
    field_order = ["codes", "reason"]


class HeirFilterForm(FilterForm):
    """Which members to offer as a choice."""

    q = PlainNameField(label=_("Name or address"), required=False, max_length=100)


class MemberChoiceField(forms.ModelChoiceField):
    """One member, told apart by name, role and address."""

    def label_from_instance(self, obj: Membership) -> str:
        """Return what the choice says."""
        return f"{obj.person} · {obj.role} · {obj.person.email}"


class OfferOwnershipForm(forms.Form):
    """The member to whom the ownership is offered."""

    membership = MemberChoiceField(
        label=_("New owner"),
        queryset=Membership.objects.none(),
        empty_label=_("Choose a member"),
        error_messages={
            "required": _("Choose a member."),
            "invalid_choice": _("Choose an active member of this account."),
        },
    )

    def __init__(self, *args: Any, account: BusinessAccount, search: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = choices_of(self, "membership")
        field.queryset = heirs = Membership.objects.heirs(account)
        shown = [(row.pk, field.label_from_instance(row)) for row in heirs.matching(search)[:MOST_CHOICES]]
        field.widget.choices = [("", field.empty_label), *shown]

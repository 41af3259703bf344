"""Parsing and wording of what is asked about members, grants and ownership."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.forms import AddressesField, FilterForm, PlainNameField, choices_of
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
MOST_AT_ONCE = 200  # people whose access one list ends
LARGEST_FILE = 256 * 1024  # bytes of such a list
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


class OffboardManyForm(forms.Form):
    """Whose access ends, pasted or from a file, and why."""

    addresses = AddressesField(
        most=MOST_AT_ONCE,
        label=_("E-mail addresses"),
        help_text=_("Between commas, spaces or lines."),
        required=False,
        max_length=50_000,
    )
    upload = forms.FileField(
        label=_("Or a file"),
        help_text=_("CSV or text, from a staff list, say. Whatever in it is an e-mail address counts."),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
    )
    everywhere = forms.BooleanField(label=_("Also in every other account that I administer"), required=False)
    reason = ReasonField(
        required=True,
        label=_("Why"),
        help_text=_("It stands in the log and on each receipt. Nobody is told."),
        error_messages={"required": _("Say why, for those who ask later.")},
    )

    def clean_upload(self) -> list[str]:
        """Return the addresses in the file. Raises ValidationError for one that is too large or no text."""
        upload = self.cleaned_data["upload"]
        if upload is None:
            return []
        if upload.size > LARGEST_FILE:
            raise ValidationError(_("The file is larger than %(size)d KB.") % {"size": LARGEST_FILE // 1024})
        try:
            text = upload.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text:
            raise ValidationError(_("This is no text file. Save the list as CSV (UTF-8), then choose it again."))
        words = re.split(r"""[\s,;"'<>]+""", text)
        return list(dict.fromkeys(word for word in words if "@" in word))[: MOST_AT_ONCE + 1]  # one more tells it

    def clean(self) -> dict[str, Any]:
        """Put what was pasted and what the file holds into one list, each address once."""
        given = super().clean() or {}
        if self.errors:
            return given
        typed = [entry.typed for entry in given["addresses"]]
        try:
            given["addresses"] = self.fields["addresses"].clean("\n".join([*typed, *given["upload"]]))
        except ValidationError as problem:
            self.add_error("upload" if given["upload"] else "addresses", problem)
            return given
        if not given["addresses"]:
            self.add_error("addresses", _("Paste the addresses, or choose a file that holds some."))
        return given


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

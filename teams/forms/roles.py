"""What a role is called and holds, which role takes another's place, and which two are compared."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.forms import FilterForm, PlainNameField, choices_of
from accounts.models import BusinessAccount
from accounts.permissions import OWN_ACCOUNT, PERMISSIONS, VIEW_ACCOUNT

from ..models import Role
from .reasons import ReasonForm

CHOSEN = [entry for code, entry in PERMISSIONS.items() if code not in {VIEW_ACCOUNT, OWN_ACCOUNT}]


class RoleFilterField(forms.ModelChoiceField):
    """Any role that somebody holds or held; the retired ones say so."""

    def __init__(self) -> None:
        super().__init__(
            queryset=Role.objects.none(),
            label=_("Role"),
            required=False,
            to_field_name="code",
            empty_label=_("Any role"),
        )

    def label_from_instance(self, role: Role) -> str:
        """Return the name, and for a retired role that it is one."""
        return _now("%(role)s (retired)") % {"role": role} if role.is_retired else str(role)


class RoleForm(forms.Form):
    """A role's name, whom it is for, and what it holds. To view the account belongs to every role."""

    name = PlainNameField(label=_("Name"), max_length=60, error_messages={"required": _("Give the role a name.")})
    about = PlainNameField(
        label=_("Whom it is for"),
        max_length=200,
        required=False,
        help_text=_("A sentence that stands wherever the role is chosen."),
    )
    codes = forms.MultipleChoiceField(
        label=_("Permissions"),
        required=False,
        choices=[(entry.code, capfirst(str(entry.words))) for entry in CHOSEN],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Choose from the permissions below.")},
    )


class RetireRoleForm(ReasonForm):
    """Which role takes the place of one that is retired, and why. What may not be is refused by the action."""

    move_to = forms.ModelChoiceField(
        label=_("In its place"),
        queryset=Role.objects.none(),
        required=False,
        to_field_name="code",
        error_messages={"invalid_choice": _("Choose one of the roles below.")},
    )
    field_order = ["move_to", "reason"]

    def __init__(self, *args: Any, account: BusinessAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "move_to").queryset = Role.objects.of(account)


class CompareRolesForm(FilterForm):
    """Two roles of an account."""

    q = None  # type: ignore[assignment]  # there is nothing to search for
    a = forms.ModelChoiceField(label=_("One role"), queryset=Role.objects.none(), required=False, to_field_name="code")
    b = forms.ModelChoiceField(label=_("Another"), queryset=Role.objects.none(), required=False, to_field_name="code")

    def __init__(self, *args: Any, account: BusinessAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("a", "b"):
            choices_of(self, name).queryset = Role.objects.ever_of(account)

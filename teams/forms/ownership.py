"""To whom the ownership is offered."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import FilterForm, PlainNameField, choices_of
from accounts.models import BusinessAccount

from ..models import Membership

MOST_CHOICES = 100  # that one list to choose from holds; of more, a search narrows it


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

"""To whom the ownership is offered, who is named as successor, and why it is claimed."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import FilterForm, PlainNameField, choices_of
from accounts.models import BusinessAccount

from ..models import Membership
from .reasons import ReasonField

MOST_CHOICES = 100  # that one list to choose from holds; of more, a search narrows it


class HeirFilterForm(FilterForm):
    """Which members to offer as a choice."""

    q = PlainNameField(label=_("Name or address"), required=False, max_length=100)


class MemberChoiceField(forms.ModelChoiceField):
    """One member, told apart by name, role and address."""

    def label_from_instance(self, obj: Membership) -> str:
        """Return what the choice says."""
        return f"{obj.person} · {obj.role} · {obj.person.email}"


class HeirForm(forms.Form):
    """One active member other than the owner."""

    membership = MemberChoiceField(
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


class OfferOwnershipForm(HeirForm):
    """The member to whom the ownership is offered."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["membership"].label = _("New owner")


class NameSuccessorForm(HeirForm):
    """The member whom the owner names as successor."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["membership"].label = _("Successor")


class ClaimForm(forms.Form):
    """Why the ownership is claimed, in some words."""

    reason = ReasonField(
        required=True,
        min_length=20,
        help_text=_("What you know of the owner, and since when. It goes into the mails and into the log."),
        error_messages={
            "required": _("Say why, in a sentence."),
            "min_length": _("Say why, in a sentence of at least %(limit_value)d characters."),
        },
        widget=forms.Textarea(attrs={"rows": 3}),
    )

"""Groups of assets and of people: what they are called, and what is in them."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.forms import AddressesField, FilterForm, PlainNameField
from accounts.models import BusinessAccount

from ..models import Membership

MOST_TICKED = 200  # people whom a page lists to be ticked; in a larger account others are named by their addresses


class GroupFilterForm(FilterForm):
    """Which groups to list."""

    q = PlainNameField(label=_("Name"), required=False, max_length=100)


class GroupForm(forms.Form):
    """A group's name. What is ticked is read by its page: ids of other accounts are like ids that never were."""

    name = PlainNameField(label=_("Name"), max_length=60, error_messages={"required": _("Give the group a name.")})


class PeopleGroupForm(GroupForm):
    """A group's name, and further members by their addresses."""

    addresses = AddressesField(
        label=_("Add people by their addresses"),
        most=MOST_TICKED,
        required=False,
        help_text=_("Members of this account. Separate them by commas, spaces or lines."),
    )

    def __init__(self, *args: Any, account: BusinessAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account

    def clean_addresses(self) -> list[Membership]:
        """Return the members. Raises ValidationError for an address that is nobody's here."""
        entries = self.cleaned_data["addresses"]
        rows = Membership.objects.current().filter(
            account=self.account, person__email__in=[entry.address for entry in entries if entry.address]
        )
        found = {row.person.email: row for row in rows.with_roles("person")}
        for entry in entries:
            if entry.address not in found:
                words = entry.problem or _now("“%(address)s” is no member of this account.") % {"address": entry.typed}
                raise ValidationError(words)
        return [found[entry.address] for entry in entries]

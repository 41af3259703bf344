"""What is typed about notices."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.forms import FilterForm

from .kinds import CHOOSABLE, KINDS
from .querysets import NoticeQuerySet

INBOX_STATES = {"": _("All"), "unread": _("Unread"), "security": _("Security")}
LARGEST_ID = 2**63 - 1


class InboxFilterForm(FilterForm):
    """Which notices to list."""

    account = forms.ChoiceField(label=_("Account"), required=False)
    state = forms.ChoiceField(required=False, choices=list(INBOX_STATES.items()), widget=forms.HiddenInput)

    def __init__(self, *args: Any, rows: NoticeQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].label = _("Search the notices")
        found = rows.exclude(account=None).order_by("account__name", "account__slug")
        accounts = found.values_list("account__slug", "account__name").distinct()
        cast("forms.ChoiceField", self.fields["account"]).choices = [("", _("Every account")), *accounts]


class MarkForm(forms.Form):
    """One notice as read or unread, and the query of the inbox to go back to."""

    state = forms.ChoiceField(choices=[("read", _("read")), ("unread", _("unread"))])


class MarkAllForm(forms.Form):
    """All as read, up to the newest that was on the page: what came in since then stays unread."""

    up_to = forms.IntegerField(min_value=1, max_value=LARGEST_ID)


class ChoicesForm(forms.Form):
    """How each kind of notice is to come. A kind that is not sent stays as it is."""

    def __init__(self, *args: Any, chosen: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, kind in CHOOSABLE.items():
            self.fields[code] = forms.ChoiceField(
                label=str(kind.label),
                choices=[(way.value, way.label) for way in kind.ways],
                widget=forms.RadioSelect,
                required=False,
                initial=chosen[code],
            )

    def channels(self) -> dict[str, str]:
        """Return what was chosen, with what was sent about kinds that can't be chosen: the act says so."""
        sent = {code: self.data[code] for code in KINDS if code not in self.fields and code in self.data}
        return {**{code: channel for code, channel in self.cleaned_data.items() if channel}, **sent}


def inbox_query(text: str) -> str:
    """Return the query of the inbox that a form brought along, as an address takes it; nothing where there is none."""
    query = QueryDict(text[:500], encoding="utf-8").urlencode() if text else ""
    return f"?{query}" if query else ""

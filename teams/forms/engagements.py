"""The engagement of an organisation: what is searched for, when it ends for all, why it ends, who comes back."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import choices_of

from ..models import EndedEngagement, Membership
from .offboarding import CHANGED
from .reasons import ReasonField
from .terms import EndField


class EngagementSearchForm(forms.Form):
    """One search box over the organisations."""

    q = forms.CharField(label=_("Organisation or person"), required=False, max_length=100)

    def text(self) -> str:
        """Return what is searched for; what can't be understood is no search."""
        return self.cleaned_data["q"] if self.is_valid() else ""


class EngagementEndForm(forms.Form):
    """When the access of all people of an organisation ends, and why that changes."""

    ends_at = EndField()
    reason = ReasonField()


class EndEngagementForm(forms.Form):
    """Why an engagement ends; `seen` is the fingerprint of what the page has shown."""

    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    reason = ReasonField(
        required=True,
        label=_("Why"),
        help_text=_("It stands in the log and on the receipt. The people are not told."),
        error_messages={"required": _("Say why, for those who ask later.")},
    )


class BringEngagementBackForm(forms.Form):
    """Who of an engagement comes back: only such as the page has shown."""

    members = forms.ModelMultipleChoiceField(
        queryset=Membership.objects.none(),
        required=False,
        widget=forms.MultipleHiddenInput,
        error_messages=CHANGED,
    )

    def __init__(self, *args: Any, engagement: EndedEngagement, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices_of(self, "members").queryset = engagement.members.all()

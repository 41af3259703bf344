"""When something ends, and on what terms somebody is a member."""

import datetime as dt
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.forms import AddressField, PlainNameField
from accounts.models import BusinessAccount, Person

from ..models import OUTSIDE, Kind, Membership, Terms
from ..policies import may_answer
from ..querysets import role_position
from .reasons import ReasonField

UNTIL = "until"
SPANS: dict[str, str | Promise] = {
    "": _("No end"),
    "7": _("A week"),
    "30": _("30 days"),
    "90": _("90 days"),
    "180": _("180 days"),
    "365": _("A year"),
    UNTIL: _("Until"),
}
LONGEST = dt.timedelta(days=3660)
MOST_SUGGESTED = 100  # people whom a field for a sponsor suggests; any other can be typed


class EndWidget(forms.MultiWidget):
    """A span by one click, or an exact date and time in the reader's zone."""

    template_name = "teams/end_field.html"
    use_fieldset = True

    def __init__(self, spans: dict[str, Any]) -> None:
        moment = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__({"span": forms.RadioSelect(choices=list(spans.items())), "until": moment})

    def decompress(self, value: dt.datetime | None) -> list[Any]:
        """Return the two parts of an end."""
        return [UNTIL, timezone.localtime(value)] if value else ["", None]


class EndField(forms.MultiValueField):
    """When something ends; None where it never does."""

    widget: EndWidget

    def __init__(self, *, spans: dict[str, Any] = SPANS, **kwargs: Any) -> None:
        fields = (forms.ChoiceField(choices=list(spans.items()), required=False), forms.DateTimeField(required=False))
        given: dict[str, Any] = {"required": False, "require_all_fields": False, "label": _("Ends"), **kwargs}
        super().__init__(fields, widget=EndWidget(spans), **given)

    def clean(self, value: Any) -> dt.datetime | None:
        """Return the end. What stands beside "until" counts only where that is chosen."""
        span, typed = value if value else ("", None)
        return super().clean([span, typed if span == UNTIL else None])

    def compress(self, data_list: list[Any]) -> dt.datetime | None:
        """Put the parts together. Raises ValidationError for an end that is missing, past, or far too late."""
        span, until = data_list or ("", None)
        now = timezone.now()
        if span == UNTIL:
            if until is None:
                raise ValidationError(_("Type the day and the time."))
            if until <= now:
                raise ValidationError(_("This has passed already. Choose a later time."))
            if until > now + LONGEST:
                raise ValidationError(_("That is more than ten years ahead. Choose an earlier time, or no end."))
            return until
        return now + dt.timedelta(days=int(span)) if span else None


class TermsForm(forms.Form):
    """Kind, organisation, sponsor and end of a membership, or of one that is offered."""

    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[(kind.value, capfirst(str(kind.label))) for kind in Kind],
        initial=Kind.EMPLOYEE,
        required=False,
    )
    organisation = PlainNameField(
        label=_("Organisation"),
        max_length=100,
        required=False,
        help_text=_("Whom a contractor or an agency works for."),
    )
    sponsor = AddressField(
        label=_("Who answers for them"),
        max_length=254,
        required=False,
        help_text=_("The e-mail address of a member who knows whether the access is still needed."),
    )
    ends_at = EndField(label=_("Access ends"))

    def __init__(self, *args: Any, account: BusinessAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        self.suggested = _sponsors(account)
        self.fields["sponsor"].widget.attrs["list"] = "sponsors"

    def clean_kind(self) -> str:
        """Return the kind; an employee where none was sent."""
        return self.cleaned_data["kind"] or Kind.EMPLOYEE

    def clean_sponsor(self) -> Person | None:
        """Return the person. Raises ValidationError for whoever can't answer for somebody here."""
        address = self.cleaned_data["sponsor"]
        if not address:
            return None
        seat = may_answer(self.account).filter(person__email=address).select_related("person").first()
        if seat is None:
            raise ValidationError(_("No active member has this address, or it is somebody from outside."))
        return seat.person

    def terms(self) -> Terms:
        """Return what was chosen; an employee has no organisation."""
        given = self.cleaned_data
        organisation = given["organisation"] if given["kind"] in OUTSIDE else ""
        return Terms(given["kind"], organisation, given["sponsor"], given["ends_at"])


class ChangeTermsForm(TermsForm):
    """The terms of a member, and why they change."""

    reason = ReasonField()


class ExtendForm(forms.Form):
    """By how many days an access is extended."""

    days = forms.TypedChoiceField(
        choices=[(span, label) for span, label in SPANS.items() if span.isdecimal()],
        coerce=int,
        error_messages={
            "required": _("Choose for how long."),
            "invalid_choice": _("Choose one of the spans on the page."),
        },
    )


def terms_initial(terms: Terms) -> dict[str, Any]:
    """Return terms as the form holds them."""
    return {
        "kind": terms.kind,
        "organisation": terms.organisation,
        "sponsor": terms.sponsor.email if terms.sponsor else "",
        "ends_at": terms.ends_at,
    }


def _sponsors(account: BusinessAccount) -> list[Person]:
    """Return whom to suggest: whoever manages the team first."""
    rows = may_answer(account).with_roles("person").order_by(role_position(), "person__name", "pk")
    return [cast("Membership", row).person for row in rows[:MOST_SUGGESTED]]

"""What is typed about shared logins and who knows them. Never a password: every text is looked at for one."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _

from accounts.forms import AddressField, FilterForm, PersonNameField, PlainNameField, choices_of
from accounts.models import Person
from teams.forms import ReasonForm

from .models import Knower, SharedLogin
from .policies import EARLIEST, problem_with_moment, secret_in

NO_PASSWORD = _("Never write the password here.")
LOGIN_STATES = {"": _("In use"), "exposed": _("Exposed"), "retired": _("Retired")}
KNOWER_STATES = {"": _("Know it now"), "gone": _("Gone, and know it"), "before": _("Knew an earlier one")}


class NoSecretsMixin:
    """A form whose texts must not hold a password: each is refused with kind words, beside its field."""

    cleaned_data: dict[str, Any]
    add_error: Any

    def clean(self) -> dict[str, Any]:
        """Look at every text."""
        cleaned = super().clean() or self.cleaned_data  # type: ignore[misc]  # a form's
        for name, value in list(cleaned.items()):
            if isinstance(value, str) and (problem := secret_in(value)):
                self.add_error(name, problem)
        return cleaned


class PastDayField(forms.DateField):
    """A day that has come, in the reader's zone."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(**{"widget": widget, "initial": timezone.localdate, **kwargs})

    def validate(self, value: dt.date | None) -> None:
        """Raise ValidationError for a day to come, or one that nobody can mean."""
        super().validate(value)
        if value is not None and not EARLIEST.date() <= value <= timezone.localdate():
            raise ValidationError(_("Choose today or a day before."), code="day")


class LoginForm(NoSecretsMixin, forms.Form):
    """Name, place and user name of a shared login."""

    label = PlainNameField(
        label=_("Name"), max_length=100, help_text=_("As you call it: TikTok, or the mailbox behind it.")
    )
    platform = PlainNameField(label=_("Where it is used"), max_length=100, help_text=_("tiktok.com, say."))
    username = PlainNameField(label=_("User name"), max_length=100, required=False, help_text=NO_PASSWORD)


class AddLoginForm(LoginForm):
    """A new shared login, and since when one knows its password oneself."""

    known_since = PastDayField(
        label=_("You know its password since"), required=False, help_text=_("Leave it empty if you don’t know it.")
    )


class KnowerForm(NoSecretsMixin, forms.Form):
    """A person who knows a login."""

    name = PersonNameField(label=_("Name"), max_length=100)
    address = AddressField(
        label=_("E-mail address"),
        required=False,
        help_text=_("If you know it: then the register can say when they leave an account whose team you manage."),
    )
    since_on = PastDayField(label=_("Knows it since"))
    told_by = PlainNameField(label=_("Told by"), max_length=100, required=False)
    purpose = PlainNameField(label=_("What for"), max_length=200, required=False, help_text=NO_PASSWORD)


class GoneForm(NoSecretsMixin, ReasonForm):
    """Why somebody should not know a login any more."""


class SignedForm(forms.Form):
    """A statement, as it was read, and the name that is typed under it."""

    statement = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    signature = PlainNameField(
        label=_("Your name, as a signature"), max_length=254, error_messages={"required": _("Type your name to sign.")}
    )

    def __init__(self, *args: Any, signer: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["signature"].help_text = _("Type %(person)s.") % {"person": escape(str(signer))}


class ChangeForm(SignedForm):
    """When a password was changed, and who was told the new one; signed only once the statement was read."""

    changed_at = forms.DateTimeField(
        label=_("Changed on"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("In your time zone."),
    )
    told = forms.ModelMultipleChoiceField(
        label=_("Who was told the new one"),
        queryset=Knower.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Besides yourself. Take the tick from whoever no longer needs it."),
    )
    field_order = ["changed_at", "told"]

    def __init__(self, *args: Any, login: SharedLogin, signer: Person, **kwargs: Any) -> None:
        super().__init__(*args, signer=signer, **kwargs)
        self.login = login
        self.fields["signature"].required = bool(self.data.get("statement"))
        people = login.knowers.trusted().exclude(address=signer.email).order_by("name", "pk")
        choices_of(self, "told").queryset = people
        if not people.exists():
            del self.fields["told"]

    def clean_changed_at(self) -> dt.datetime:
        """Return the moment. Raises ValidationError for one that can't be."""
        at = self.cleaned_data["changed_at"]
        gone_at = self.login.knowers.gone().order_by("-gone_at").values_list("gone_at", flat=True).first()
        if problem := problem_with_moment(at, last_changed_at=self.login.changed_at, gone_at=gone_at):
            raise ValidationError(problem)
        return at

    def told_people(self) -> list[Knower]:
        """Return whom the form says to have been told, in the order of the statement."""
        return list(self.cleaned_data.get("told") or [])


class RetireForm(NoSecretsMixin, SignedForm, ReasonForm):
    """Why a login is put away, under a signature."""

    field_order = ["reason", "signature"]


class LoginFilterForm(FilterForm):
    """Which logins to list."""

    q = PlainNameField(label=_("Name, place or user name"), required=False, max_length=100)
    state = forms.ChoiceField(required=False, choices=list(LOGIN_STATES.items()), widget=forms.HiddenInput)


class KnowerFilterForm(FilterForm):
    """Which people to list."""

    q = PlainNameField(label=_("Search the people"), required=False, max_length=100)
    state = forms.ChoiceField(required=False, choices=list(KNOWER_STATES.items()), widget=forms.HiddenInput)

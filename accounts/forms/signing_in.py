"""The sign-in library's forms, in our words and with the one form of an address."""

import zoneinfo
from collections.abc import Collection
from typing import Any, ClassVar

from allauth.account import forms as library
from allauth.account.adapter import get_adapter
from allauth.mfa.totp import forms as totp
from django import forms
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from ..actions import outdate_reset_links
from ..models import Person
from ..normalising import normal_address
from ..passwords import refuse_weak
from .fields import PersonNameField


class OurWords:
    """A form of the sign-in library whose fields are called by our words."""

    words: ClassVar[dict[str, Any]]
    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in self.words.items():
            self.fields[name].label = label


class SignInForm(OurWords, library.LoginForm):
    """Signing in with an address, however it is typed. What is wrong with its form says nothing about who is here."""

    words: ClassVar = {"login": _("E-mail address"), "remember": _("Stay signed in on this device")}

    def clean_login(self) -> str:
        """Return the address in its one form."""
        return normal_address(super().clean_login())


class ChangeAddressForm(OurWords, library.AddEmailForm):
    """Changing the address."""

    words: ClassVar = {"email": _("New e-mail address")}


class AskForPasswordForm(OurWords, library.ResetPasswordForm):
    """Asking for a link to set a new password, with an address however it is typed."""

    words: ClassVar = {"email": _("E-mail address")}

    def clean_email(self) -> str:
        """Return the address in its one form, to which the mail goes and by which the tries are counted."""
        self.cleaned_data["email"] = normal_address(self.cleaned_data["email"])
        return super().clean_email()

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Ask for a link; the ones before it stop working (MF9)."""
        outdate_reset_links(self.users)
        return super().save(request, **kwargs)


class ChangePasswordForm(OurWords, library.ChangePasswordForm):
    """Changing the password."""

    words: ClassVar = {
        "oldpassword": _("Present password"),
        "password1": _("New password"),
        "password2": _("New password, again"),
    }

    def clean_oldpassword(self) -> str:
        """Return the present password; a wrong one counts as a failed sign-in: it can't be guessed here (GU1)."""
        if not get_adapter().reauthenticate(self.user, self.cleaned_data["oldpassword"]):
            raise get_adapter().validation_error("enter_current_password")
        return self.cleaned_data["oldpassword"]


class SetPasswordForm(OurWords, library.SetPasswordForm):
    """Setting a first password."""

    words: ClassVar = {"password1": _("Password"), "password2": _("Password, again")}


class ResetPasswordForm(OurWords, library.ResetPasswordKeyForm):
    """Setting a new password by the mailed link."""

    words: ClassVar = {"password1": _("New password"), "password2": _("New password, again")}


class ActivateAppForm(OurWords, totp.ActivateTOTPForm):
    """Setting up an authenticator app."""

    words: ClassVar = {"code": _("Code of the app")}


class SignupForm(library.SignupForm):
    """Making a sign-in: address, name and one password. `fixed_address` is the invited one, which can't be changed.

    `names` are those of accounts that may not make up the password, where whoever asks knows them already.
    """

    name = PersonNameField(label=_("Your name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    time_zone = forms.CharField(required=False, max_length=50, widget=forms.HiddenInput(attrs={"data-time-zone": True}))
    field_order = ["email", "name", "password1", "time_zone"]
    account_already_exists: bool  # what the library finds out, and tells nobody

    def __init__(self, *args: Any, fixed_address: str = "", names: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fixed_address, self.names = fixed_address, names
        self.fields["email"].label = _("E-mail address")
        if fixed_address:
            self.fields["email"].initial = fixed_address
            self.fields["email"].widget.attrs["readonly"] = True
            self.fields["email"].help_text = _("The invited address, confirmed already since the link came by mail.")

    def clean_email(self) -> str:
        """Return the address; refuse another than the invited one, since that one counts as verified (rule 7)."""
        address = super().clean_email()
        if self.fixed_address and address != self.fixed_address:
            raise ValidationError(_("The invitation is for %(address)s."), params={"address": self.fixed_address})
        return address

    def clean_time_zone(self) -> str:
        """Return the browser's time zone where it is a known one, else UTC."""
        zone = self.cleaned_data["time_zone"]
        return zone if zone in zoneinfo.available_timezones() else "UTC"

    def clean(self) -> dict[str, Any]:
        """Refuse a password made of names that the library does not ask about: the typed one, and `names` (PW4)."""
        given = super().clean()
        if given.get("password1") and "password1" not in self.errors:
            try:
                refuse_weak(given["password1"], names=[given.get("name", ""), given.get("email", ""), *self.names])
            except ValidationError as refusal:
                self.add_error("password1", refusal)
        return given

    def try_save(self, request: HttpRequest) -> tuple[Person | None, HttpResponse | None]:
        """Make the person; for an address that is taken, only take the time of hashing a password (GU4).

        The second of two clicks at once is answered as a later one is: the address is taken.
        """
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        try:
            return super().try_save(request)
        except IntegrityError:
            self.account_already_exists = True
            return super().try_save(request)

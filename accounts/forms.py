"""Parsing and wording of what people type about themselves and their accounts."""

import re
import struct
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from allauth.account import forms as library
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as passkeys
from cryptography.exceptions import UnsupportedAlgorithm
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from .models import Asset, BusinessAccount, Person, SecurityPolicy
from .normalising import name_key, normal_address, plain_name


class HouseRenderer(TemplatesSetting):
    """Draws every form and field with our own components."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"


class PlainNameField(forms.CharField):
    """A name or title on one line; what can't be seen is taken out (IN10)."""

    def to_python(self, value: Any) -> str:
        """Return the text in its plain form."""
        return plain_name(super().to_python(value) or "")


class PersonNameField(PlainNameField):
    """A person's name. Nobody is called like the portal: by that name the log means the portal itself (rule 17)."""

    def validate(self, value: str) -> None:
        """Raise ValidationError for the portal's own name."""
        super().validate(value)
        if name_key(value) == name_key(settings.SITE_NAME):
            raise ValidationError(_("That is the name of this portal. Type your own."), code="reserved")


class AddressField(forms.CharField):
    """One e-mail address, brought to its one form."""

    widget = forms.EmailInput

    def clean(self, value: Any) -> str:
        """Return the normalised address. Raises ValidationError with words that say what is wrong."""
        typed = super().clean(value)
        return normal_address(typed) if typed else ""


@dataclass(frozen=True, slots=True)
class Typed:
    """One entry of the address field: what was typed, and the address in its one form, or what is wrong with it."""

    typed: str
    address: str = ""
    problem: str = ""


class AddressesField(forms.CharField):
    """Several addresses, between commas, semicolons, spaces or lines; "Name <address>" is understood."""

    widget = forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"})

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most = most

    def clean(self, value: Any) -> list[Typed]:
        """Return the entries, each address once, in order; one that is no address keeps no other back.

        Raises ValidationError when there is none or there are too many.
        """
        found: dict[str, Typed] = {}
        for typed in entries_of(super().clean(value)):
            entry = _read(typed)
            found.setdefault(entry.address or entry.typed, entry)
        if not found and self.required:
            raise ValidationError(self.error_messages["required"], code="required")
        if len(found) > self.most:
            raise ValidationError(
                _("These are more than %(most)d addresses. Take them in several goes."), params={"most": self.most}
            )
        return list(found.values())


def entries_of(text: str) -> list[str]:
    """Return the entries of a text of addresses.

    A name may hold what else separates them: in quotes, or alone on a line.
    """
    found: list[str] = []
    for line in re.sub(r'"[^"<>]*"', " ", text).splitlines():
        alone = re.fullmatch(r"[^<>@;]*<([^<>]*)>[\s,;]*", line)
        for entry in [f"<{alone[1]}>"] if alone else re.split("[,;]", line):
            named = re.search(r"<([^<>]*)>", entry)
            found += [named[1].strip()] if named else entry.split()
    return [entry for entry in found if entry]


def _read(typed: str) -> Typed:
    shown = plain_name(typed)[:254]
    try:
        return Typed(shown, normal_address(typed))
    except ValidationError as problem:
        return Typed(shown, problem=problem.messages[0])


class FilterForm(forms.Form):
    """What a list is narrowed to. Nonsense in the query string reads as not asked, never as an error."""

    q = PlainNameField(required=False, max_length=100)

    def wanted(self) -> dict[str, Any]:
        """Return every field's value, empty where it is missing or makes no sense."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}


def choices_of(form: forms.Form, name: str) -> forms.ModelChoiceField:
    """Return a field that offers rows, to be told which rows those are in this account."""
    return cast("forms.ModelChoiceField", form.fields[name])


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


class ChangePasswordForm(OurWords, library.ChangePasswordForm):
    """Changing the password."""

    words: ClassVar = {
        "oldpassword": _("Present password"),
        "password1": _("New password"),
        "password2": _("New password, again"),
    }


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
    """Making a sign-in: address, name and one password. `fixed_address` is the invited one, which can't be changed."""

    name = PersonNameField(label=_("Your name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    time_zone = forms.CharField(required=False, max_length=50, widget=forms.HiddenInput(attrs={"data-time-zone": True}))
    field_order = ["email", "name", "password1", "time_zone"]

    def __init__(self, *args: Any, fixed_address: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fixed_address = fixed_address
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


class CredentialField(forms.JSONField):
    """What a browser says about a passkey: a short text of plain signs. It is never shown again, for it is spent."""

    widget = forms.HiddenInput
    longest = 65_536  # a limit of length among the validators would come only after the parsing

    def to_python(self, value: Any) -> Any:
        """Return the parsed answer. Raises ValidationError for whatever is none, nested as deep as it may be."""
        unread = ValidationError(_("The browser’s answer about the passkey can’t be read. Try again."), code="invalid")
        if isinstance(value, str) and (len(value) > self.longest or "\\u" in value):  # such signs no database keeps
            raise unread
        try:
            return super().to_python(value)
        except (ValueError, RecursionError):
            raise unread from None

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what to show again: nothing."""
        return initial


@contextmanager
def stumbling_refuses() -> Iterator[None]:
    """Turn what the passkey library stumbles over into a ValidationError: it reads what anybody can send."""
    try:
        yield
    except (
        *(ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError),
        *(UnsupportedAlgorithm, struct.error),
    ):
        raise ValidationError(_("This passkey was not accepted. Try again."), code="incorrect_code") from None


class AddPasskeyForm(passkeys.AddWebAuthnForm):
    """Adding a passkey."""

    credential = CredentialField()

    def clean(self) -> dict[str, Any]:
        """Check the answer against what was asked."""
        with stumbling_refuses():
            return super().clean()


class PasskeyAsSecondFactorForm(passkeys.AuthenticateWebAuthnForm):
    """A passkey after the password."""

    credential = CredentialField()

    def clean_credential(self) -> Any:
        """Return the person's authenticator that gave this answer."""
        with stumbling_refuses():
            return super().clean_credential()


class PasskeyLoginForm(PasskeyAsSecondFactorForm, passkeys.LoginWebAuthnForm):
    """A passkey instead of the password."""


class PasskeyAgainForm(PasskeyAsSecondFactorForm, passkeys.ReauthenticateWebAuthnForm):
    """A passkey before something sensitive."""


class ProfileForm(forms.ModelForm):
    """The own name and time zone."""

    name = PersonNameField(label=_("Name"), max_length=100)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=lambda: [(zone, zone.replace("_", " ")) for zone in sorted(zoneinfo.available_timezones())],
        help_text=_("All times are shown in it."),
    )

    class Meta:
        model = Person
        fields = ["name", "time_zone"]


class OpenAccountForm(forms.Form):
    """Name and kind of a new account."""

    name = PlainNameField(
        label=_("Name of the account"), max_length=100, help_text=_("The brand or client, such as Northwind Coffee.")
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=BusinessAccount.Kind,
        initial=BusinessAccount.Kind.BUSINESS,
        widget=forms.RadioSelect,
        help_text=_("A business account has a team. A standard account is for one person; it can be upgraded."),
    )


class AccountSettingsForm(forms.Form):
    """The account's name."""

    name = PlainNameField(label=_("Name of the account"), max_length=100)


class PolicyForm(forms.ModelForm):
    """What the account demands of its team."""

    class Meta:
        model = SecurityPolicy
        fields = ["second_factor", "confirmation", "most_administrators", "invitation_days"]
        widgets = {"second_factor": forms.RadioSelect, "confirmation": forms.RadioSelect}


def _asset_kinds() -> list[tuple[str, str]]:
    return [(kind, capfirst(str(label))) for kind, label in Asset.Kind.choices]


class AssetForm(forms.ModelForm):
    """Kind, name and handle of an asset."""

    kind = forms.ChoiceField(label=_("Kind"), choices=_asset_kinds)
    name = PlainNameField(label=_("Name"), max_length=100)
    handle = PlainNameField(
        label=_("Handle or number"), max_length=100, required=False, help_text=_("As the platform has it: @northwind.")
    )

    class Meta:
        model = Asset
        fields = ["kind", "name", "handle"]


class AssetFilterForm(FilterForm):
    """Which assets to list."""

    q = PlainNameField(label=_("Name or handle"), required=False, max_length=100)
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=lambda: [("", _("Any kind")), *_asset_kinds()])
    state = forms.ChoiceField(required=False, choices=[("archived", "")], widget=forms.HiddenInput)


class CloseAccountForm(forms.Form):
    """The account's name, typed again before it is closed."""

    typed_name = PlainNameField(label=_("Type the account’s name to close it"), max_length=100)

    def __init__(self, *args: Any, account: BusinessAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account

    def clean_typed_name(self) -> str:
        """Return the name. Raises ValidationError when it is not the account's."""
        if self.cleaned_data["typed_name"] != self.account.name:
            raise ValidationError(_("Type “%(name)s” exactly as it stands."), params={"name": self.account.name})
        return self.cleaned_data["typed_name"]

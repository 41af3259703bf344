"""Parsing and wording of what people type about themselves and their accounts."""

from .accounts import (
    AccountSettingsForm,
    AssetFilterForm,
    AssetForm,
    CloseAccountForm,
    OpenAccountForm,
    PolicyForm,
    ProfileForm,
)
from .fields import (
    AddressesField,
    AddressField,
    FilterForm,
    HouseRenderer,
    PersonNameField,
    PlainNameField,
    Typed,
    choices_of,
    entries_of,
)
from .passkeys import AddPasskeyForm, PasskeyAgainForm, PasskeyAsSecondFactorForm, PasskeyLoginForm
from .signing_in import (
    ActivateAppForm,
    AskForPasswordForm,
    ChangeAddressForm,
    ChangePasswordForm,
    ResetPasswordForm,
    SetPasswordForm,
    SignInForm,
    SignupForm,
)

__all__ = [
    "AccountSettingsForm",
    "ActivateAppForm",
    "AddPasskeyForm",
    "AddressField",
    "AddressesField",
    "AskForPasswordForm",
    "AssetFilterForm",
    "AssetForm",
    "ChangeAddressForm",
    "ChangePasswordForm",
    "CloseAccountForm",
    "FilterForm",
    "HouseRenderer",
    "OpenAccountForm",
    "PasskeyAgainForm",
    "PasskeyAsSecondFactorForm",
    "PasskeyLoginForm",
    "PersonNameField",
    "PlainNameField",
    "PolicyForm",
    "ProfileForm",
    "ResetPasswordForm",
    "SetPasswordForm",
    "SignInForm",
    "SignupForm",
    "Typed",
    "choices_of",
    "entries_of",
]

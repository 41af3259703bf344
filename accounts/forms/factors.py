"""Showing a second factor by a code: that of an app, or a recovery code."""

from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as library
from allauth.mfa.base.internal.flows import check_rate_limit, post_authentication
from allauth.mfa.models import Authenticator
from django import forms
from django.utils.translation import gettext_lazy as _

from audit.recording import Refused, record_refusal

from .. import actions
from ..models import Person

FEW_CODES = 3  # from here on a mail says that it is time for new ones
LONGEST_CODE = 64


class TakesCode:
    """Takes each code once; tries are counted for the person, in whatever browser they are made (MF3).

    Counting comes first: where it can't be done, no code is taken.
    """

    user: Person
    cleaned_data: dict[str, Any]
    reauthenticated = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = forms.CharField(label=_("Code"), max_length=LONGEST_CODE)
        field.widget.attrs.update({"autocomplete": "one-time-code", "autocapitalize": "off", "spellcheck": "false"})
        self.fields["code"] = field  # type: ignore[attr-defined]  # a form's

    def clean_code(self) -> str:
        """Take the code, or refuse it in words that don't say why."""
        forget_tries = check_rate_limit(self.user)
        code = self.cleaned_data["code"]
        try:
            if code.replace(" ", "").isdigit():
                self.app: Authenticator | None = actions.show_time_code(person=self.user, code=code, by=self.user)
            else:
                self.app = None
                self.codes_left = actions.use_recovery_code(person=self.user, code=code, by=self.user)
        except Refused as refusal:
            record_refusal(refusal)
            raise get_adapter().validation_error("incorrect_code") from None
        forget_tries()
        return code

    def save(self) -> None:
        """Note in the session that the factor was shown; mail that a recovery code was used, and how many are left."""
        if self.app is not None:
            self.app.user = self.user
            post_authentication(context.request, self.app, reauthenticated=self.reauthenticated)
            return
        kind = Authenticator.Type.RECOVERY_CODES
        more = {"reauthenticated": True} if self.reauthenticated else {}
        record_authentication(context.request, self.user, "mfa", type=kind, **more)
        said = {"left": self.codes_left, "few": self.codes_left <= FEW_CODES}
        get_account_adapter().send_notification_mail("mfa/email/recovery_code_used", self.user, said)


class CodeForm(TakesCode, library.AuthenticateForm):
    """The second step of signing in."""


class CodeAgainForm(TakesCode, library.ReauthenticateForm):
    """The second factor once more, before something sensitive."""

    reauthenticated = True

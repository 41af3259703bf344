"""Why a second factor is to end, and the code by mail that ends it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .reasons import ReasonField


class ResetForm(forms.Form):
    """Why the second factor of somebody is to end."""

    reason = ReasonField(
        required=True,
        min_length=10,
        help_text=_("How you know that it is really this person who asks. It goes into the mail and into the log."),
        error_messages={
            "required": _("Say why, in a sentence."),
            "min_length": _("Say why, in a sentence of at least %(limit_value)d characters."),
        },
    )


class MailedCodeForm(forms.Form):
    """The code that came by mail."""

    code = forms.CharField(
        label=_("Code from the mail"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

"""What is typed about a stream, and to narrow its lists."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms import FilterForm, PlainNameField

from .calling import LONGEST_ADDRESS, BadAddress, syslog_place, trusting, web_place
from .models import Delivery, Stream

STREAM_STATES = {"": _("All"), Stream.State.ACTIVE.value: _("Active"), Stream.State.PAUSED.value: _("Paused")}
DELIVERY_STATES = {
    "": _("All"),
    "waiting": _("Waiting"),
    Delivery.State.PARKED.value: _("Put aside"),
    Delivery.State.DELIVERED.value: _("Delivered"),
    Delivery.State.DROPPED.value: _("Dropped"),
    "test": _("Tests"),
}


class StreamForm(forms.Form):
    """Name, place and form of a stream."""

    label = PlainNameField(label=_("Name"), max_length=100, help_text=_("As you call your log system."))
    address = forms.CharField(
        label=_("Address"),
        max_length=LONGEST_ADDRESS,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
        help_text=_("Of a webhook: https://logs.example.com/in. Of a syslog receiver: logs.example.com:6514."),
    )
    form = forms.ChoiceField(
        label=_("Form of the events"), choices=Stream.Form.choices, initial=Stream.Form.JSON, widget=forms.RadioSelect
    )
    authority = forms.CharField(
        label=_("Certificate authority"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Only if yours is a private one: its certificate in the PEM form. No other is trusted then."),
    )

    def __init__(self, *args: Any, kind: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind_of_stream = kind

    def clean_authority(self) -> str:
        """Return the certificate. Raises ValidationError for what is none."""
        typed: str = self.cleaned_data["authority"]
        try:
            trusting(typed)
        except BadAddress as problem:
            raise ValidationError(str(problem), code="authority") from None
        return typed

    def clean(self) -> dict[str, Any]:
        """Look at the address as its kind reads it."""
        cleaned = super().clean() or {}
        kind, address = self.kind_of_stream or cleaned.get("kind"), cleaned.get("address")
        if kind and address:
            try:
                web_place(address) if kind == Stream.Kind.WEBHOOK else syslog_place(address)
            except BadAddress as problem:
                self.add_error("address", str(problem))
        return cleaned

    def given(self) -> dict[str, Any]:
        """Return what was typed, as the action takes it."""
        given = dict(self.cleaned_data)
        given["authority_pem"] = given.pop("authority")
        return given


class AddStreamForm(StreamForm):
    """A new stream: its kind, and where it begins."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=Stream.Kind.choices, initial=Stream.Kind.WEBHOOK, widget=forms.RadioSelect
    )
    begin = forms.ChoiceField(
        label=_("Begin with"),
        choices=[("now", _("what happens from now on")), ("first", _("the first event of the log"))],
        initial="now",
        widget=forms.RadioSelect,
    )
    field_order = ["label", "kind", "address", "form", "begin"]

    def given(self) -> dict[str, Any]:
        """Return what was typed, as the action takes it."""
        given = super().given()
        given["whole"] = given.pop("begin") == "first"
        return given


class StreamFilterForm(FilterForm):
    """Which streams to list."""

    q = PlainNameField(label=_("Name"), required=False, max_length=100)
    state = forms.ChoiceField(required=False, choices=list(STREAM_STATES.items()), widget=forms.HiddenInput)


class DeliveryFilterForm(FilterForm):
    """Which deliveries to list."""

    q = PlainNameField(label=_("Number of an event, or words of a problem"), required=False, max_length=100)
    state = forms.ChoiceField(required=False, choices=list(DELIVERY_STATES.items()), widget=forms.HiddenInput)

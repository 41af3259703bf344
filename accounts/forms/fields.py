"""The fields and ways of reading that forms of every floor share."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..normalising import name_key, normal_address, plain_name


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


class LinesField(forms.CharField):
    """A list of things of one kind, between lines, commas or spaces, each brought to its one form by `normal`."""

    widget = forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"})

    def __init__(self, *, normal: Callable[[str], str], most: int, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=10_000, **kwargs)
        self.normal, self.most = normal, most

    def prepare_value(self, value: Any) -> Any:
        """Return what the field shows: one thing on a line."""
        return "\n".join(value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Say whether the list is another one, however it is typed."""
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value: Any) -> list[str]:
        """Return the things, each once, in order. Raises ValidationError with all that is wrong."""
        if isinstance(value, list):  # of a field that can't be changed: the list as it is
            return value
        found: dict[str, None] = {}
        problems: list[ValidationError] = []
        for typed in re.split(r"[\s,;]+", super().clean(value)):
            try:
                if typed:
                    found[self.normal(typed)] = None
            except ValidationError as problem:
                problems.append(problem)
        if problems:
            raise ValidationError(problems[:5])
        if len(found) > self.most:
            raise ValidationError(_("These are more than %(most)d."), params={"most": self.most})
        return list(found)


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


SELECTED = SafeString(" selected")


class PlainSelect(forms.Select):
    """A select of many choices, written in one go: a template for each option would take longer than the page."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """Return it as Django's own template would write it."""
        widget = self.get_context(name, value, attrs)["widget"]
        groups = [
            format_html('<optgroup label="{}">{}</optgroup>', label, _options(options)) if label else _options(options)
            for label, options, _place in widget["optgroups"]
        ]
        inside = format_html_join("", "{}", ((group,) for group in groups))
        return format_html('<select name="{}"{}>{}</select>', name, flatatt(widget["attrs"]), inside)


def _options(options: list[dict[str, Any]]) -> SafeString:
    rows = ((option["value"], SELECTED if option["selected"] else "", option["label"]) for option in options)
    return format_html_join("", '<option value="{}"{}>{}</option>', rows)


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

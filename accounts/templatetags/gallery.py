"""What the gallery of components shows: made-up values, for `templates/components/gallery.html` only."""

import re
from datetime import timedelta
from typing import Any

from django import forms, template
from django.contrib.staticfiles import finders
from django.core.paginator import Page, Paginator
from django.utils import timezone

from ..checklist import Checklist, Line

register = template.Library()


class ExampleFilter(forms.Form):
    """Search and selects over a list."""

    q = forms.CharField(label="Name or address", required=False)
    role = forms.ChoiceField(label="Role", choices=[("", "Any role"), ("editor", "Editor")], required=False)
    until = forms.DateField(label="Until", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    suspended = forms.BooleanField(label="Suspended too", required=False)


class ExampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label="Name of the account", help_text="People see it in invitations.")
    email = forms.EmailField(label="E-mail address")
    password = forms.CharField(label="Password", widget=forms.PasswordInput)
    role = forms.ChoiceField(label="Role", choices=[("editor", "Editor"), ("analyst", "Analyst")])
    message = forms.CharField(label="Message", widget=forms.Textarea, required=False)
    kind = forms.ChoiceField(label="Kind", choices=[("s", "Standard"), ("b", "Business")], widget=forms.RadioSelect)
    assets = forms.MultipleChoiceField(
        label="Assets", choices=[("1", "@northwind_us"), ("2", "@northwind_eu")], widget=forms.CheckboxSelectMultiple
    )
    confirmation = forms.BooleanField(
        label="Ask for a confirmation", help_text="Access begins when an administrator has confirmed it."
    )


@register.simple_tag
def examples() -> dict[str, Any]:
    """One value for every component that needs more than words."""
    now = timezone.now()
    return {
        "times": [
            now - timedelta(minutes=12),
            now - timedelta(days=94),
            now + timedelta(hours=3),
            now + timedelta(days=6),
        ],
        "people": [
            {
                "name": "Olga Berg",
                "email": "olga@northwind.example",
                "role": "Owner",
                "seen": now - timedelta(minutes=12),
            },
            {"name": "Jonas Lind", "email": "jonas@lind.example", "role": "Editor", "seen": None, "off": True},
        ],
        "page": page_of_many(),
        "filter": ExampleFilter(prefix="list"),
        "form": ExampleForm(prefix="empty"),
        "wrong_form": ExampleForm({"wrong-email": "dana"}, prefix="wrong"),
        "chips": [
            {"label": "Active", "count": 21, "href": "?state=active", "current": True},
            {"label": "Ends soon", "count": 2, "href": "?state=soon"},
            {"label": "Suspended", "count": 0, "href": "?state=suspended"},
        ],
        "steps": [
            {"at": now - timedelta(hours=3), "title": "Queued", "tone": ""},
            {
                "at": now - timedelta(hours=2),
                "title": "Sent",
                "text": "Handed over to the mail server.",
                "tone": "ok",
                "icon": "send",
            },
            {"at": now - timedelta(hours=1), "title": "Opened under another address", "tone": "warn"},
            {"at": now, "title": "Failed", "text": "550 the address was refused", "tone": "bad"},
        ],
        "score": Checklist([Line(str(n), "", "", n < 3) for n in range(9)]),
        "items": [
            {"done": True, "title": "Verify your address"},
            {
                "done": False,
                "title": "Add a second factor",
                "text": "A passkey is quickest.",
                "href": "#",
                "verb": "Add",
            },
        ],
        "changes": [
            {"label": "Role", "before": "Editor", "after": "Analyst"},
            {"label": "Ends", "before": "", "after": "31 Jan 2027"},
        ],
        "effects": ["He loses the role Editor on all 4 assets.", "His 2 sessions here end at the next click."],
        "keeps": ["What he did stays in the log."],
        "columns": [{"label": "Owner"}, {"label": "Editor", "current": True}, {"label": "Analyst", "href": "#"}],
        "matrix": [
            {
                "label": "On the account",
                "rows": [
                    {
                        "label": "Manage the team",
                        "help": "Invite, give roles, suspend, offboard",
                        "cells": [True, False, False],
                    },
                    {"label": "Manage billing", "sensitive": True, "cells": [True, False, False]},
                ],
            },
            {"label": "On its assets", "rows": [{"label": "View analytics", "cells": [True, True, True]}]},
        ],
        "powers": [
            {
                "label": "On @northwind_us",
                "rows": [
                    {"label": "Draft content", "allowed": True, "reason": "by the role Editor"},
                    {"label": "Run ads", "allowed": False, "reason": "Ask Anna Lund or Olga Berg"},
                ],
            }
        ],
        "icons": icon_names(),
    }


def page_of_many() -> Page:
    """The second of ten pages."""
    return Paginator(range(240), 25).page(2)


def icon_names() -> list[str]:
    """The names of all icons that the sprite holds."""
    found = finders.find("img/icons.svg")
    if not isinstance(found, str):
        return []
    with open(found, encoding="utf-8") as sprite:
        return re.findall(r'<symbol id="([^"]+)"', sprite.read())

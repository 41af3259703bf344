"""What all models of the staff area have in common: a list and a page, both to read."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

from django.contrib.admin import ModelAdmin, SimpleListFilter, display
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import label_for_field, lookup_field
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import SuspiciousOperation
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _lazy

from accounts.views import PAGE_SIZE, page_of

from ..forms import ListForm
from ..looks import open_looks
from ..views import frame_of

LONG_WORD = 34  # signs: a longer one is broken, so that it doesn’t push a table off the page
NOT_UNDERSTOOD = (IncorrectLookupParameters, SuspiciousOperation)


class State(NamedTuple):
    """A word that is shown as a badge, with its tone."""

    words: str | Promise
    tone: str = ""


class Cell(NamedTuple):
    """One value with its name; `kind` says how a page shows it: a moment, a state, yes or no, a list, words, or words
    that have to be broken.
    """

    label: str
    kind: str
    value: Any


def cell(label: str, value: Any) -> Cell:
    """Return a value as a page shows it."""
    if isinstance(value, bool):
        return Cell(label, "flag", value)
    if isinstance(value, dt.datetime):
        return Cell(label, "moment", value)
    if isinstance(value, State):
        return Cell(label, "state", value)
    if isinstance(value, list):
        return Cell(label, "list", value)
    words = "" if value is None else str(value)
    return Cell(label, "long" if any(len(word) > LONG_WORD for word in words.split()) else "words", words)


class Choice(SimpleListFilter):
    """A filter by one field with fixed choices; anything else that is sent leaves the list as it is."""

    choices_of: ClassVar[Iterable[tuple[Any, Any]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        """Return the choices."""
        return [(value, str(label).capitalize()) for value, label in self.choices_of]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Narrow the list."""
        known = {str(value): value for value, _label in self.choices_of}
        chosen = self.value() or ""
        return queryset.filter(**{str(self.parameter_name): known[chosen]}) if chosen in known else queryset


def choice(name: str, title: Any, choices: Iterable[tuple[Any, Any]]) -> type[Choice]:
    """Return a filter by the field `name`."""
    return type("Choice", (Choice,), {"parameter_name": name, "title": title, "choices_of": choices})


class Listing(ChangeList):
    """Django's list with our pages: the nearest one for a number that is out of range."""

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """Return what narrows the list; the number of the page doesn't."""
        narrowing = super().get_filters_params(params)
        narrowing.pop("page", None)
        return narrowing

    def get_results(self, request: HttpRequest) -> None:
        """Find the rows of the page that is asked for."""
        self.page = page_of(self.queryset, request, size=self.list_per_page)
        self.result_list = list(self.page)


class Reading(ModelAdmin):
    """One model: a list with search, filters and order, and a page for each row. Nothing here can be changed."""

    list_name: ClassVar[str]
    page_name: ClassVar[str]
    folder: ClassVar[str]
    heading: ClassVar[str | Promise]
    lead: ClassVar[str | Promise] = ""
    labels: ClassVar[dict[str, str | Promise]] = {}  # of fields that are called otherwise here than in their model
    search_label: ClassVar[str | Promise] = ""
    page_fields: ClassVar[list[Any]]
    change_list_template = "staff/list.html"
    change_form_template = "staff/page.html"
    actions = None
    show_full_result_count = False
    list_per_page = PAGE_SIZE

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Nobody adds anything here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes anything here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes anything here."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever is let in reads what the questions of this class return."""
        return self.admin_site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """As for reading."""
        return self.admin_site.has_permission(request)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Say whether a list may be narrowed by this. By our filters only: Django would allow every own field.

        Whoever may ask for people whose password's hash begins with a letter learns all of it, letter by letter.
        """
        filters: Any = self.get_list_filter(request)  # type: ignore[arg-type]  # there is one: a list is asked for
        return lookup in {spec.parameter_name for spec in filters}

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """No field may be asked for by its name."""
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Return our kind of list."""
        return Listing

    def get_urls(self) -> list[URLPattern]:
        """Return the list and the page; Django's forms to add, change and delete don't exist."""
        guard = self.admin_site.admin_view
        return [
            path(f"{self.folder}/", guard(self.list_view), name=self.list_name),
            path(f"{self.folder}/<int:pk>/", guard(self.page_view), name=self.page_name),
        ]

    def list_view(self, request: HttpRequest) -> HttpResponse:
        """Show the list. What of its address isn't understood is said, and the list is shown without it."""
        understood = True
        try:
            listing: Any = self.get_changelist_instance(request)
        except NOT_UNDERSTOOD:
            understood, request.GET = False, QueryDict()
            listing = self.get_changelist_instance(request)
        search = str(self.search_label) if self.search_fields else ""
        of_use = [spec for spec in listing.filter_specs if len(spec.lookup_choices) > 1]
        form = ListForm(request.GET, search=search, filters=of_use)
        context = {
            **frame_of(request, self.list_name),
            "admin": self,
            "form": form if form.fields else None,
            "heads": self._heads(listing),
            "rows": [self._row(row) for row in listing.result_list],
            "page_obj": listing.page,
            "understood": understood,
            "narrowed": bool(listing.query or any(spec.value() for spec in listing.filter_specs)),
            **self.more_of_list(request),
        }
        return render(request, self.change_list_template, context, status=200 if understood else 400)

    def page_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show one row. One that may not be seen is not there."""
        row = self.get_object(request, str(pk))
        if row is None:
            raise Http404
        facts = [cell(self._label(name), self._value(name, row)) for name in self.page_fields]
        context = {
            **frame_of(request, self.list_name),
            "admin": self,
            "back": reverse(self.list_name),
            "subject": row,
            "title": self.title_of(row),
            "facts": facts,
            **self.more_of_page(request, row),
        }
        return render(request, self.change_form_template, context)

    def title_of(self, row: Any) -> str:
        """Return the heading of a row's page."""
        return str(self._value(self.list_display[0], row))

    def more_of_list(self, request: HttpRequest) -> dict[str, Any]:
        """Return what else the list shows."""
        return {}

    def more_of_page(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """Return what else the page of a row shows."""
        return {}

    def _label(self, name: Any) -> str:
        label = str(self.labels.get(name) or label_for_field(name, self.model, model_admin=self))
        return label[:1].upper() + label[1:]

    def _value(self, name: Any, row: Any) -> Any:
        return lookup_field(name, row, self)[2]

    def _heads(self, listing: Listing) -> list[dict[str, Any]]:
        return [
            {"label": self._label(name), "field": str(number), "sorts": listing.get_ordering_field(name) is not None}
            for number, name in enumerate(listing.list_display)
        ]

    def _row(self, row: Any) -> dict[str, Any]:
        cells = [cell(self._label(name), self._value(name, row)) for name in self.list_display]
        return {"href": reverse(self.page_name, args=[row.pk]), "first": cells[0], "cells": cells[1:]}


class OpenAccounts(SimpleListFilter):
    """A filter by one of the accounts that are open; by another one nothing is found."""

    parameter_name = "account"
    title = _lazy("account")
    of: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the accounts that are open."""
        self.of = model_admin.of
        return [(str(look["account"].pk), str(look["account"])) for look in frame_of(request)["looks"]]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Narrow the list."""
        chosen = self.value() or ""
        if not chosen:
            return queryset
        known = chosen in {value for value, _label in self.lookup_choices}
        return queryset.filter(**{self.of: chosen}) if known else queryset.none()


class OfAccounts(Reading):
    """A model whose rows belong to accounts: those of the accounts that are open are there, and no others."""

    of: ClassVar[str] = "account"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return the rows of the accounts that this session has open, of one of them where `account` names it."""
        return super().get_queryset(request).filter(**{f"{self.of}__in": list(open_looks(request))})

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Return the filters, and one by account."""
        return [*self.list_filter, OpenAccounts]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns, and the account where several are open."""
        columns = list(self.list_display)
        return [*columns, "account_name"] if len(open_looks(request)) > 1 else columns

    @display(description=_lazy("account"))
    def account_name(self, row: Any) -> str:
        """Return the name of a row's account."""
        for step in self.of.split("__"):
            row = getattr(row, step)
        return str(row)

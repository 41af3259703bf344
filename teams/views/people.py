"""Everybody in the accounts that the reader administers: the list, and the grid of people and accounts (rule 4)."""

from abc import ABC, abstractmethod
from typing import Any

from django.http import HttpRequest
from django.views.generic import TemplateView

from accounts.models import BusinessAccount, Person
from accounts.views import SignedInMixin, chips_of, page_of

from ..access import standing_of
from ..forms import PEOPLE_STATES, PeopleFilterForm
from ..holdings import read_across
from ..models import Membership
from ..people import PeopleOf, administered_by

COLUMNS = 8  # accounts that the grid shows beside each other


class PeopleView(SignedInMixin, TemplateView, ABC):
    """People across the accounts that the reader administers, narrowed by the same filter."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Filter, count for the chips, sort, page."""
        accounts = administered_by(self.me)
        form, here = PeopleFilterForm(self.request.GET), PeopleOf(accounts)
        wanted = form.wanted()
        found = here.narrowed(wanted)
        counts = here.state_counts(found)
        people = here.in_order(here.in_state(found, wanted["state"]), wanted["sort"])
        page = page_of(people, self.request, count=counts[wanted["state"]])
        return super().get_context_data(
            form=form,
            accounts=accounts,
            page_obj=page,
            chips=chips_of(self.request, PEOPLE_STATES, counts, wanted["state"]),
            narrowed=any(wanted[name] for name in ("q", "kind", "state")),
            **self.more(here, list(page), accounts),
            **kwargs,
        )

    @abstractmethod
    def more(self, here: PeopleOf, people: list[Person], accounts: list[BusinessAccount]) -> dict[str, Any]:
        """Return what this page shows of the people on it."""


class PeopleList(PeopleView):
    """Where does this person have access? Each once, with the number of accounts, second factor, last sign-in, end."""

    template_name = "teams/people.html"

    def more(self, here: PeopleOf, people: list[Person], accounts: list[BusinessAccount]) -> dict[str, Any]:
        """Say beside each person in which accounts, and from where they come."""
        seats = here.seats_by_person(people)
        return {"rows": [{"person": person, **_gathered(seats[person.pk])} for person in people if person.pk in seats]}


class PeopleGrid(PeopleView):
    """Who has which role where: a row for each person, a column for each account, some columns at a time."""

    template_name = "teams/people_grid.html"

    def more(self, here: PeopleOf, people: list[Person], accounts: list[BusinessAccount]) -> dict[str, Any]:
        """Fill the cells: role and standing of each person in each account of these columns."""
        first = _first_column(self.request, len(accounts))
        columns = accounts[first : first + COLUMNS]
        seats = here.seats_by_person(people, columns)
        read_across(row for rows in seats.values() for row in rows)
        return {
            "columns": columns,
            "rows": [{"person": person, "cells": _cells(seats.get(person.pk, []), columns)} for person in people],
            "before": first - COLUMNS if first else None,
            "after": first + COLUMNS if first + COLUMNS < len(accounts) else None,
            "first": first + 1,
            "last": first + len(columns),
        }


def _gathered(seats: list[Membership]) -> dict[str, Any]:
    """Put together what a person is in several accounts."""
    kinds = dict.fromkeys(row.get_kind_display() for row in seats)
    organisations = {row.organisation.casefold(): row.organisation for row in seats if row.organisation}
    return {
        "seats": seats,
        "kinds": list(kinds),
        "organisations": sorted(organisations.values()),
        "resting": sum(row.state != Membership.State.ACTIVE or row.is_expired for row in seats),
    }


def _cells(seats: list[Membership], columns: list[BusinessAccount]) -> list[dict[str, Any]]:
    """Return a cell for each column; one without a seat stays blank."""
    found = {row.account_id: row for row in seats}
    cells = []
    for account in columns:
        seat = found.get(account.pk)
        cells.append({"account": account, "seat": seat, "standing": standing_of(seat).name if seat else ""})
    return cells


def _first_column(request: HttpRequest, total: int) -> int:
    """Return the number of the first column that the query string asks for; nonsense reads as the first."""
    text = request.GET.get("from", "")
    asked = int(text) if text.isdecimal() and len(text) < 6 else 0
    last = max(total - 1, 0) // COLUMNS * COLUMNS
    return min(asked // COLUMNS * COLUMNS, last)

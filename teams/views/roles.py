"""The roles of an account: the table, one role, two side by side."""

from collections.abc import Collection, Sequence
from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from accounts.permissions import (
    ACCOUNT_PERMISSIONS,
    ASSET_PERMISSIONS,
    MANAGE_ROLES,
    MANAGE_TEAM,
    PERMISSIONS,
    VIEW_ACCOUNT,
    VIEW_AUDIT,
    Permission,
)
from accounts.views import AccountView, page_of
from audit.models import Event

from ..forms import CompareRolesForm
from ..models import Membership, Role
from ..querysets import role_now
from ..separation import combinations_in

LONGEST_HISTORY = 50


class RoleMatrix(AccountView, TemplateView):
    """Which role holds what, as one table, and how many hold each role here."""

    permission = VIEW_ACCOUNT
    template_name = "teams/roles.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Lay out the table, the reader's own role marked; the account's own roles come after the built-in ones."""
        roles = list(Role.objects.with_holders(self.account))
        own = Membership.objects.current().filter(account=self.account, person=self.me)
        held = own.values_list(role_now(), flat=True).first()
        return super().get_context_data(
            built_in=[role for role in roles if role.is_built_in],
            made=[role for role in roles if not role.is_built_in],
            retired=Role.objects.filter(account=self.account).exclude(retired_at=None).order_by("-retired_at", "pk"),
            columns=[{"label": str(role), "current": role.pk == held, "href": role_page(self, role)} for role in roles],
            groups=_table(roles),
            held=held,
            **kwargs,
        )


class RoleView(AccountView):
    """A page about one role of the account, retired ones too."""

    abstract = True
    role: Role

    def load(self) -> None:
        """Find the role by its code, which is one within the account and the built-in ones."""
        self.role = get_object_or_404(Role.objects.ever_of(self.account), code=self.kwargs["code"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the role."""
        return super().get_context_data(role=self.role, **kwargs)


class RolePage(RoleView, TemplateView):
    """One role: what it holds; who holds it, for who manages the team; what happened to it, for who may know."""

    permission = VIEW_ACCOUNT
    template_name = "teams/role.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Lay out what the role holds, and whom it reaches."""
        holders = Membership.objects.current().filter(account=self.account).in_role(self.role)
        context = super().get_context_data(
            groups=_table([self.role]),
            columns=[{"label": _("Held")}],
            together=combinations_in(self.role.permissions),
            mine=holders.filter(person=self.me).exists(),
            holders=holders.count(),
            **kwargs,
        )
        may = {code: self.me.has_perm(code, self.account) for code in (MANAGE_TEAM, MANAGE_ROLES, VIEW_AUDIT)}
        if may[MANAGE_TEAM]:
            rows = holders.with_roles("person").order_by("person__name", "pk")
            context["page_obj"] = page_of(rows, self.request, count=context["holders"])
        if not self.role.is_built_in and (may[MANAGE_ROLES] or may[VIEW_AUDIT]):
            context["steps"] = _history(self.role)
        return context


class CompareRoles(AccountView, TemplateView):
    """Two roles side by side."""

    permission = VIEW_ACCOUNT
    template_name = "teams/compare_roles.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what only the one holds, and what only the other; without two roles, ask for them."""
        form = CompareRolesForm(self.request.GET, account=self.account)
        wanted = form.wanted()
        context = super().get_context_data(form=form, **kwargs)
        a, b = wanted["a"], wanted["b"]
        if not a or not b:
            return context
        return {
            **context,
            "a": a,
            "b": b,
            "only_a": words_of(a.permissions - b.permissions),
            "only_b": words_of(b.permissions - a.permissions),
            "columns": [{"label": str(role), "href": role_page(self, role)} for role in (a, b)],
            "groups": _table([a, b]),
            "together": [(role, combinations_in(role.permissions)) for role in (a, b)],
        }


def role_page(view: AccountView, role: Role) -> str:
    """Return the path of a role's page in the account of a view."""
    return reverse("role", args=[view.account.slug, role.code])


def _table(roles: Sequence[Role]) -> list[dict[str, Any]]:
    """Return the groups of the component `permission_matrix`, one column for each role."""
    return [
        {"label": _("On the account"), "rows": _rows(ACCOUNT_PERMISSIONS, roles)},
        {"label": _("On each of its assets"), "rows": _rows(ASSET_PERMISSIONS, roles)},
    ]


def _rows(permissions: Sequence[Permission], roles: Sequence[Role]) -> list[dict[str, Any]]:
    return [
        {
            "label": capfirst(str(permission.words)),
            "sensitive": permission.sensitive,
            "cells": [permission.code in role.permissions for role in roles],
        }
        for permission in permissions
    ]


def words_of(codes: Collection[str]) -> list[str]:
    """Return permissions in words, in the order of the table."""
    return [str(entry.words) for code, entry in PERMISSIONS.items() if code in codes]


def _history(role: Role) -> list[dict[str, Any]]:
    """Return the newest events about a role, for the timeline."""
    return [
        {"at": event.at, "title": event.sentence, "text": event.parts["reason"] if not event.refused else "",
         "tone": "bad" if event.refused else "info", "icon": "ban" if event.refused else "circle-check"}
        for event in Event.objects.about(role).order_by("-id")[:LONGEST_HISTORY]
    ]  # fmt: skip

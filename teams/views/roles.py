"""The table of roles."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Q
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from accounts.permissions import ACCOUNT_PERMISSIONS, ASSET_PERMISSIONS, VIEW_ACCOUNT, Permission
from accounts.views import AccountView

from ..models import Membership, Role


class RoleMatrix(AccountView, TemplateView):
    """Which role holds what, as one table, and how many hold each role here."""

    permission = VIEW_ACCOUNT
    template_name = "teams/roles.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Lay out the table, the reader's own role marked."""
        mine = Q(memberships__account=self.account) & ~Q(memberships__state=Membership.State.ENDED)
        roles = list(Role.objects.of(self.account).annotate(holders=Count("memberships", filter=mine)))
        own = Membership.objects.current().filter(account=self.account, person=self.me)
        held = own.values_list("role_id", flat=True).first()
        columns = [{"label": str(role), "current": role.pk == held} for role in roles]
        groups = [
            {"label": _("On the account"), "rows": _rows(ACCOUNT_PERMISSIONS, roles)},
            {"label": _("On each of its assets"), "rows": _rows(ASSET_PERMISSIONS, roles)},
        ]
        return super().get_context_data(roles=roles, columns=columns, groups=groups, held=held, **kwargs)


def _rows(permissions: Sequence[Permission], roles: Sequence[Role]) -> list[dict[str, Any]]:
    return [
        {
            "label": capfirst(str(permission.words)),
            "sensitive": permission.sensitive,
            "cells": [permission.code in role.permissions for role in roles],
        }
        for permission in permissions
    ]

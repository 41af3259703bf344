"""The grid of people and assets: what each may do on each, and how."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from accounts.access import Standing
from accounts.models import Asset
from accounts.permissions import ASSET_CODES, MANAGE_TEAM
from accounts.views import AccountView, page_of

from ..access import standing_of
from ..authority import obstacle
from ..forms import GridFilterForm
from ..holdings import Access, access_of, read_many
from ..models import Membership
from ..permissions import preset_of
from .members import words_of

COLUMNS = 12  # assets beside one another


@dataclass(frozen=True, slots=True)
class Cell:
    """What one person may do on one asset: in a word, how, until when, and in whole words."""

    asset: Asset
    what: str = ""
    how: str = ""
    granted: bool = False
    ends_at: dt.datetime | None = None
    words: str = ""


def cell_of(access: Access, asset: Asset) -> Cell:
    """Return the cell of a person who holds `access` on an asset, leaving the standing aside."""
    by_role = access.role_permissions & ASSET_CODES
    granted = access.granted(asset.pk)
    may = by_role | granted
    if not may:
        return Cell(asset)
    beyond = granted - by_role
    now = timezone.now()
    ends = [
        detail.ends_at
        for detail in access.details
        if detail.asset_id == asset.pk and detail.code in beyond and detail.ends_at and detail.ends_at > now
    ]
    how = _("by role") if not beyond else _("by grant") if not by_role else _("role and grant")
    words = ", ".join(words_of(may))
    return Cell(asset, str(_in_a_word(may)), how, bool(beyond), min(ends, default=None), words)


def _in_a_word(may: frozenset[str]) -> str | Promise:
    if may == ASSET_CODES:
        return _("Everything")
    if preset := preset_of(may):
        return preset.name
    return _("%(some)d of %(all)d") % {"some": len(may), "all": len(ASSET_CODES)}


class AssetGrid(AccountView, TemplateView):
    """Everybody in the rows, the assets in use in the columns; each cell leads to where it is changed."""

    permission = MANAGE_TEAM
    template_name = "teams/asset_grid.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Filter both sides, page both, and read all that is shown at once."""
        form = GridFilterForm(self.request.GET, account=self.account)
        wanted = form.wanted()
        columns = page_of(self._assets(wanted), self.request, size=COLUMNS, key="assets_page")
        page = page_of(self._members(wanted), self.request)
        read_many(page.object_list, self.account)
        return super().get_context_data(
            form=form,
            columns=columns,
            page_obj=page,
            rows=[self._row(row, list(columns)) for row in page],
            any_assets=Asset.objects.of(self.account).in_use().exists(),
            **kwargs,
        )

    def _members(self, wanted: dict[str, Any]) -> Any:
        rows = Membership.objects.current().filter(account=self.account).narrowed(wanted)
        if wanted["people"]:
            rows = rows.filter(people_groups=wanted["people"])
        return rows.with_roles("person").order_by("person__name", "person__email", "pk")

    def _assets(self, wanted: dict[str, Any]) -> Any:
        rows = Asset.objects.of(self.account).in_use().of_kind(wanted["asset_kind"])
        return rows.filter(asset_groups=wanted["assets"]) if wanted["assets"] else rows

    def _row(self, member: Membership, assets: list[Asset]) -> dict[str, Any]:
        access = access_of(member.person, self.account.pk)
        standing = standing_of(member)
        return {
            "member": member,
            "hindered": obstacle(self.me, self.account, member) is not None,
            "standing": "" if standing is Standing.ACTIVE else standing.value,
            "cells": [cell_of(access, asset) for asset in assets] if access else [],
        }

"""One asset: who may do what on it, and why; putting it away, and bringing it back."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from accounts.access import way_to_ask, who_can_give
from accounts.actions import archive_asset
from accounts.errors import MissingPermission
from accounts.models import Asset
from accounts.permissions import (
    ASSET_PERMISSIONS,
    MANAGE_ASSETS,
    MANAGE_TEAM,
    PERMISSIONS,
    PUBLISH_CONTENT,
    VIEW_ACCOUNT,
    Permission,
)
from accounts.views import AccountFormView, AccountView, page_of
from accounts.views.assets import asset_page

from .. import actions
from ..access import explain
from ..actions.assets import revived_by
from ..authority import lacking, obstacle
from ..coverage import alone_on
from ..forms import AbleFilterForm
from ..holdings import read_many
from ..models import AssetGrant, Membership


class AssetPage(AccountView, TemplateView):
    """One asset: the reader's own powers; for who manages the team, who can do each act on it, and why."""

    permission = VIEW_ACCOUNT
    template_name = "teams/asset.html"

    def load(self) -> None:
        """Find the asset, archived ones too."""
        self.asset = get_object_or_404(Asset, account=self.account, pk=self.kwargs["pk"])
        self.asset.account = self.account

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Answer for the reader; for a manager, page through all who may do one act here, with the reasons."""
        mine = [{"label": _("What you may do here"), "rows": self._answers()}]
        context = super().get_context_data(asset=self.asset, mine=mine, **kwargs)
        if self.asset.archived_at or not self.me.has_perm(MANAGE_TEAM, self.account):
            return context
        form = AbleFilterForm(self.request.GET)
        wanted = form.wanted()
        act = PERMISSIONS[wanted["act"] or PUBLISH_CONTENT]
        members = Membership.objects.current().filter(account=self.account)
        counts = members.able_counts([entry.code for entry in ASSET_PERMISSIONS], self.asset)
        able = members.able_to(act.code, self.asset).matching(wanted["q"]).with_roles("person")
        page = page_of(able.order_by("person__name", "person__email", "pk"), self.request)
        return {
            **context,
            "form": form,
            "act": act,
            "acts": self._acts(act, counts),
            "page_obj": page,
            "people": self._people(page, act.code),
            "alone": alone_on(self.account, self.asset),
        }

    def _acts(self, chosen: Permission, counts: dict[str, int]) -> list[dict[str, Any]]:
        """Return the acts as chips, the one that reaches the public first."""
        entries = sorted(ASSET_PERMISSIONS, key=lambda entry: entry.code != PUBLISH_CONTENT)
        return [
            {
                "label": capfirst(str(entry.words)),
                "count": counts[entry.code],
                "href": f"?act={entry.code}",
                "current": entry is chosen,
            }
            for entry in entries
        ]

    def _people(self, page: Any, code: str) -> list[dict[str, Any]]:
        """Return each member of the page with why: the role, or the grant with who gave it, when, and until when."""
        read_many(page.object_list, self.account)
        rows = AssetGrant.objects.lasting().filter(membership__in=[row.pk for row in page], content_object=self.asset)
        rows = rows.filter(permission__codename=code).select_related("given_by")
        grants = {row.membership_id: row for row in rows}
        people = []
        for row in page:
            answer = explain(row.person, code, self.asset)
            people.append(
                {
                    "member": row,
                    "by_role": code in row.role.permissions,
                    "grant": grants.get(row.pk),
                    "rests": "" if answer.allowed else answer.reason,
                    "hindered": obstacle(self.me, self.account, row) is not None,
                }
            )
        return people

    def _answers(self) -> list[dict[str, Any]]:
        answers = []
        for permission in ASSET_PERMISSIONS:
            answer = explain(self.me, permission.code, self.asset)
            ask = not answer.allowed and self.account.owner_id != self.me.pk
            answers.append(
                {
                    "ask_url": f"{way_to_ask(permission.code, self.account)}&asset={self.asset.pk}" if ask else "",
                    "label": capfirst(str(permission.words)),
                    "allowed": answer.allowed,
                    "reason": answer.reason,
                }
            )
        return answers


class ArchiveAsset(AccountFormView):
    """Put an asset away."""

    permission = MANAGE_ASSETS
    template_name = "teams/archive_asset.html"

    def load(self) -> None:
        """Find the asset; one that is archived already is told by the action."""
        self.asset = get_object_or_404(Asset, account=self.account, pk=self.kwargs["pk"])
        self.asset.account = self.account

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what it does, and to how many."""
        grants = AssetGrant.objects.filter(content_object=self.asset).values("membership").distinct().count()
        effects = [_("Nobody can do anything on it here until it is brought back.")]
        if grants:
            words = ngettext(
                "The grants of %(count)d person on it rest.", "The grants of %(count)d people on it rest.", grants
            )
            effects.append(words % {"count": grants})
        keeps = [_("Its history stays, and so do the grants: bringing it back brings them back.")]
        return super().get_context_data(asset=self.asset, effects=effects, keeps=keeps, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Archive it."""
        asset = archive_asset(asset=self.asset, by=self.me)
        return self.done(_("%(asset)s is archived.") % {"asset": asset}, to=asset_page(self.asset))


class RestoreAsset(AccountFormView):
    """Bring an archived asset back, with the grants on it."""

    permission = MANAGE_ASSETS
    template_name = "teams/restore_asset.html"

    def load(self) -> None:
        """Find the asset; one that is in use already is told by the action."""
        self.asset = get_object_or_404(Asset, account=self.account, pk=self.kwargs["pk"])
        self.asset.account = self.account

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what comes back, and to how many; the grants are given anew, so the reader must hold them (rule 2)."""
        grants = revived_by(self.asset).select_related("permission")
        codes, people = {row.permission.codename for row in grants}, len({row.membership_id for row in grants})
        effects = [_("It is in use again, for everybody whose role works on assets.")]
        if people:
            words = ngettext(
                "The grants of %(count)d person on it count again.",
                "The grants of %(count)d people on it count again.",
                people,
            )
            effects.append(words % {"count": people})
        refusal = lacking(self.me, self.account, codes)
        hindrance = refusal.words if refusal else ""
        givers = who_can_give(refusal.code, self.account) if isinstance(refusal, MissingPermission) else []
        return super().get_context_data(asset=self.asset, effects=effects, hindrance=hindrance, givers=givers, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Bring it back."""
        asset = actions.restore_asset(asset=self.asset, by=self.me)
        return self.done(_("%(asset)s is back in use.") % {"asset": asset}, to=asset_page(self.asset))

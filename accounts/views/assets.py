"""The assets of an account: the list, adding, changing. What needs the team stands a floor higher."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.generic import TemplateView

from .. import actions
from ..forms import AssetFilterForm, AssetForm
from ..models import Asset
from ..permissions import ASSET_PERMISSIONS, MANAGE_ASSETS, VIEW_ACCOUNT
from .base import AccountFormView, AccountView, chips_of, page_of

STATES = {"": _lazy("In use"), "archived": _lazy("Archived")}


class AssetList(AccountView, TemplateView):
    """All assets, with what the reader may do on each."""

    permission = VIEW_ACCOUNT
    template_name = "accounts/assets.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Filter, count for the chips, and page."""
        form = AssetFilterForm(self.request.GET)
        wanted = form.wanted()
        everything = Asset.objects.of(self.account)
        found = everything.matching(wanted["q"]).of_kind(wanted["kind"])
        counts = found.counts()
        rows = found.archived() if wanted["state"] == "archived" else found.in_use()
        page = page_of(rows, self.request)
        for asset in page:
            asset.mine = self._powers(asset)
        return super().get_context_data(
            form=form,
            page_obj=page,
            chips=chips_of(self.request, STATES, {"": counts["in_use"], **counts}, wanted["state"]),
            any_at_all=everything.exists(),
            **kwargs,
        )

    def _powers(self, asset: Asset) -> list[str]:
        may = self.me.has_perm
        return [str(permission.words) for permission in ASSET_PERMISSIONS if may(permission.code, asset)]


class AddAsset(AccountFormView):
    """Add an asset."""

    permission = MANAGE_ASSETS
    form_class = AssetForm
    template_name = "accounts/add_asset.html"

    def form_valid(self, form: AssetForm) -> HttpResponse:
        """Add it, and go on to its page."""
        asset = actions.add_asset(account=self.account, by=self.me, **form.cleaned_data)
        return self.done(_("%(asset)s is added.") % {"asset": asset}, to=asset_page(asset))


class ChangeAsset(AccountFormView):
    """Change kind, name and handle of an asset in use."""

    permission = MANAGE_ASSETS
    form_class = AssetForm
    template_name = "accounts/change_asset.html"

    def load(self) -> None:
        """Find the asset among those in use."""
        self.asset = get_object_or_404(Asset.objects.in_use(), account=self.account, pk=self.kwargs["pk"])

    def get_form_kwargs(self) -> dict[str, Any]:
        """Fill the form with a copy of the asset: what is typed must not show as the asset's name."""
        return {**super().get_form_kwargs(), "instance": Asset.objects.get(pk=self.asset.pk)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the asset."""
        return super().get_context_data(asset=self.asset, **kwargs)

    def form_valid(self, form: AssetForm) -> HttpResponse:
        """Change it."""
        asset = actions.change_asset(asset=self.asset, by=self.me, **form.cleaned_data)
        return self.done(_("%(asset)s is saved.") % {"asset": asset}, to=asset_page(asset))


def asset_page(asset: Asset) -> str:
    """Return the path of an asset's page."""
    return reverse("asset", args=[asset.account.slug, asset.pk])

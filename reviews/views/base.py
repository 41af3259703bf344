"""What the pages about one campaign or one access share."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts.permissions import RUN_REVIEWS
from accounts.views import AccountView

from ..models import Campaign


class CampaignView(AccountView):
    """A page about one campaign of the account."""

    abstract = True
    permission = RUN_REVIEWS
    campaign: Campaign

    def load(self) -> None:
        """Find the campaign, closed ones too."""
        rows = Campaign.objects.with_progress().select_related("role", "asset", "started_by", "closed_by")
        self.campaign = get_object_or_404(rows, account=self.account, pk=self.kwargs["pk"])
        self.campaign.account = self.account

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the campaign."""
        return super().get_context_data(campaign=self.campaign, **kwargs)

    @property
    def page(self) -> str:
        """The path of the campaign's page."""
        return reverse("review", args=[self.account.slug, self.campaign.pk])

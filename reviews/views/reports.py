"""The reports of closed reviews, for who reads the log: to look at, to keep, and to check against the log."""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.generic import TemplateView

from accounts.permissions import RUN_REVIEWS, VIEW_AUDIT
from accounts.views import AccountView, page_of
from teams.receipts import event_of, in_log

from .. import reports
from ..forms import CampaignFilterForm
from ..models import Campaign
from .base import CampaignView

KINDS = {
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json; charset=utf-8",
}


class ReportList(AccountView, TemplateView):
    """The reports of all reviews that are closed."""

    permission = VIEW_AUDIT
    template_name = "reviews/reports.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Filter, and page."""
        form = CampaignFilterForm(self.request.GET)
        wanted = form.wanted()
        rows = Campaign.objects.filter(account=self.account).in_state("closed").matching(wanted["q"])
        return super().get_context_data(
            form=form,
            page_obj=page_of(rows.order_by("-closed_at", "-pk"), self.request),
            filtered=bool(wanted["q"]),
            **kwargs,
        )


class ReportView(CampaignView):
    """A page about the report of one closed campaign."""

    abstract = True
    permission = VIEW_AUDIT

    def load(self) -> None:
        """Find the campaign. Raises Http404 for one that is not closed: it has no report yet."""
        super().load()
        if self.campaign.is_running:
            raise Http404


class ReportPage(ReportView, TemplateView):
    """Who decided what, how fast, and what became of it; and whether the log holds the very same."""

    template_name = "reviews/report.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the event, and the accesses, page by page."""
        event = event_of(self.campaign)
        report = self.campaign.report
        runs = self.me.has_perm(RUN_REVIEWS, self.account)
        return super().get_context_data(
            report=report,
            **in_log(self.campaign, event),
            page_obj=page_of(report["items"], self.request),
            back=self.page if runs else reverse("review_reports", args=[self.account.slug]),
            **kwargs,
        )


class ReportFile(ReportView):
    """The report to keep: as JSON for programs, as CSV for tables, as PDF for people."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, *args: Any, kind: str, **kwargs: Any) -> HttpResponse:
        """Send it. Raises Http404 for another kind of file."""
        if kind not in KINDS:
            raise Http404
        event = event_of(self.campaign)
        name = f"{self.account.slug}-review-{self.campaign.pk}.{kind}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(_body(self.campaign, event, kind), content_type=KINDS[kind], headers=headers)


def _body(campaign: Campaign, event: Any, kind: str) -> bytes:
    if kind == "pdf":
        return reports.as_pdf(campaign, event)
    if kind == "csv":
        return reports.as_csv(campaign).encode()
    return json.dumps(reports.as_json(campaign, event), indent=1, ensure_ascii=False).encode()

"""Exports that are made in the background: one's own ones, how far each is, and fetching it."""

from typing import Any

from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.generic import TemplateView

from accounts.permissions import VIEW_AUDIT
from accounts.views import AccountFormView, AccountView, chips_of, page_of

from .. import actions
from ..evidence.kinds import MADE
from ..forms import EXPORT_STATES, LogExportFilterForm
from ..models import LogExport
from ..store import content_of, store


class LogExports(AccountView, TemplateView):
    """The exports that the reader asked for; nobody else's."""

    permission = VIEW_AUDIT
    template_name = "oversight/log_exports.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Filter, count for the chips, and page."""
        form = LogExportFilterForm(self.request.GET)
        wanted = form.wanted()
        everything = LogExport.objects.of(self.account, self.me)
        found = everything.matching(wanted["q"])
        counts = found.state_counts()
        rows = found.in_state(wanted["state"]).order_by("-pk")
        return super().get_context_data(
            form=form,
            page_obj=page_of(rows, self.request, count=counts[wanted["state"] or "all"]),
            chips=chips_of(self.request, EXPORT_STATES, {**counts, "": counts["all"]}, wanted["state"]),
            any_at_all=bool(wanted["q"]) or counts["all"] > 0,
            **kwargs,
        )


class LogExportView(AccountView):
    """A page about one export of the reader's own; to everybody else it is not there."""

    abstract = True
    permission = VIEW_AUDIT
    export: LogExport

    def load(self) -> None:
        """Find it among the reader's own."""
        self.export = get_object_or_404(LogExport.objects.of(self.account, self.me), pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the export, and what kind of file it is."""
        kind = MADE[self.export.kind].label
        return super().get_context_data(export=self.export, kind=kind, **kwargs)


class LogExportPage(LogExportView, TemplateView):
    """How far an export is, or the button that fetches it."""

    template_name = "oversight/log_export.html"


class TakeExport(LogExportView, AccountFormView):
    """The file itself. That it is fetched is recorded before the first byte."""

    http_method_names = ["post", "options"]
    template_name = "oversight/log_export.html"

    def form_valid(self, form: Any) -> Any:
        """Record it, then send the parts one after the other."""
        parts, kept, file = actions.take_export(export=self.export, by=self.me), store(), MADE[self.export.kind]
        return StreamingHttpResponse(
            content_of(kept, parts) if kept else (),
            content_type=file.type,
            headers={
                "Content-Disposition": f'attachment; filename="{self.export.name}"',
                "Content-Length": str(self.export.size),
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "no-store",
            },
        )

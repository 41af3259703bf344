"""The list of members as a file."""

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone

from accounts.permissions import MANAGE_TEAM
from accounts.views import AccountFormView

from .. import actions
from ..forms import ExportMembersForm
from ..models import Membership
from ..spreadsheets import COLUMNS, csv_of_members, workbook_of_members

TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


class ExportMembers(AccountFormView):
    """The list of the team page as a file. That it is taken is recorded before the first byte (rule 18)."""

    permission = MANAGE_TEAM
    template_name = "teams/export_members.html"
    form_class = ExportMembersForm

    def get_form_kwargs(self) -> dict[str, Any]:
        """Read the filter from the query of the page, or from the form that is sent."""
        given = self.request.POST if self.request.method == "POST" else self.request.GET
        return {"data": given, "account": self.account}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Tell what the file will hold."""
        context = super().get_context_data(columns=list(COLUMNS), **kwargs)
        form = context["form"]
        hidden = [(name, form[name].data) for name in ("q", "role", "state", "sort") if form[name].data]
        rows = self._rows(form)
        kind, narrowed = form.kind_of_file(), form.in_words()
        return {**context, "narrowed": narrowed, "hidden": hidden, "count": rows.count(), "kind": kind}

    def form_valid(self, form: ExportMembersForm) -> Any:
        """Record the export, then send the file."""
        kind, rows = form.kind_of_file(), self._rows(form)
        actions.export_members(account=self.account, by=self.me, file=kind.upper(), narrowed=form.in_words())
        name = f"{self.account.slug}-members-{timezone.localdate().isoformat()}.{kind}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
        if kind == "csv":
            lines = csv_of_members(rows, self.account)
            return StreamingHttpResponse(lines, content_type=TYPES[kind], headers=headers)
        return HttpResponse(workbook_of_members(rows, self.account), content_type=TYPES[kind], headers=headers)

    def _rows(self, form: ExportMembersForm) -> Any:
        return Membership.objects.filter(account=self.account).listed(form.wanted(), self.account.policy)

"""Lists of people to invite: uploading one, choosing its columns, the dry run, starting, watching, stopping."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from accounts.permissions import MANAGE_TEAM
from accounts.views import AccountFormView, AccountView, chips_of, page_of
from audit.exporting import csv_of

from .. import actions, fates, policies
from ..forms import ColumnsForm, ImportFilterForm, StartImportForm, UploadListForm, columns_initial
from ..models import Import, ImportRow

EXAMPLES = 3  # rows of the file that the page about its columns shows


class ImportList(AccountFormView):
    """Upload a list; below, those that were uploaded before."""

    permission = MANAGE_TEAM
    form_class = UploadListForm
    template_name = "invitations/imports.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show the earlier lists, each with what became of its rows."""
        page = page_of(Import.objects.filter(account=self.account).newest_first(), self.request)
        return super().get_context_data(page_obj=page, pace=policies.MOST_AN_HOUR_FROM_LISTS, **kwargs)

    def form_valid(self, form: UploadListForm) -> HttpResponse:
        """Keep the rows, and go on to the columns."""
        table = form.cleaned_data["upload"]
        listing = actions.upload_list(
            account=self.account, file_name=form.file_name, head=table.head, rows=table.rows, by=self.me
        )
        return HttpResponseRedirect(reverse("import_columns", args=[self.account.slug, listing.pk]))


class ImportView(AccountView):
    """A page about one list of the account."""

    abstract = True
    listing: Import

    def load(self) -> None:
        """Find the list."""
        rows = Import.objects.select_related("by", "role")
        self.listing = get_object_or_404(rows, account=self.account, pk=self.kwargs["pk"])
        self.listing.account = self.account

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the list."""
        pace = policies.MOST_AN_HOUR_FROM_LISTS
        return super().get_context_data(listing=self.listing, pace=pace, **kwargs)

    def here(self) -> str:
        """Return the path of the list's page."""
        return reverse("import", args=[self.account.slug, self.listing.pk])

    def rows(self) -> list[ImportRow]:
        """Return the rows of a draft as they would be settled now."""
        return fates.foresee(self.listing, self.account, by=self.me)


class ImportPage(ImportView, TemplateView):
    """What becomes of each row: in a dry run before it is started, as it is afterwards."""

    permission = MANAGE_TEAM
    template_name = "invitations/import.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it; of a list whose columns nobody has chosen there is nothing to see yet."""
        if self.listing.is_draft and not self.listing.columns:
            return HttpResponseRedirect(reverse("import_columns", args=[self.account.slug, self.listing.pk]))
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Filter by fate and address, count for the chips, and page."""
        form = ImportFilterForm(self.request.GET)
        wanted, listing = form.wanted(), self.listing
        found: Any
        if listing.is_draft:
            rows = self.rows()
            fitting = fates.matching(rows, "", wanted["q"])
            everything, counts = fates.tally(rows), fates.tally(fitting)
            found = fates.matching(fitting, wanted["state"], "")
        else:
            everything, counts = listing.tally(), listing.rows.matching(wanted["q"]).tally()
            found = listing.rows.listed(wanted["state"], wanted["q"])
        labels = {"": _("All rows"), **dict(ImportRow.Fate.choices)}
        numbers = {**dict.fromkeys(labels, 0), **counts, "": sum(counts.values())}
        ready, invited = everything.get("waiting", 0), everything.get("invited", 0)
        return super().get_context_data(
            form=form,
            page_obj=page_of(found, self.request, count=numbers[wanted["state"]]),
            chips=chips_of(self.request, labels, numbers, wanted["state"]),
            ready=ready,
            invited=invited,
            failed=sum(everything.values()) - ready - invited,
            settled=listing.total - ready,
            cleared=bool(listing.counts),
            **kwargs,
        )


class ImportFormView(ImportView, AccountFormView):
    """One act on one list. Where it has ended meanwhile, its page says so."""

    abstract = True
    permission = MANAGE_TEAM
    states: tuple[str, ...] = (Import.State.DRAFT,)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask; of a list that is past this act only its page is left."""
        if self.listing.state not in self.states:
            return HttpResponseRedirect(self.here())
        return super().get(request, *args, **kwargs)


class MapColumns(ImportFormView):
    """Choose what is read from which column."""

    form_class = ColumnsForm
    permission = MANAGE_TEAM
    template_name = "invitations/import_columns.html"

    def load(self) -> None:
        """Find the list, and a few rows as examples."""
        super().load()
        self.examples = list(self.listing.rows.order_by("number")[:EXAMPLES])

    def get_initial(self) -> dict[str, Any]:
        """Begin with what was chosen, or what is likely."""
        return columns_initial(self.listing, self.examples[0].typed if self.examples else [])

    def get_form_kwargs(self) -> dict[str, Any]:
        """Offer the columns, and the roles that the reader can give."""
        roles = policies.offerable_roles(self.account, self.me)
        return {**super().get_form_kwargs(), "listing": self.listing, "roles": roles}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show the beginning of the file."""
        return super().get_context_data(examples=self.examples, **kwargs)

    def form_valid(self, form: ColumnsForm) -> HttpResponse:
        """Keep it, and show the dry run."""
        given = form.cleaned_data
        actions.map_columns(
            listing=self.listing, columns=form.columns(), role=given["role"], message=given["message"], by=self.me
        )
        return HttpResponseRedirect(self.here())


class StartImport(ImportFormView):
    """Begin to invite, once it is confirmed; a yes counts only for what was shown."""

    permission = MANAGE_TEAM
    form_class = StartImportForm
    template_name = "invitations/start_import.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say how many would be invited, and how long it takes."""
        rows = self.rows()
        ready = fates.tally(rows).get(ImportRow.Fate.WAITING, 0)
        hours = -(-ready // policies.MOST_AN_HOUR_FROM_LISTS)
        left = len(rows) - ready
        return super().get_context_data(ready=ready, left=left, hours=hours, asked=fates.fingerprint(rows), **kwargs)

    def is_sensitive(self) -> bool:
        """Say whether anybody is invited as an administrator."""
        waiting = (row for row in self.rows() if row.fate == ImportRow.Fate.WAITING)
        return any(row.role is not None and row.role.administers for row in waiting)

    def form_valid(self, form: StartImportForm) -> HttpResponse:
        """Start it, and show how it goes."""
        actions.start_import(listing=self.listing, by=self.me, **form.cleaned_data)
        return self.done(_("The invitations are on their way."), to=self.here())


class StopImport(ImportFormView):
    """Invite nobody more from it; a list that was not started is discarded."""

    permission = MANAGE_TEAM
    template_name = "invitations/stop_import.html"
    states = (Import.State.DRAFT, Import.State.RUNNING)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what stays and what is left."""
        counts = self.listing.tally()
        invited, left = counts.get(ImportRow.Fate.INVITED, 0), counts.get(ImportRow.Fate.WAITING, 0)
        return super().get_context_data(invited=invited, left=left, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Stop it."""
        actions.stop_import(listing=self.listing, by=self.me)
        return self.done(_("Nobody more is invited from %(file)s.") % {"file": self.listing}, to=self.here())


class ImportProblems(ImportView):
    """The rows that were not invited, as they were typed and with what is wrong: to be mended and uploaded again."""

    permission = MANAGE_TEAM

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send the file."""
        if self.listing.is_draft:
            failed = [row for row in self.rows() if row.fate != ImportRow.Fate.WAITING]
        else:
            failed = list(self.listing.rows.failed().order_by("number"))
        width = len(self.listing.head)
        rows = ([*row.typed, *[""] * (width - len(row.typed)), row.number, row.problem] for row in failed)
        return HttpResponse(
            b"".join(csv_of([*self.listing.head, _("Row"), _("What is wrong")], rows)),
            content_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="{self.account.slug}-not-invited-{self.listing.pk}.csv"',
                "X-Content-Type-Options": "nosniff",
            },
        )

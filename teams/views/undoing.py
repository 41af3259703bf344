"""Undoing what one person changed lately in an account, as one act."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import ngettext

from accounts.models import BusinessAccount
from accounts.permissions import MANAGE_TEAM, VIEW_AUDIT
from accounts.views import AccountFormView
from audit.recording import Refused

from .. import actions
from ..forms import UndoForm, WhoseChangesForm
from ..undoing import actors_in, fingerprint, lately


def undo_page(account: BusinessAccount, person_id: int, hours: int = 24) -> str:
    """Return the address of what a person changed in the account within the last `hours`."""
    return f"{reverse('undo_changes', args=[account.slug])}?{urlencode({'person': person_id, 'hours': hours})}"


class UndoChanges(AccountFormView):
    """Choose whose changes and how far back, see what would be put back, and confirm. The query string names both."""

    permission = MANAGE_TEAM
    form_class = UndoForm
    template_name = "teams/undo_changes.html"
    chosen: WhoseChangesForm

    def load(self) -> None:
        """Read whose changes are meant."""
        asked = self.request.GET if "person" in self.request.GET else None
        self.chosen = WhoseChangesForm(asked, actors=actors_in(self.account))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show what would become of each change; before anybody is chosen, only the choice."""
        context = super().get_context_data(chosen=self.chosen, **kwargs)
        if not self.chosen.is_bound or not self.chosen.is_valid():
            return context
        person, hours = self.chosen.cleaned_data["person"], self.chosen.cleaned_data["hours"]
        try:
            found = lately(self.account, person, hours)
            outcomes = actions.what_would_be_undone(self.account, found, by=self.me)
        except Refused as refusal:
            return {**context, "whose": person, "hindrance": refusal.words}
        rows = [
            {
                "what": row.change.part.label,
                "whose": row.change.title,
                "now": row.change.part.words(self.account, row.change.after),
                "then": row.change.part.words(self.account, row.change.before),
                "problem": row.problem,
            }
            for row in outcomes
        ]
        return {
            **context,
            "whose": person,
            "rows": rows,
            "count": sum(not row["problem"] for row in rows),
            "others": found.others if self.me.has_perm(VIEW_AUDIT, self.account) else [],
            "seen": fingerprint(outcomes),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Undo; without a valid choice in the address, show the choice with what is wrong."""
        if not self.chosen.is_valid():
            return self.form_invalid(self.get_form())
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: UndoForm) -> HttpResponse:
        """Put back what was shown."""
        person, hours = self.chosen.cleaned_data["person"], self.chosen.cleaned_data["hours"]
        given = form.cleaned_data
        outcomes = actions.undo_changes(
            account=self.account, person=person, hours=hours, by=self.me, reason=given["reason"], seen=given["seen"]
        )
        done = sum(not row.problem for row in outcomes)
        words = ngettext(
            "%(count)d change of %(person)s is undone.", "%(count)d changes of %(person)s are undone.", done
        )
        return self.done(words % {"count": done, "person": person}, to=undo_page(self.account, person.pk, hours))

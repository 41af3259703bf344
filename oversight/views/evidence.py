"""Asking for an evidence pack."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.permissions import VIEW_AUDIT
from accounts.views import AccountFormView
from audit.models import Event
from audit.querysets import more_than
from teams.seconding import approval_of

from .. import actions
from ..evidence.kinds import PACK
from ..evidence.pack import MOST_EVENTS
from ..forms import EvidenceForm
from ..store import store


class EvidencePack(AccountFormView):
    """One file with all that an auditor takes along, of a period: made in the background, checked without us."""

    permission = VIEW_AUDIT
    form_class = EvidenceForm
    template_name = "oversight/evidence_pack.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say whether there is a place to make it in."""
        return super().get_context_data(can_make=store() is not None, **kwargs)

    def form_valid(self, form: EvidenceForm) -> HttpResponse:
        """Let a worker make it, and lead to its page."""
        wanted, narrowed = form.narrowing(), form.in_words()
        if store() is None:
            form.add_error(None, _("There is no place on this portal where it could be made. Ask whoever runs it."))
            return self.form_invalid(form)
        if more_than(Event.objects.in_chain_of(self.account).narrowed(wanted), MOST_EVENTS):
            words = _("These are more than %(most)s events. Choose a shorter period, and make several packs.")
            form.add_error("since", words % {"most": f"{MOST_EVENTS:,}"})
            return self.form_invalid(form)
        given = actions.asked_with(self.account, narrowed, "")
        export = actions.ask_for_export(
            account=self.account,
            by=self.me,
            narrowed=narrowed,
            wanted=wanted,
            kind=PACK,
            approval=approval_of(self.account, self.me, does="export_log", given=given),
        )
        words = _("It is being made. You get a mail when it is ready, and can leave this page.")
        return self.done(words, to=reverse("log_export", args=[self.account.slug, export.pk]))

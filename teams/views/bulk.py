"""Offboarding a whole list: first a dry run that tells each row's fate, then one act for each person (rule 13)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from accounts.forms import Typed
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from accounts.views import AccountFormView
from audit.recording import Refused, record_refusal

from .. import actions
from ..authority import obstacle
from ..forms import OffboardManyForm
from ..models import Membership, Receipt
from ..people import elsewhere_of_each


@dataclass
class Row:
    """One entry of the list, and what becomes of it: the memberships that end, or the reason why none does."""

    typed: str
    seats: list[Membership] = field(default_factory=list)
    hindrance: str = ""
    receipt: Receipt | None = None


class OffboardMany(AccountFormView):
    """Show what would happen to each row; once that is confirmed, do it, and show what happened."""

    permission = MANAGE_TEAM
    form_class = OffboardManyForm
    template_name = "teams/offboard_many.html"

    def form_valid(self, form: OffboardManyForm) -> HttpResponse:
        """Ask first; a yes counts only for what was shown."""
        given = form.cleaned_data
        rows = fates(given["addresses"], self.account, by=self.me, everywhere=given["everywhere"])
        ending = [row for row in rows if row.seats]
        asked = _fingerprint(ending)
        if self.request.POST.get("sure") != asked or not ending:
            return self._show(form, rows=rows, ending=ending, asked=asked, changed="sure" in self.request.POST)
        for row in ending:
            self._end(row, given["reason"])
        return self._show(form, rows=rows, done=True, ended=[row for row in rows if row.receipt])

    def _end(self, row: Row, reason: str) -> None:
        here, *also = row.seats
        try:
            act = actions.offboard(membership=here, also=also, by=self.me, reason=reason, in_bulk=True)
        except Refused as refusal:
            record_refusal(refusal)
            row.hindrance = refusal.words
        else:
            row.receipt = act.receipts.select_related("account").get(account=here.account)

    def _show(self, form: OffboardManyForm, **more: Any) -> HttpResponse:
        listed = "\n".join(entry.typed for entry in form.cleaned_data["addresses"])
        return self.render_to_response(self.get_context_data(form=form, listed=listed, **more))


def fates(entries: Sequence[Typed], account: BusinessAccount, *, by: Person, everywhere: bool) -> list[Row]:
    """Return what would become of each entry if `by` offboarded the list; `everywhere` adds the other accounts."""
    addresses = [entry.address for entry in entries if entry.address]
    members = Membership.objects.current().filter(account=account, person__email__in=addresses)
    found = {row.person.email: row for row in members.with_roles("person", "account")}
    others = elsewhere_of_each(found.values(), seen_by=by) if everywhere else {}
    rows = []
    for entry in entries:
        row = Row(entry.typed, hindrance=entry.problem)
        member = found.get(entry.address)
        if member is None:
            row.hindrance = row.hindrance or _("Not a member of this account.")
        elif refusal := obstacle(by, account, member):
            row.hindrance = refusal.words
        else:
            row.seats = [member, *(others[member.pk].endable if everywhere else [])]
        rows.append(row)
    return rows


def _fingerprint(rows: Sequence[Row]) -> str:
    """Return a short name of exactly the memberships that would end."""
    text = ",".join(str(seat.pk) for row in rows for seat in row.seats)
    return hashlib.sha256(text.encode()).hexdigest()[:24]

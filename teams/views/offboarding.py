"""Ending all of a person's access: the preview, the receipt, and bringing it back (rule 13)."""

import json
from collections.abc import ItemsView
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from accounts.models import Asset, Person
from accounts.permissions import MANAGE_TEAM, PERMISSIONS, VIEW_AUDIT, words_for
from accounts.views import AccountFormView, AccountView, SignedInMixin
from audit.models import Event
from audit.recording import Refused

from .. import actions, offboarding
from ..authority import obstacle
from ..coverage import left_to_one_in_each
from ..forms import BringBackForm, OffboardForm
from ..holdings import accesses_of
from ..models import EndedEngagement, Membership, Receipt
from ..people import elsewhere, seats_of
from ..receipts import as_json, as_pdf, event_of, in_log
from ..returning import Return, what_returns
from .members import MemberFormView, grants_of_each, member_page


class OffboardMember(MemberFormView):
    """What ends, in this account or in every one that the reader administers, and what it would leave to one person."""

    form_class = OffboardForm
    template_name = "teams/offboard.html"

    def load(self) -> None:
        """Find the member, and the person's other memberships that the reader may end."""
        super().load()
        self.elsewhere = elsewhere(self.member, seen_by=self.me)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Let the form take those other memberships only."""
        return {**super().get_form_kwargs(), "others": self.elsewhere.endable}

    def get_initial(self) -> dict[str, Any]:
        """Choose what the reader asked to see."""
        return {"also": [row.pk for row in self._chosen()]}

    def _chosen(self) -> list[Membership]:
        """Return the other memberships that are to end too."""
        everywhere = "also" in self.request.POST or self.request.GET.get("scope") == "all"
        return self.elsewhere.endable if everywhere else []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show, account by account, what ends and what is left."""
        seats = [self.member, *self._chosen()]
        kept = Membership.objects.held_by(self.member.person).exclude(pk__in=[row.pk for row in seats])
        return super().get_context_data(
            everywhere=len(seats) > 1 or self.request.GET.get("scope") == "all",
            accounts=1 + len(self.elsewhere.endable) + len(self.elsewhere.staying),
            staying=self.elsewhere.staying,
            previews=_previews(seats),
            personal=[
                _("All sessions are signed out, on every device."),
                _("The password stays, since a membership elsewhere is left.")
                if kept.exists()
                else _("The password stops working; a mail leads to a new one."),
            ],
            **kwargs,
        )

    def form_valid(self, form: OffboardForm) -> HttpResponse:
        """End it, and show the receipt."""
        act = actions.offboard(membership=self.member, by=self.me, **form.cleaned_data)
        receipt = act.receipts.get(account=self.account)
        many = act.receipts.count()
        words = ngettext(
            "The access of %(person)s has ended.", "The access of %(person)s has ended in %(many)d accounts.", many
        )
        return self.done(words % {"person": act.person, "many": many}, to=receipt_page(receipt))


class ReceiptView(AccountView):
    """A page about one receipt of the account."""

    abstract = True
    receipt: Receipt

    def load(self) -> None:
        """Find the receipt in this account."""
        self.receipt = get_object_or_404(Receipt.objects.with_all(), account=self.account, pk=self.kwargs["pk"])

    def siblings(self, code: str) -> list[Receipt]:
        """Return the other receipts of the same act in accounts where the reader may do `code`, by account name."""
        rows = Receipt.objects.with_all().filter(offboarding=self.receipt.offboarding).exclude(pk=self.receipt.pk)
        others = list(rows.order_by("account__name", "pk"))
        accesses_of(self.me, [row.account_id for row in others])  # all at once; each question is answered from it
        return [row for row in others if self.me.has_perm(code, row.account)]


class ReceiptPage(ReceiptView, TemplateView):
    """What ended, what was looked for and found empty, when, by whom, why; and whether the log holds the very same."""

    permission = VIEW_AUDIT
    template_name = "teams/receipt.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the event, and the receipts of the same act that the reader may see."""
        event = event_of(self.receipt)
        return super().get_context_data(
            receipt=self.receipt,
            statement=self.receipt.statement,
            grants=grants_in_words(self.receipt.statement["ended"]["grants"]),
            **in_log(self.receipt, event),
            siblings=self.siblings(VIEW_AUDIT),
            may_manage=self.me.has_perm(MANAGE_TEAM, self.account),
            **kwargs,
        )


class ReceiptFile(ReceiptView):
    """The receipt to keep: as JSON for programs, as PDF for people."""

    permission = VIEW_AUDIT
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, *args: Any, kind: str, **kwargs: Any) -> HttpResponse:
        """Send it. Raises Http404 for another kind of file."""
        if kind not in {"json", "pdf"}:
            raise Http404
        event = event_of(self.receipt)
        body = as_file(self.receipt, event) if kind == "json" else as_pdf(self.receipt, event)
        return to_keep(body, f"{self.account.slug}-receipt-{self.receipt.pk}.{kind}")


class BringBack(ReceiptView, AccountFormView):
    """Undo it, here or in every account of the same act that the reader administers, by the rules of a new grant."""

    permission = MANAGE_TEAM
    form_class = BringBackForm
    template_name = "teams/bring_back.html"

    def load(self) -> None:
        """Find the receipt, and those of the same act in the other accounts that the reader administers."""
        super().load()
        self.others = self.siblings(MANAGE_TEAM)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Let the form take those other receipts only."""
        return {**super().get_form_kwargs(), "others": self.others}

    def get_initial(self) -> dict[str, Any]:
        """Choose all that can come back."""
        return {"also": [preview["receipt"].pk for preview in self.previews[1:] if preview["back"]]}

    @cached_property
    def previews(self) -> list[dict[str, Any]]:
        """Account by account, what would come back, or why nothing would."""
        everywhere = "also" in self.request.POST or self.request.GET.get("scope") != "here"
        receipts = [self.receipt, *(self.others if everywhere else [])]
        answers = what_returns(receipts, by=self.me)
        return [{"receipt": row, **shown_of(back)} for row, back in zip(receipts, answers, strict=True)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what comes back in each account, what doesn't, and what keeps the reader from it."""
        previews, here = self.previews, self.previews[0]
        return super().get_context_data(
            receipt=self.receipt,
            hindrance=here["hindrance"],
            previews=[preview for preview in previews if preview["back"]],
            staying=[preview for preview in previews[1:] if not preview["back"]],
            accounts=1 + len(self.others),
            everywhere=len(previews) > 1,
            **kwargs,
        )

    def is_sensitive(self) -> bool:
        """Say whether an administrator comes back."""
        return any(row.membership.role.administers for row in [self.receipt, *self.others])

    def form_valid(self, form: BringBackForm) -> HttpResponse:
        """Bring it back, and show the member."""
        members = actions.bring_back(receipt=self.receipt, by=self.me, **form.cleaned_data)
        words = ngettext(
            "%(person)s is a member again.", "%(person)s is a member of %(many)d accounts again.", len(members)
        )
        return self.done(words % {"person": members[0].person, "many": len(members)}, to=member_page(members[0]))


class PersonPage(SignedInMixin, TemplateView):
    """One person across all the accounts that the reader administers; in none of them, there is no such page."""

    template_name = "teams/person.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show where this person has access, or had it."""
        person = Person.objects.filter(pk=self.kwargs["pk"]).first()
        seats = seats_of(person, seen_by=self.me) if person else []
        if person is None or not seats:
            raise Http404
        current = [row for row in seats if row.is_current]
        receipts = {row.membership_id: row for row in Receipt.objects.filter(membership__in=seats)}
        together = EndedEngagement.members.through.objects.filter(membership__in=seats)
        engagements = dict(together.values_list("membership_id", "endedengagement_id"))
        endable = [row for row in current if obstacle(self.me, row.account, row) is None]
        factor = not Membership.objects.filter(pk=seats[0].pk).without_second_factor().exists()
        return super().get_context_data(
            person=person,
            rows=[
                {
                    "member": row,
                    "receipt": receipts.get(row.pk),
                    "engagement": engagements.get(row.pk),
                    "endable": row in endable,
                }
                for row in seats
            ],
            current=current,
            has_second_factor=factor,
            offboard_url=f"{_offboard_page(endable[0])}?scope=all" if endable else "",
            **kwargs,
        )


def as_file(receipt: Receipt | EndedEngagement, event: Event | None) -> bytes:
    """Return a receipt as JSON to keep."""
    return json.dumps(as_json(receipt, event), indent=1, ensure_ascii=False).encode()


def to_keep(body: bytes, name: str) -> HttpResponse:
    """Answer with a file, of the kind that its name ends in: pdf or json."""
    kind = "application/pdf" if name.endswith(".pdf") else "application/json; charset=utf-8"
    return HttpResponse(body, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def shown_of(answer: Return | Refused) -> dict[str, Any]:
    """Return what a preview shows of one membership that would come back, or why it wouldn't."""
    if isinstance(answer, Refused):
        return {"back": None, "hindrance": answer.words}
    return {"back": answer, "hindrance": "", "grants": _grants_that_return(answer)}


def _grants_that_return(back: Return) -> ItemsView[Asset, list[str]]:
    acts: dict[Asset, list[str]] = {}
    for (asset, _ends_at), codes in back.grants.items():
        acts.setdefault(asset, []).extend(words_for(code) for code in sorted(codes))
    return acts.items()


def receipt_page(receipt: Receipt) -> str:
    """Return the path of a receipt's page."""
    return reverse("receipt", args=[receipt.account.slug, receipt.pk])


def _offboard_page(member: Membership) -> str:
    return reverse("offboard_member", args=[member.account.slug, member.pk])


def _previews(seats: list[Membership]) -> list[dict[str, Any]]:
    """Return, account by account, what ends with a membership and what only one person could do then."""
    ends = offboarding.what_ends(seats[0].person, [row.account_id for row in seats])
    grants, alone = grants_of_each(seats), left_to_one_in_each(seats)
    return [
        {
            "member": row,
            "grants": grants[row.pk].items(),
            "others": ends[row.account_id].items(),
            "alone": alone[row.account_id],
        }
        for row in seats
    ]


def grants_in_words(kept: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Return the grants that a receipt keeps, in words, by the name of the asset."""
    grants: dict[str, list[str]] = {}
    for grant in kept:
        entry = PERMISSIONS.get(grant["code"])
        grants.setdefault(grant["name"], []).append(str(entry.words) if entry else grant["code"])
    return grants

"""Acts that wait for a second person: the list, one of them with what it would change, and what the account asks."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from accounts.permissions import MANAGE_SECURITY, MANAGE_TEAM, VIEW_ACCOUNT
from accounts.sensitive import SensitiveAct
from accounts.views import AccountFormView, AccountView, chips_of, page_of

from .. import actions
from ..forms import APPROVAL_STATES, ApprovalFilterForm, DecideForm, SecondPersonForm
from ..models import PendingAct, Way
from ..packing import unpacked
from ..seconding import approvers_of, may_approve, permission_for, rule_for


class ApprovalView(AccountView):
    """A page about acts that wait: one's own, and those of the kinds that the reader could do."""

    abstract = True
    permission = VIEW_ACCOUNT

    def kinds(self) -> list[SensitiveAct]:
        """Return the kinds of acts that the reader gets to see: whose permission they hold; a manager, all of them."""
        if self.me.has_perm(MANAGE_TEAM, self.account):
            return list(SensitiveAct)
        return [act for act in SensitiveAct if self.me.has_perm(permission_for(act), self.account)]

    def visible(self) -> Any:
        """Return the acts that the reader gets to see."""
        rows = PendingAct.objects.filter(account=self.account).visible_to(self.kinds(), self.me)
        return rows.with_all()


class ApprovalList(ApprovalView, TemplateView):
    """What waits, and what became of what did."""

    permission = VIEW_ACCOUNT
    template_name = "teams/approvals.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Filter, count for the chips, and page."""
        form = ApprovalFilterForm(self.request.GET)
        wanted = form.wanted()
        found = self.visible().matching(wanted["q"])
        counts = found.state_counts()
        rows = found.in_state(wanted["state"]).order_by("-asked_at", "-pk")
        return super().get_context_data(
            form=form,
            page_obj=page_of(rows, self.request, count=counts[wanted["state"] or "open"]),
            chips=chips_of(self.request, APPROVAL_STATES, {**counts, "": counts["open"]}, wanted["state"]),
            any_at_all=sum(counts.values()) > 0 or bool(wanted["q"]),
            rules_url=rules_page(self),
            **kwargs,
        )


class PendingActPage(ApprovalView, AccountFormView):
    """One act: who asked, what it would change, until when, and what the reader can do about it."""

    permission = VIEW_ACCOUNT
    form_class = DecideForm
    template_name = "teams/pending_act.html"

    def load(self) -> None:
        """Find it among those that the reader gets to see."""
        self.pending = get_object_or_404(self.visible(), pk=self.kwargs["pk"])
        self.pending.account = self.account

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what the reader can do about it."""
        pending = self.pending
        mine = pending.person_id == self.me.pk
        cancels = mine or self.me.has_perm(permission_for(pending.act), self.account)
        cancels = cancels or (pending.way == Way.DELAY and self.me.has_perm(MANAGE_TEAM, self.account))
        asks = pending.is_waiting and pending.way == Way.APPROVE
        usable = mine and pending.is_usable
        return super().get_context_data(
            pending=pending,
            mine=mine,
            approves=asks and may_approve(self.me, pending),
            cancels=pending.is_open and cancels,
            does=usable and not pending.is_export,
            file_url=self._file_url() if usable and pending.is_export else "",
            approvers=approvers_of(pending) if asks else [],
            rules_url=rules_page(self),
            **kwargs,
        )

    def is_sensitive(self) -> bool:
        """Say whether something is done by it: cancelling needs nothing."""
        return self.request.POST.get("decision") in {"approve", "do"}

    def form_valid(self, form: DecideForm) -> HttpResponse:
        """Approve it and let it be done; cancel it; or do what is ripe."""
        pending, here = self.pending, reverse("pending_act", args=[self.account.slug, self.pending.pk])
        match form.cleaned_data["decision"]:
            case "approve":
                pending = actions.approve_act(pending=pending, by=self.me)
                if pending.is_export:
                    words = _("Approved. %(person)s can take the file for 24 hours.")
                    return self.done(words % {"person": pending.person}, to=here)
                return self._carried_out(pending, here)
            case "cancel":
                actions.cancel_act(pending=pending, by=self.me, reason=form.cleaned_data["reason"])
                return self.done(_("It is cancelled."), to=here)
        if pending.person_id != self.me.pk or pending.is_export:
            form.add_error(None, _("Approve it, cancel it, or leave it open."))
            return self.form_invalid(form)
        return self._carried_out(pending, here)

    def _carried_out(self, pending: PendingAct, here: str) -> HttpResponse:
        done, why = actions.carry_out(pending)
        if not done:
            return self.done(_("It could not be done: %(why)s") % {"why": why}, to=here)
        closed = pending.does == "close_account"
        return self.done(_("It is done."), to=reverse("dashboard") if closed else here)

    def _file_url(self) -> str:
        return f"{reverse('export_activity', args=[self.account.slug])}?{unpacked(self.pending.arguments)['page']}"


class SecondPersonRules(AccountFormView):
    """For which acts the account asks for a second person, and how."""

    permission = MANAGE_SECURITY
    form_class = SecondPersonForm
    template_name = "teams/second_person.html"

    def get_initial(self) -> dict[str, Any]:
        """Begin with what is asked now."""
        return SecondPersonForm.initial_of({act.value: rule_for(self.account, act) for act in SensitiveAct})

    def form_valid(self, form: SecondPersonForm) -> HttpResponse:
        """Change it."""
        actions.change_second_person(account=self.account, rules=form.rules(), by=self.me)
        return self.done(_("The rules are saved."), to=reverse("second_person", args=[self.account.slug]))


def rules_page(view: AccountView) -> str:
    """Return the page of what the account asks, for who may change it."""
    may = view.me.has_perm(MANAGE_SECURITY, view.account)
    return reverse("second_person", args=[view.account.slug]) if may else ""

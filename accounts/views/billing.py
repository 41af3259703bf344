"""The billing contact and the plan of an account."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from audit.models import Event

from .. import actions, policies
from ..events import BILLING_CHANGED, PLAN_CHANGED
from ..forms import BillingForm, PlanForm
from ..models import Billing
from ..permissions import MANAGE_BILLING
from ..plans import PLANS, Plan
from .base import AccountFormView

LONGEST_HISTORY = 20  # changes that the page names; the log has them all


class _BillingView(AccountFormView):
    """A page for who manages billing, with the account's row."""

    abstract = True
    permission = MANAGE_BILLING

    def load(self) -> None:
        """Read the row as it is."""
        self.billing = Billing.of(self.account)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the row, and what of the plan is used."""
        used = {"people": policies.people_in(self.account), "assets": self.account.assets.in_use().count()}
        return super().get_context_data(billing=self.billing, used=used, **kwargs)

    def here(self) -> str:
        """Return the path of the billing page."""
        return reverse("billing", args=[self.account.slug])


class BillingPage(_BillingView):
    """Whom the bills go to; the plan and what of it is used; what was changed, by whom."""

    permission = MANAGE_BILLING
    form_class = BillingForm
    template_name = "accounts/billing.html"

    def get_initial(self) -> dict[str, Any]:
        """Begin with the contact as it is."""
        return self.billing.contact

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the history: who manages billing need not read the whole log to see it."""
        acts = Event.objects.in_chain_of(self.account).named(BILLING_CHANGED.name, PLAN_CHANGED.name)
        newest = acts.order_by("-number")[:LONGEST_HISTORY]
        history = [
            {"at": event.at, "title": event.sentence, "tone": "bad" if event.refused else "info"} for event in newest
        ]
        return super().get_context_data(history=history, **kwargs)

    def form_valid(self, form: BillingForm) -> HttpResponse:
        """Change the contact."""
        actions.change_billing(account=self.account, by=self.me, **form.cleaned_data)
        return self.done(_("The billing contact is saved."), to=self.here())


class ChangePlan(_BillingView):
    """Choose a plan, with what each allows beside what the account has."""

    permission = MANAGE_BILLING
    form_class = PlanForm
    template_name = "accounts/change_plan.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Lay out the plans."""
        chosen = self.request.POST.get("plan", self.billing.plan.code)
        choices = [
            {"plan": plan, "current": plan == self.billing.plan, "chosen": plan.code == chosen}
            for plan in PLANS.values()
        ]
        return super().get_context_data(choices=choices, **kwargs)

    def form_valid(self, form: PlanForm) -> HttpResponse:
        """Change it."""
        billing = actions.change_plan(account=self.account, by=self.me, **form.cleaned_data)
        plan: Plan = billing.plan
        return self.done(_("The account has the plan %(plan)s.") % {"plan": plan.name}, to=self.here())

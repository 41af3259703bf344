"""The account's security policy: what a change would do to people, a change that is planned, and reminders of it."""

import contextlib
import hashlib
import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import TemplateView

from accounts.access import Standing
from accounts.errors import ChangedMeanwhile, MissingPermission
from accounts.models import BusinessAccount, OutgoingMail, SecurityPolicy
from accounts.permissions import MANAGE_SECURITY
from accounts.views import AccountFormView, AccountView, page_of
from audit.origin import origin_of_this_request
from audit.querysets import kind_of
from audit.recording import SYSTEM, Refused, record_refusal

from .. import actions, policies
from ..access import standing_under
from ..actions.policy import POLICY_FIELDS, changes_of
from ..dry_run import DryRun
from ..forms import PlanPolicyForm, ReasonForm
from ..forms.selection import ids_in
from ..holdings import read_many
from ..models import Membership
from ..querysets import role_position

SHOWN = 10  # people whom a list on the page itself names
GROUPS = [  # of the form's fields
    (
        gettext_lazy("Signing in"),
        ["second_factor", "second_factor_kinds", "session_idle_minutes", "session_total_hours"],
    ),
    (
        gettext_lazy("Who may be here, and for how long"),
        ["domains", "confirmation", "invitation_days", "member_days", "outside_days"],
    ),
    (
        gettext_lazy("Power over the account"),
        ["most_administrators", "probation_days", "sensitive_ranges", "claim_days"],
    ),
]
MISSING: dict[Standing, str | Promise] = {
    Standing.NO_SECOND_FACTOR: gettext_lazy("no second factor that counts"),
    Standing.WRONG_DOMAIN: gettext_lazy("address of another domain"),
    Standing.UNCONFIRMED: gettext_lazy("role not confirmed"),
}


class SecurityPolicyPage(AccountFormView):
    """What the account demands of its team. What a change would do is shown first; what shuts people out is planned."""

    permission = MANAGE_SECURITY
    form_class = PlanPolicyForm
    template_name = "accounts/security.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Fill the form with a copy of the policy: what is typed must not count before it is saved."""
        policy = SecurityPolicy.objects.get(pk=self.account.pk)
        return {**super().get_form_kwargs(), "instance": policy, "owner_asks": self.me.pk == self.account.owner_id}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what is planned, and those with access who lack a second factor that counts."""
        policy = self.account.policy
        rows = Membership.objects.active().filter(account=self.account).lacking_factor(policy)
        without = rows.with_roles("person").order_by(role_position(), "person__name", "pk")
        context = super().get_context_data(
            without=without[:SHOWN],
            without_count=without.count(),
            too_long=Membership.objects.beyond_policy(self.account).count(),
            my_address=origin_of_this_request().address,
            **kwargs,
        )
        form = context["form"]
        context["groups"] = [(title, [form[name] for name in names]) for title, names in GROUPS]
        if policy.planned:
            context.update(plan_of(self.account))
        return context

    def form_valid(self, form: PlanPolicyForm) -> HttpResponse:
        """Save it, or plan it; where somebody would lose or get access by it, ask first."""
        if self.account.policy.plan_has_begun:
            with contextlib.suppress(ChangedMeanwhile):  # a worker was faster
                actions.start_plan(account=self.account, by=SYSTEM)  # it counts already, and is not written down yet
        wanted = {name: form.cleaned_data[name] for name in POLICY_FIELDS}
        starts_at, reason = form.cleaned_data["starts_at"], form.cleaned_data["reason"]
        run = DryRun(self.account, self.account.policy.under(wanted), starts_at)
        sure = self.request.POST.get("sure") == _fingerprint(wanted)
        if (run.losing_ids and not (starts_at and sure)) or (run.gaining_count and not sure):
            return self._ask(form, run, wanted)
        if starts_at:
            actions.plan_policy(account=self.account, by=self.me, starts_at=starts_at, reason=reason, **wanted)
            message = _("The change is planned, and whoever would lose access is told.")
        else:
            actions.change_policy(account=self.account, by=self.me, **wanted)
            message = _("The security policy is saved.")
        return self.done(message, to=reverse("security_policy", args=[self.account.slug]))

    def _ask(self, form: PlanPolicyForm, run: DryRun, wanted: dict[str, Any]) -> HttpResponse:
        context = {
            "changes": _changes(self.account.policy, wanted),
            "run": run,
            "losing": people_of(run)[:SHOWN],
            "losing_myself": self.me.pk in run.losing_ids,
            "gaining": run.gaining.with_roles("person")[:SHOWN],
            "asked": _fingerprint(wanted),
        }
        return self.render_to_response(self.get_context_data(form=form, **context), status=409)


class PlanView(AccountView):
    """A page about the change that is planned; without one it does not exist."""

    abstract = True
    permission = MANAGE_SECURITY

    def load(self) -> None:
        """Find the plan."""
        if not self.account.policy.planned or self.account.policy.plan_has_begun:
            raise Http404


class PlanPage(PlanView, TemplateView):
    """Everybody who would lose access by the planned change, and who of them was reminded."""

    permission = MANAGE_SECURITY
    template_name = "teams/policy_plan.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the plan with a page of its people."""
        context = super().get_context_data(**plan_of(self.account), **kwargs)
        page = page_of(people_of(context["plan_run"]), self.request, count=len(context["plan_run"].losing_ids))
        mails = OutgoingMail.objects.filter(
            kind__in=[policies.PLANNED_MAIL, policies.PLAN_REMINDER],
            about_kind=kind_of(Membership),
            about_id__in=[row.pk for row in page],
            created_at__gte=self.account.policy.planned_at,
        )
        told = dict(mails.order_by("created_at").values_list("about_id", "created_at"))  # the last one of each
        read_many(page.object_list, self.account)
        for row in page:
            row.told_at = told.get(row.pk)
            row.missing = MISSING.get(standing_under(context["plan_run"].then, row), "")
        return {**context, "page": page}


class RemindOfPlan(PlanView, AccountFormView):
    """Remind everybody who would lose access, or those who are named, by one click on their list."""

    permission = MANAGE_SECURITY
    http_method_names = ["post", "options"]

    def form_valid(self, form: Any) -> HttpResponse:
        """Post the mails; say how many they were, or why there are none."""
        here, ids = reverse("policy_plan", args=[self.account.slug]), ids_in(self.request.POST, "membership")
        members = list(Membership.objects.current().filter(account=self.account, pk__in=ids))
        if len(members) < len(self.request.POST.getlist("membership")):
            raise Http404
        try:
            told = actions.remind_of_plan(account=self.account, by=self.me, members=members or None)
        except MissingPermission:
            raise
        except Refused as refusal:
            record_refusal(refusal)
            messages.error(self.request, refusal.words)
            return HttpResponseRedirect(here)
        words = ngettext("%(count)d person is reminded.", "%(count)d people are reminded.", len(told))
        return self.done(words % {"count": len(told)}, to=here)


class WithdrawPlan(PlanView, AccountFormView):
    """Take the planned change back."""

    permission = MANAGE_SECURITY
    form_class = ReasonForm
    template_name = "teams/withdraw_plan.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what is taken back."""
        changes = plan_of(self.account)["plan_changes"]
        effects = [_("“%(label)s” stays: %(before)s.") % change for change in changes]
        effects.append(_("Whoever manages the team is told."))
        return super().get_context_data(effects=effects, **kwargs)

    def form_valid(self, form: ReasonForm) -> HttpResponse:
        """Take it back."""
        actions.withdraw_plan(account=self.account, by=self.me, **form.cleaned_data)
        to = reverse("security_policy", args=[self.account.slug])
        return self.done(_("The planned change is withdrawn. The policy stays as it is."), to=to)


def plan_of(account: BusinessAccount) -> dict[str, Any]:
    """Return what pages say of the planned change of an account's policy: what it changes, and to whom."""
    policy = account.policy
    then = policy.under(policy.planned)
    return {
        "plan": policy,
        "plan_changes": _changes(policy, policy.planned),
        "plan_run": DryRun(account, then, policy.planned_from),
    }


def people_of(run: DryRun) -> Any:
    """Return the members who would lose access, with all that lists of them show."""
    return run.losing.with_roles("person")


def shown(name: str, value: Any) -> str:
    """Return a value of the policy in words."""
    if isinstance(value, list):
        return ", ".join(value) or str(_("any"))
    if value is None:
        return str(_("no limit"))
    return str(dict(_field(name).flatchoices).get(value, value))


def _label(name: str) -> str:
    return capfirst(str(_field(name).verbose_name))


def _field(name: str) -> Any:
    return SecurityPolicy._meta.get_field(name)


def _changes(policy: SecurityPolicy, wanted: dict[str, Any]) -> list[dict[str, str]]:
    """Return in words what is changed about a policy: label, before and after."""
    return [
        {"label": _label(name), "before": shown(name, getattr(policy, name)), "after": shown(name, value)}
        for name, value in changes_of(policy, wanted).items()
    ]


def _fingerprint(wanted: dict[str, Any]) -> str:
    """Return a short name of exactly these values: a yes counts for what was shown, only."""
    return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:24]

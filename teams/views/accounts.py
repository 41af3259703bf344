"""Opening and closing an account, and its security policy with whom a change would shut out."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import FormView

from accounts.forms import CloseAccountForm, OpenAccountForm, PolicyForm
from accounts.models import Asset
from accounts.permissions import MANAGE_SECURITY, OWN_ACCOUNT, PERMISSIONS
from accounts.views import PAGE_SIZE, AccountFormView, SignedInMixin
from audit.recording import Refused, record_refusal

from .. import actions
from ..access import under_another_policy
from ..coverage import left_after, left_to_nobody
from ..models import Membership


class OpenAccount(SignedInMixin, FormView):
    """Open an account of one's own."""

    template_name = "accounts/open_account.html"
    form_class = OpenAccountForm

    def form_valid(self, form: OpenAccountForm) -> HttpResponse:
        """Open it, and go on to its overview."""
        try:
            account = actions.open_account(by=self.me, **form.cleaned_data)
        except Refused as refusal:
            record_refusal(refusal)
            form.add_error(None, refusal.words)
            return self.form_invalid(form)
        messages.success(self.request, _("%(account)s is open. You own it.") % {"account": account})
        return HttpResponseRedirect(account.get_absolute_url())

    def form_invalid(self, form: OpenAccountForm) -> HttpResponse:
        """Show the form again with what is wrong."""
        return self.render_to_response(self.get_context_data(form=form), status=422)


class CloseAccount(AccountFormView):
    """Close the account: the owner types its name."""

    permission = OWN_ACCOUNT
    form_class = CloseAccountForm
    template_name = "accounts/close_account.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Tell the form which name must be typed."""
        return {**super().get_form_kwargs(), "account": self.account}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what ends."""
        members = Membership.objects.current().filter(account=self.account).exclude(person=self.account.owner).count()
        assets = Asset.objects.of(self.account).in_use().count()
        effects = [
            ngettext("%(count)d member loses all access.", "%(count)d members lose all access.", members)
            % {"count": members},
            ngettext(
                "%(count)d asset can’t be used here any more.", "%(count)d assets can’t be used here any more.", assets
            )
            % {"count": assets},
            _("Open invitations stop working."),
            _("You can’t open it again yourself."),
        ]
        keeps = [_("The log stays, and can still be verified.")]
        return super().get_context_data(effects=effects, keeps=keeps, **kwargs)

    def form_valid(self, form: CloseAccountForm) -> HttpResponse:
        """Close it, and go home."""
        account = actions.close_account(account=self.account, by=self.me)
        return self.done(_("%(account)s is closed.") % {"account": account}, to=reverse("dashboard"))


class SecurityPolicyPage(AccountFormView):
    """What the account demands of its team. A change that would shut people out is shown first, then confirmed."""

    permission = MANAGE_SECURITY
    form_class = PolicyForm
    template_name = "accounts/security.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Fill the form with a copy of the policy: what is typed must not count before it is saved."""
        policy = type(self.account.policy).objects.get(pk=self.account.pk)
        return {**super().get_form_kwargs(), "instance": policy}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the people without a second factor."""
        rows = Membership.objects.current().filter(account=self.account).without_second_factor()
        without = rows.select_related("person", "role").order_by("role__position", "person__name", "pk")
        return super().get_context_data(
            without=without[:10],
            without_count=without.count(),
            too_long=Membership.objects.beyond_policy(self.account).count(),
            **kwargs,
        )

    def form_valid(self, form: PolicyForm) -> HttpResponse:
        """Save it; where somebody would lose access by it, ask first."""
        losing, gaining = self._touched(form)
        asked = "{second_factor}/{confirmation}".format(**form.cleaned_data)  # a yes counts for what was shown, only
        if (losing or gaining) and self.request.POST.get("sure") != asked:
            ids = [row.person_id for row in losing]
            context = {
                "changes": _changes(form),
                "losing": losing[:PAGE_SIZE],
                "losing_count": len(losing),
                "from_outside": sum(row.is_from_outside for row in losing),
                "losing_myself": self.me.pk in ids,
                "gaining": gaining[:PAGE_SIZE],
                "gaining_count": len(gaining),
                "nobody": left_to_nobody(self.account, losing=ids) if ids else [],
                "alone": left_after(self.account, losing=dict.fromkeys(PERMISSIONS, ids)) if ids else [],
                "asked": asked,
            }
            return self.render_to_response(self.get_context_data(form=form, **context), status=409)
        actions.change_policy(account=self.account, by=self.me, **form.cleaned_data)
        return self.done(_("The security policy is saved."), to=reverse("security_policy", args=[self.account.slug]))

    def _touched(self, form: PolicyForm) -> tuple[list[Membership], list[Membership]]:
        rows = Membership.objects.active().filter(account=self.account).select_related("person", "role")
        wanted = {name: form.cleaned_data[name] for name in ("second_factor", "confirmation")}
        return under_another_policy(rows.order_by("person__name", "pk"), self.account, **wanted)


def _changes(form: PolicyForm) -> list[dict[str, Any]]:
    """Return in words what the form changes about the policy: label, before and after."""
    changes = []
    for name in form.changed_data:
        choices = dict(getattr(form.fields[name], "choices", ()))
        before, after = (values.get(name) for values in (form.initial, form.cleaned_data))
        shown = [choices.get(value, value) if value is not None else _("no limit") for value in (before, after)]
        changes.append({"label": form.fields[name].label, "before": shown[0], "after": shown[1]})
    return changes

"""The rules: each explains itself, and is tuned or muted for the account."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from accounts.permissions import MANAGE_SECURITY, VIEW_AUDIT
from accounts.views import AccountFormView, AccountView

from .. import actions
from ..forms import MuteForm, TuneForm
from ..happenings import Rule
from ..models import Alert, Tuning, tuned_of
from ..rules import RULES


class RuleList(AccountView, TemplateView):
    """All rules, what each looks for, its numbers, and whether it is muted."""

    permission = VIEW_AUDIT
    template_name = "watching/rules.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Put together each rule with what the account set."""
        tunings = Tuning.objects.of_accounts([self.account.pk])
        rows = [_shown(rule, tunings.get((self.account.pk, code))) for code, rule in RULES.items()]
        return super().get_context_data(rules=rows, **kwargs)


class RuleFormView(AccountFormView):
    """One act on a rule of the account."""

    abstract = True
    permission = MANAGE_SECURITY
    rule: Rule
    tuning: Tuning | None

    def load(self) -> None:
        """Find the rule, and what the account set."""
        rule = RULES.get(self.kwargs["code"])
        if rule is None:
            raise Http404
        self.rule, self.tuning = rule, Tuning.objects.filter(account=self.account, rule=rule.code).first()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the rule."""
        open_alerts = Alert.objects.open().filter(account=self.account, rule=self.rule.code).count()
        shown = _shown(self.rule, self.tuning)
        return super().get_context_data(shown=shown, rule=self.rule, open_alerts=open_alerts, **kwargs)

    def back(self, words: str) -> HttpResponse:
        """Go back to the rules."""
        return self.done(words % {"rule": self.rule.name}, to=reverse("watch_rules", args=[self.account.slug]))


class TuneRule(RuleFormView):
    """Set the numbers of a rule."""

    form_class = TuneForm
    template_name = "watching/tune.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask; a rule without numbers has nothing to set."""
        if not self.rule.tunables:
            messages.info(request, _("This rule has nothing to tune."))
            return HttpResponseRedirect(reverse("watch_rules", args=[self.account.slug]))
        return super().get(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Offer the numbers that count now."""
        return {**super().get_form_kwargs(), "rule": self.rule, "tuned": tuned_of(self.rule, self.tuning)}

    def form_valid(self, form: TuneForm) -> HttpResponse:
        """Set them."""
        actions.tune_rule(account=self.account, rule=self.rule.code, values=form.cleaned_data, by=self.me)
        return self.back(_("“%(rule)s” is tuned. It counts from the next event on."))


class MuteRule(RuleFormView):
    """Let a rule say nothing for a while."""

    form_class = MuteForm
    template_name = "watching/mute.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask; a rule that is muted has to speak again before."""
        if self.tuning is not None and self.tuning.is_muted():
            messages.info(request, _("This rule is muted already."))
            return HttpResponseRedirect(reverse("watch_rules", args=[self.account.slug]))
        return super().get(request, *args, **kwargs)

    def form_valid(self, form: MuteForm) -> HttpResponse:
        """Mute it."""
        reason, until = form.cleaned_data["reason"], form.until()
        actions.mute_rule(account=self.account, rule=self.rule.code, until=until, reason=reason, by=self.me)
        return self.back(_("“%(rule)s” is muted. All who manage the team are told."))


class UnmuteRule(RuleFormView):
    """Let a muted rule speak again."""

    template_name = "watching/unmute.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask; about a rule that is not muted nothing is left to do."""
        if self.tuning is None or not self.tuning.is_muted():
            messages.info(request, _("This rule is not muted."))
            return HttpResponseRedirect(reverse("watch_rules", args=[self.account.slug]))
        return super().get(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Let it speak."""
        actions.unmute_rule(account=self.account, rule=self.rule.code, by=self.me)
        return self.back(_("“%(rule)s” speaks again."))


def _shown(rule: Rule, tuning: Tuning | None) -> dict[str, Any]:
    """Return a rule for the page: its numbers with what is usual, and until when it is muted."""
    tuned = tuned_of(rule, tuning)
    return {
        "rule": rule,
        "severity": rule.severity.label,
        "tone": rule.severity.tone,
        "numbers": [
            {"label": tunable.label, "value": tuned[tunable.code], "usual": tunable.usual} for tunable in rule.tunables
        ],
        "muted_until": tuning.muted_until if tuning and tuning.is_muted() else None,
    }

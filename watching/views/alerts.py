"""The alerts of an account, one of them, and what is done about it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.generic import TemplateView

from accounts.permissions import MANAGE_TEAM, VIEW_AUDIT
from accounts.views import AccountFormView, AccountView, chips_of, page_of
from teams.actions import freeze
from teams.forms import ReasonForm
from teams.models import Membership

from .. import actions
from ..forms import STATES, AcknowledgeForm, AlertFilterForm, rules_matching
from ..models import Alert, Tuning
from ..past import events_of


class AlertList(AccountView, TemplateView):
    """What the rules found, the open ones first to be seen."""

    permission = VIEW_AUDIT
    template_name = "watching/alerts.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Filter, count for the chips, and page."""
        form = AlertFilterForm(self.request.GET)
        wanted = form.wanted()
        everything = Alert.objects.filter(account=self.account)
        found = everything.matching(wanted["q"], rules_matching(wanted["q"]))
        found = found.of_severity(wanted["severity"]).of_rule(wanted["rule"])
        counts = found.state_counts()
        rows = found.in_state(wanted["state"]).for_list()
        narrowed = bool(wanted["q"] or wanted["severity"] or wanted["rule"])
        page = page_of(rows, self.request, count=counts[wanted["state"] or "open"])
        for alert in page:
            alert.account = self.account
        return super().get_context_data(
            form=form,
            page_obj=page,
            chips=chips_of(self.request, STATES, {**counts, "": counts["open"]}, wanted["state"]),
            narrowed=narrowed,
            state=wanted["state"],
            any_at_all=narrowed or counts["all"] > 0,
            muted=Tuning.objects.muting().filter(account=self.account).count(),
            **kwargs,
        )


class AlertView(AccountView):
    """A page about one alert of the account."""

    abstract = True
    permission = VIEW_AUDIT
    alert: Alert

    def load(self) -> None:
        """Find the alert."""
        rows = Alert.objects.select_related("concerns", "answered_by")
        self.alert = get_object_or_404(rows, account=self.account, pk=self.kwargs["pk"])
        self.alert.account = self.account

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the alert."""
        return super().get_context_data(alert=self.alert, **kwargs)


class AlertPage(AlertView, TemplateView):
    """What was found, why the rule fired, by which events, and what can be done."""

    template_name = "watching/alert.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the events, and the member whom it is about, if there still is one."""
        member = None
        if self.alert.concerns_id:
            members = Membership.objects.current().filter(account=self.account, person=self.alert.concerns_id)
            member = members.with_roles("person").first()
        return super().get_context_data(
            rule=self.alert.told_by,
            events=events_of(self.alert),
            member=member,
            is_mine=self.alert.concerns_id == self.me.pk,
            **kwargs,
        )


class AlertFormView(AlertView, AccountFormView):
    """One act on an alert; where it has changed meanwhile, the action says so."""

    abstract = True
    permission = MANAGE_TEAM
    while_open = True
    too_late: Any = ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask; where nothing is left to do, go back and say so."""
        if self.alert.is_open != self.while_open:
            messages.info(request, self.too_late)
            return HttpResponseRedirect(self.alert.get_absolute_url())
        return super().get(request, *args, **kwargs)


class AcknowledgeAlert(AlertFormView):
    """Say that it was looked at, and what came of it."""

    form_class = AcknowledgeForm
    template_name = "watching/acknowledge.html"
    too_late = _lazy("This alert is acknowledged already.")

    def form_valid(self, form: AcknowledgeForm) -> HttpResponse:
        """Acknowledge it."""
        actions.acknowledge(alert=self.alert, by=self.me, **form.cleaned_data)
        return self.done(_("The alert is acknowledged."), to=self.alert.get_absolute_url())


class ReopenAlert(AlertFormView):
    """Let an alert be open again."""

    form_class = ReasonForm
    template_name = "watching/reopen.html"
    while_open = False
    too_late = _lazy("This alert is open.")

    def form_valid(self, form: ReasonForm) -> HttpResponse:
        """Reopen it."""
        actions.reopen(alert=self.alert, by=self.me, **form.cleaned_data)
        return self.done(_("The alert is open again."), to=self.alert.get_absolute_url())


class FreezeFromAlert(AlertView, AccountFormView):
    """Freeze the account, in one step from the alert, whose page says what that means."""

    permission = MANAGE_TEAM
    template_name = "watching/freeze.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Freeze it, with the alert as the reason."""
        reason = _("Alert %(number)d: %(words)s") % {"number": self.alert.pk, "words": self.alert.words}
        freeze(account=self.account, by=self.me, reason=reason[:500])
        words = _("%(account)s is frozen: nobody’s access changes.") % {"account": self.account}
        return self.done(words, to=self.alert.get_absolute_url())

"""The list of reviews, one of them with its progress, starting, carrying out, and closing."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from accounts.permissions import MANAGE_TEAM, RUN_REVIEWS
from accounts.views import AccountFormView, AccountView, chips_of, page_of
from audit.models import Event

from .. import actions
from ..actions.carrying_out import MOST_AT_ONCE
from ..forms import CAMPAIGN_STATES, ITEM_STATES, CampaignFilterForm, ItemFilterForm, ScheduleForm, StartForm
from ..models import Campaign, Decision, Item, Schedule
from .base import CampaignView


class ReviewList(AccountView, TemplateView):
    """Every review of the account, how far it is, and when the next one starts."""

    permission = RUN_REVIEWS
    template_name = "reviews/reviews.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Filter, count for the chips, and page."""
        form = CampaignFilterForm(self.request.GET)
        wanted = form.wanted()
        everything = Campaign.objects.filter(account=self.account)
        found = everything.matching(wanted["q"])
        counts = found.state_counts()
        rows = found.in_state(wanted["state"]).for_list()
        return super().get_context_data(
            form=form,
            page_obj=page_of(rows, self.request, count=counts[wanted["state"] or "all"]),
            chips=chips_of(self.request, CAMPAIGN_STATES, {**counts, "": counts["all"]}, wanted["state"]),
            any_at_all=bool(wanted["q"]) or counts["all"] > 0,
            schedule=Schedule.objects.filter(account=self.account).first(),
            mine=Item.objects.waiting_for(self.me).filter(campaign__account=self.account).count(),
            **kwargs,
        )


class StartReview(AccountFormView):
    """Start a review on demand."""

    permission = RUN_REVIEWS
    form_class = StartForm
    template_name = "reviews/start.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Offer the roles and assets of the account."""
        return {**super().get_form_kwargs(), "account": self.account}

    def form_valid(self, form: StartForm) -> HttpResponse:
        """Start it, and show its page."""
        campaign = actions.start_campaign(account=self.account, by=self.me, **form.cleaned_data)
        words = _("The review “%(name)s” has started. Its reviewers are told.") % {"name": campaign}
        return self.done(words, to=reverse("review", args=[self.account.slug, campaign.pk]))


class ChangeSchedule(AccountFormView):
    """Say how often a review starts by itself."""

    permission = RUN_REVIEWS
    form_class = ScheduleForm
    template_name = "reviews/schedule.html"

    def get_initial(self) -> dict[str, Any]:
        """Show what holds now."""
        schedule = Schedule.objects.filter(account=self.account).first()
        if schedule is None:
            return {}
        every = schedule.every if schedule.next_at else ""
        return {**schedule.as_event(), "every": every, "next_on": schedule.next_at}

    def form_valid(self, form: ScheduleForm) -> HttpResponse:
        """Keep it, and go back to the list."""
        schedule = actions.change_schedule(account=self.account, by=self.me, **form.cleaned_data)
        words = _("Reviews start by themselves.") if schedule.next_at else _("Reviews don’t start by themselves.")
        return self.done(words, to=reverse("reviews", args=[self.account.slug]))


class ReviewPage(CampaignView, TemplateView):
    """One review: how far it is, who still has to decide, every access in it, and what could not be carried out."""

    template_name = "reviews/review.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Filter and page the accesses, and sum up."""
        form = ItemFilterForm(self.request.GET)
        wanted = form.wanted()
        everything = Item.objects.filter(campaign=self.campaign)
        counts = everything.state_counts()
        found = everything.matching(wanted["q"])
        numbers = found.state_counts() if wanted["q"] else counts
        rows = found.in_state(wanted["state"]).for_list()
        waiting = everything.undecided().reviewers()
        return super().get_context_data(
            form=form,
            page_obj=page_of(rows, self.request, count=numbers[wanted["state"] or "all"]),
            chips=chips_of(self.request, ITEM_STATES, {**numbers, "": numbers["all"]}, wanted["state"]),
            filtered=bool(wanted["q"] or wanted["state"]),
            counts=counts,
            decided=self.campaign.asked - self.campaign.undecided,
            waiting=waiting,
            to_carry_out=everything.to_carry_out().count(),
            may_carry_out=self.me.has_perm(MANAGE_TEAM, self.account),
            mine=Item.objects.waiting_for(self.me).filter(campaign=self.campaign).count(),
            steps=_history(self.campaign),
            **kwargs,
        )


class CarryOut(CampaignView, AccountFormView):
    """End and reduce what was decided, after a look at what that does."""

    permission = MANAGE_TEAM
    template_name = "reviews/carry_out.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Name what would be done."""
        rows = Item.objects.filter(campaign=self.campaign).to_carry_out()
        return super().get_context_data(
            rows=list(rows.for_list()[:MOST_AT_ONCE]), number=rows.count(), most=MOST_AT_ONCE, **kwargs
        )

    def is_sensitive(self) -> bool:
        """Say whether several people lose all access by it."""
        rows = Item.objects.filter(campaign=self.campaign).to_carry_out()
        return rows.filter(decision=Decision.END).count() > 1

    def form_valid(self, form: Any) -> HttpResponse:
        """Carry it out, and say how that went."""
        went = actions.carry_out_all(campaign=self.campaign, by=self.me)
        left = went["hindered"] + went["waits"]
        words = ngettext("%(count)d decision is carried out.", "%(count)d decisions are carried out.", went["done"])
        words %= {"count": went["done"]}
        if left:
            more = ngettext("%(count)d stays open: see why.", "%(count)d stay open: see why.", left)
            words = f"{words} {more % {'count': left}}"
        return self.done(words, to=self.page)


class CloseReview(CampaignView, AccountFormView):
    """Close a review, which writes its report."""

    template_name = "reviews/close.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what is left."""
        rows = Item.objects.filter(campaign=self.campaign)
        return super().get_context_data(to_carry_out=rows.to_carry_out().count(), **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Close it, and show the report to who may read it."""
        campaign = actions.close_campaign(campaign=self.campaign, by=self.me)
        return self.done(_("The review “%(name)s” is closed.") % {"name": campaign}, to=self.page)


def _history(campaign: Campaign) -> list[dict[str, Any]]:
    """Return what happened to a campaign, the newest first, for a timeline."""
    events = Event.objects.about(campaign).order_by("-id")[:50]
    return [{"title": event.sentence, "at": event.at, "tone": "warn" if event.refused else ""} for event in events]

"""The inbox, and the page on which everybody chooses what comes by mail."""

from abc import ABC, abstractmethod
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views import View
from django.views.generic import FormView, TemplateView

from accounts.views import SignedInMixin, chips_of, page_of
from audit.recording import Refused, record_refusal

from . import actions
from .access import channels_of, readable_by
from .forms import INBOX_STATES, ChoicesForm, InboxFilterForm, MarkAllForm, MarkForm, inbox_query
from .kinds import KINDS, USUAL_WAYS, WHY_ALWAYS, About
from .models import Notice


class Inbox(SignedInMixin, TemplateView):
    """What the reader was told, the newest first; nothing of accounts that are closed to them by now (rule 4)."""

    template_name = "notices/inbox.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Filter, count for the chips, and page."""
        rows = readable_by(self.me)
        form = InboxFilterForm(self.request.GET, rows=rows)
        wanted = form.wanted()
        found = rows.matching(wanted["q"])
        if wanted["account"]:
            found = found.filter(account__slug=wanted["account"])
        counts = found.state_counts()
        state = wanted["state"]
        page = page_of(found.in_state(state).for_inbox(), self.request, count=counts[state or "all"])
        return super().get_context_data(
            form=form,
            page_obj=page,
            chips=chips_of(self.request, INBOX_STATES, {**counts, "": counts["all"]}, state),
            any_at_all=counts["all"] > 0 or bool(wanted["q"] or wanted["account"]),
            newest=rows.unread().order_by("-pk").values_list("pk", flat=True).first(),
            show=self.request.GET.urlencode()[:500],
            **kwargs,
        )


class NoticeAct(SignedInMixin, View, ABC):
    """An act on one of the reader's own notices."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Find it among those that the reader may read now, and act."""
        return self.act(get_object_or_404(readable_by(self.me).for_inbox(), pk=pk))

    @abstractmethod
    def act(self, notice: Notice) -> HttpResponse:
        """Do it, and lead on."""


class OpenNotice(NoticeAct):
    """Mark a notice as read, and lead to the page that it is about. That page decides for itself who sees it."""

    def act(self, notice: Notice) -> HttpResponse:
        """Mark it, and go there."""
        actions.mark_read(notice)
        return HttpResponseRedirect(notice.get_absolute_url())


class MarkNotice(NoticeAct):
    """Mark a notice as read, or as unread again."""

    def act(self, notice: Notice) -> HttpResponse:
        """Mark it, and show the inbox as it was."""
        form = MarkForm(self.request.POST)
        if form.is_valid():
            mark = actions.mark_read if form.cleaned_data["state"] == "read" else actions.mark_unread
            mark(notice)
        return back_to_inbox(self.request)


class MarkAllRead(SignedInMixin, View):
    """Mark everything as read that was there when the page was shown."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Mark, and show the inbox as it was."""
        form = MarkAllForm(request.POST)
        if form.is_valid():
            many = actions.mark_all_read(self.me, up_to=form.cleaned_data["up_to"])
            words = ngettext("%(many)d notice is marked as read.", "%(many)d notices are marked as read.", many)
            messages.success(request, words % {"many": many})
        return back_to_inbox(request)


def back_to_inbox(request: HttpRequest) -> HttpResponse:
    """Lead back to the inbox, filtered as it was."""
    return HttpResponseRedirect(reverse("inbox") + inbox_query(request.POST.get("show", "")))


class Choices(SignedInMixin, FormView):
    """What comes by mail, and how often."""

    template_name = "notices/choices.html"
    form_class = ChoicesForm

    def get_form_kwargs(self) -> dict[str, Any]:
        """Show what holds now."""
        return {**super().get_form_kwargs(), "chosen": channels_of(self.me)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give the page its table: a part for each subject, a row for each kind."""
        context = super().get_context_data(**kwargs)
        form = context["form"]
        parts = [
            {
                "label": about.label,
                "note": WHY_ALWAYS if about == About.SECURITY else "",
                "ways": next(
                    (kind.ways for kind in KINDS.values() if kind.about == about and not kind.fixed), USUAL_WAYS
                ),
                "rows": [
                    {"kind": kind, "field": None if kind.fixed else form[kind.code]}
                    for kind in KINDS.values()
                    if kind.about == about
                ],
            }
            for about in About
        ]
        return {**context, "parts": parts}

    def form_valid(self, form: ChoicesForm) -> HttpResponse:
        """Choose; what can't be chosen is said on the page, and stands in the log as a refusal."""
        try:
            actions.choose(person=self.me, channels=form.channels(), by=self.me)
        except Refused as refusal:
            record_refusal(refusal)
            form.add_error(None, refusal.words)
            return self.form_invalid(form)
        messages.success(self.request, _("Your choice is saved. It counts from the next notice on."))
        return HttpResponseRedirect(reverse("notice_choices"))

    def form_invalid(self, form: ChoicesForm) -> HttpResponse:
        """Show the form again with what is wrong."""
        return self.render_to_response(self.get_context_data(form=form), status=422)

"""Where a person is signed in, and ending it: one session, all others, or all."""

from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View
from django.views.generic import TemplateView

from .. import actions
from ..models import Session
from ..sessions import longest_idle_of, longest_of, open_sessions_of
from .base import SignedInMixin


class SessionList(SignedInMixin, TemplateView):
    """Each session with its browser, its rough place, and when it was used; and ending the others, or all."""

    template_name = "usersessions/usersession_list.html"
    http_method_names = ["get", "head", "post", "options"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """List them: this one first, then the one used last."""
        rows = list(open_sessions_of(self.me.pk))
        seen = {row.session_key: row for row in UserSession.objects.filter(user=self.me)}
        here = self.request.session.session_key
        listed = [self._described(row, seen.get(row.session_key), here) for row in rows]
        return super().get_context_data(
            sessions=sorted(listed, key=lambda row: not row["here"]),
            idle_minutes=int(longest_idle_of(self.me.pk).total_seconds() // 60),
            longest_hours=int(longest_of(self.me.pk).total_seconds() // 3600),
            **kwargs,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        """End all other sessions; with `which=all` this one too, which signs out here."""
        everywhere = request.POST.get("which") == "all"
        mine = Session.objects.filter(person=self.me)
        rows = mine if everywhere else mine.exclude(session_key=request.session.session_key)
        actions.end_sessions(person=self.me, keys=list(rows.values_list("session_key", flat=True)), by=self.me)
        if everywhere:
            logout(request)
            messages.success(request, _("You are signed out everywhere."))
            return HttpResponseRedirect(reverse("account_login"))
        messages.success(request, _("You are signed out everywhere else."))
        return HttpResponseRedirect(reverse("usersessions_list"))

    @staticmethod
    def _described(row: Session, seen: UserSession | None, here: str | None) -> dict[str, Any]:
        return {
            "here": row.session_key == here,
            "end_id": seen.pk if seen else None,
            "user_agent": seen.user_agent if seen else "",
            "address": seen.ip if seen else "",
            "started_at": row.started_at,
            "seen_at": row.seen_at,
        }


class EndSession(SignedInMixin, View):
    """End one of the own sessions, elsewhere; the present one is signed out of."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End it, and show those that are left."""
        rows = UserSession.objects.filter(user=self.me).exclude(session_key=request.session.session_key)
        session = get_object_or_404(rows, pk=pk)
        actions.end_sessions(person=self.me, keys=[session.session_key], by=self.me)
        messages.success(request, _("That session is ended."))
        return HttpResponseRedirect(reverse("usersessions_list"))

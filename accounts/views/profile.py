"""The pages about a person's own profile and sessions."""

from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View
from django.views.generic import FormView

from .. import actions
from ..forms import ProfileForm
from ..models import Person
from .base import SignedInMixin


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


class ProfileView(SignedInMixin, FormView):
    """The own name and time zone."""

    template_name = "accounts/profile.html"
    form_class = ProfileForm

    def get_form_kwargs(self) -> dict[str, Any]:
        """Fill the form with a copy of the person: what is typed must not show as the name before it is saved."""
        return {**super().get_form_kwargs(), "instance": Person.objects.get(pk=self.me.pk)}

    def form_valid(self, form: ProfileForm) -> HttpResponse:
        """Change the profile."""
        actions.change_profile(person=self.me, by=self.me, **form.cleaned_data)
        messages.success(self.request, _("Your profile is saved."))
        return HttpResponseRedirect(reverse("profile"))

    def form_invalid(self, form: ProfileForm) -> HttpResponse:
        """Show the form again with what is wrong."""
        return self.render_to_response(self.get_context_data(form=form), status=422)

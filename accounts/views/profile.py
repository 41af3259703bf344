"""The page about a person's own profile."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import FormView

from .. import actions
from ..forms import ProfileForm
from ..models import Person
from .base import SignedInMixin


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

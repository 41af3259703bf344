"""Making a sign-in, by an invitation or without one."""

from typing import Any

from allauth.account.views import SignupView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views import View

from ..models import Invitation
from ..remembering import forget, remembered


class SignUp(SignupView):
    """The sign-up page. The address of a mailed invitation is proven, and therefore can't be another (rule 7)."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Check again that the invitation is open: what was proven for it must not outlive it."""
        self.invitation = invitation = remembered(request)
        self.fixed_address = ""
        if invitation is not None and invitation.channel == Invitation.Channel.MAIL:
            self.fixed_address = invitation.address
        if request.session.get("account_verified_email") != self.fixed_address:
            request.session.pop("account_verified_email", None)
            self.fixed_address = ""
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Tell the form which address can't be changed."""
        return {**super().get_form_kwargs(), "fixed_address": self.fixed_address}

    def get_initial(self) -> dict[str, Any]:
        """Fill in the invited address where the link was handed over; it is confirmed by a code then."""
        initial = super().get_initial()
        return {"email": self.invitation.address, **initial} if self.invitation else initial

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say for which account it is."""
        return super().get_context_data(invitation=self.invitation, **kwargs)


class ForgetInvitation(View):
    """Sign up under another address instead: the invitation and what it proved are forgotten."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Forget, and begin anew."""
        forget(request)
        return HttpResponseRedirect(reverse("account_signup"))

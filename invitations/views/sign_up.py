"""Signing in and making a sign-in, by an invitation or without one."""

import functools
from typing import Any

from allauth.account.utils import complete_signup
from allauth.account.views import LoginView, SignupView
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views import View

from accounts.forms import SignupForm
from audit.recording import Refused, record_refusal

from .. import actions
from ..models import Invitation
from ..remembering import forget, remembered


class SignUp(SignupView):
    """The sign-up page. The address of a mailed invitation is proven, and therefore can't be another (rule 7)."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Check again that the invitation is open: what was proven for it must not outlive it."""
        self.invitation = invitation = remembered(request)
        by_mail = invitation is not None and invitation.channel == Invitation.Channel.MAIL
        self.proof = invitation if by_mail else None
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Tell the form which address can't be changed, and which account's name is no password."""
        names = [self.invitation.account.name] if self.invitation else []
        fixed = self.proof.address if self.proof else ""
        return {**super().get_form_kwargs(), "fixed_address": fixed, "names": names}

    def get_initial(self) -> dict[str, Any]:
        """Fill in the invited address where the link was handed over; it is confirmed by a code then."""
        initial = super().get_initial()
        return {"email": self.invitation.address, **initial} if self.invitation else initial

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say for which account it is."""
        return super().get_context_data(invitation=self.invitation, **kwargs)

    def form_valid(self, form: SignupForm) -> HttpResponse:
        """Make the person, and sign in at once where the link came by mail: it proves the address."""
        if self.proof is None:
            return super().form_valid(form)
        given = {name: form.cleaned_data[name] for name in ("name", "time_zone")}
        try:
            person = actions.sign_up(
                invitation=self.proof, password=form.cleaned_data["password1"], by=self.request.user, **given
            )
        except (Refused, IntegrityError) as refusal:  # a race lost, such as to oneself: the offer says how to go on
            record_refusal(refusal)
            return HttpResponseRedirect(reverse("invitation_continue"))
        return complete_signup(self.request, person, None, self.get_success_url())


class SignIn(LoginView):
    """The sign-in page. On the way to an invitation it says so; only a mailed one fills its address in (GU4)."""

    @functools.cached_property
    def invitation(self) -> Invitation | None:
        """The invitation that signing in leads back to."""
        given = self.request.POST if self.request.method == "POST" else self.request.GET
        return remembered(self.request) if given.get("next") == reverse("invitation_continue") else None

    def get_initial(self) -> dict[str, Any]:
        """Fill in the address that the mail went to: its reader knows it."""
        invitation, initial = self.invitation, super().get_initial()
        if invitation is None or invitation.channel != Invitation.Channel.MAIL:
            return initial
        return {"login": invitation.address, **initial}

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

"""The page behind "this wasn't me" in the mail of a new sign-in. Opening it changes nothing."""

from typing import cast

from allauth.account.forms import default_token_generator
from allauth.account.internal.flows.password_reset import request_password_reset
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import decorator_from_middleware, method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from audit.recording import Refused

from .. import actions
from ..actions.devices import hash_of
from ..models import SignInAlarm
from .links import TokenCheck, for_this_reader_alone


@method_decorator([csrf_exempt, decorator_from_middleware(TokenCheck)], name="dispatch")
class NotMe(View):
    """Say what would end; on a POST end it, and send a link to set a new password. Who has the link need not sign in.

    A link that was used, has run out or never was gets one neutral page.
    """

    http_method_names = ["get", "post", "head", "options"]

    def dispatch(self, request: HttpRequest, token: str) -> HttpResponse:
        """Find what the link is about."""
        alarm = SignInAlarm.objects.open().filter(token_hash=hash_of(token)).select_related("person").first()
        if alarm is None:
            return for_this_reader_alone(self._dead(request))
        self.alarm = alarm
        return for_this_reader_alone(cast("HttpResponse", super().dispatch(request, token)))

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Ask."""
        return render(request, "accounts/not_me.html", {"alarm": self.alarm})

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """End it all, and send the mail."""
        try:
            person = actions.disown_sign_in(alarm=self.alarm, by=request.user)
        except Refused:  # a second click at once
            return self._dead(request)
        if request.user.pk == person.pk:
            logout(request)  # this session is among those that ended
        request_password_reset(request, person.email, [person], default_token_generator)
        return render(request, "accounts/not_me_done.html")

    def _dead(self, request: HttpRequest) -> HttpResponse:
        return render(request, "accounts/not_me_dead.html", status=404)

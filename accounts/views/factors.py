"""The pages about second factors."""

from typing import Any
from urllib.parse import quote

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.base.views import IndexView
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.generic import TemplateView

from audit.recording import Refused, record_refusal

from .. import actions
from ..checklist import checklist_of_person
from ..forms import let_challenge_add
from ..models import RecoveryCode
from .base import SignedInMixin


class SecondFactors(IndexView):
    """Which second factors a person has, and how many recovery codes are left."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the recovery codes, and the own checklist."""
        codes = RecoveryCode.objects.filter(person=self.request.user)
        me: Any = self.request.user
        return super().get_context_data(
            checklist=checklist_of_person(me, here=self.request.session.session_key),
            has_codes=codes.exists(),
            codes_left=codes.filter(used_at=None).count(),
            **kwargs,
        )


class _ChangesFactor:
    """A page that changes the second factors: it can end all other sessions in the same step (SE6)."""

    request: Any  # a view's

    def get_success_url(self) -> str:
        """Lead to recovery codes where there are none, else back to the second factors."""
        me = self.request.user
        if actions.has_second_factor(me) and not RecoveryCode.objects.filter(person=me).exists():
            return reverse("recovery_codes")
        return reverse("mfa_index")

    def form_valid(self, form: Any) -> HttpResponse:
        """Change it, and end the other sessions where that was asked for."""
        response = super().form_valid(form)  # type: ignore[misc]  # a view's
        if "end_others" in self.request.POST:
            keys = actions.other_sessions(self.request.user, but=self.request.session.session_key)
            if actions.end_sessions(person=self.request.user, keys=keys, by=self.request.user):
                messages.success(self.request, _("You are signed out everywhere else."))
        return response


class ActivateApp(_ChangesFactor, ActivateTOTPView):
    """Set up an authenticator app. The code that proves it is used with that."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Turn it on."""
        response = super().form_valid(form)
        actions.note_activation(Authenticator.objects.get(user=self.request.user, type=Authenticator.Type.TOTP))
        _note_shown(self.request, Authenticator.Type.TOTP)
        return response


class TakeOffApp(_ChangesFactor, DeactivateTOTPView):
    """Take the authenticator app off."""


class AddPasskey(_ChangesFactor, AddWebAuthnView):
    """Add a passkey."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give a challenge that is good for this alone."""
        context = super().get_context_data(**kwargs)
        let_challenge_add()
        return context

    def form_valid(self, form: Any) -> HttpResponse:
        """Add it."""
        response = super().form_valid(form)
        _note_shown(self.request, Authenticator.Type.WEBAUTHN)
        return response


class RemovePasskey(_ChangesFactor, RemoveWebAuthnView):
    """Remove a passkey."""


@method_decorator(reauthentication_required(app="allauth.mfa"), name="post")
class RecoveryCodes(SignedInMixin, TemplateView):
    """How many recovery codes are left, and making new ones, which are shown in the answer to that and never again."""

    template_name = "accounts/recovery_codes.html"
    http_method_names = ["get", "head", "post", "options"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Count what is left."""
        mine = RecoveryCode.objects.filter(person=self.me)
        return super().get_context_data(
            total=mine.count(),
            left=mine.filter(used_at=None).count(),
            has_factor=actions.has_second_factor(self.me),
            **kwargs,
        )

    @sensitive_variables("codes")
    def post(self, request: HttpRequest) -> HttpResponse:
        """Make them, and show them: on a page, or as the file that this page keeps ready."""
        try:
            codes = actions.make_recovery_codes(person=self.me, by=self.me)
        except Refused as refusal:
            record_refusal(refusal)
            messages.error(request, refusal.words)
            return HttpResponseRedirect(reverse("mfa_index"))
        get_adapter().send_notification_mail("mfa/email/recovery_codes_generated", self.me)
        return self.render_to_response(self.get_context_data(codes=codes, file=_as_file(codes, self.me.email)))


def _note_shown(request: HttpRequest, kind: str) -> None:
    """Note in the session that a factor was shown: adding it proved it, so recovery codes may follow at once."""
    record_authentication(request, request.user, "mfa", type=kind, reauthenticated=True)


def _as_file(codes: list[str], address: str) -> str:
    """Return the codes as the address of a text file that the page itself holds: no second request could know them."""
    lines = [
        _("Recovery codes for %(address)s at %(site)s") % {"address": address, "site": settings.SITE_URL},
        _("Each one signs you in once, after your password, when your phone or key is not at hand."),
        "",
        *codes,
    ]
    return f"data:text/plain;charset=utf-8,{quote(chr(10).join(lines) + chr(10))}"

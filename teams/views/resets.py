"""Resetting the second factor of somebody who is locked out: asking, refusing, and the sign-in that ends it."""

import datetime as dt
import hmac
import secrets
import time
from typing import Any

from allauth.account.internal.decorators import login_stage_required
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.stages import AuthenticateStage
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView

from accounts.actions import post_sealed
from accounts.letters import compose
from accounts.models import Person
from accounts.permissions import MANAGE_TEAM
from accounts.views import AccountFormView, factor_shown_at
from audit.recording import Refused, record_refusal

from .. import actions, resetting
from ..forms import MailedCodeForm, ResetForm
from ..models import FactorReset
from .claims import factor_of
from .members import MemberFormView

CODE_IN_SESSION = "factor_reset_code"
CODE_WORKS = 15 * 60  # seconds
BETWEEN_CODES = 60  # seconds


class AskForReset(MemberFormView):
    """What a reset means and when what happens, then the form; or why there is none."""

    permission = MANAGE_TEAM
    form_class = ResetForm
    template_name = "teams/ask_for_reset.html"

    def hindrance(self) -> Refused | None:
        """Return why the reader can't ask for it."""
        return super().hindrance() or resetting.no_reset(self.member)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the wait, the reset that is open, and whether the second factor was shown just now."""
        rows = FactorReset.objects.open().filter(account=self.account, person=self.member.person).with_all()
        wait = settings.FACTOR_RESET_WAIT
        return super().get_context_data(
            reset=rows.first(), wait_hours=int(wait.total_seconds() // 3600), **factor_of(self), **kwargs
        )

    def form_valid(self, form: ResetForm) -> HttpResponse:
        """Ask for it."""
        shown_at = factor_shown_at(self.request)
        actions.ask_for_reset(membership=self.member, by=self.me, shown_at=shown_at, **form.cleaned_data)
        return self.done_with(_("Asked. %(person)s is told at every known address, and can refuse."))


class WithdrawReset(AccountFormView):
    """Take a reset back."""

    permission = MANAGE_TEAM
    template_name = "teams/withdraw_reset.html"

    def load(self) -> None:
        """Find the reset."""
        self.reset = get_object_or_404(FactorReset.objects.with_all(), account=self.account, pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the reset."""
        return super().get_context_data(reset=self.reset, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Withdraw it."""
        actions.withdraw_reset(reset=self.reset, by=self.me)
        return self.done(_("The reset is withdrawn."), to=reverse("team", args=[self.account.slug]))


@method_decorator(never_cache, name="dispatch")
class RefuseReset(TemplateView):
    """The person says no, in one click on the page that the mail leads to. Opening it changes nothing."""

    template_name = "teams/refuse_reset.html"
    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Find the reset by its link, or among those of who is signed in; a wrong one was never there."""
        reset = FactorReset.objects.with_all().filter(pk=kwargs["pk"]).first()
        if "token" not in kwargs and not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if reset is None or not (
            reset.is_refused_with(kwargs["token"]) if "token" in kwargs else reset.person_id == request.user.pk
        ):
            raise Http404
        self.reset = reset
        response = super().dispatch(request, *args, **kwargs)
        response["Referrer-Policy"] = "no-referrer"
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the reset."""
        return super().get_context_data(reset=self.reset, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse it."""
        try:
            self.reset = actions.refuse_reset(reset=self.reset, by=self.reset.person)
        except Refused as refusal:
            record_refusal(refusal)
            self.reset.refresh_from_db()
        return self.render_to_response(self.get_context_data())


@method_decorator(login_stage_required(stage=AuthenticateStage.key, redirect_urlname="account_login"), name="dispatch")
class LockedOut(FormView):
    """In place of the second factor, after the password: what to do, and after the wait a code by mail that ends it."""

    form_class = MailedCodeForm
    template_name = "teams/locked_out.html"

    @property
    def person(self) -> Person:
        """Whoever has given the password."""
        return self.request._login_stage.login.user  # type: ignore[attr-defined]  # set by the decorator

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say how far it is: nothing asked, waiting, ready for a code, code sent."""
        rows = FactorReset.objects.open().filter(person=self.person, account__closed_at=None).order_by("ripe_at")
        ripe = FactorReset.objects.ripe().filter(pk__in=rows).exists()
        waiting = rows.first() if not ripe else None
        return super().get_context_data(
            ripe=ripe, waiting=waiting, sent=CODE_IN_SESSION in self.request.session, **kwargs
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send a code, or take the one that came."""
        reset = FactorReset.objects.ripe().filter(person=self.person, account__closed_at=None).order_by("pk").first()
        if reset is None:
            return self.render_to_response(self.get_context_data(form=self.get_form_class()()), status=409)
        self.reset = reset
        if "send" in request.POST:
            self._send()
            return HttpResponseRedirect(reverse("locked_out"))
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: MailedCodeForm) -> HttpResponse:
        """End the second factor, and go on signing in; then a new one is set up."""
        try:
            forget_tries = check_rate_limit(self.person)
            if not self._is_right(form.cleaned_data["code"]):
                raise ValidationError(_("This code is not right, or it has run out."))
            actions.carry_out_reset(reset=self.reset, by=self.person)
        except ValidationError as problem:
            form.add_error("code", problem)
            return self.form_invalid(form)
        except Refused as refusal:
            record_refusal(refusal)
            form.add_error(None, refusal.words)
            return self.form_invalid(form)
        forget_tries()
        del self.request.session[CODE_IN_SESSION]
        messages.success(self.request, _("Your second factor has ended. Set up a new one now."))
        stage = self.request._login_stage  # type: ignore[attr-defined]  # the sign-in library puts it there
        stage.login.redirect_url = reverse("mfa_add_webauthn")
        return stage.exit()

    def form_invalid(self, form: MailedCodeForm) -> HttpResponse:
        """Show the form again with what is wrong."""
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def _send(self) -> None:
        """Mail a code to the person's own address, once a minute; the session holds what it is checked against."""
        if not cache.add(f"factor-reset-code:{self.person.pk}", 1, BETWEEN_CODES):
            messages.info(self.request, _("A code was sent less than a minute ago."))
            return
        code = f"{secrets.randbelow(10**8):08}"
        self.request.session[CODE_IN_SESSION] = {"hash": self._hash(code), "until": time.time() + CODE_WORKS}
        letter = compose(
            "factor_reset_code", subject=_("Your code, in place of your second factor"), context={"code": code}
        )
        post_sealed(
            kind="factor_reset_code",
            about=self.person,
            address=self.person.email,
            letter=letter,
            works_for=dt.timedelta(seconds=CODE_WORKS),
        )

    def _is_right(self, typed: str) -> bool:
        kept = self.request.session.get(CODE_IN_SESSION)
        if not kept or kept["until"] < time.time():
            return False
        return hmac.compare_digest(kept["hash"], self._hash("".join(typed.split())))

    def _hash(self, code: str) -> str:
        return salted_hmac(CODE_IN_SESSION, f"{self.person.pk}/{code}", algorithm="sha256").hexdigest()

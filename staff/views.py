"""Who gets into the staff area; and its few acts: opening an account, closing it again, sending a mail."""

from abc import ABC, abstractmethod
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View
from django.views.generic import FormView

from accounts import actions
from accounts.errors import ChangedMeanwhile
from accounts.models import BusinessAccount, Person
from accounts.normalising import masked
from accounts.views import factor_shown_at, show_factor_address
from audit.recording import Refused, record_refusal

from .forms import ReasonForm
from .looks import begin_look, end_look, open_looks


def is_let_in(request: HttpRequest) -> bool:
    """Say whether the staff area is open to this request: staff, and a second factor that this session showed."""
    return _is_staff(request) and actions.has_second_factor(request.user) and factor_shown_at(request) is not None


def turn_away(request: HttpRequest) -> HttpResponse | None:
    """Return where somebody of the staff has to go first, None for who is let in (AZ12).

    To everybody else the staff area is not there: raises Http404, as for an address that leads nowhere.
    """
    if not _is_staff(request):
        raise Http404
    if not actions.has_second_factor(request.user):
        messages.warning(request, _("The staff area needs a second factor. Set one up first."))
        return HttpResponseRedirect(reverse("mfa_index"))
    if factor_shown_at(request) is None:
        back = "" if request.method in ("GET", "HEAD") else reverse("staff")  # an act's own address shows nothing
        return HttpResponseRedirect(show_factor_address(request, back))
    return None


def _is_staff(request: HttpRequest) -> bool:
    person: Any = request.user
    return bool(person.is_authenticated and person.is_active and person.is_staff)


def frame_of(request: HttpRequest, here: str = "") -> dict[str, Any]:
    """Return what every page of the area shows around its content: where one can go, and which accounts are open."""
    looks = open_looks(request)
    accounts = list(BusinessAccount.objects.filter(pk__in=list(looks)).order_by("name", "pk")) if looks else []
    return {"here": here, "looks": [{"account": account, "ends_at": looks[account.pk]} for account in accounts]}


class StaffView(View):
    """An act of the staff. It exists for whom the area is open to."""

    request: Any  # the generic views declare it, each its own way

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Let the staff in, find what the address names, and answer."""
        turned = turn_away(request)
        if turned is not None:
            return turned
        self.load()
        return super().dispatch(request, *args, **kwargs)

    def load(self) -> None:
        """Find what the address names. Raises Http404."""


class GiveReason(StaffView, FormView, ABC):
    """An act for which the staff gives a reason. What a rule refuses stands on the form, and in the log."""

    form_class = ReasonForm
    http_method_names = ["get", "post", "head", "options"]
    here = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give the page its frame."""
        return super().get_context_data(**frame_of(self.request, self.here), **kwargs)

    def form_valid(self, form: ReasonForm) -> HttpResponse:
        """Act, and go on to the page of the thing."""
        try:
            to = self.act(form.cleaned_data["reason"])
        except Refused as refusal:
            record_refusal(refusal)
            form.add_error(None, refusal.words)
            return self.form_invalid(form, status=409 if isinstance(refusal, ChangedMeanwhile) else 422)
        return HttpResponseRedirect(to)

    def form_invalid(self, form: forms.Form, status: int = 422) -> HttpResponse:
        """Show the form again with what was typed and what is wrong."""
        return self.render_to_response(self.get_context_data(form=form), status=status)

    @abstractmethod
    def act(self, reason: str) -> str:
        """Do it; return where to go. Raises Refused."""


class OpenAccount(GiveReason):
    """The door of an account: for an hour, for a reason, and its owner is told."""

    template_name = "staff/door.html"
    here = "staff_accounts"

    def load(self) -> None:
        """Find the account."""
        self.account = get_object_or_404(BusinessAccount.objects.select_related("owner"), pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Name the account; not as `account`, which is the one whose pages a reader is in."""
        effects = [
            _("Its owner, %(owner)s, is told at once: your name, and the reason.")
            % {"owner": self.account.owner.name or masked(self.account.owner.email)},
            _("It stands in the account’s log for good."),
            _("For an hour you read its members, roles, grants, invitations, policy and events."),
        ]
        keeps = [_("You can change nothing in it."), _("The links of invitations stay hidden.")]
        return super().get_context_data(subject=self.account, effects=effects, keeps=keeps, **kwargs)

    def act(self, reason: str) -> str:
        """Open it in this session. Every page says from now on that it is."""
        until = actions.look_into(account=self.account, reason=reason, by=self.request.user)
        begin_look(self.request, self.account.pk, until)
        return reverse("staff_account", args=[self.account.pk])


class CloseAgain(StaffView):
    """Ends a look before its time."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End it; one that has run out already has ended as well."""
        end_look(request, pk)
        messages.success(request, _("You have closed the account again."))
        return HttpResponseRedirect(reverse("staff_accounts"))


class SendPasswordMail(GiveReason):
    """Sends somebody the link to set a new password, which nobody here sees (MF10)."""

    template_name = "staff/password_mail.html"
    here = "staff_people"

    def load(self) -> None:
        """Find the person."""
        self.person = get_object_or_404(Person, pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Name the person."""
        effects = [
            _("The person gets a link that works for an hour. Links sent before stop working."),
            _("That you sent it, and why, stands in the person’s own log."),
        ]
        keeps = [
            _("The present password works until another is set."),
            _("The second factor is still asked for."),
            _("Nobody but the person sees the link or the password."),
        ]
        name = self.person.name or masked(self.person.email)
        context = {"subject": self.person, "name": name, "effects": effects, "keeps": keeps}
        return super().get_context_data(**context, **kwargs)

    def act(self, reason: str) -> str:
        """Send it."""
        actions.send_password_mail(person=self.person, reason=reason, by=self.request.user)
        messages.success(self.request, _("The mail is on its way."))
        return reverse("staff_person", args=[self.person.pk])

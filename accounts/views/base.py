"""The base views of all pages inside an account."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ImproperlyConfigured
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View
from django.views.generic import FormView

from audit.events import ACCESS_REFUSED
from audit.models import Event
from audit.recording import Refused, note, record_refusal

from ..access import Answer, Standing, explain, way_to_ask, who_can_confirm, who_can_give
from ..authority import refusal_of
from ..errors import ChangedMeanwhile, MissingPermission, NotFromHere
from ..models import BusinessAccount, Person
from ..permissions import words_for
from ..second_person import NeedsSecondPerson
from ..sensitive import PAGES
from .freshness import ask_for_factor, is_fresh, show_factor_address, take_kept

PAGE_SIZE = 25
CLOSING = "account.closed"  # the event that tells who closed an account; the act stands a floor above


def page_of(
    rows: Any, request: HttpRequest, *, size: int = PAGE_SIZE, count: int | None = None, key: str = "page"
) -> Page:
    """Return the page of `rows` that the query string asks for by `key`; what is out of range gives the nearest one.

    `count` is the number of all rows, where it is known already.
    """
    paginator = Paginator(rows, size)
    if count is not None:
        paginator.__dict__["count"] = count  # a cached property: as if it had been asked
    try:
        number = int(request.GET.get(key, 1))
    except ValueError:
        number = 1
    return paginator.page(min(max(number, 1), paginator.num_pages))


def chips_of(
    request: HttpRequest, labels: Mapping[str, Any], counts: Mapping[str, int], chosen: str
) -> list[dict[str, Any]]:
    """Return the chips of a list, one for each state; one that would show nothing is left out, the chosen one never.

    The state with the empty name is the one shown without a choice.
    """
    chips = []
    for state, label in labels.items():
        if not counts[state] and state and state != chosen:
            continue
        asked = request.GET.copy()
        asked.pop("page", None)
        asked["state"] = state
        href = f"?{asked.urlencode()}"
        chips.append({"label": label, "count": counts[state], "href": href, "current": state == chosen})
    return chips


class AskedByPerson:
    """A page that only people who are signed in get to see."""

    request: Any  # the generic views declare it, each its own way

    @property
    def me(self) -> Person:
        """The person who asks."""
        return self.request.user


class SignedInMixin(AskedByPerson, LoginRequiredMixin):
    """A page outside of accounts; who is not signed in is led to the sign-in page."""


class AccountView(AskedByPerson, View):
    """A page inside one account. It finds the account of the address and asks for `permission` on it (rule 4).

    A stranger gets 404, as for an account that never was; a member without power sees why and whom to ask; a member
    without the permission gets 403, which names it. An action's refusal becomes a message on the form.
    """

    permission: ClassVar[str] = ""
    open_without_power: ClassVar[frozenset[Standing]] = frozenset()  # how one may stand, and see the page all the same
    from_anywhere: ClassVar[bool] = False  # whether a sensitive page is shown outside of the account's address ranges
    account: BusinessAccount

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.permission and not cls.__dict__.get("abstract"):
            raise ImproperlyConfigured(f"{cls.__name__} must say which permission it asks for")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Find, check, load, and answer; turn refusals into the page that explains them."""
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        account = BusinessAccount.objects.select_related("policy", "owner").filter(slug=kwargs["slug"]).first()
        answer = explain(request.user, self.permission, account) if account else None
        if account is None or answer is None or answer.standing is Standing.STRANGER:
            raise Http404
        self.account = account
        request.account = account  # type: ignore[attr-defined]  # the frame of the page reads it
        if answer.standing is not Standing.ACTIVE and answer.standing not in self.open_without_power:
            return self._without_power(answer)
        if answer.standing is Standing.ACTIVE and not answer.allowed and not (answer.elsewhere and self.from_anywhere):
            refusal = refusal_of(answer, self.permission, account)
            self._record_refused_page(refusal)
            return self._missing(refusal)
        try:
            self.begin()
            self.load()
            return cast("HttpResponse", super().dispatch(request, *args, **kwargs))
        except MissingPermission as refusal:
            record_refusal(refusal)
            return self._missing(refusal)

    def begin(self) -> None:
        """Make ready what `load` reads, right after the check."""

    def load(self) -> None:
        """Find what else the address names, right after the check. Raises Http404 for what is not in the account."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give every template the account."""
        return super().get_context_data(account=self.account, **kwargs)  # type: ignore[misc]  # a generic view's

    def done(self, message: str, to: str = "") -> HttpResponse:
        """Say what was done, and go on to a page (the account's overview)."""
        messages.success(self.request, message)
        return HttpResponseRedirect(to or reverse("account_home", args=[self.account.slug]))

    def _without_power(self, answer: Answer) -> HttpResponse:
        context = {
            "account": self.account,
            "answer": answer,
            "standing": answer.standing.name.lower(),
            "is_owner": self.me.pk == self.account.owner_id,
            "confirmers": [],
            "inside": False,
        }
        if answer.standing is Standing.UNCONFIRMED:
            context["confirmers"] = who_can_confirm(self.me, self.account)
        if answer.standing is Standing.CLOSED:
            context["closing"] = Event.objects.in_chain_of(self.account).named(CLOSING).order_by("number").last()
        return render(self.request, "accounts/no_access.html", context, status=403)

    def _missing(self, refusal: MissingPermission) -> HttpResponse:
        context = {
            "account": self.account,
            "words": refusal.words,
            "missing": words_for(refusal.code),
            "not_from_here": isinstance(refusal, NotFromHere),
            "givers": who_can_give(refusal.code, self.account),
            "ask_url": "" if self.me.pk == self.account.owner_id else way_to_ask(refusal.code, self.account),
        }
        return render(self.request, "accounts/missing_permission.html", context, status=403)

    def _record_refused_page(self, refusal: MissingPermission) -> None:
        after = {"permission": words_for(self.permission), "page": self.request.resolver_match.view_name}
        missing = _("The permission to %(act)s is missing.") % {"act": words_for(self.permission)}
        reason = refusal.words if isinstance(refusal, NotFromHere) else missing
        refused = Event.Result.REFUSED
        note(ACCESS_REFUSED, by=self.me, on=self.account, after=after, reason=reason, result=refused)


class AccountFormView(AccountView, FormView):
    """A form inside an account. Without a `form_class` it only asks for a yes: a confirmation."""

    abstract = True
    form_class: Any = forms.Form
    http_method_names = ["get", "post", "head", "options"]
    shown_again = False  # what was sent before the factor was shown stands on the form once more

    def begin(self) -> None:
        """Read what was sent before the factor was shown as if it were sent now; `post` only shows it."""
        self.shown_again = False
        if self.request.method == "GET" and self._page_is_sensitive():
            kept = take_kept(self.request)
            if kept is not None:
                self.request.method, self.request.POST, self.shown_again = "POST", kept, True

    def is_sensitive(self) -> bool:
        """Say whether what is sent now is a sensitive act, on a page of the list: all is, unless a page says less."""
        return True

    def way_back(self) -> str:
        """Return where showing the factor leads to; empty for here, with what was typed."""
        return ""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Act, where that is sensitive only right after the strongest factor was shown (MF11).

        What a rule or a policy refuses stands on the form as a message, and in the log as a refusal.
        """
        form = self.get_form()
        if self.shown_again:
            messages.info(request, _("It’s you. What you typed is kept: look at it once more, then send it."))
            return self.form_invalid(form, status=200)
        if not form.is_valid():
            return self.form_invalid(form)
        if self._page_is_sensitive() and not is_fresh(request) and self.is_sensitive():
            return ask_for_factor(request, self.way_back()) or self._too_long_to_keep(form)
        try:
            return self.form_valid(form)
        except MissingPermission:
            raise
        except NeedsSecondPerson as held_back:
            record_refusal(held_back)
            if held_back.page:
                return self.done(held_back.words, to=held_back.page)
            form.add_error(None, held_back.words)
            return self.form_invalid(form)
        except Refused as refusal:
            record_refusal(refusal)
            form.add_error(None, refusal.words)
            return self.form_invalid(form, status=409 if isinstance(refusal, ChangedMeanwhile) else 422)

    def sent(self, name: str) -> Any:
        """Return what was sent in a field, as the form understands it; None where it doesn't."""
        form = self.get_form()
        form.is_valid()
        return form.cleaned_data.get(name)

    def _page_is_sensitive(self) -> bool:
        return self.request.resolver_match.url_name in PAGES

    def _too_long_to_keep(self, form: Any) -> HttpResponse:
        words = _("Show first that it’s you, in another tab: %(page)s. Then send this again.")
        form.add_error(None, words % {"page": show_factor_address(self.request)})
        return self.form_invalid(form)

    def form_invalid(self, form: Any, status: int = 422) -> HttpResponse:
        """Show the form again with what was typed and what is wrong."""
        return self.render_to_response(self.get_context_data(form=form), status=status)

"""The register, one login with the people who know it, and what is noted about both."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from accounts.permissions import MANAGE_TEAM, OWN_ACCOUNT
from accounts.views import AccountFormView, AccountView, chips_of, page_of
from audit.models import Event
from teams.models import Membership

from .. import actions
from ..events import KNOWER_GONE, PASSWORD_SIGNED
from ..exposures import exposures_of, leavers_of
from ..forms import (
    KNOWER_STATES,
    LOGIN_STATES,
    AddLoginForm,
    GoneForm,
    KnowerFilterForm,
    KnowerForm,
    LoginFilterForm,
    LoginForm,
)
from ..models import Knower, SharedLogin
from .base import LoginFormView, LoginView, login_page

LONGEST_HISTORY = 50
MOST_NAMED = 5  # exposed logins on top of the list, which has them all


class LoginList(AccountView, TemplateView):
    """The register: every shared login, whether it is exposed, and the way out."""

    permission = MANAGE_TEAM
    template_name = "logins/logins.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Filter, count for the chips, and page."""
        form = LoginFilterForm(self.request.GET)
        wanted = form.wanted()
        everything = SharedLogin.objects.filter(account=self.account)
        found = everything.matching(wanted["q"])
        counts = found.state_counts()
        rows = found.in_state(wanted["state"]).with_standing()
        return super().get_context_data(
            form=form,
            page_obj=page_of(rows, self.request, count=counts[wanted["state"] or "in_use"]),
            chips=chips_of(self.request, LOGIN_STATES, {**counts, "": counts["in_use"]}, wanted["state"]),
            any_at_all=bool(wanted["q"]) or counts["in_use"] + counts["retired"] > 0,
            exposures=exposures_of(self.account, most=MOST_NAMED),
            leavers=leavers_of(self.account, seen_by=self.me, most=MOST_NAMED),
            may_upgrade=not self.account.is_business and self.me.has_perm(OWN_ACCOUNT, self.account),
            **kwargs,
        )


class LoginPage(LoginView, TemplateView):
    """One login: whether it is exposed, who knows it, and what happened."""

    template_name = "logins/login.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Filter and page the people, and tell what happened."""
        form = KnowerFilterForm(self.request.GET)
        wanted = form.wanted()
        found = self.login.knowers.matching(wanted["q"])
        counts = found.state_counts()
        page = page_of(
            found.in_state(wanted["state"]).for_list(), self.request, count=counts[wanted["state"] or "knowing"]
        )
        members = self._members([knower.address for knower in page if knower.address])
        for knower in page:
            knower.member_url = members.get(knower.address, "")
        return super().get_context_data(
            form=form,
            page_obj=page,
            chips=chips_of(self.request, KNOWER_STATES, {**counts, "": counts["knowing"]}, wanted["state"]),
            filtered=bool(wanted["q"] or wanted["state"]),
            gone=list(self.login.knowers.gone().order_by("gone_at", "pk")),
            steps=_history(self.login),
            may_upgrade=not self.account.is_business and self.me.has_perm(OWN_ACCOUNT, self.account),
            **kwargs,
        )

    def _members(self, addresses: list[str]) -> dict[str, str]:
        """Return the pages of those of the people who are members of this account, by their address."""
        rows = Membership.objects.current().filter(account=self.account, person__email__in=addresses)
        return {
            address: reverse("member", args=[self.account.slug, pk])
            for address, pk in rows.values_list("person__email", "pk")
        }


class AddLogin(AccountFormView):
    """Put a shared login into the register of a standard account."""

    permission = MANAGE_TEAM
    form_class = AddLoginForm
    template_name = "logins/add_login.html"

    def form_valid(self, form: AddLoginForm) -> HttpResponse:
        """Add it, and go on to its page."""
        login = actions.add_login(account=self.account, by=self.me, **form.cleaned_data)
        login.account = self.account
        words = _("%(login)s is in the register. Now note everybody else who knows its password.")
        return self.done(words % {"login": login}, to=login_page(login))


class ChangeLogin(LoginFormView):
    """Correct what stands about a login."""

    form_class = LoginForm
    template_name = "logins/change_login.html"

    def get_initial(self) -> dict[str, Any]:
        """Fill in what stands there."""
        return {"label": self.login.label, "platform": self.login.platform, "username": self.login.username}

    def form_valid(self, form: LoginForm) -> HttpResponse:
        """Correct it."""
        actions.change_login(login=self.login, by=self.me, **form.cleaned_data)
        return self.back(_("It is saved."))


class NoteKnower(LoginFormView):
    """Note that somebody knows a login."""

    form_class = KnowerForm
    template_name = "logins/note_knower.html"

    def get_initial(self) -> dict[str, Any]:
        """Whoever notes it has mostly told it."""
        return {"told_by": str(self.me)}

    def form_valid(self, form: KnowerForm) -> HttpResponse:
        """Note it."""
        knower = actions.note_knower(login=self.login, by=self.me, **form.cleaned_data)
        return self.back(_("The register says now that %(person)s knows %(login)s."), person=knower)


class KnowerFormView(LoginFormView):
    """One act on a person who knows a login."""

    abstract = True
    knower: Knower

    def load(self) -> None:
        """Find the login, and the person among those noted for it, ever."""
        super().load()
        self.knower = get_object_or_404(Knower, login=self.login, pk=self.kwargs["knower_id"])
        self.knower.login = self.login

    def hindrance(self) -> str:
        """Return why nothing is left to do about this person."""
        words = super().hindrance()
        if not words and not self.knower.still_knows:
            words = _("%(person)s knew an earlier password only.") % {"person": self.knower}
        if not words and self.knower.gone_at:
            words = _("%(person)s is noted as gone already.") % {"person": self.knower}
        return words

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the person."""
        return super().get_context_data(knower=self.knower, **kwargs)


class CorrectKnower(KnowerFormView):
    """Correct what stands about a person."""

    form_class = KnowerForm
    template_name = "logins/correct_knower.html"

    def get_initial(self) -> dict[str, Any]:
        """Fill in what stands there."""
        return {name: getattr(self.knower, name) for name in ("name", "address", "since_on", "told_by", "purpose")}

    def form_valid(self, form: KnowerForm) -> HttpResponse:
        """Correct it."""
        actions.correct_knower(knower=self.knower, by=self.me, **form.cleaned_data)
        return self.back(_("It is saved."))


class NoteGone(KnowerFormView):
    """Note that somebody should no longer know a login: it shows what follows, then asks."""

    form_class = GoneForm
    template_name = "logins/knower_gone.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what follows."""
        effects = [_("%(login)s counts as exposed, until its password is changed.") % {"login": self.login}]
        if self.login.exposed_since is None:
            words = _("%(owner)s is asked by mail to change it: now, after a day, after three days, then every week.")
            effects.append(words % {"owner": self.account.owner})
        effects.append(_("Only a signature that the password was changed closes the task."))
        return super().get_context_data(effects=effects, **kwargs)

    def form_valid(self, form: GoneForm) -> HttpResponse:
        """Note it."""
        actions.note_gone(knower=self.knower, by=self.me, **form.cleaned_data)
        return self.back(_("%(person)s is noted as gone. Change the password of %(login)s now."), person=self.knower)


def _history(login: SharedLogin) -> list[dict[str, Any]]:
    """Return what happened to a login, the newest first: its events, and who is gone with a membership."""
    steps = [_step(event) for event in Event.objects.about(login).order_by("-id")[:LONGEST_HISTORY]]
    departed = login.knowers.filter(by_departure=True).order_by("-gone_at", "-pk")[:LONGEST_HISTORY]
    words = _("%(person)s has no access to this account any more, and knows the password")
    steps += [
        {"at": knower.gone_at, "title": words % {"person": knower}, "tone": "bad", "icon": "user-minus"}
        for knower in departed
    ]
    return sorted(steps, key=lambda step: step["at"], reverse=True)[:LONGEST_HISTORY]


def _step(event: Event) -> dict[str, Any]:
    tone, icon = ("bad", "ban") if event.refused else ("info", "circle-check")
    text = "" if event.refused else event.parts["reason"]
    if event.name == KNOWER_GONE.name and not event.refused:
        tone, icon = "bad", "user-minus"
    if event.name == PASSWORD_SIGNED.name and not event.refused:
        tone, icon, text = "ok", "shield-check", event.parts["after"]["statement"]
    return {"at": event.at, "title": event.sentence, "text": text, "tone": tone, "icon": icon}

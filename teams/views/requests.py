"""Asking for access, and deciding about it: "why can't I?" leads here."""

import datetime as dt
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from accounts.access import explain, who_can_give
from accounts.errors import PolicyViolation
from accounts.models import Asset
from accounts.permissions import ASSET_CODES, MANAGE_TEAM, PERMISSIONS, VIEW_ACCOUNT
from accounts.views import AccountFormView, AccountView, chips_of, page_of
from audit.recording import Refused

from .. import actions
from ..authority import lacking, lacking_on, obstacle
from ..forms import (
    REQUEST_STATES,
    ApproveForm,
    AskForRoleForm,
    AskOnAssetForm,
    RefuseForm,
    RequestFilterForm,
)
from ..models import AccessRequest, Membership, Role
from ..policies import unfit_for_a_time
from ..seconding import held_for_good, makes_administrator
from .members import words_of


class RequestList(AccountView, TemplateView):
    """For who manages the team, the requests of all; for everybody else, their own."""

    permission = VIEW_ACCOUNT
    template_name = "teams/requests.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Filter, count for the chips, and page."""
        manages = self.me.has_perm(MANAGE_TEAM, self.account)
        form = RequestFilterForm(self.request.GET)
        wanted = form.wanted()
        found = AccessRequest.objects.filter(account=self.account).matching(wanted["q"] if manages else "")
        if not manages:
            found = found.filter(person=self.me)
        counts = found.state_counts()
        rows = found.in_state(wanted["state"]).with_all().order_by("-asked_at", "-pk")
        return super().get_context_data(
            form=form,
            manages=manages,
            page_obj=page_of(rows, self.request, count=counts[wanted["state"] or "open"]),
            chips=chips_of(self.request, REQUEST_STATES, {**counts, "": counts["open"]}, wanted["state"]),
            any_at_all=sum(counts.values()) > 0 or bool(wanted["q"]),
            **kwargs,
        )


class AskForAccess(AccountFormView):
    """Why I can't, who can give it, and the request for it."""

    permission = VIEW_ACCOUNT
    template_name = "teams/ask_for_access.html"

    def load(self) -> None:
        """Find the own membership, and what the address asks about."""
        rows = Membership.objects.current().with_roles("person")
        self.member = get_object_or_404(rows, account=self.account, person=self.me)
        self.member.account = self.account
        asked = self.request.GET.get("permission", "")
        self.asked = PERMISSIONS.get(asked)
        assets = Asset.objects.in_use().filter(account=self.account)
        number = self.request.GET.get("asset", "")
        self.asset = assets.filter(pk=number).first() if number.isdecimal() and len(number) < 18 else None
        self.on_asset = bool(self.asked and self.asked.code in ASSET_CODES) or self.request.GET.get("what") == "asset"

    def get_form_class(self) -> type[forms.Form]:
        """Return the form of the kind of access that is wanted."""
        return AskOnAssetForm if self.on_asset else AskForRoleForm

    def get_form_kwargs(self) -> dict[str, Any]:
        """Let the form know who asks."""
        return {**super().get_form_kwargs(), "membership": self.member}

    def get_initial(self) -> dict[str, Any]:
        """Choose what the address asks about: the asset and the act, or the smallest role that holds it."""
        if self.on_asset:
            return {"asset": self.asset, "codes": [self.asked.code] if self.asked else []}
        fitting = [role for role in self._roles() if self.asked and self.asked.code in role.permissions]
        return {"role": min(fitting, key=lambda role: len(role.permissions), default=None)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say why not, who can give it, and what each role would add."""
        held = self.member.role.permissions
        form = kwargs.get("form") or self.get_form()
        chosen = getattr(form["role"].value(), "code", form["role"].value()) if not self.on_asset else ""
        choices = [
            {
                "role": role,
                "adds": words_of(role.permissions - held),
                "for_good_only": unfit_for_a_time(self.member.lasting_role, role),
                "chosen": role.code == chosen,
            }
            for role in self._roles()
            if role.permissions - self.member.lasting_role.permissions
        ]
        return super().get_context_data(
            **{**kwargs, "form": form},
            asked=self.asked,
            asset=self.asset,
            why=self._why(),
            givers=[person for person in who_can_give(self._code(), self.account) if person != self.me],
            on_asset=self.on_asset,
            owns=self.account.owner_id == self.me.pk,
            choices=choices,
        )

    def form_valid(self, form: Any) -> HttpResponse:
        """Ask."""
        request = actions.ask_for_access(membership=self.member, by=self.me, **form.cleaned_data)
        return self.done(_("Your request is on its way."), to=request_page(request))

    def _roles(self) -> list[Role]:
        return [role for role in Role.objects.of(self.account) if not role.is_owner]

    def _code(self) -> str:
        return self.asked.code if self.asked else MANAGE_TEAM

    def _why(self) -> str:
        if self.asked is None:
            return ""
        if self.asked.code not in ASSET_CODES:
            return explain(self.me, self.asked.code, self.account).reason
        return explain(self.me, self.asked.code, self.asset).reason if self.asset else ""


class RequestPage(AccountFormView):
    """What is asked for, why, what it would add, and what became of it.

    Who can decide does so here, who asked withdraws; for everybody else the request does not exist.
    """

    permission = VIEW_ACCOUNT
    template_name = "teams/request.html"

    def load(self) -> None:
        """Find the request: one's own, or any for who manages the team."""
        rows = AccessRequest.objects.with_all()
        if not self.me.has_perm(MANAGE_TEAM, self.account):
            rows = rows.filter(person=self.me)
        self.wish = get_object_or_404(rows, account=self.account, pk=self.kwargs["pk"])
        self.wish.account = self.wish.membership.account = self.account

    def get_form(self, form_class: Any = None) -> forms.Form:
        """Return the form of the decision that was sent; a page that only shows needs none."""
        data = self.request.POST if self.request.method == "POST" else None
        match self.request.POST.get("decision"):
            case "approve":
                return ApproveForm(data, wish=self.wish)
            case "refuse":
                return RefuseForm(data)
        return forms.Form(data)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Lay out the wish and, for who can decide, both answers."""
        wish, form = self.wish, kwargs.pop("form", None)
        mine = wish.person_id == self.me.pk
        decides = wish.is_open and not mine and self.me.has_perm(MANAGE_TEAM, self.account)
        hindrance = self._hindrance() if decides else None
        return super().get_context_data(
            form=form or self.get_form(),
            approve=form if isinstance(form, ApproveForm) else ApproveForm(wish=wish, initial=_initial(wish)),
            refuse=form if isinstance(form, RefuseForm) else RefuseForm(),
            wish=wish,
            mine=mine,
            decides=decides,
            hindrance=hindrance.words if hindrance else "",
            adds=_wished(wish),
            given=_given(wish),
            given_until=_given_until(wish),
            manages=self.me.has_perm(MANAGE_TEAM, self.account),
            givers=[person for person in who_can_give(MANAGE_TEAM, self.account) if person != wish.person],
            **kwargs,
        )

    def _hindrance(self) -> Refused | None:
        """Return why the reader can't approve all of it; the action asks again."""
        wish = self.wish
        if not wish.membership.is_current:
            return PolicyViolation(_("The membership has ended."))
        refusal = obstacle(self.me, self.account, wish.membership)
        if refusal is None and wish.role:
            added = wish.role.permissions - wish.membership.lasting_role.permissions
            refusal = lacking(self.me, self.account, added)
        if refusal is None and wish.asset:
            refusal = lacking_on(self.me, wish.asset, wish.codes)
        return refusal

    def is_sensitive(self) -> bool:
        """Say whether the decision makes an administrator."""
        if self.request.POST.get("decision") != "approve" or self.wish.role is None:
            return False
        return makes_administrator(self.sent("role") or self.wish.role, held_for_good(self.wish.membership))

    def form_valid(self, form: Any) -> HttpResponse:
        """Decide, or withdraw."""
        given, names = form.cleaned_data, {"person": self.wish.person}
        match self.request.POST.get("decision"):
            case "approve":
                actions.approve_request(request=self.wish, by=self.me, **given)
                words = _("Approved. %(person)s is told.")
            case "refuse":
                actions.refuse_request(request=self.wish, by=self.me, **given)
                words = _("Refused. %(person)s is told why.")
            case "withdraw":
                actions.withdraw_request(request=self.wish, by=self.me)
                words = _("The request is withdrawn.")
            case _nonsense:
                form.add_error(None, _("Approve it, refuse it, or leave it open."))
                return self.form_invalid(form)
        return self.done(words % names, to=request_page(self.wish))


def request_page(wish: AccessRequest) -> str:
    """Return the path of a request's page."""
    return reverse("access_request", args=[wish.account.slug, wish.pk])


def _initial(wish: AccessRequest) -> dict[str, Any]:
    return {"role": wish.role, "codes": wish.codes}


def _wished(wish: AccessRequest) -> list[str]:
    """Return in words what the wish would add to what its member holds."""
    codes = (wish.role.permissions - wish.membership.role.permissions) if wish.role else frozenset(wish.codes)
    return words_of(codes)


def _given(wish: AccessRequest) -> list[str]:
    """Return in words what was given in the end."""
    if role := wish.given.get("role"):
        return [role["name"]]
    return words_of(frozenset(wish.given.get("grants", ())) & set(wish.codes))


def _given_until(wish: AccessRequest) -> dt.datetime | None:
    """Return until when a role was given; what was granted on an asset has an end for each permission."""
    ends_at = wish.given.get("ends_at")
    return dt.datetime.fromisoformat(ends_at) if ends_at else None

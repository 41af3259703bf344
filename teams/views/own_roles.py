"""The roles that an account makes itself: made or copied, edited, retired; each with its effect before it asks."""

from collections.abc import Callable, Collection
from copy import copy
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import SecurityPolicy
from accounts.permissions import (
    ACCOUNT_PERMISSIONS,
    ASSET_PERMISSIONS,
    MANAGE_ROLES,
    OWN_ACCOUNT,
    VIEW_ACCOUNT,
    Permission,
)
from accounts.views import AccountFormView
from audit.recording import Refused

from .. import actions
from ..actions.roles import (
    after_retiring,
    require_editable,
    require_place,
    require_retirable,
    require_right_over,
    whole,
)
from ..authority import lacking
from ..forms import RetireRoleForm, RoleForm
from ..holdings import access_of
from ..models import Membership, Role, in_words
from ..permissions import ADMINISTERS
from ..querysets import role_position
from ..reach import Reach, fingerprint, reach_of
from ..seconding import makes_administrator
from ..separation import COMBINATIONS, combinations_in
from .roles import RoleView, role_page, words_of

NAMED = 8  # people whom a preview names; of more it gives the number


class RoleFormView(AccountFormView):
    """A form about what a role is called and holds."""

    abstract = True
    permission = MANAGE_ROLES
    form_class = RoleForm

    def switches(self, form: RoleForm, had: Collection[str] = ()) -> list[dict[str, Any]]:
        """Return the permissions in groups, each with what keeps the reader from giving it, and who can (rule 2)."""
        mine = self.held_by_me()
        rows = Membership.objects.active().filter(account=self.account).holding(MANAGE_ROLES)
        givers = list(rows.with_roles("person").order_by(role_position(), "person__name", "pk"))
        frozen, ticked = form.fields["codes"].disabled, {*(form["codes"].value() or []), VIEW_ACCOUNT}

        def row(permission: Permission) -> dict[str, Any]:
            code = permission.code
            able = [str(member.person) for member in givers if code in member.role.permissions]
            if code == VIEW_ACCOUNT:
                reason = _("Every role holds this.")
            elif code == OWN_ACCOUNT:
                reason = _("No role holds this. Ownership moves by a transfer only.")
            elif code in mine:
                reason = ""
            elif code in had:
                reason = _("You don’t hold this yourself: once taken out, you can’t put it back.")
            else:
                reason = _("You don’t hold this yourself. %(people)s can give it.") % {"people": ", ".join(able)}
            fixed = code in {VIEW_ACCOUNT, OWN_ACCOUNT} or (code not in mine and code not in had)
            return {
                "permission": permission,
                "ticked": code in ticked,
                "disabled": fixed or frozen,
                "reason": reason,
                "with": _partners(code),
            }

        return [
            {"label": _("On the account"), "rows": [row(entry) for entry in ACCOUNT_PERMISSIONS]},
            {"label": _("On each of its assets"), "rows": [row(entry) for entry in ASSET_PERMISSIONS]},
        ]

    def held_by_me(self) -> frozenset[str]:
        """Return what the reader's own role holds: of that a role can be made (rule 2)."""
        access = access_of(self.me, self.account.pk)
        return access.role_permissions if access else frozenset()

    def ask(self, form: Any, **asked: Any) -> HttpResponse:
        """Show what would happen, and ask."""
        return self.render_to_response(self.get_context_data(form=form, asked=asked))


class MakeRole(RoleFormView):
    """Make a role, from nothing or as a copy of another, which is cut down to what the reader holds."""

    template_name = "teams/make_role.html"

    def load(self) -> None:
        """Find the role that is copied, where the address names one."""
        wanted = self.request.GET.get("from", "")
        self.like = next((role for role in Role.objects.of(self.account) if role.code == wanted), None)

    def get_initial(self) -> dict[str, Any]:
        """Fill in what the copied role holds, as far as the reader does."""
        if self.like is None:
            return {}
        name = _("Copy of %(role)s") % {"role": self.like}
        return {
            "name": name[:60],
            "about": self.like.purpose,
            "codes": sorted(self.like.permissions - self._left_out() - {VIEW_ACCOUNT}),
        }

    def _left_out(self) -> frozenset[str]:
        """Return what the copied role holds and the new one won't: what the reader lacks, and ownership."""
        return self.like.permissions - (self.held_by_me() - {OWN_ACCOUNT}) if self.like else frozenset()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Lay out the permissions, and say what of the copied role was left out."""
        context = super().get_context_data(like=self.like, left_out=words_of(self._left_out()), **kwargs)
        return {**context, "switches": self.switches(context["form"])}

    def form_valid(self, form: RoleForm) -> HttpResponse:
        """Make it; ask first where it holds a powerful combination."""
        held = whole(form.cleaned_data["codes"])
        together, again = combinations_in(held), "again" in self.request.POST
        asks = bool(together) and "sure" not in self.request.POST
        if again or (asks and not lacking(self.me, self.account, held)):  # what is refused, the action refuses
            return self.ask(form, together=together, holds=words_of(held - {VIEW_ACCOUNT}), again=again)
        role = actions.create_role(account=self.account, by=self.me, **form.cleaned_data)
        return self.done(_("The role %(role)s is made.") % {"role": role}, to=role_page(self, role))


class OwnRoleView(RoleView, AccountFormView):
    """An act on a role that the account made."""

    abstract = True
    permission = MANAGE_ROLES

    def load(self) -> None:
        """Find the role among those of the account's own making, and whom it reaches."""
        rows = Role.objects.filter(account=self.account)
        self.role = get_object_or_404(rows, code=self.kwargs["code"])
        self.reach = reach_of(self.role)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask; of a retired role only the history is left to see."""
        if self.role.is_retired:
            messages.info(request, _("This role is retired. Nothing can be changed about it."))
            return HttpResponseRedirect(role_page(self, self.role))
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add whom it reaches."""
        shown = {"named": _named(self.role, self.reach), "more": self._more(), **kwargs}
        return super().get_context_data(reach=self.reach, **shown)

    def asks_factor_of(self, held: frozenset[str]) -> bool:
        """Say whether the policy asks members for a second factor once their role holds this, and did not before."""
        asks = self.account.policy.second_factor == SecurityPolicy.SecondFactor.ADMINISTRATORS
        return asks and bool(ADMINISTERS & held) and not self.role.administers

    def _more(self) -> int:
        return max(len(self.reach.members) + len(self.reach.offers) - NAMED, 0)


class EditRole(OwnRoleView, RoleFormView):
    """Give a role another name and other permissions: whom it reaches sees both sides before it is done."""

    template_name = "teams/edit_role.html"

    def get_initial(self) -> dict[str, Any]:
        """Fill in the role as it is."""
        return {
            "name": self.role.name,
            "about": self.role.about,
            "codes": sorted(self.role.permissions - {VIEW_ACCOUNT}),
        }

    def get_form(self, form_class: Any = None) -> RoleForm:
        """Keep the permissions as they are where the reader may not change them for those who hold the role."""
        form = super().get_form(form_class)
        self.hindrance = _refusal(
            require_right_over, self.account, self.reach, holding=self.role.permissions, by=self.me
        )
        form.fields["codes"].disabled = bool(self.hindrance)
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Lay out the permissions."""
        context = super().get_context_data(**kwargs)
        switches = self.switches(context["form"], had=self.role.permissions)
        together = combinations_in(self.role.permissions)
        return {**context, "switches": switches, "hindrance": self.hindrance, "together": together}

    def is_sensitive(self) -> bool:
        """Say whether those who hold the role would become administrators by it."""
        return bool(ADMINISTERS & set(self.sent("codes") or ())) and not self.role.administers

    def form_valid(self, form: RoleForm) -> HttpResponse:
        """Change it; ask first where somebody gains or loses by it, or where it becomes powerful."""
        given = form.cleaned_data
        held, had = whole(given["codes"]), self.role.permissions
        refused = _refusal(require_editable, self.account, self.role, held, self.reach, by=self.me)
        new = [entry for entry in combinations_in(held) if entry not in combinations_in(had)]
        now, again = fingerprint(self.role, self.reach), "again" in self.request.POST
        asks = "seen" not in self.request.POST and held != had and bool(self.reach or new)
        if again or (asks and not refused and not self.role.is_retired):  # what is refused, the action refuses
            return self.ask(
                form,
                again=again,
                adds=words_of(held - had),
                takes=words_of(had - held),
                together=new,
                asks_factor=self.asks_factor_of(held),
                seen=now,
            )
        role = actions.edit_role(role=self.role, by=self.me, seen=self.request.POST.get("seen", now), **given)
        return self.done(_("The role %(role)s is saved.") % {"role": role}, to=role_page(self, role))


class RetireRole(OwnRoleView):
    """Retire a role: first its members and open invitations move to another one."""

    form_class = RetireRoleForm
    template_name = "teams/retire_role.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Offer the roles of this account."""
        return {**super().get_form_kwargs(), "account": self.account}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Lay out each other role with what it would add and take away, and what keeps it from being chosen."""
        chosen, had = self.request.POST.get("move_to", ""), self.role.permissions
        others = [role for role in Role.objects.of(self.account) if role != self.role and not role.is_owner]
        # What is in the way whatever is chosen is said once: a move to the same permissions adds nothing.
        hindrance = _refusal(
            require_retirable,
            self.account,
            self.role,
            Role(account=self.account, held=self.role.held),  # another role that holds the same
            self.reach,
            by=self.me,
        )
        choices = [
            {
                "role": role,
                "adds": words_of(role.permissions - had),
                "takes": words_of(had - role.permissions),
                "together": [entry for entry in combinations_in(role.permissions) if entry not in combinations_in(had)],
                "chosen": role.code == chosen,
                "refusal": self._refusal_of(role),
            }
            for role in (others if self.reach and not hindrance else [])
        ]
        return super().get_context_data(choices=choices, hindrance=hindrance, **kwargs)

    def _refusal_of(self, role: Role) -> str:
        """Return in words why a role can't be chosen; the action asks all of it again."""
        if refusal := lacking(self.me, self.account, role.permissions - self.role.permissions):
            return refusal.words
        return _refusal(require_place, self.account, self.role, role, self.reach)

    def is_sensitive(self) -> bool:
        """Say whether those who hold the role would become administrators by it."""
        return makes_administrator(self.sent("move_to"), self.role)

    def form_valid(self, form: RetireRoleForm) -> HttpResponse:
        """Retire it; ask first where somebody moves."""
        given, had = form.cleaned_data, self.role.permissions
        instead, now = given["move_to"], fingerprint(self.role, self.reach)
        refused = _refusal(require_retirable, self.account, self.role, instead, self.reach, by=self.me)
        asks = "seen" not in self.request.POST and bool(self.reach) and not self.role.is_retired
        if asks and instead is not None and not refused:  # what is refused, the action refuses
            asked = {
                "instead": instead,
                "adds": words_of(instead.permissions - had),
                "takes": words_of(had - instead.permissions),
                "together": combinations_in(instead.permissions),
                "asks_factor": self.asks_factor_of(instead.permissions),
                "seen": now,
            }
            named = _named(self.role, self.reach, instead=instead)
            return self.render_to_response(self.get_context_data(form=form, asked=asked, named=named))
        role = actions.retire_role(role=self.role, by=self.me, seen=self.request.POST.get("seen", now), **given)
        return self.done(
            _("The role %(role)s is retired.") % {"role": role}, to=reverse("roles", args=[self.account.slug])
        )


def _refusal(check: Callable[..., None], *given: Any, **more: Any) -> str:
    """Return in words why a check refuses, or nothing."""
    try:
        check(*given, **more)
    except Refused as refusal:
        return refusal.words
    return ""


def _named(role: Role, reach: Reach, *, instead: Role | None = None) -> list[dict[str, Any]]:
    """Return the first of those whom a role reaches, each with how they stand; with `instead`, once they have moved."""
    members = [
        {
            "name": row.person.name or row.person.email,
            "email": row.person.email,
            "note": _note(after_retiring(copy(row), role, instead) if instead else row, was=row),
        }
        for row in reach.members
    ]
    offers = [{"name": offer.address, "email": "", "note": _("invited")} for offer in reach.offers]
    return [*members, *offers][:NAMED]


def _note(row: Membership, *, was: Membership) -> str:
    """Say how somebody stands, and what is held for a time: `was` is the same member before the act."""
    notes = [_("suspended")] if row.state == Membership.State.SUSPENDED else []
    names = {"role": row.role, "then": row.lasting_role}
    if row.is_raised and row.raised_until is not None:
        notes.append(_("%(role)s until %(end)s, then %(then)s") % {**names, "end": in_words(row.raised_until)})
    elif was.is_raised:
        notes.append(_("%(role)s from now on") % names)
    return ", ".join(notes)


def _partners(code: str) -> list[str]:
    """Return what a permission should not lie together with, in words."""
    codes = {other for entry in COMBINATIONS if len(entry.codes) == 2 and code in entry.codes for other in entry.codes}
    return words_of(codes - {code})

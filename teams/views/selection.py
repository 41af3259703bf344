"""One act on a selection of members: first what becomes of each, then one act for each (rules 2, 3, 5, 12)."""

import datetime as dt
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.permissions import MANAGE_TEAM, PERMISSIONS
from accounts.views import AccountFormView
from audit.recording import Refused, record_refusal

from .. import actions
from ..authority import lacking, obstacle
from ..coverage import SingleHanded, left_after
from ..forms import MOST_SELECTED, ChangeRoleForm, ReasonForm, SelectionForm
from ..models import Membership, Role
from ..policies import seats_left
from ..seconding import held_for_good, makes_administrator
from .members import refusal_of_role, words_of


@dataclass
class Fate:
    """One selected member, and what becomes of it: what the act adds and takes away, or why it is not done."""

    member: Membership
    hindrance: str = ""
    adds: list[str] = field(default_factory=list)
    takes: list[str] = field(default_factory=list)
    ends: dt.datetime | None = None  # of a role for a time, which the act ends before
    done: bool = False

    @property
    def shown(self) -> tuple[Any, ...]:
        """What of the member the reader's yes is about."""
        member = self.member
        held = (member.role.pk, sorted(member.role.permissions), member.lasting_role_id, member.is_raised)
        return (member.pk, *held, member.state, bool(member.confirmed_at))


class ActOnSelection(AccountFormView, ABC):
    """Show what would happen to each selected member; once that is confirmed, do it, and show what happened."""

    abstract = True
    permission = MANAGE_TEAM
    verb = ""  # of the act, for the fingerprint of what was shown

    def load(self) -> None:
        """Find the selected members; ids of other accounts are like ids that never were."""
        asked = SelectionForm(self.given, account=self.account)
        rows = Membership.objects.filter(account=self.account)
        if asked.takes_all() and self.request.method != "POST":  # what is sent names each member that was shown
            rows = rows.listed(asked.wanted(), self.account.policy)
        else:
            rows = rows.filter(pk__in=asked.ids()).for_team_page()
        self.members = list(rows[: MOST_SELECTED + 1])
        self.too_many = len(self.members) > MOST_SELECTED
        if self.too_many:
            self.members = []

    @property
    def given(self) -> Any:
        """What was sent, whichever way."""
        return self.request.POST if self.request.method == "POST" else self.request.GET

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the selection."""
        return super().get_context_data(members=self.members, too_many=self.too_many, most=MOST_SELECTED, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Ask first; a yes counts only for what was shown."""
        shown = self.preview(form)
        fates = shown["fates"]
        if self.request.POST.get("sure") != shown["asked"] or not shown["changing"]:
            changed = "sure" in self.request.POST
            return self.render_to_response(self.get_context_data(form=form, changed=changed, **shown))
        for fate in _changing(fates):
            self._act_on(fate, form)
        done = sum(fate.done for fate in fates)
        return self.render_to_response(self.get_context_data(form=form, fates=fates, finished=True, done=done))

    def preview(self, form: Any) -> dict[str, Any]:
        """Return what the page shows before it asks."""
        fates = self.fates(form)
        changing = _changing(fates)
        return {
            "fates": fates,
            "changing": len(changing),
            "asked": self.fingerprint(changing, form),
            "alone": self.alone(changing, form),
        }

    @abstractmethod
    def fates(self, form: Any) -> list[Fate]:
        """Return what would become of each, in the order of the list."""

    @abstractmethod
    def act(self, fate: Fate, form: Any) -> None:
        """Do it to one. Raises Refused."""

    @abstractmethod
    def alone(self, changing: Sequence[Fate], form: Any) -> list[SingleHanded]:
        """Return what only one person could do afterwards."""

    def fingerprint(self, changing: Sequence[Fate], form: Any) -> str:
        """Return a short name of exactly what would be done."""
        text = repr((self.verb, self.about(form), [fate.shown for fate in changing]))
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def about(self, form: Any) -> Any:
        """Return what else of the act was shown."""
        return ""

    def _act_on(self, fate: Fate, form: Any) -> None:
        try:
            self.act(fate, form)
        except Refused as refusal:
            record_refusal(refusal)
            fate.hindrance = refusal.words
        else:
            fate.done = True


class ChangeRoleOfMany(ActOnSelection):
    """Give the selected members one role."""

    permission = MANAGE_TEAM
    form_class = ChangeRoleForm
    template_name = "teams/change_role_of_many.html"
    verb = "role"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Offer the roles of this account."""
        return {**super().get_form_kwargs(), "account": self.account}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Lay out the roles, with why one can't be given."""
        context = super().get_context_data(**kwargs)
        chosen, choices = self.request.POST.get("role", ""), []
        for role in Role.objects.of(self.account):
            if not role.is_owner:
                refusal = lacking(self.me, self.account, role.permissions)
                words = refusal.words if refusal else ""
                choices.append({"role": role, "refusal": words, "chosen": role.code == chosen})
        return {**context, "choices": choices}

    def fates(self, form: Any) -> list[Fate]:
        """Return for each what the role adds and takes away, counting administrators as they would become more."""
        role, room, fates = form.cleaned_data["role"], seats_left(self.account), []
        for member in self.members:
            fate = Fate(member)
            refusal = obstacle(self.me, self.account, member)
            if not member.is_current:
                fate.hindrance = _("The membership has ended.")
            elif refusal is None and role == member.role == member.lasting_role:
                fate.hindrance = _("%(role)s already.") % {"role": role}
            elif refusal := refusal or refusal_of_role(self.me, self.account, member, role, room=room):
                fate.hindrance = refusal.words
            else:
                room += member.role.administers - role.administers
                fate.adds = words_of(role.permissions - member.role.permissions)
                fate.takes = words_of(member.role.permissions - role.permissions)
                fate.ends = member.raised_until if member.is_raised else None
            fates.append(fate)
        return fates

    def about(self, form: Any) -> Any:
        """Return the role as it is shown."""
        role = form.cleaned_data["role"]
        return role.pk, sorted(role.permissions)

    def alone(self, changing: Sequence[Fate], form: Any) -> list[SingleHanded]:
        """Return what only one person could do in the whole account, since the others lose it with their roles."""
        role = form.cleaned_data["role"]
        losing = {
            code: [fate.member.person_id for fate in changing if code in fate.member.role.permissions]
            for code in set(PERMISSIONS) - role.permissions
        }
        return [row for row in left_after(self.account, losing=losing) if not row.place]

    def is_sensitive(self) -> bool:
        """Say whether anybody would become an administrator."""
        role = self.sent("role")
        return any(makes_administrator(role, held_for_good(member)) for member in self.members)

    def act(self, fate: Fate, form: Any) -> None:
        """Change the role of one."""
        actions.change_role(membership=fate.member, by=self.me, **form.cleaned_data)


class SuspendMany(ActOnSelection):
    """Stop the power of the selected members for now."""

    permission = MANAGE_TEAM
    form_class = ReasonForm
    template_name = "teams/suspend_many.html"
    verb = "suspend"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show at once what would happen: nothing else has to be chosen."""
        form = self.get_form()
        return self.render_to_response(self.get_context_data(form=form, **self.preview(form)))

    def form_invalid(self, form: Any, status: int = 422) -> HttpResponse:
        """Show it again with what is wrong."""
        return self.render_to_response(self.get_context_data(form=form, **self.preview(form)), status=status)

    def fates(self, form: Any) -> list[Fate]:
        """Return for each whether it can be suspended."""
        fates = []
        for member in self.members:
            fate, refusal = Fate(member), obstacle(self.me, self.account, member)
            if not member.is_current:
                fate.hindrance = _("The membership has ended.")
            elif refusal is not None:
                fate.hindrance = refusal.words
            elif member.state == Membership.State.SUSPENDED:
                fate.hindrance = _("Suspended already.")
            else:
                fate.takes = words_of(member.role.permissions)
            fates.append(fate)
        return fates

    def alone(self, changing: Sequence[Fate], form: Any) -> list[SingleHanded]:
        """Return what only one person could do meanwhile."""
        leaving = [fate.member.person_id for fate in changing]
        return left_after(self.account, losing=dict.fromkeys(PERMISSIONS, leaving))

    def act(self, fate: Fate, form: Any) -> None:
        """Suspend one."""
        actions.suspend(membership=fate.member, by=self.me, **form.cleaned_data)


def _changing(fates: Sequence[Fate]) -> list[Fate]:
    return [fate for fate in fates if not fate.hindrance]

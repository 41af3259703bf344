"""The team: the list, one member, and what is done to a member."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from accounts.access import Standing, way_to_ask
from accounts.errors import ChangedMeanwhile, MissingPermission, PolicyViolation
from accounts.models import Asset, BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM, OWN_ACCOUNT, PERMISSIONS, VIEW_ACCOUNT
from accounts.second_person import NeedsSecondPerson
from accounts.sessions import last_active_at
from accounts.views import PAGE_SIZE, AccountFormView, AccountView, chips_of, page_of
from audit.models import Event
from audit.recording import Refused, record_refusal

from .. import actions, resetting
from ..access import standing_of
from ..authority import lacking, obstacle
from ..coverage import SingleHanded, left_to_one
from ..engagements import key_of
from ..events import ACCOUNT_OPENED, ROLE_EDITED, ROLE_RETIRED
from ..forms import (
    MOST_SELECTED,
    STATES,
    ChangeRoleUntilForm,
    ChangeTermsForm,
    ExtendForm,
    ReasonForm,
    TeamFilterForm,
    terms_initial,
)
from ..holdings import read_many
from ..models import AssetGrant, EndedEngagement, FactorReset, Membership, Receipt, Role, in_words
from ..offboarding import what_ends, what_ends_while_away
from ..people import seats_of
from ..permissions import WIDE
from ..policies import no_seat_left, seats_left, unfit_for_a_time
from ..powers import may_words, powers_of
from ..seconding import held_for_good, makes_administrator
from ..separation import combinations_in
from .undoing import undo_page
from .using import use_of_powers

LONGEST_HISTORY = 50
ACCEPTED = "invitation.accepted"  # tells which membership an invitation became; the act stands a floor above
MOST_WAITING = 3  # that the team page puts on top; the chip lists all of them


class TeamList(AccountView, TemplateView):
    """Who can enter the account, and what each of them may do."""

    permission = MANAGE_TEAM
    template_name = "teams/team.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Filter, sort, count for the chips, and page."""
        form = TeamFilterForm(self.request.GET, account=self.account)
        wanted = form.wanted()
        members = Membership.objects.filter(account=self.account)
        counts = members.narrowed(wanted).state_counts(self.account.policy)
        rows = members.listed(wanted, self.account.policy)
        page = page_of(rows, self.request, count=counts[wanted["state"] or "current"])
        filtered = any(wanted[name] for name in ("q", "role", "kind", "state"))
        read_many([row for row in page if row.is_current], self.account)
        for row in page:
            row.hindered = obstacle(self.me, self.account, row) is not None
            row.standing = standing_of(row)
        return super().get_context_data(
            form=form,
            page_obj=page,
            chips=chips_of(self.request, STATES, {**counts, "": counts["current"]}, wanted["state"]),
            filters=[(name, form[name].data) for name in ("q", "role", "state") if form[name].data],
            pickable=any(row.is_current and not row.hindered for row in page),
            too_many=page.paginator.count > MOST_SELECTED,
            waiting=self._waiting() if counts["to_confirm"] and not filtered and page.number == 1 else [],
            **kwargs,
        )

    def _waiting(self) -> list[Membership]:
        """Return the members whose role the reader can confirm, the longest waiting first."""
        rows = Membership.objects.to_confirm().filter(account=self.account).with_roles("person")
        able = (
            row
            for row in rows[:PAGE_SIZE]
            if not obstacle(self.me, self.account, row) and not lacking(self.me, self.account, row.role.permissions)
        )
        return list(islice(able, MOST_WAITING))


class MemberView(AccountView):
    """A page about one member of the account."""

    abstract = True
    member: Membership

    def load(self) -> None:
        """Find the member, ended ones too."""
        rows = Membership.objects.with_roles("person", "sponsor")
        self.member = get_object_or_404(rows, account=self.account, pk=self.kwargs["pk"])
        self.member.account = self.account

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the member, and what keeps the reader from acting on it."""
        refusal = self.hindrance()
        words = refusal.words if refusal else ""
        return super().get_context_data(member=self.member, hindrance=words, **kwargs)

    def hindrance(self) -> Refused | None:
        """Return why the reader may not act on the member; the action asks again."""
        return obstacle(self.me, self.account, self.member)


class MemberFormView(MemberView, AccountFormView):
    """One act on one member. Where the membership has ended meanwhile, the action says so."""

    abstract = True
    permission = MANAGE_TEAM

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask; of an ended membership only the history is left to see."""
        if not self.member.is_current:
            messages.info(request, _("This membership has ended. Nothing can be changed about it."))
            return HttpResponseRedirect(member_page(self.member))
        return super().get(request, *args, **kwargs)

    def done_with(self, message: str) -> HttpResponse:
        """Go back to the member's page."""
        return self.done(message % {"person": self.member.person}, to=member_page(self.member))


class MemberPage(MemberView, TemplateView):
    """One member: role, powers with their reasons, grants, history, and what can be done."""

    permission = MANAGE_TEAM
    template_name = "teams/member.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Answer what the member may do here, thing by thing, and tell what happened."""
        assets = list(Asset.objects.of(self.account).in_use())
        current, page, grants = self.member.is_current, page_of(assets, self.request), grants_by_asset(self.member)
        for asset in page:
            asset.granted = grants.get(asset, [])
        use = use_of_powers(self.me, self.member, hindered=self.hindrance() is not None) if current else {}
        proposal = use.get("proposal")
        return super().get_context_data(
            powers=powers_of(self.member.person, self.account, assets) if current else [],
            page_obj=page,
            use=use,
            takes=words_of(proposal.takes) if proposal else [],
            leaves=self._left_alone(proposal.takes) if proposal else [],
            steps=_history(self.member),
            has_second_factor=not Membership.objects.filter(pk=self.member.pk).without_second_factor().exists(),
            wide=[PERMISSIONS[code].words for code in sorted(self.member.role.permissions & WIDE)],
            receipt=Receipt.objects.of(self.member).first(),
            organisation_url=_organisation_page(self.member),
            engagement=EndedEngagement.objects.of(self.member).first(),
            resettable=current and resetting.no_reset(self.member) is None,
            factor_reset=FactorReset.objects.open()
            .filter(account=self.account, person=self.member.person)
            .with_all()
            .first(),
            last_active=last_active_at(self.member.person),
            elsewhere=len(seats_of(self.member.person, seen_by=self.me)) - 1,
            undo_url=undo_page(self.account, self.member.person_id),
            **kwargs,
        )

    def _left_alone(self, taken: frozenset[str]) -> list[SingleHanded]:
        """Return who would be the only one to do something, were it taken from the member."""
        return [row for row in _among(left_to_one(self.account, without=self.member), taken) if not row.place]


class ConfirmRole(MemberFormView):
    """Granted as intended? With a warning for wide powers (rule 11)."""

    template_name = "teams/confirm_role.html"

    def hindrance(self) -> Refused | None:
        """Return why the reader can't: confirming a role is giving it (rule 2)."""
        if self.member.confirmed_at and self.member.is_current:
            return ChangedMeanwhile(_("The role is confirmed already."))
        return super().hindrance() or lacking(self.me, self.account, self.member.role.permissions)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what is confirmed."""
        held = self.member.role.permissions
        return super().get_context_data(
            holds=[entry.words for code, entry in PERMISSIONS.items() if code in held],
            wide=[PERMISSIONS[code].words for code in PERMISSIONS if code in held & WIDE],
            together=combinations_in(held),
            grants=grants_by_asset(self.member),
            **kwargs,
        )

    def is_sensitive(self) -> bool:
        """Say whether the role administers."""
        return self.member.role.administers

    def form_valid(self, form: Any) -> HttpResponse:
        """Confirm it."""
        actions.confirm_role(membership=self.member, by=self.me)
        return self.done_with(_("The role of %(person)s is confirmed."))


class ChangeRole(MemberFormView):
    """Give another role, for good or for a time: each choice shows what it adds and takes away."""

    form_class = ChangeRoleUntilForm
    template_name = "teams/change_role.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Offer the roles of this account."""
        return {**super().get_form_kwargs(), "account": self.account}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Lay out each role against the present one."""
        chosen = self.request.POST.get("role", "")
        held, lasting = self.member.role.permissions, self.member.lasting_role
        alone = left_to_one(self.account, without=self.member)
        room = seats_left(self.account)
        choices = []
        for role in Role.objects.of(self.account):
            refusal = refusal_of_role(self.me, self.account, self.member, role, room=room)
            choices.append(
                {
                    "role": role,
                    "adds": words_of(role.permissions - held),
                    "takes": words_of(held - role.permissions),
                    "leaves": [row for row in _among(alone, held - role.permissions) if not row.place],
                    "current": role == self.member.role == self.member.lasting_role,
                    "now": role == self.member.role,
                    "lasting": self.member.is_raised and role == lasting,
                    "for_good_only": role != lasting and unfit_for_a_time(lasting, role),
                    "chosen": role.code == chosen,
                    "refusal": refusal.words if refusal else "",
                    "ask_url": _way_to_ask(refusal),
                    "wide": bool(role.permissions & WIDE - held),
                    "together": [entry for entry in combinations_in(role.permissions) if not entry.codes <= held],
                }
            )
        return super().get_context_data(choices=choices, **kwargs)

    def is_sensitive(self) -> bool:
        """Say whether the member would become an administrator."""
        return makes_administrator(self.sent("role"), held_for_good(self.member))

    def form_valid(self, form: ChangeRoleUntilForm) -> HttpResponse:
        """Change it."""
        given, was = dict(form.cleaned_data), (self.member.role, self.member.is_raised)
        seen = given.pop("seen") or None
        if (until := given.pop("ends_at")) is not None:
            member = actions.raise_role(membership=self.member, until=until, by=self.me, **given)
            words = {"person": member.person, "role": member.role, "then": member.lasting_role, "end": in_words(until)}
            told = _("%(person)s is %(role)s until %(end)s, then %(then)s.")
            return self.done(told % words, to=member_page(self.member))
        member = actions.change_role(membership=self.member, by=self.me, seen=seen, **given)
        words = {"person": member.person, "role": member.role}
        if (member.role, member.is_raised) == was:
            return self.done(_("%(person)s is %(role)s already.") % words, to=member_page(self.member))
        return self.done(_("%(person)s is now %(role)s.") % words, to=member_page(self.member))


class ChangeTerms(MemberFormView):
    """Kind, organisation, sponsor and end of a membership."""

    permission = MANAGE_TEAM
    form_class = ChangeTermsForm
    template_name = "teams/change_terms.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Let the form know whose members can answer for somebody."""
        return {**super().get_form_kwargs(), "account": self.account}

    def get_initial(self) -> dict[str, Any]:
        """Begin with the terms as they are."""
        return terms_initial(self.member.terms)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what the policy allows, and whether the reader could give the access for longer."""
        longer = lacking(self.me, self.account, self.member.role.permissions)
        return super().get_context_data(
            limit=self.account.policy.outside_days,
            member_limit=self.account.policy.member_days,
            lasting=longer.words if longer else "",
            **kwargs,
        )

    def form_valid(self, form: ChangeTermsForm) -> HttpResponse:
        """Change them."""
        actions.change_terms(membership=self.member, terms=form.terms(), by=self.me, reason=form.cleaned_data["reason"])
        return self.done_with(_("The terms of %(person)s are saved."))


class ExtendMember(MemberFormView):
    """Extend an access by one click; the page of the terms shows what is refused, and takes any other end."""

    permission = MANAGE_TEAM
    form_class = ExtendForm
    template_name = "teams/change_terms.html"
    http_method_names = ["post", "options"]

    def form_valid(self, form: ExtendForm) -> HttpResponse:
        """Extend it, from its present end or from now, whichever is later."""
        present = self.member.ends_at
        if present is None:
            return self.done_with(_("The access of %(person)s has no end."))
        ends_at = max(present, timezone.now()) + dt.timedelta(days=form.cleaned_data["days"])
        try:
            actions.set_end(membership=self.member, ends_at=ends_at, by=self.me)
        except MissingPermission:
            raise
        except Refused as refusal:
            record_refusal(refusal)
            messages.error(self.request, refusal.words)
            return HttpResponseRedirect(reverse("change_terms", args=[self.account.slug, self.member.pk]))
        return self.done_with(_("The access of %(person)s is extended."))

    def form_invalid(self, form: ExtendForm, status: int = 422) -> HttpResponse:
        """Say what is wrong on the page that takes any end."""
        messages.error(self.request, _("Choose one of the spans on the page."))
        return HttpResponseRedirect(reverse("change_terms", args=[self.account.slug, self.member.pk]))


class ExtendRole(MemberFormView):
    """Extend a role for a time by one click; the page of the role shows what is refused, and takes any other end."""

    permission = MANAGE_TEAM
    form_class = ExtendForm
    template_name = "teams/change_role.html"
    http_method_names = ["post", "options"]

    def is_sensitive(self) -> bool:
        """Say whether somebody is an administrator for longer by it."""
        return makes_administrator(self.member.raised_to, held_for_good(self.member))

    def way_back(self) -> str:
        """Return the page of the role, which offers it again."""
        return reverse("change_role", args=[self.account.slug, self.member.pk])

    def form_valid(self, form: ExtendForm) -> HttpResponse:
        """Extend it from its present end."""
        present = self.member.raised_until if self.member.is_raised else None
        if present is None:
            return self.done_with(_("%(person)s holds no role for a time now."))
        until = present + dt.timedelta(days=form.cleaned_data["days"])
        try:
            actions.set_role_end(membership=self.member, until=until, by=self.me)
        except (MissingPermission, NeedsSecondPerson):
            raise
        except Refused as refusal:
            return self._refused(refusal.words, refusal)
        return self.done_with(_("The role of %(person)s is extended."))

    def form_invalid(self, form: ExtendForm, status: int = 422) -> HttpResponse:
        """Say what is wrong on the page that takes any end."""
        return self._refused(_("Choose one of the spans on the page."))

    def _refused(self, words: str, refusal: Refused | None = None) -> HttpResponse:
        if refusal is not None:
            record_refusal(refusal)
        messages.error(self.request, words)
        return HttpResponseRedirect(reverse("change_role", args=[self.account.slug, self.member.pk]))


class EndRole(MemberFormView):
    """End a role for a time now, after a question: the lasting one counts again."""

    form_class = ReasonForm
    template_name = "teams/end_role.html"

    def hindrance(self) -> Refused | None:
        """Return why the reader can't; what has ended can't end again."""
        if not self.member.is_raised:
            return ChangedMeanwhile(_("%(person)s holds no role for a time now.") % {"person": self.member})
        return super().hindrance()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what is lost, and what would depend on one person then."""
        lost = self.member.role.permissions - self.member.lasting_role.permissions
        alone = left_to_one(self.account, without=self.member)
        return super().get_context_data(takes=words_of(lost), alone=_among(alone, lost), **kwargs)

    def form_valid(self, form: ReasonForm) -> HttpResponse:
        """End it."""
        member = actions.end_role(membership=self.member, by=self.me, **form.cleaned_data)
        words = {"person": member.person, "role": member.role}
        return self.done(_("%(person)s is %(role)s again.") % words, to=member_page(self.member))


class SuspendMember(MemberFormView):
    """Stop a member's power for now."""

    form_class = ReasonForm
    template_name = "teams/suspend_member.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what rests, and what would depend on one person meanwhile."""
        assets = Asset.objects.of(self.account).in_use()
        return super().get_context_data(
            rests=may_words(powers_of(self.member.person, self.account, assets)),
            alone=left_to_one(self.account, without=self.member),
            others=what_ends_while_away(self.member.person, self.account.pk),
            **kwargs,
        )

    def hindrance(self) -> Refused | None:
        """Return why the reader can't; nobody is suspended twice."""
        if self.member.state == Membership.State.SUSPENDED:
            return ChangedMeanwhile(_("%(person)s is suspended already.") % {"person": self.member})
        return super().hindrance()

    def form_valid(self, form: ReasonForm) -> HttpResponse:
        """Suspend."""
        actions.suspend(membership=self.member, by=self.me, **form.cleaned_data)
        return self.done_with(_("%(person)s is suspended."))


class EndMemberSessions(MemberFormView):
    """Sign a member out everywhere."""

    form_class = ReasonForm
    template_name = "teams/end_member_sessions.html"

    def form_valid(self, form: ReasonForm) -> HttpResponse:
        """End the sessions."""
        actions.end_sessions_of_member(membership=self.member, by=self.me, **form.cleaned_data)
        return self.done_with(_("%(person)s is signed out everywhere."))


class RestoreMember(MemberFormView):
    """Give a suspended member the power back."""

    template_name = "teams/restore_member.html"

    def hindrance(self) -> Refused | None:
        """Return why the reader can't: restoring is giving anew (rule 2)."""
        if self.member.state == Membership.State.ACTIVE:
            return ChangedMeanwhile(_("%(person)s is not suspended.") % {"person": self.member})
        return super().hindrance() or lacking(self.me, self.account, self.member.role.permissions)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what comes back."""
        return super().get_context_data(effects=_effects(self.member, restored=True), **kwargs)

    def is_sensitive(self) -> bool:
        """Say whether an administrator comes back."""
        return self.member.role.administers

    def form_valid(self, form: Any) -> HttpResponse:
        """Restore."""
        actions.restore(membership=self.member, by=self.me)
        return self.done_with(_("%(person)s has access again."))


class LeaveAccount(AccountFormView):
    """Leave the account oneself."""

    permission = VIEW_ACCOUNT
    # leaving needs no power
    open_without_power = frozenset({Standing.UNCONFIRMED, Standing.NO_SECOND_FACTOR, Standing.WRONG_DOMAIN})
    template_name = "teams/leave_account.html"

    def load(self) -> None:
        """Find the own membership."""
        rows = Membership.objects.current().with_roles("person")
        self.member = get_object_or_404(rows, account=self.account, person=self.me)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what ends; the owner can't leave."""
        is_owner = self.account.owner_id == self.me.pk
        others = what_ends(self.me, [self.account.pk])[self.account.pk]
        effects = [*_effects(self.member), *(f"{label}: {', '.join(things)}." for label, things in others.items())]
        return super().get_context_data(effects=effects, is_owner=is_owner, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Leave, and go home."""
        actions.leave(membership=self.member, by=self.me)
        return self.done(_("You have left %(account)s.") % {"account": self.account}, to=reverse("dashboard"))


def member_page(member: Membership) -> str:
    """Return the path of a member's page."""
    return reverse("member", args=[member.account.slug, member.pk])


def refusal_of_role(
    by: Person, account: BusinessAccount, member: Membership, role: Role, *, room: int
) -> Refused | None:
    """Return why a member can't be given a role; the action asks all of it again. `room` is for administrators."""
    if role.is_owner:
        return PolicyViolation(_("Ownership moves by a transfer only."))
    given = member.lasting_role.permissions if member.confirmed_at else frozenset()
    if refusal := lacking(by, account, role.permissions - given):
        return refusal
    seated = member.role.administers  # the seat is taken already
    return no_seat_left(account) if role.administers and not seated and room <= 0 else None


def _among(rows: list[SingleHanded], codes: frozenset[str]) -> list[SingleHanded]:
    """Return of what is left to one person only the acts of these codes."""
    narrowed = (replace(row, acts=[act for act in row.acts if act.code in codes]) for row in rows)
    return [row for row in narrowed if row.acts]


def _way_to_ask(refusal: Refused | None) -> str:
    """Return where the missing permission can be asked for; ownership can't."""
    if not isinstance(refusal, MissingPermission) or refusal.code == OWN_ACCOUNT:
        return ""
    return way_to_ask(refusal.code, refusal.account)


def words_of(codes: frozenset[str]) -> list[str]:
    """Return permissions in words, in the order of the table."""
    return [str(entry.words) for code, entry in PERMISSIONS.items() if code in codes]


def grants_by_asset(member: Membership) -> dict[Asset, list[str]]:
    """Return what a member is granted on single assets, in words, by asset."""
    return grants_of_each([member])[member.pk]


def grants_of_each(members: Sequence[Membership]) -> dict[int, dict[Asset, list[str]]]:
    """Return what `grants_by_asset` says of each of these members, by membership, in one query."""
    grants: dict[int, dict[Asset, list[str]]] = {member.pk: {} for member in members}
    rows = AssetGrant.objects.of_each(members)
    for row in rows.order_by("content_object__name", "content_object_id", "permission_id"):
        words = str(PERMISSIONS[row.permission.codename].words)
        grants[row.membership_id].setdefault(row.content_object, []).append(words)
    return grants


def _effects(member: Membership, *, restored: bool = False) -> list[str]:
    """Say in sentences what a member loses with the membership, or gets back with it."""
    assets = len(grants_by_asset(member))
    back, lost = _("The role %(role)s counts again."), _("The role %(role)s and all that it gives ends.")
    effects = [(back if restored else lost) % {"role": member.role}]
    if member.is_raised and member.raised_until is not None and restored:
        words = _("From %(end)s on it is %(role)s.")
        effects.append(words % {"end": in_words(member.raised_until), "role": member.lasting_role})
    if assets:
        back = ngettext("Grants on %(count)d asset count again.", "Grants on %(count)d assets count again.", assets)
        lost = ngettext("Grants on %(count)d asset end.", "Grants on %(count)d assets end.", assets)
        effects.append((back if restored else lost) % {"count": assets})
    if not restored:
        effects.append(_("Open pages stop working at the next click."))
    return effects


def _history(member: Membership) -> list[dict[str, Any]]:
    """Return the newest events about a member, and below them how the person came to be one, for the timeline."""
    newest = Event.objects.about(member).order_by("-id")[:LONGEST_HISTORY]
    events = [*newest, *_reached(member), *_ended_together(member), *_joining(member)]
    return [
        {"at": event.at, "title": event.sentence, "text": event.parts["reason"] if not event.refused else "",
         "tone": "bad" if event.refused else "info", "icon": "ban" if event.refused else "circle-check"}
        for event in sorted(events, key=lambda event: event.pk, reverse=True)
    ]  # fmt: skip


def _reached(member: Membership) -> list[Event]:
    """Return the newest events that changed what the member's role gives, or moved the member to another."""
    acts = Event.objects.in_chain_of(member.account).named(ROLE_EDITED.name, ROLE_RETIRED.name)
    done = acts.filter(result=Event.Result.DONE).order_by("-number")[:LONGEST_HISTORY]
    return [event for event in done if any(row["membership"] == member.pk for row in event.parts["after"]["members"])]


def _organisation_page(member: Membership) -> str:
    """Return where the people of the member's organisation stand together; empty for who is of none, or has left."""
    if not (member.is_current and member.is_from_outside and member.organisation):
        return ""
    return reverse("engagement", args=[member.account.slug, key_of(member.organisation)])


def _ended_together(member: Membership) -> list[Event]:
    """Return the event in which the membership ended with the whole engagement of its organisation."""
    act = EndedEngagement.objects.of(member).first()
    if act is None or act.event_number is None:
        return []
    return list(Event.objects.in_chain_of(member.account).filter(number=act.event_number))


def _joining(member: Membership) -> list[Event]:
    """Return the events of the invitation that became this membership; of who opened the account, that event."""
    log = Event.objects.in_chain_of(member.account)
    done = log.done_by(member.person_id).filter(result=Event.Result.DONE)
    for accepted in done.named(ACCEPTED):
        if accepted.parts["after"].get("membership") == member.pk:
            offer = log.filter(target_kind=accepted.target_kind, target_id=accepted.target_id).named("invitation.")
            return list(offer[:LONGEST_HISTORY])
    return list(done.named(ACCOUNT_OPENED.name))

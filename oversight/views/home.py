"""Where people arrive: the public face, a member's home, and the overview of one account."""

import functools
from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from accounts.access import Standing
from accounts.checklist import checklist_of_person
from accounts.models import Asset
from accounts.permissions import MANAGE_SECURITY, MANAGE_TEAM, VIEW_ACCOUNT, VIEW_AUDIT
from accounts.sessions import open_sessions_of
from accounts.views import AccountView, SignedInMixin, page_of
from audit.models import Event
from audit.querysets import BY_ID, BY_TIME, stretch
from invitations.models import Invitation
from logins.exposures import exposures_of
from logins.models import SharedLogin
from teams.coverage import done_by_one
from teams.holdings import accesses_of
from teams.models import AccessRequest, Membership, OwnershipClaim, OwnershipOffer, PendingAct, Way
from teams.permissions import WIDE
from teams.powers import may_words, powers_of
from teams.querysets import role_position
from teams.seconding import may_approve
from watching.models import Alert

from ..checklist import checklist_of
from ..forms import SearchForm
from ..navigation import address_of
from ..querysets import (
    claims_on,
    current_seats,
    former_seats,
    offers_to,
    people_to_ask,
    resets_of,
    reviews_of,
    roles_with_holders,
    told_to,
    undelivered,
    waiting_in,
)
from .activity import record_of, with_places

ACCOUNTS_ON_A_PAGE = 10
MANY_TO_OVERSEE = 3  # accounts from which on the portfolio helps
MANY_ACCOUNTS = 5  # from here on a search helps
LATEST = 6
NAMED = 5  # people or invitations that an overview names; the list behind it has them all


class FrontView(TemplateView):
    """The public face. Who is signed in goes on to the own home."""

    template_name = "front.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page, or lead home."""
        if request.user.is_authenticated:
            return HttpResponseRedirect(reverse("dashboard"))
        return super().get(request, *args, **kwargs)


class Dashboard(SignedInMixin, TemplateView):
    """A member's home: my accounts and what I may do there, what waits for me, how I sign in, what I did last."""

    template_name = "oversight/dashboard.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give the page one stretch of my accounts, and all that waits for me."""
        person = self.me
        form = SearchForm(self.request.GET)
        text = form.text()
        current, former = current_seats(person, text), former_seats(person, text)
        show_former = self.request.GET.get("show") == "former"
        numbers = {"current": current.count(), "former": former.count()}
        page = page_of(former if show_former else current, self.request, size=ACCOUNTS_ON_A_PAGE)
        seats = seats_of(person, list(page.object_list))
        part = stretch([Event.objects.done_by(person.pk), told_to(person)], LATEST, by=BY_ID)
        return super().get_context_data(
            form=form,
            text=text,
            page_obj=page,
            seats=seats,
            oversees=sum(row["manages"] for row in seats) > 1,
            across=numbers["current"] >= MANY_TO_OVERSEE and not show_former,
            searchable=bool(text) or numbers["current"] + numbers["former"] > MANY_ACCOUNTS,
            chips=_chips(numbers, show_former, text) if numbers["former"] or show_former else [],
            show_former=show_former,
            invitations=list(Invitation.objects.waiting_for(person)[:ACCOUNTS_ON_A_PAGE]),
            offers=_offers(offers_to(person)),
            resets=list(resets_of(person)),
            reviews=reviews_of(person),
            claims=_claims(claims_on(person)),
            tasks=_tasks(seats),
            security=checklist_of_person(person, here=self.request.session.session_key),
            sessions=open_sessions_of(person.pk).count(),
            latest=with_places(part.events, person),
            **kwargs,
        )


def seats_of(person: Any, memberships: list[Membership]) -> list[dict[str, Any]]:
    """Return, for each membership, how the person stands and what that gives; the same few queries for any number.

    Where the standing is not active, nothing of the inside is told (rule 4).
    """
    accounts = {seat.account_id: seat.account for seat in memberships}
    accesses = accesses_of(person, accounts)
    standings = {pk: access.standing for pk, access in accesses.items()}
    inside = [pk for pk, (standing, _since) in standings.items() if standing is Standing.ACTIVE]
    assets: dict[int, list[Asset]] = {pk: [] for pk in inside}
    for asset in Asset.objects.in_use().filter(account__in=inside).order_by("kind", "name", "pk"):
        assets[asset.account_id].append(asset)
    asked = people_to_ask(accounts, but=person)
    seats = []
    for seat in memberships:
        standing, since = standings[seat.account_id]
        groups = powers_of(person, seat.account, assets[seat.account_id]) if seat.account_id in assets else []
        seats.append(
            {
                "seat": seat,
                "account": seat.account,
                "standing": standing.name.lower(),
                "since": since,
                "demands": accesses[seat.account_id].demands,
                "groups": groups,
                "may": may_words(groups),
                "assets": len(assets.get(seat.account_id, [])),
                "owns": seat.account.owner_id == person.pk,
                "manages": standing is Standing.ACTIVE and person.has_perm(MANAGE_TEAM, seat.account),
                "ask": asked.get(seat.account_id, []),
            }
        )
    return seats


def _offers(offers: Iterable[OwnershipOffer]) -> list[dict[str, Any]]:
    return [{"offer": offer, "url": address_of("ownership_offer", offer.account.slug, offer.pk)} for offer in offers]


def _claims(claims: Iterable[OwnershipClaim]) -> list[dict[str, Any]]:
    return [
        {
            "claim": claim,
            "url": address_of("ownership_claim", claim.account.slug, claim.pk),
            "refuse_url": address_of("refuse_claim", claim.account.slug, claim.pk),
        }
        for claim in claims
    ]


def _tasks(seats: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what waits for the reader as an administrator, account by account."""
    managed = {row["account"].pk: row["account"] for row in seats if row["manages"]}
    waiting = waiting_in(managed)
    return [{"account": account, **waiting[pk]} for pk, account in managed.items() if pk in waiting]


def _chips(numbers: dict[str, int], show_former: bool, text: str) -> list[dict[str, Any]]:
    kept = {"q": text} if text else {}
    return [
        {
            "label": _("Current"),
            "count": numbers["current"],
            "href": f"?{urlencode(kept)}",
            "current": not show_former,
        },
        {
            "label": _("Former"),
            "count": numbers["former"],
            "href": f"?{urlencode({**kept, 'show': 'former'})}",
            "current": show_former,
        },
    ]


def _extending(row: Membership) -> str:
    """Return the name of the page that extends what ends first: the role for a time, or the whole access."""
    return "extend_role" if row.next_end == row.raised_until else "extend_member"


class AccountHome(AccountView, TemplateView):
    """The overview of an account: for who manages the team, what waits there; for others, their own access."""

    permission = VIEW_ACCOUNT

    def get_template_names(self) -> list[str]:
        """One address, two pages: which one is a question of power."""
        return ["oversight/overview.html" if self.manages else "oversight/my_access.html"]

    @functools.cached_property
    def manages(self) -> bool:
        """Whether the reader manages the team."""
        return self.me.has_perm(MANAGE_TEAM, self.account)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give the page the reader's own access, and to who manages the team all that waits."""
        person, account = self.me, self.account
        seat = Membership.objects.current().with_roles().get(account=account, person=person)
        assets = list(Asset.objects.in_use().filter(account=account).order_by("kind", "name", "pk"))
        groups = powers_of(person, account, assets, asking=account.is_business)
        context: dict[str, Any] = {
            "seat": seat,
            "assets": assets,
            "groups": groups,
            "may": may_words(groups),
            "owns": account.owner_id == person.pk,
            "leave_url": "" if account.owner_id == person.pk else address_of("leave_account", account.slug),
            "offers": _offers(offers_to(person).filter(account=account)),
            "reviews": reviews_of(person, account),
            "my_second_factor": accesses_of(person, [account.pk])[account.pk].has_second_factor,
            "latest": self._latest(),
            "record": record_of("account", account.pk) if person.has_perm(VIEW_AUDIT, account) else None,
        }
        context |= self._team(seat, assets) if self.manages else self._whom_to_ask()
        if person.has_perm(MANAGE_SECURITY, account):
            context["security"] = checklist_of(account, reader=person, lone=context.get("lone"))
        return super().get_context_data(**context, **kwargs)

    def _latest(self) -> list[Event]:
        """Return the newest events of the account, for who may see its log."""
        if not self.me.has_perm(VIEW_AUDIT, self.account):
            return []
        acts = Event.objects.in_chain_of(self.account).exclude(name="mail.sent")  # of mails, only what went wrong
        return stretch([acts], LATEST, by=BY_TIME).events

    def _whom_to_ask(self) -> dict[str, Any]:
        return {"ask": people_to_ask([self.account.pk], but=self.me).get(self.account.pk, [])}

    def _team(self, seat: Membership, assets: list[Asset]) -> dict[str, Any]:
        account = self.account
        owns = account.owner_id == self.me.pk
        members = Membership.objects.filter(account=account)
        counts = members.state_counts(account.policy)
        failed = list(undelivered().filter(account=account)[:NAMED])
        invitations = Invitation.objects.open().filter(account=account).count()
        confirm = list(members.to_confirm().with_roles("person")[: NAMED + 1])
        without = members.current().without_second_factor().with_roles("person")
        administrators = members.active().administering().count()
        lone = done_by_one(account)
        ending = list(members.ending().with_roles("person", "sponsor")[:NAMED])
        return {
            "counts": counts,
            "roles": roles_with_holders(account),
            "pending": self._pending(),
            "claims": _claims(
                OwnershipClaim.objects.open().filter(account=account).select_related("account", "person")
            ),
            "owner_only": account.is_business and administrators < 2 and counts["active"] > 1,
            "lone": lone,
            "alone": lone if counts["active"] > 1 else [],
            "invitations": invitations,
            "failed": [self._undelivered(invitation) for invitation in failed],
            "exposures": exposures_of(account, most=NAMED),
            "alerts": self._alerts(),
            "confirm": [self._to_confirm(row, seat) for row in confirm[:NAMED]],
            "wishes": [
                {"wish": row, "url": address_of("access_request", account.slug, row.pk)}
                for row in AccessRequest.objects.waiting(account, but=self.me)[:NAMED]
            ],
            "more_to_confirm": len(confirm) > NAMED,
            "ending": [
                {
                    "member": row,
                    "url": address_of("member", account.slug, row.pk),
                    "of_role": row.next_end == row.raised_until,
                    "extend_url": address_of(_extending(row), account.slug, row.pk)
                    if row.person_id != self.me.pk
                    else "",
                }
                for row in ending
            ],
            "without_factor": [
                {"member": row, "url": address_of("member", account.slug, row.pk)}
                for row in without.order_by(role_position(), "person__name", "pk")[:NAMED]
            ],
            "team_url": address_of("team", account.slug),
            "invitations_url": address_of("invitations", account.slug),
            "invite_url": address_of("invite", account.slug) if account.is_business else "",
            "activity_url": address_of("activity", account.slug),
            "steps": self._next_steps(counts, assets, invitations),
            "upgrade_url": address_of("upgrade_account", account.slug) if owns else "",
        }

    def _pending(self) -> list[dict[str, Any]]:
        """Return the acts that wait for the reader: to be approved, or to be looked at while they can be cancelled."""
        rows = PendingAct.objects.waiting().filter(account=self.account).exclude(person=self.me).with_all()
        return [
            {
                "act": row,
                "says": ", ".join(row.says),
                "verb": _("Decide") if row.way == Way.APPROVE else _("Look at it"),
                "url": address_of("pending_act", self.account.slug, row.pk),
            }
            for row in rows.order_by("asked_at", "pk")[: NAMED * 4]
            if row.way == Way.DELAY or may_approve(self.me, row)
        ][:NAMED]

    def _alerts(self) -> list[Alert]:
        """Return the gravest open alerts, for who may see the log."""
        if not self.me.has_perm(VIEW_AUDIT, self.account):
            return []
        alerts = list(Alert.objects.open().filter(account=self.account).for_list()[:NAMED])
        for alert in alerts:
            alert.account = self.account
        return alerts

    def _to_confirm(self, row: Membership, seat: Membership) -> dict[str, Any]:
        """Return one role that waits, and whether the reader may confirm it, which needs all that it holds (rule 2)."""
        held, asked = seat.role.permissions, row.role.permissions
        owner = self.account.owner_id == self.me.pk
        mine = row.person_id == self.me.pk
        return {
            "member": row,
            "may": not mine and asked <= held and (owner or not row.role.administers),
            "wide": bool(asked & WIDE),
            "confirm_url": address_of("confirm_role", self.account.slug, row.pk),
            "member_url": address_of("member", self.account.slug, row.pk),
        }

    def _undelivered(self, invitation: Invitation) -> dict[str, Any]:
        return {
            "invitation": invitation,
            "url": address_of("invitation", self.account.slug, invitation.pk),
            "correct_url": address_of("correct_invitation", self.account.slug, invitation.pk),
        }

    def _next_steps(self, counts: dict[str, int], assets: list[Asset], invitations: int) -> list[dict[str, Any]]:
        """Return what makes an account whole, done or not; nothing once all is done. Security has its checklist."""
        slug = self.account.slug
        steps = [
            {
                "done": bool(assets),
                "title": _("Add what you work on"),
                "text": _("A TikTok profile, an ad account, a catalogue: access is given on these."),
                "href": address_of("add_asset", slug),
                "verb": _("Add an asset"),
            }
        ]
        if not self.account.is_business:
            steps.append(
                {
                    "done": SharedLogin.objects.filter(account=self.account).exists(),
                    "title": _("Note who knows the password"),
                    "text": _("When somebody who knows it leaves, you are reminded to change it until you have."),
                    "href": address_of("shared_logins", slug),
                    "verb": _("Open the register"),
                }
            )
        else:
            steps += [
                {
                    "done": counts["current"] > 1 or invitations > 0,
                    "title": _("Invite the first person"),
                    "text": _("Everyone signs in as themselves. No password is shared."),
                    "href": address_of("invite", slug),
                    "verb": _("Invite people"),
                },
            ]
        return [] if all(step["done"] for step in steps) else steps

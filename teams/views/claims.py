"""When the owner is gone: the pages of a claim for who makes it, for the owner, and for all who manage the team."""

import datetime as dt
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from accounts.access import Standing
from accounts.errors import MissingPermission
from accounts.permissions import MANAGE_TEAM, OWN_ACCOUNT, VIEW_ACCOUNT
from accounts.views import AccountFormView, AccountView, factor_shown_at, is_fresh, show_factor_address

from .. import actions, claiming
from ..forms import MOST_CHOICES, ClaimForm, HeirFilterForm, NameSuccessorForm
from ..holdings import access_of
from ..models import SHORTEST_WAIT, TAKE_WITHIN, Membership, OwnershipClaim

EARLIER = 10  # ended claims that a page names; the log has them all


class _ClaimForm(AccountFormView):
    """What a claim means and when what happens, then the form; or why there is none."""

    abstract = True
    permission = VIEW_ACCOUNT
    form_class = ClaimForm
    template_name = "teams/claim_ownership.html"
    as_successor = False

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the wait, what stands in the way, the open claim, and whether the second factor was shown just now."""
        claims = OwnershipClaim.objects.with_all().filter(account=self.account)
        open_claim = claims.open().first()
        wait = claiming.wait_of(self.account, as_successor=self.as_successor)
        hindrance = claiming.hindrance(self.account, self.me, as_successor=self.as_successor)
        return super().get_context_data(
            as_successor=self.as_successor,
            open_claim=open_claim,
            stands_behind=open_claim and (open_claim.as_successor or not self.as_successor),
            earlier=claims.exclude(state=OwnershipClaim.State.OPEN).order_by("-pk")[:EARLIER],
            hindrance=hindrance.words if hindrance else "",
            steps=_steps_ahead(wait),
            **factor_of(self),
            **kwargs,
        )

    def form_valid(self, form: ClaimForm) -> HttpResponse:
        """Claim it, and go on to the claim's page."""
        claim = actions.claim_ownership(
            account=self.account, by=self.me, shown_at=factor_shown_at(self.request), **form.cleaned_data
        )
        message = _("Claimed. The owner and all who manage the team are told by mail.")
        return self.done(message, to=_home_of(claim, self))


class ClaimOwnership(_ClaimForm):
    """An administrator claims the ownership."""

    permission = MANAGE_TEAM

    def load(self) -> None:
        """Read whether the reader is the named successor too, whose claim waits less."""
        self.as_successor = claiming.named_successor(self.account) == self.me.pk


class ClaimAsSuccessor(_ClaimForm):
    """The named successor claims the ownership, and sees the claim; for everybody else this page does not exist."""

    permission = VIEW_ACCOUNT
    as_successor = True

    def load(self) -> None:
        """Find out that the reader is the one whom the owner named."""
        if claiming.named_successor(self.account) != self.me.pk:
            raise Http404

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the timeline of the reader's own claim: the page of claims is for who manages the team."""
        context = super().get_context_data(**kwargs)
        claim = context["open_claim"]
        return {**context, "claim_steps": steps_of(claim)} if claim else context


class ClaimPage(AccountView, TemplateView):
    """One claim: when what happens, who was told, and what each may do."""

    permission = MANAGE_TEAM
    template_name = "teams/ownership_claim.html"

    def load(self) -> None:
        """Find the claim."""
        rows = OwnershipClaim.objects.with_all()
        self.claim = get_object_or_404(rows, account=self.account, pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the claim with its timeline."""
        mine, owns = self.claim.person_id == self.me.pk, self.account.owner_id == self.me.pk
        return super().get_context_data(
            claim=self.claim, mine=mine, owns=owns, claim_steps=steps_of(self.claim), **kwargs
        )


class RefuseClaim(AccountFormView):
    """The owner says no, in one click on the page that the mails lead to. Opening it changes nothing."""

    permission = OWN_ACCOUNT
    # Being the owner is enough: no policy keeps an owner from refusing, from wherever.
    open_without_power = frozenset({Standing.NO_SECOND_FACTOR, Standing.UNCONFIRMED})
    from_anywhere = True
    template_name = "teams/refuse_claim.html"

    def load(self) -> None:
        """Find the claim, for the owner alone; one that has ended is told by the action."""
        if self.account.owner_id != self.me.pk:
            raise MissingPermission(OWN_ACCOUNT, self.account)
        rows = OwnershipClaim.objects.with_all()
        self.claim = get_object_or_404(rows, account=self.account, pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the claim, and what the refusal does."""
        person = self.claim.person
        effects = [
            _("The claim ends, and you stay the owner."),
            _("%(person)s can’t claim again for %(count)d days.")
            % {"person": person, "count": claiming.AGAIN_AFTER.days},
            _("All who manage the team are told by mail."),
        ]
        return super().get_context_data(claim=self.claim, effects=effects, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Refuse it."""
        actions.refuse_claim(claim=self.claim, by=self.me)
        return self.done(_("The claim is refused. You stay the owner."))


class _OwnClaim(AccountFormView):
    """A page for who made the claim; for everybody else it does not exist (rule 4)."""

    abstract = True
    permission = VIEW_ACCOUNT

    def load(self) -> None:
        """Find the claim among the reader's own."""
        rows = OwnershipClaim.objects.with_all().filter(person=self.me)
        self.claim = get_object_or_404(rows, account=self.account, pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the claim, and the way back."""
        return super().get_context_data(claim=self.claim, back=_home_of(self.claim, self), **kwargs)


class WithdrawClaim(_OwnClaim):
    """Take one's own claim back."""

    permission = VIEW_ACCOUNT
    template_name = "teams/withdraw_claim.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Withdraw it."""
        actions.withdraw_claim(claim=self.claim, by=self.me)
        return self.done(_("The claim is withdrawn."))


class CarryOutClaim(_OwnClaim):
    """Take over the ownership once the wait is over, with the second factor again."""

    permission = VIEW_ACCOUNT
    template_name = "teams/carry_out_claim.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what happens, and whether the second factor was shown just now."""
        owner = self.account.owner
        effects = [
            _("You hold every permission, billing, transfer and closing included."),
            _("%(person)s becomes an administrator, on whom only you can act; a plain member where no seat is free.")
            % {"person": owner},
            _("%(person)s is told at every known address, and so are all who manage the team.") % {"person": owner},
        ]
        return super().get_context_data(effects=effects, **factor_of(self), **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Take over."""
        account = actions.carry_out_claim(claim=self.claim, by=self.me, shown_at=factor_shown_at(self.request))
        return self.done(_("You own %(account)s now.") % {"account": account})


class NameSuccessor(AccountFormView):
    """Name a successor under seal, or another one."""

    permission = OWN_ACCOUNT
    form_class = NameSuccessorForm
    template_name = "teams/name_successor.html"

    def load(self) -> None:
        """Read what the choice is narrowed to."""
        self.search = HeirFilterForm(self.request.GET)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Offer the active members to choose from, narrowed to those that are searched for."""
        return {**super().get_form_kwargs(), "account": self.account, "search": self.search.wanted()["q"]}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say whether there is anybody to choose, and how long claims wait."""
        heirs = Membership.objects.heirs(self.account).count()
        return super().get_context_data(
            heirs=heirs,
            search=self.search if heirs > MOST_CHOICES else None,
            shortest=SHORTEST_WAIT.days,
            policy_days=self.account.policy.claim_days,
            **kwargs,
        )

    def form_valid(self, form: NameSuccessorForm) -> HttpResponse:
        """Seal the name."""
        actions.name_successor(account=self.account, by=self.me, **form.cleaned_data)
        message = _("The successor is named. Nobody but you sees who it is.")
        return self.done(message, to=reverse("ownership", args=[self.account.slug]))


class DropSuccessor(AccountFormView):
    """Have no named successor any more."""

    permission = OWN_ACCOUNT
    template_name = "teams/drop_successor.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Drop the name."""
        actions.drop_successor(account=self.account, by=self.me)
        return self.done(_("No successor is named any more."), to=reverse("ownership", args=[self.account.slug]))


def factor_of(view: AccountView) -> dict[str, Any]:
    """Return whether the reader has a second factor and showed it just now, and where to show it and come back."""
    access = access_of(view.me, view.account.pk)
    return {
        "has_factor": access is not None and access.has_second_factor,
        "proven": is_fresh(view.request),
        "show_factor": show_factor_address(view.request),
        "fresh_minutes": claiming.SHOWN_WITHIN.seconds // 60,
    }


def steps_of(claim: OwnershipClaim) -> list[dict[str, Any]]:
    """Return the timeline of a claim: what has happened, and what is ahead while it is open."""
    end = claim.answered_at
    steps: list[dict[str, Any]] = [
        {
            "at": claim.claimed_at,
            "title": _("%(person)s claimed the ownership") % {"person": claim.person},
            "text": _("The owner, and all who manage the team, were told by mail."),
            "tone": "ok",
        }
    ]
    for number, moment in enumerate(claim.reminders_at[:-1], start=1):
        if end is None or moment < end:
            done = claim.reminders >= number
            title = _("The owner was reminded") if done else _("The owner is reminded")
            steps.append({"at": moment, "title": title, "tone": "ok" if done else ""})
    if end is None or claim.ripe_at <= end:
        text = _("Until then the owner can refuse it. Nobody can shorten this.")
        steps.append(
            {
                "at": claim.ripe_at,
                "title": _("The waiting time ends"),
                "text": text if claim.is_waiting else "",
                "tone": "" if claim.is_waiting else "warn",
            }
        )
    if end is None:
        text = _("%(person)s can take over until then.") % {"person": claim.person}
        return [*steps, {"at": claim.lapses_at, "title": _("The claim lapses"), "text": text}]
    return [*steps, {"at": end, **_ending_of(claim)}]


def _ending_of(claim: OwnershipClaim) -> dict[str, Any]:
    by = claim.answered_by
    endings = {
        OwnershipClaim.State.REFUSED: (_("%(by)s refused it") % {"by": by}, "bad"),
        OwnershipClaim.State.WITHDRAWN: (_("%(by)s withdrew it") % {"by": by}, ""),
        OwnershipClaim.State.CARRIED_OUT: (_("%(by)s took over the ownership") % {"by": by}, "ok"),
        OwnershipClaim.State.OVERTAKEN: (_("Another change of the ownership overtook it"), ""),
        OwnershipClaim.State.LAPSED: (_("It lapsed"), ""),
    }
    title, tone = endings[OwnershipClaim.State(claim.state)]
    return {"title": title, "tone": tone}


def _steps_ahead(wait: dt.timedelta) -> list[dict[str, Any]]:
    """Return what would happen, and when, if the ownership were claimed now."""
    now = timezone.now()
    days = ngettext("%(count)d day", "%(count)d days", wait.days) % {"count": wait.days}
    return [
        {
            "title": _("You claim it"),
            "text": _("The owner is told at every known address, and all who manage the team are told."),
        },
        {
            "title": _("The owner has %(days)s to refuse") % {"days": days},
            "text": _("One click ends the claim. The owner is reminded at half time and shortly before the end."),
            "icon": "clock",
        },
        {
            "at": now + wait,
            "title": _("You can take over"),
            "text": _("With your second factor again. The present owner becomes an administrator."),
            "icon": "crown",
        },
        {"at": now + wait + TAKE_WITHIN, "title": _("If you don’t, the claim lapses")},
    ]


def _home_of(claim: OwnershipClaim, view: AccountView) -> str:
    """Return the page on which the claimant sees the claim."""
    if view.me.has_perm(MANAGE_TEAM, view.account):
        return reverse("ownership_claim", args=[view.account.slug, claim.pk])
    return reverse("claim_as_successor", args=[view.account.slug])

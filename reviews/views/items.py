"""What a reviewer sees: the own accesses, and one at a time."""

import datetime as dt
from typing import Any

from django.core import signing
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from accounts.permissions import ASSET_CODES, PERMISSIONS, RUN_REVIEWS, VIEW_ACCOUNT, VIEW_AUDIT
from accounts.views import AccountFormView, AccountView, chips_of, page_of
from teams.models import Role
from teams.using import smaller_roles

from .. import actions, policies
from ..actions.deciding import eligible
from ..forms import ITEM_STATES, DecisionForm, ItemFilterForm, KeepRestForm, ReassignForm
from ..models import Campaign, Decision, Item

SALT = "reviews.opened"  # of the stamp that says since when a reviewer has looked at an access


class MyReviews(AccountView, TemplateView):
    """The accesses that the reader reviews here, in the reviews that run."""

    permission = VIEW_ACCOUNT
    template_name = "reviews/mine.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Filter, count for the chips, and page."""
        form = ItemFilterForm(self.request.GET)
        wanted = form.wanted()
        mine = Item.objects.running().filter(campaign__account=self.account, reviewer=self.me)
        found = mine.matching(wanted["q"])
        counts = found.state_counts()
        waiting = Item.objects.waiting_for(self.me).filter(campaign__account=self.account)
        return super().get_context_data(
            form=form,
            page_obj=page_of(
                found.in_state(wanted["state"]).for_list(), self.request, count=counts[wanted["state"] or "all"]
            ),
            chips=chips_of(self.request, ITEM_STATES, {**counts, "": counts["all"]}, wanted["state"]),
            filtered=bool(wanted["q"] or wanted["state"]),
            first=waiting.for_list().first(),
            campaigns=Campaign.objects.filter(pk__in=waiting.values("campaign")).order_by("deadline", "pk"),
            waiting=waiting.count(),
            **kwargs,
        )


class ItemView(AccountView):
    """A page about one access, for who reviews it, and to read for who runs reviews; to others it does not exist."""

    abstract = True
    permission = VIEW_ACCOUNT
    item: Item

    def load(self) -> None:
        """Find the access. Raises Http404 where it is not the reader's to see."""
        rows = Item.objects.with_all()
        self.item = get_object_or_404(rows, campaign__account=self.account, pk=self.kwargs["pk"])
        self.item.campaign.account = self.item.membership.account = self.account
        if self.item.reviewer_id != self.me.pk and not self.me.has_perm(RUN_REVIEWS, self.account):
            raise Http404

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the access and its campaign."""
        return super().get_context_data(item=self.item, campaign=self.item.campaign, **kwargs)

    @property
    def page(self) -> str:
        """The path of the access's page."""
        return reverse("review_item", args=[self.account.slug, self.item.pk])

    def onward(self, message: str) -> HttpResponse:
        """Go on to the next access that the reader has to decide in the same review, or to the list of them."""
        rows = Item.objects.waiting_for(self.me).filter(campaign=self.item.campaign).for_list()
        following = _after(list(rows.values_list("pk", "membership__person__name")), self.item)
        if following is None:
            return self.done(message, to=reverse("my_reviews", args=[self.account.slug]))
        return self.done(message, to=reverse("review_item", args=[self.account.slug, following]))


class ItemPage(ItemView, AccountFormView):
    """One access: what it is, how it came about, how it is used, what is suggested; and the decision."""

    form_class = DecisionForm
    template_name = "reviews/item.html"

    @cached_property
    def smaller(self) -> list[Role]:
        """The roles that the access can be reduced to, the largest first."""
        return smaller_roles(self.item.membership.role.permissions, Role.objects.of(self.account))

    def get_form_kwargs(self) -> dict[str, Any]:
        """Let the form take those roles only."""
        return {**super().get_form_kwargs(), "smaller": self.smaller}

    def get_initial(self) -> dict[str, Any]:
        """Choose what was decided, or is suggested."""
        role = self.item.reduce_to or self.item.suggested_role or next(iter(self.smaller), None)
        return {
            "reduce_to": role.code if role else None,
            "reason": self.item.reason,
            "seen": policies.fingerprint(self.item.membership.role),
            "opened": signing.dumps([self.item.pk, self.me.pk, timezone.now().timestamp()], salt=SALT),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Put the snapshot into words, and say where the reader is in the list."""
        item = self.item
        mine = item.reviewer_id == self.me.pk
        rows = Item.objects.running().filter(campaign=item.campaign, reviewer=self.me).exclude(must_decide=False)
        around = list(rows.for_list().values_list("pk", flat=True)) if mine else []
        place = around.index(item.pk) if item.pk in around else None
        return super().get_context_data(
            mine=mine,
            may_decide=mine
            and item.campaign.is_running
            and item.membership.is_current
            and not item.is_settled
            and item.person_id != self.me.pk,
            runs_reviews=self.me.has_perm(RUN_REVIEWS, self.account),
            reads_log=self.me.has_perm(VIEW_AUDIT, self.account),
            seen=in_words(item.snapshot),
            smaller=self.smaller,
            place=None if place is None else place + 1,
            many=len(around),
            left=Item.objects.waiting_for(self.me).filter(campaign=item.campaign).count() if mine else 0,
            previous=around[place - 1] if place else None,
            following=around[place + 1] if place is not None and place + 1 < len(around) else None,
            suggests_reduce=item.suggestion == Decision.REDUCE,
            **kwargs,
        )

    def form_valid(self, form: DecisionForm) -> HttpResponse:
        """Take the decision, and show the next access."""
        wanted = form.cleaned_data
        item = actions.decide(
            item=self.item,
            decision=wanted["decision"],
            reduce_to=wanted["reduce_to"],
            reason=wanted["reason"],
            seen=wanted["seen"] or None,
            seconds=_seconds_since(wanted["opened"], self.item, self.me.pk),
            by=self.me,
        )
        return self.onward(_("%(person)s: %(words)s.") % {"person": item, "words": item.words})


class PassOn(ItemView, AccountFormView):
    """Say "not mine": somebody else reviews it."""

    template_name = "reviews/pass_on.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Pass it on, and show the next access."""
        item = actions.pass_on(item=self.item, by=self.me)
        return self.onward(_("%(reviewer)s reviews the access of %(person)s now.") % {
            "reviewer": item.reviewer, "person": item,
        })  # fmt: skip


class Reassign(ItemView, AccountFormView):
    """Choose another reviewer."""

    permission = RUN_REVIEWS
    form_class = ReassignForm
    template_name = "reviews/reassign.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Offer whoever can review but the person themselves."""
        rows = eligible(self.account).exclude(person_id__in=[self.item.person_id, self.item.reviewer_id])
        members = rows.with_roles("person").order_by("person__name", "pk")
        return {**super().get_form_kwargs(), "members": members}

    def form_valid(self, form: ReassignForm) -> HttpResponse:
        """Give it to them, and go back to the review."""
        item = actions.reassign(item=self.item, by=self.me, **form.cleaned_data)
        words = _("%(reviewer)s reviews the access of %(person)s now.") % {"reviewer": item.reviewer, "person": item}
        return self.done(words, to=reverse("review", args=[self.account.slug, item.campaign_id]))


class KeepRest(AccountFormView):
    """Keep all that one still has to decide in a review, for a reason that stands in the report."""

    permission = VIEW_ACCOUNT
    form_class = KeepRestForm
    template_name = "reviews/keep_rest.html"

    def load(self) -> None:
        """Find the review. Raises Http404 where nothing in it is the reader's."""
        self.campaign = get_object_or_404(Campaign, account=self.account, pk=self.kwargs["pk"])
        mine = Item.objects.filter(campaign=self.campaign, reviewer=self.me)
        if not mine.exists():
            raise Http404
        self.waiting = mine.running().undecided()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Name whose access would be kept."""
        return super().get_context_data(
            campaign=self.campaign, rows=list(self.waiting.for_list()[:50]), number=self.waiting.count(), **kwargs
        )

    def form_valid(self, form: KeepRestForm) -> HttpResponse:
        """Keep them."""
        kept = actions.keep_rest(campaign=self.campaign, by=self.me, **form.cleaned_data)
        words = ngettext("%(count)d access is kept.", "%(count)d accesses are kept.", len(kept))
        return self.done(words % {"count": len(kept)}, to=reverse("my_reviews", args=[self.account.slug]))


def in_words(snapshot: dict[str, Any]) -> dict[str, Any]:
    """Return a snapshot as the page shows it: permissions in words, moments as moments."""
    role = snapshot["role"]
    given = snapshot["given"]
    return {
        **snapshot,
        "on_account": [_words(code) for code in role["permissions"] if code not in ASSET_CODES],
        "on_assets": [_words(code) for code in role["permissions"] if code in ASSET_CODES],
        "grants": [
            {"name": row["name"], "acts": [_words(code) for code in row["codes"]], "ends_at": _moment(row["ends_at"])}
            for row in snapshot["grants"]
        ],
        "unused": [_words(code) for code in snapshot["unused"]],
        "used": [(_words(code), _moment(at)) for code, at in snapshot["used"].items()],
        "given": {**given, "at": _moment(given["at"])} if given else {},
        **{name: _moment(snapshot[name]) for name in ("joined_at", "ends_at", "last_sign_in", "last_act")},
    }


def _words(code: str) -> str:
    entry = PERMISSIONS.get(code)
    return str(entry.words) if entry else code


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def _after(rows: list[tuple[int, str]], item: Item) -> int | None:
    """Return which of the waiting accesses comes next in the list's order, beginning anew at its end."""
    here = (str(item.membership.person.name), item.pk)
    later = [pk for pk, name in rows if (name, pk) > here]
    return next(iter([*later, *(pk for pk, _name in rows)]), None)


def _seconds_since(stamp: str, item: Item, person_id: int) -> int | None:
    """Return how long the page was looked at, by the stamp that it carried; None where that is not ours."""
    try:
        pk, reader, opened = signing.loads(stamp, salt=SALT)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    if (pk, reader) != (item.pk, person_id):
        return None
    return policies.capped(timezone.now().timestamp() - opened)

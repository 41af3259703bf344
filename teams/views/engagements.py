"""The engagements of agencies and firms: who is here for whom, one end for all, and ending it (rule 13)."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from accounts.models import Asset, Person
from accounts.permissions import MANAGE_TEAM, PERMISSIONS, VIEW_AUDIT
from accounts.views import AccountFormView, AccountView, page_of
from audit.models import Event
from audit.recording import Refused

from .. import actions, offboarding
from ..access import standing_of
from ..actions.terms import is_later
from ..authority import lacking, lacking_on, obstacle
from ..coverage import SingleHanded, left_after
from ..engagements import Engagement, engagement_of, engagements_in, hindrance
from ..forms import BringEngagementBackForm, EndEngagementForm, EngagementEndForm, EngagementSearchForm
from ..holdings import read_many
from ..models import AssetGrant, EndedEngagement, Membership
from ..policies import require_terms, who_may_answer
from ..receipts import engagement_as_pdf, event_of, in_log
from ..returning import Gone, what_is_given_back
from .members import grants_of_each
from .offboarding import as_file, grants_in_words, shown_of, to_keep
from .selection import ActOnSelection, Fate

LATEST_ENDED = 5
USUAL_SPAN = dt.timedelta(days=90)


class EngagementList(AccountView, TemplateView):
    """Which organisations have people in the account: how many, who answers for them, until when."""

    permission = MANAGE_TEAM
    template_name = "teams/engagements.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Search and page; beside it those without an organisation, and what has ended lately."""
        form = EngagementSearchForm(self.request.GET)
        text = form.text().casefold()
        found = [one for one in engagements_in(self.account) if text in _searched(one)]
        outside = Membership.objects.current().filter(account=self.account, kind="contractor", organisation="")
        ended = EndedEngagement.objects.with_all().filter(account=self.account)
        return super().get_context_data(
            form=form,
            text=text,
            page_obj=page_of(found, self.request),
            alone=outside.count(),
            ended=list(ended[:LATEST_ENDED]) if self.me.has_perm(VIEW_AUDIT, self.account) else [],
            **kwargs,
        )


class EngagementView(AccountView):
    """A page about one organisation in the account."""

    abstract = True
    engagement: Engagement
    receipt: EndedEngagement | None

    def load(self) -> None:
        """Find its people here. Raises Http404 where there never was an engagement of this key in this account."""
        key = self.kwargs["key"]
        self.engagement = engagement_of(self.account, key)
        ended = EndedEngagement.objects.with_all().filter(account=self.account, key=key)
        self.receipt = ended.first()
        if not self.engagement.members and self.receipt is None:
            raise Http404

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the engagement, and what keeps the reader from ending it."""
        found, members = self.engagement, self.engagement.members
        refusal = hindrance(self.me, self.account, members)
        return super().get_context_data(
            engagement=found,
            organisation=found.organisation if members else str(self.receipt),
            hindrance=refusal.words if refusal else "",
            receipt=self.receipt if self.me.has_perm(VIEW_AUDIT, self.account) else None,
            **kwargs,
        )


class EngagementPage(EngagementView, TemplateView):
    """The named people of one organisation: role, second factor, last activity, end, who answers for them."""

    permission = MANAGE_TEAM
    template_name = "teams/engagement.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Tell how each stands, and when each last did something here."""
        rows = self.engagement.members
        read_many(rows, self.account)
        latest = self._latest(rows)
        for row in rows:
            row.standing = standing_of(row)
            row.last_here = latest.get(row.person_id)
        return super().get_context_data(page_obj=page_of(rows, self.request), **kwargs)

    def _latest(self, rows: Sequence[Membership]) -> dict[int, dt.datetime]:
        """Return when each person last did something that stands in the account's log."""
        log = Event.objects.in_chain_of(self.account).filter(
            actor_kind="person", actor_id__in=[row.person_id for row in rows], result=Event.Result.DONE
        )
        return dict(log.order_by().values_list("actor_id").annotate(last=Max("at")))


class EndEngagement(EngagementView, AccountFormView):
    """What ends for each person, what it leaves to one person, and the one act that ends all of it."""

    permission = MANAGE_TEAM
    form_class = EndEngagementForm
    template_name = "teams/end_engagement.html"

    def get_initial(self) -> dict[str, Any]:
        """Remember what is shown."""
        return {"seen": self.engagement.fingerprint()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show, person by person, what ends."""
        members = self.engagement.members
        people = [row.person_id for row in members]
        return super().get_context_data(
            previews=self._previews(members),
            offers=[offer.words for _kind, offer in self.engagement.offers],
            alone=left_after(self.account, losing=dict.fromkeys(PERMISSIONS, people)) if members else [],
            seen=self.engagement.fingerprint(),
            **kwargs,
        )

    def _previews(self, members: Sequence[Membership]) -> list[dict[str, Any]]:
        here = [row.pk for row in members]
        elsewhere = Membership.objects.current().filter(person__memberships__in=here, account__closed_at=None)
        kept = set(elsewhere.exclude(pk__in=here).values_list("person_id", flat=True))
        grants = grants_of_each(members)
        ends = offboarding.what_ends_of_each([row.person for row in members], [self.account.pk])
        previews = []
        for row in members:
            refusal = obstacle(self.me, self.account, row)
            previews.append(
                {
                    "member": row,
                    "grants": grants[row.pk].items(),
                    "others": ends[row.person_id][self.account.pk].items(),
                    "refusal": refusal.words if refusal else "",
                    "kept": row.person_id in kept,
                }
            )
        return previews

    def form_valid(self, form: EndEngagementForm) -> HttpResponse:
        """End it, and show the receipt."""
        act = actions.end_engagement(account=self.account, key=self.kwargs["key"], by=self.me, **form.cleaned_data)
        words = _("The engagement of %(organisation)s has ended.") % {"organisation": act}
        return self.done(words, to=engagement_receipt_page(act))


class SetEngagementEnd(EngagementView, ActOnSelection):
    """One end for all people of the organisation: first what becomes of each, then one act for each."""

    permission = MANAGE_TEAM
    form_class = EngagementEndForm
    template_name = "teams/set_engagement_end.html"
    verb = "end"

    def load(self) -> None:
        """Take its people as the selection."""
        super().load()
        self.members, self.too_many = self.engagement.members, False

    def get_initial(self) -> dict[str, Any]:
        """Begin with the latest end that anybody has, or with the usual span: an access without an end is a choice."""
        ends = [row.ends_at for row in self.members if row.ends_at]
        return {"ends_at": max(ends, default=timezone.now() + USUAL_SPAN)}

    def fates(self, form: Any) -> list[Fate]:
        """Return for each whether the end can be set."""
        refusals = refusals_of_end(self.me, self.members, form.cleaned_data["ends_at"])
        return [
            Fate(member, hindrance=refusal.words if refusal else "")
            for member, refusal in zip(self.members, refusals, strict=True)
        ]

    def about(self, form: Any) -> Any:
        """Return the end as it was chosen: a span counts from the moment of the yes."""
        return [form.data.get(name, "") for name in ("ends_at_span", "ends_at_until")]

    def alone(self, changing: Sequence[Fate], form: Any) -> list[SingleHanded]:
        """Nothing is left to anybody before the end has come."""
        return []

    def act(self, fate: Fate, form: Any) -> None:
        """Set the end of one."""
        actions.set_end(membership=fate.member, by=self.me, **form.cleaned_data)


class EngagementReceiptView(AccountView):
    """A page about the receipt of an engagement that has ended in the account."""

    abstract = True
    receipt: EndedEngagement

    def load(self) -> None:
        """Find it in this account."""
        self.receipt = get_object_or_404(EndedEngagement.objects.with_all(), account=self.account, pk=self.kwargs["pk"])


class EngagementReceiptPage(EngagementReceiptView, TemplateView):
    """Each person with what ended and what was looked for; and whether the log holds the very same."""

    permission = VIEW_AUDIT
    template_name = "teams/engagement_receipt.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the event."""
        event, statement = event_of(self.receipt), self.receipt.statement
        return super().get_context_data(
            receipt=self.receipt,
            statement=statement,
            people=[{**one, "grants": grants_in_words(one["ended"]["grants"])} for one in statement["people"]],
            **in_log(self.receipt, event),
            may_manage=self.me.has_perm(MANAGE_TEAM, self.account),
            **kwargs,
        )


class EngagementReceiptFile(EngagementReceiptView):
    """The receipt to keep: as JSON for programs, as PDF for people."""

    permission = VIEW_AUDIT
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, *args: Any, kind: str, **kwargs: Any) -> HttpResponse:
        """Send it. Raises Http404 for another kind of file."""
        if kind not in {"json", "pdf"}:
            raise Http404
        event = event_of(self.receipt)
        body = as_file(self.receipt, event) if kind == "json" else engagement_as_pdf(self.receipt, event)
        return to_keep(body, f"{self.account.slug}-engagement-{self.receipt.pk}.{kind}")


class BringEngagementBack(EngagementReceiptView, AccountFormView):
    """Undo it for everybody who can come back, by the rules of a new grant."""

    permission = MANAGE_TEAM
    form_class = BringEngagementBackForm
    template_name = "teams/bring_engagement_back.html"

    def load(self) -> None:
        """Find the receipt, and what would come back of each person."""
        super().load()
        rows = self.receipt.members.select_related("person", "sponsor").order_by("person__name", "pk")
        gone = Gone.of_engagement(self.receipt, rows, self.account)
        answers = what_is_given_back(gone, by=self.me)
        self.previews = [{"then": one.then, **shown_of(back)} for one, back in zip(gone, answers, strict=True)]

    def get_form_kwargs(self) -> dict[str, Any]:
        """Let the form take these people only."""
        return {**super().get_form_kwargs(), "engagement": self.receipt}

    def get_initial(self) -> dict[str, Any]:
        """Choose all who can come back."""
        return {"members": [preview["then"].pk for preview in self.previews if preview["back"]]}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what comes back of each, and who stays away."""
        return super().get_context_data(
            receipt=self.receipt,
            previews=[preview for preview in self.previews if preview["back"]],
            staying=[preview for preview in self.previews if not preview["back"]],
            **kwargs,
        )

    def is_sensitive(self) -> bool:
        """Say whether an administrator comes back."""
        return any(preview["back"] and preview["back"].role.administers for preview in self.previews)

    def form_valid(self, form: BringEngagementBackForm) -> HttpResponse:
        """Bring them back, and show the engagement."""
        back = actions.bring_engagement_back(engagement=self.receipt, by=self.me, **form.cleaned_data)
        words = ngettext("%(many)d person is a member again.", "%(many)d people are members again.", len(back))
        return self.done(
            words % {"many": len(back)}, to=reverse("engagement", args=[self.account.slug, self.receipt.key])
        )


def engagement_receipt_page(receipt: EndedEngagement) -> str:
    """Return the path of the page of an ended engagement's receipt."""
    return reverse("engagement_receipt", args=[receipt.account.slug, receipt.pk])


def refusals_of_end(by: Person, members: Sequence[Membership], ends_at: dt.datetime | None) -> list[Refused | None]:
    """Return for each member of one account why `by` can't set their end, or None; the act asks all of it again."""
    if not members:
        return []
    account = members[0].account
    grants = AssetGrant.objects.in_use_of_each(members)
    answering = who_may_answer([account], among=[row.sponsor_id for row in members if row.sponsor_id])[account.pk]
    return [_refusal_of_end(by, row, ends_at, grants.get(row.pk, []), answering) for row in members]


def _refusal_of_end(
    by: Person,
    member: Membership,
    ends_at: dt.datetime | None,
    grants: Sequence[tuple[Asset, frozenset[str]]],
    answering: Collection[int],
) -> Refused | None:
    account = member.account
    if refusal := obstacle(by, account, member):
        return refusal
    if is_later(ends_at, than=member.ends_at):
        refusals = [
            lacking(by, account, member.role.permissions),
            *(lacking_on(by, asset, codes) for asset, codes in grants),
        ]
        if refusal := next(filter(None, refusals), None):
            return refusal
    try:
        require_terms(account, replace(member.terms, ends_at=ends_at), of=member.person, answering=answering)
    except Refused as refused:
        return refused
    return None


def _searched(one: Engagement) -> str:
    """Return all that a search looks through, in one text."""
    people = (f"{row.person} {row.person.email} {row.organisation}" for row in one.members)
    return "\n".join(people).casefold()

"""The log of an account, one event of it, its export; and what happened to oneself, anywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.generic import TemplateView

from accounts.events import MAIL_DELAYED, MAIL_FAILED
from accounts.models import BusinessAccount
from accounts.permissions import OWN_ACCOUNT, PERMISSIONS, VIEW_AUDIT, words_for
from accounts.views import AccountFormView, AccountView, SignedInMixin
from audit import keeping
from audit.canonical import digest_of, link
from audit.events import act_named
from audit.exporting import COLUMNS, FILES
from audit.models import Chain, Event
from audit.querysets import BY_ID, BY_TIME, EventQuerySet, Narrowing, Stretch, every, more_than, stretch
from teams.engagements import key_of
from teams.seconding import approval_of

from .. import actions
from ..density import may_be_counted, strip_of
from ..folding import days_of
from ..forms import TARGET_KINDS, ActivityFilter, ExportForm, PlaceForm
from ..models import SavedView
from ..querysets import told_to
from ..store import store

PAGE_SIZE = 25
MOST_AT_ONCE = 50_000  # events; a larger file is made in the background, where there is a place for it
OUTCOMES = {  # of what was done, but did not come about
    MAIL_DELAYED.name: (_lazy("put off"), "warn"),
    MAIL_FAILED.name: (_lazy("failed"), "bad"),
}


class Activity(AccountView, TemplateView):
    """What happened in the account: narrowed by anything an event says; the newest first."""

    permission = VIEW_AUDIT
    template_name = "oversight/activity.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give the page its filter, one stretch of the log, and the places before and after it."""
        actions.note_reading(account=self.account, by=self.me)
        form = ActivityFilter(self.request.GET, account=self.account)
        log = Event.objects.in_chain_of(self.account)
        place = PlaceForm(self.request.GET)
        before, after = place.place()
        moment = place.moment()
        wanted = form.narrowing()
        branches = log.narrowed(wanted)
        part = stretch(
            branches,
            PAGE_SIZE,
            by=BY_TIME,
            older_than=log.place_of(before) or ((moment, 0) if moment else None),
            newer_than=log.place_of(after),
        )
        is_first, seen, asks = not (before or after or moment), self._seen(), form.asks()
        live = is_first and not wanted.end and "live" in self.request.GET
        views = list(SavedView.objects.of(self.account, self.me))
        return super().get_context_data(
            strip=strip_of(
                log,
                self.account,
                branches=branches if _is_counted(log, wanted, part) else None,
                start=wanted.start,
                end=wanted.end,
                shown=part.events,
            ),
            asks=urlencode(asks),
            views=views,
            chips=_chips(views, asks),
            may_save=bool(asks) and all(view.asks != asks for view in views),
            may_watch=is_first and not wanted.end,
            live=live,
            days=days_of(part.events, folds=not live and _is_whole(wanted)),
            seen=seen,
            newest=part.events[0].number if part.events else 0,
            fresh=sum(event.number > seen for event in part.events) if seen is not None else 0,
            record=record_of("account", self.account.pk),
            may_keep=self.me.has_perm(OWN_ACCOUNT, self.account),
            form=form,
            nobody=form.people == (),
            chosen=self._chosen(form, part),
            wrong=[(form.fields[name].label, errors) for name, errors in form.errors.items() if name in form.fields],
            **_beside(self.request, part, "number"),
            **kwargs,
        )

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer a page that looks again by itself with nothing where nothing is new."""
        context = self.get_context_data(**kwargs)
        if context["live"] and context["newest"] == context["seen"]:
            return HttpResponse(status=204)
        return self.render_to_response(context)

    def _seen(self) -> int | None:
        """Return the newest number that a page which looks again shows already; None for any other page."""
        seen = self.request.GET.get("seen", "")
        return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 19 else None

    def _chosen(self, form: ActivityFilter, part: Stretch) -> list[str]:
        """Return in words what a link narrowed the page to, in the words of the events themselves.

        A name looked up by the id of the address would tell names of other accounts' people.
        """
        wanted, words = form.understood(), []
        if wanted.get("person") and not wanted.get("q"):
            names = [event.actor for event in part.events if event.actor_id == wanted["person"]]
            names += [event.target for event in part.events if event.about_id == wanted["person"]]
            words.append(names[0] if names else _("one person"))
        if wanted.get("target") and wanted.get("kind"):
            words.append(part.events[0].target if part.events else _("one thing"))
        return words


class EventPage(AccountView, TemplateView):
    """One event in full: all its parts, its place in the chain, and whether text and hashes agree."""

    permission = VIEW_AUDIT
    template_name = "oversight/event.html"

    def load(self) -> None:
        """Find the event by its number in this account's own chain."""
        log = Event.objects.in_chain_of(self.account)
        self.event = get_object_or_404(log, number=self.kwargs["number"])
        number = self.event.number
        beside = {event.number: event for event in log.filter(number__in=[number - 1, number + 1])}
        self.earlier, self.later = beside.get(number - 1), beside.get(number + 1)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give the page the event, what it changed, and its neighbours."""
        actions.note_reading(account=self.account, by=self.me)
        event = self.event
        digest, previous = bytes(event.digest), bytes(event.previous)
        whole = digest_of(event.canonical) == digest and link(previous, event.number, digest) == bytes(event.hash)
        follows = self.earlier is None or bytes(self.earlier.hash) == previous
        return super().get_context_data(
            event=event,
            act=act_named(event.name),
            sender_key=key_of(event.behalf) if event.behalf else "",
            outcome=(_("refused"), "bad") if event.refused else OUTCOMES.get(event.name, (_("done"), "ok")),
            target_kind=TARGET_KINDS.get(event.target_kind, event.target_kind),
            parts=event.parts,
            changes=changes_of(event.parts["before"], event.parts["after"]),
            earlier=self.earlier,
            later=self.later,
            whole=whole and follows and event.words_hold,
            hashes={"digest": digest.hex(), "previous": previous.hex(), "hash": bytes(event.hash).hex()},
            **kwargs,
        )


class ExportActivity(AccountFormView):
    """The log as a file, narrowed as the page was. That it is exported is recorded before the first byte."""

    permission = VIEW_AUDIT
    template_name = "oversight/export_activity.html"
    form_class = ExportForm

    def get_form_kwargs(self) -> dict[str, Any]:
        """Read the same words from the query of the page, or from the form that is sent."""
        given = self.request.POST if self.request.method == "POST" else self.request.GET
        return {"data": given, "account": self.account}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Tell what the file will hold."""
        context = super().get_context_data(columns=list(COLUMNS), **kwargs)
        form = context["form"]
        hidden = [(name, form[name].data) for name in form.fields if form[name].data and name not in {"format", "how"}]
        kind = form.kind_of_file()
        large = more_than(Event.objects.in_chain_of(self.account).narrowed(form.narrowing()), MOST_AT_ONCE)
        words = {"narrowed": form.in_words(), "hidden": hidden, "wrong": form.errors, "kind": kind}
        return {**context, **words, "large": large, "can_wait": store() is not None, "most": MOST_AT_ONCE}

    def form_valid(self, form: ExportForm) -> Any:
        """Record the export, then send the file line by line."""
        ids = {name: str(form.cleaned_data[name]) for name in ("person", "target") if form.cleaned_data[name]}
        narrowed = {**form.in_words(), **ids}
        page = urlencode({name: form[name].data for name in form.fields if form[name].data and name != "how"})
        given = actions.asked_with(self.account, narrowed, page)
        approval = approval_of(self.account, self.me, does="export_log", given=given)
        file = FILES[form.kind_of_file()]
        branches = Event.objects.in_chain_of(self.account).narrowed(form.narrowing())
        if store() and (form.understood().get("how") == "later" or more_than(branches, MOST_AT_ONCE)):
            return self._in_background(form, narrowed, page, approval)
        number = actions.export_log(
            account=self.account, by=self.me, narrowed=narrowed, file=file.name, page=page, approval=approval
        )
        log = Event.objects.in_chain_of(self.account).filter(number__lt=number)
        events = every(log.narrowed(form.narrowing()), by=BY_TIME)
        day = timezone.localdate().isoformat()
        return StreamingHttpResponse(
            file.lines(events),
            content_type=file.type,
            headers={
                "Content-Disposition": f'attachment; filename="{self.account.slug}-activity-{day}.{file.ending}"',
                "X-Content-Type-Options": "nosniff",
            },
        )

    def _in_background(self, form: ExportForm, narrowed: dict[str, str], page: str, approval: Any) -> Any:
        """Let a worker make the file, and lead to its page."""
        export = actions.ask_for_export(
            account=self.account,
            by=self.me,
            narrowed=narrowed,
            wanted=form.narrowing(),
            kind=form.kind_of_file(),
            page=page,
            approval=approval,
        )
        words = _("It is being made. You get a mail when it is ready, and can leave this page.")
        return self.done(words, to=reverse("log_export", args=[self.account.slug, export.pk]))


class MyActivity(SignedInMixin, TemplateView):
    """What I did and what was done to me, in every account and with my sign-in. Nobody else's acts."""

    template_name = "oversight/my_activity.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give the page one stretch of the reader's own events, with the names of the accounts they are in."""
        person = self.me.pk
        sides = {"by": [Event.objects.done_by(person)], "about": [told_to(self.me)]}
        side = self.request.GET.get("side", "")
        side = side if side in sides else ""
        before, after = PlaceForm(self.request.GET).place()
        part = stretch(
            sides[side] if side else sides["by"] + sides["about"],
            PAGE_SIZE,
            by=BY_ID,
            older_than=(before,) if before else None,
            newer_than=(after,) if after else None,
        )
        chips = [
            {"label": label, "href": f"?side={code}" if code else "?", "current": side == code}
            for code, label in (("", _("Everything")), ("by", _("What I did")), ("about", _("What concerned me")))
        ]
        record = record_of("person", person)
        context = super().get_context_data(chips=chips, record=record, **_beside(self.request, part, "id"), **kwargs)
        return {**context, "rows": with_places(part.events, self.me)}


def _is_whole(wanted: Narrowing) -> bool:
    """Say whether nothing but the time narrows the log."""
    return replace(wanted, start=None, end=None) == Narrowing()


def _is_counted(log: EventQuerySet, wanted: Narrowing, part: Stretch) -> bool:
    """Say whether the strip over a log counts what matches, and not all that the log holds."""
    if _is_whole(wanted):
        return False
    newest = log.order_by("-number").values_list("number", flat=True).first()
    return may_be_counted(wanted, part, newest or 0)


def _chips(views: Sequence[SavedView], asks: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the ways to what is often asked: everything, what was refused, and what the reader saved."""
    ways = [(_("Everything"), {}), (_("Refused"), {"result": "refused"}), *((view.name, view.asks) for view in views)]
    return [{"label": label, "href": f"?{urlencode(asked)}", "current": asked == asks} for label, asked in ways]


def record_of(kind: str, pk: int) -> dict[str, Any]:
    """Return what a page says of the record's last check, to who reads this chain: state, check, and its break here."""
    chain = f"{kind}/{pk}"
    state, last = keeping.state_of(chain)
    problems = [problem for problem in last.problems if problem["chain"] == chain] if last else []
    return {"state": str(state), "last": last, "problem": problems[0] if problems else None}


def with_places(events: list[Event], person: Any) -> list[dict[str, Any]]:
    """Return each event with the name of its account (none for the reader's own chain), in two queries for all."""
    chains = Chain.objects.in_bulk({event.chain_id for event in events})
    ids = {chain.subject_id for chain in chains.values() if chain.kind == Chain.Kind.ACCOUNT}
    accounts = BusinessAccount.objects.in_bulk(ids)
    rows = []
    for event in events:
        chain = chains[event.chain_id]
        account = accounts.get(chain.subject_id) if chain.kind == Chain.Kind.ACCOUNT else None
        mine = event.actor_kind == "person" and event.actor_id == person.pk
        rows.append({"event": event, "account": account, "mine": mine, "at": event.at})
    return rows


def changes_of(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what an event holds before and after as flat rows: label, before, after, and whether they differ."""
    old, new = dict(_flat(before)), dict(_flat(after))
    return [
        {"label": label, "before": old.get(label), "after": new.get(label), "differs": old.get(label) != new.get(label)}
        for label in dict.fromkeys([*old, *new])
    ]


def _flat(values: dict[str, Any], above: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in values.items():
        label = f"{above} · {_plain(key)}" if above else _plain(key).capitalize()
        if isinstance(value, dict):
            rows += _flat(value, label)
        elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
            for number, item in enumerate(value, 1):
                rows += _flat(item if isinstance(item, dict) else {str(number): item}, f"{label} {number}")
        else:
            rows.append((label, _shown(value)))
    return rows


def _plain(key: str) -> str:
    return key.replace("_", " ")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value) or "–"
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return words_for(value) if isinstance(value, str) and value in PERMISSIONS else str(value)


def _beside(request: Any, part: Stretch, cursor: str) -> dict[str, Any]:
    """Return the stretch with the query strings of the newer and the older one."""

    def query(name: str, event: Event) -> str:
        asked = request.GET.copy()
        for place in ("before", "after", "at", "live", "seen"):
            asked.pop(place, None)
        asked[name] = getattr(event, cursor)
        return f"?{asked.urlencode()}"

    events = part.events
    return {
        "events": events,
        "newer": query("after", events[0]) if events and part.newer else "",
        "older": query("before", events[-1]) if events and part.older else "",
    }

"""The log of an account, one event of it, its export; and what happened to oneself, anywhere."""

from typing import Any

from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.generic import TemplateView

from accounts.events import MAIL_DELAYED, MAIL_FAILED
from accounts.models import BusinessAccount
from accounts.permissions import PERMISSIONS, VIEW_AUDIT, words_for
from accounts.views import AccountFormView, AccountView, SignedInMixin
from audit.canonical import digest_of, link
from audit.events import act_named
from audit.exporting import COLUMNS, csv_lines
from audit.models import Chain, Event
from audit.querysets import BY_ID, BY_TIME, Stretch, every, stretch

from .. import actions
from ..forms import TARGET_KINDS, ActivityFilter, PlaceForm
from ..querysets import told_to

PAGE_SIZE = 25
OUTCOMES = {  # of what was done, but did not come about
    MAIL_DELAYED.name: (_lazy("put off"), "warn"),
    MAIL_FAILED.name: (_lazy("failed"), "bad"),
}


class Activity(AccountView, TemplateView):
    """What happened in the account: narrowed by person, act, target, result and time; the newest first."""

    permission = VIEW_AUDIT
    template_name = "oversight/activity.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Give the page its filter, one stretch of the log, and the places before and after it."""
        actions.note_reading(account=self.account, by=self.me)
        form = ActivityFilter(self.request.GET, account=self.account)
        log = Event.objects.in_chain_of(self.account)
        before, after = PlaceForm(self.request.GET).place()
        part = stretch(
            log.narrowed(form.narrowing()),
            PAGE_SIZE,
            by=BY_TIME,
            older_than=log.place_of(before),
            newer_than=log.place_of(after),
        )
        return super().get_context_data(
            form=form,
            nobody=form.people == (),
            chosen=self._chosen(form, part),
            wrong=[(form.fields[name].label, errors) for name, errors in form.errors.items() if name in form.fields],
            **_beside(self.request, part, "number"),
            **kwargs,
        )

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
            outcome=(_("refused"), "bad") if event.refused else OUTCOMES.get(event.name, (_("done"), "ok")),
            target_kind=TARGET_KINDS.get(event.target_kind, event.target_kind),
            parts=event.parts,
            changes=changes_of(event.parts["before"], event.parts["after"]),
            earlier=self.earlier,
            later=self.later,
            whole=whole and follows,
            hashes={"digest": digest.hex(), "previous": previous.hex(), "hash": bytes(event.hash).hex()},
            **kwargs,
        )


class ExportActivity(AccountFormView):
    """The log as a CSV file, narrowed as the page was. That it is exported is recorded before the first byte."""

    permission = VIEW_AUDIT
    template_name = "oversight/export_activity.html"
    form_class = ActivityFilter

    def get_form_kwargs(self) -> dict[str, Any]:
        """Read the same words from the query of the page, or from the form that is sent."""
        given = self.request.POST if self.request.method == "POST" else self.request.GET
        return {"data": given, "account": self.account}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Tell what the file will hold."""
        context = super().get_context_data(columns=list(COLUMNS), **kwargs)
        form = context["form"]
        hidden = [(name, form[name].data) for name in form.fields if form[name].data]
        return {**context, "narrowed": form.in_words(), "hidden": hidden, "wrong": form.errors}

    def form_valid(self, form: ActivityFilter) -> Any:
        """Record the export, then send the file line by line."""
        ids = {name: str(form.cleaned_data[name]) for name in ("person", "target") if form.cleaned_data[name]}
        narrowed = {**form.in_words(), **ids}
        number = actions.export_log(account=self.account, by=self.me, narrowed=narrowed)
        log = Event.objects.in_chain_of(self.account).filter(number__lt=number)
        lines = csv_lines(every(log.narrowed(form.narrowing()), by=BY_TIME))
        day = timezone.localdate().isoformat()
        return StreamingHttpResponse(
            lines,
            content_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="{self.account.slug}-activity-{day}.csv"',
                "X-Content-Type-Options": "nosniff",
            },
        )


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
        context = super().get_context_data(chips=chips, **_beside(self.request, part, "id"), **kwargs)
        return {**context, "rows": with_places(part.events, self.me)}


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
        asked.pop("before", None)
        asked.pop("after", None)
        asked[name] = getattr(event, cursor)
        return f"?{asked.urlencode()}"

    events = part.events
    return {
        "events": events,
        "newer": query("after", events[0]) if events and part.newer else "",
        "older": query("before", events[-1]) if events and part.older else "",
    }

"""Who could do what at the end of a day, by whose decision, and what changed between two days: from the log alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from accounts.models import Asset, Person
from accounts.permissions import ASSET_CODES, VIEW_AUDIT, words_for
from accounts.views import AccountView, page_of
from audit.models import Chain, Event
from teams.models import Membership
from teams.past import ON_ACCOUNT, Change, Past, SeatThen, account_at, between

from .. import actions
from ..forms import AsOfForm

Power = tuple[str, int]


@dataclass(slots=True)
class Line:
    """One person in the answer: the seat, why the powers that were asked for, and the events that gave them."""

    seat: SeatThen
    name: str
    address: str
    reasons: list[str]
    numbers: list[int]
    events: list[Event] = field(default_factory=list)


@dataclass(slots=True)
class Difference:
    """What changed for one person between two days: the roles, what was gained and lost, and the events that did it."""

    name: str
    address: str
    before: str
    after: str
    gained: list[str]
    lost: list[str]
    numbers: list[int]
    events: list[Event] = field(default_factory=list)


class AsOf(AccountView, TemplateView):
    """The account as it was: everybody who was in it, or who could do one thing; or what changed since another day."""

    permission = VIEW_AUDIT
    template_name = "oversight/as_of.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Tell the past, narrow it, and find the events that decided it."""
        actions.note_reading(account=self.account, by=self.me)
        self.form = AsOfForm(self.request.GET, account=self.account)
        self.wanted = self.form.wanted()
        past = account_at(self.account, self.form.moment("day") or timezone.now())
        other = self.form.moment("against")
        self.assets = dict(Asset.objects.of(self.account).values_list("pk", "name"))
        self.people = self._people()
        chain = Chain.objects.filter(kind="account", subject_id=self.account.pk).first()
        told = self._changes(past, account_at(self.account, other)) if other else self._lines(past)
        page = page_of(told, self.request)
        self._find_events(list(page.object_list))
        return super().get_context_data(
            form=self.form,
            past=past,
            other=other,
            page_obj=page,
            narrowed=any(self.wanted[name] for name in ("q", "permission", "asset")),
            asks=self._question(),
            asked=self._is_narrowed,
            begins=self._begins(chain),
            **kwargs,
        )

    def _people(self) -> dict[int, tuple[str, str]]:
        """Return name and address of everybody who was ever in the account and is looked for."""
        rows = Membership.objects.filter(account=self.account)
        rows = rows.matching(self.wanted["q"]) if self.wanted["q"] else rows
        people = Person.objects.filter(pk__in=rows.values("person_id"))
        return {person.pk: (str(person), person.email) for person in people}

    def _lines(self, past: Past) -> list[Line]:
        lines = []
        for seat in past.present():
            if seat.person_id not in self.people:
                continue
            powers = self._asked(past.powers_of(seat))
            if self._is_narrowed and not powers:
                continue
            reasons = self._reasons(seat, powers if self._is_narrowed else set(seat.grants))
            since = {seat.since[power] for power in powers if power in seat.since}
            since = since if self._is_narrowed else {seat.decided}
            lines.append(Line(seat, *self.people[seat.person_id], reasons, sorted(since)))
        return sorted(lines, key=lambda line: (line.name.casefold(), line.seat.seat))

    def _changes(self, one: Past, other: Past) -> list[Difference]:
        earlier, later = sorted((one, other), key=lambda past: past.at)
        changes = [self._change(change) for change in between(earlier, later) if change.person_id in self.people]
        told = [row for row in changes if row.gained or row.lost]
        return sorted(told, key=lambda row: row.name.casefold())

    def _change(self, change: Change) -> Difference:
        gained, lost = self._asked(change.gained), self._asked(change.lost)
        after = change.after
        events = {after.since[power] for power in gained if power in after.since} if after else set()
        events |= {after.lost[power] for power in lost if power in after.lost} if after else set()
        return Difference(
            *self.people[change.person_id],
            change.before.role.name if change.before and change.before.state != "ended" else "",
            after.role.name if after and after.state != "ended" else "",
            self._in_words(gained),
            self._in_words(lost),
            sorted(events),
        )

    @property
    def _is_narrowed(self) -> bool:
        return bool(self.wanted["permission"] or self.wanted["asset"])

    def _asked(self, powers: Iterable[Power]) -> set[Power]:
        """Return those of the powers that the form asks about."""
        code, asset = self.wanted["permission"], self.wanted["asset"]
        return {power for power in powers if (not code or power[0] == code) and (not asset or power[1] == asset.pk)}

    def _reasons(self, seat: SeatThen, powers: set[Power]) -> list[str]:
        """Return why somebody had these powers: by the role, or by grants; without a question, by grants alone."""
        by_role = {power for power in powers if power[0] in seat.role.holds}
        reasons = [_("By the role %(role)s") % {"role": seat.role.name}] if by_role and self._is_narrowed else []
        granted = self._in_words(powers & set(seat.grants))
        return reasons + [_("By a grant: %(what)s") % {"what": words} for words in granted]

    def _in_words(self, powers: Iterable[Power]) -> list[str]:
        """Return powers in words: those on the account in one line, then a line for assets with the same ones."""
        on: dict[int, list[str]] = {}
        for code, asset in sorted(powers):
            on.setdefault(asset, []).append(words_for(code))
        alike: dict[str, list[str]] = {}
        for asset, words in on.items():
            alike.setdefault(", ".join(words), []).extend([self.assets.get(asset, "?")] if asset != ON_ACCOUNT else [])
        return [capfirst(words) + self._where(names) for words, names in alike.items()]

    def _where(self, assets: list[str]) -> str:
        if not assets:
            return ""
        everywhere = len(assets) > 1 and len(assets) == len(self.assets)
        return " · " + (_("every asset") if everywhere else ", ".join(sorted(assets, key=str.casefold)))

    def _find_events(self, shown: Sequence[Line | Difference]) -> None:
        """Give each line its events; what was removed from the log is not among them."""
        numbers = {number for line in shown for number in line.numbers}
        events = {row.number: row for row in Event.objects.in_chain_of(self.account).filter(number__in=numbers)}
        for line in shown:
            line.events = [events[number] for number in line.numbers if number in events]

    def _question(self) -> str:
        """Return what is asked, in words, for the heading."""
        code, asset = self.wanted["permission"], self.wanted["asset"]
        what = words_for(code) if code else _("do anything")
        if asset:
            return _("Who could %(what)s on %(asset)s") % {"what": what, "asset": asset}
        if code:
            where = _("on any asset") if code in ASSET_CODES else ""
            return _("Who could %(what)s %(where)s") % {"what": what, "where": where}
        return _("Who was in the account")

    def _begins(self, chain: Chain | None) -> Event | None:
        """Return the first event that the log still has, where earlier ones were removed."""
        log = Event.objects.in_chain_of(self.account).order_by("number")
        return log.first() if chain and chain.removed else None

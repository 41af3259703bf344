"""A year of a company of 200 people, with 20 attacks in it: what the rules of watching are measured on.

Nothing in it knows the rules. People keep their own hours, some work at night or at weekends; they travel through time
zones, go on holiday and sign in from there, change laptops and phones, are given another address by their provider,
mistype their passwords, come back to a forgotten one. Administrators invite one by one and forty at once, reorganise,
hand over; auditors export at the end of the quarter; people open invitations under their other address. The same seed
makes the same year.
"""

import datetime as dt
import random
import zoneinfo
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from accounts.permissions import MANAGE_BILLING, MANAGE_TEAM
from watching.happenings import DAY, HOUR, Finding, Happened, Rule, Seat
from watching.rules import LOOKING, hearing

PEOPLE, DAYS, ACCOUNT = 200, 365, "account/1"
START = dt.datetime(2025, 1, 6, tzinfo=dt.UTC)  # a Monday
ZONES = ("Europe/Berlin", "Europe/Lisbon", "America/New_York", "Asia/Kolkata")
MINUTE = dt.timedelta(minutes=1)
ADMINISTRATOR = {"role": {"name": "Administrator", "permissions": ["view_account", MANAGE_TEAM, "view_audit"]}}
EDITOR = {"role": {"name": "Editor", "permissions": ["view_account", "publish_content"]}}
LAPTOPS = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/{}.0.0.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/{}.0.0.0 Edg/{}.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{}.0) Gecko/20100101 Firefox/{}.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/{}.0.0.0",
)
PHONES = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_{} like Mac OS X) Version/18.{} Safari",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/{}.0.0.0 Mobile",
    "Mozilla/5.0 (Linux; Android 14; SM-S921B) Chrome/{}.0.0.0 Mobile",
)
STRANGE = (
    "Mozilla/5.0 (X11; Linux x86_64) Chrome/{}.0.0.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:{}.0) Gecko/20100101 Firefox/{}.0",
    "Mozilla/5.0 (Windows NT 6.1; Win64; x64) Chrome/{}.0.0.0",
)


@dataclass
class Worker:
    """One person: their hours, places, devices and habits."""

    pk: int
    zone: zoneinfo.ZoneInfo
    hour: float  # at which their day begins, where they live
    spread: float
    weekdays: frozenset[int]
    frequency: float  # sign-ins a working day
    home: str
    provider: str
    carrier: str
    laptop: str
    phone: str
    uses_phone: bool
    renumbered: float  # how likely their home gets another address in a week
    joined: int = 0
    left: int = DAYS
    away: set[int] = field(default_factory=set)  # days of holidays
    trips: dict[int, tuple[int, str]] = field(default_factory=dict)  # by day: hours of another zone, and the network


@dataclass
class Planted:
    """One attack: what it is called, and by which events it may be told."""

    name: str
    people: set[int]
    start: dt.datetime
    end: dt.datetime
    events: set[tuple[str, int]] = field(default_factory=set)


class Year:
    """The events of a year, by chain, as the rules read them."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # a story, not a secret
        self.events: list[Happened] = []
        self.attacks: list[Planted] = []
        self._drafts: list[tuple[dt.datetime, str, dict, Planted | None]] = []
        self.workers = [self._worker(pk) for pk in range(1, PEOPLE + 1)]
        self.administrators = [worker.pk for worker in self.workers[:8]]
        self.auditors = [worker.pk for worker in self.workers[8:11]]
        self._invitation = 0
        for worker in self.workers:
            self._plan(worker)
            self._days(worker)
        self._administration()
        self._exports()
        self._invitations()
        Attacks(self).plant()
        self._number()

    # --- People -------------------------------------------------------------------------------------------------------
    def _network(self) -> str:
        return f"{self.dice.randint(11, 190)}.{self.dice.randint(0, 255)}"

    def _within(self, wide: str) -> str:
        return f"{wide}.{self.dice.randint(0, 255)}.{self.dice.randint(2, 250)}"

    def _worker(self, pk: int) -> Worker:
        dice = self.dice
        kind = dice.choices(["office", "night", "weekend", "part"], [78, 6, 8, 8])[0]
        hour = {"office": dice.gauss(9, 1), "night": dice.gauss(22, 1) % 24, "weekend": dice.gauss(12, 2)}.get(kind, 10)
        weekdays = {"weekend": frozenset({2, 3, 4, 5, 6}), "part": frozenset(dice.sample(range(5), 3))}
        provider = self._network()
        late = dice.random() < 0.12 and pk > 12
        return Worker(
            pk=pk,
            zone=zoneinfo.ZoneInfo(dice.choices(ZONES, [60, 15, 15, 10])[0]),
            hour=hour,
            spread=dice.uniform(0.3, 1.5),
            weekdays=weekdays.get(kind, frozenset(range(5))),
            frequency=dice.uniform(0.35, 1.6),
            home=self._within(provider),
            provider=provider,
            carrier=dice.choice(["80.187", "109.43", "176.3", "37.84", "92.40"]),
            laptop=dice.choice(LAPTOPS),
            phone=dice.choice(PHONES),
            uses_phone=dice.random() < 0.5,
            renumbered=dice.choice([0.005, 0.01, 0.25]),
            joined=dice.randint(10, 330) if late else 0,
            left=dice.randint(60, 360) if dice.random() < 0.09 and not late and pk > 12 else DAYS,
        )

    def _plan(self, worker: Worker) -> None:
        """Plan holidays and journeys."""
        dice = self.dice
        for _holiday in range(dice.randint(2, 4)):
            first = dice.randint(0, DAYS)
            worker.away |= set(range(first, first + dice.choice([4, 7, 9, 14, 16])))
        if dice.random() < 0.03:  # a leave of some months
            first = dice.randint(60, 240)
            worker.away |= set(range(first, first + dice.randint(50, 110)))
        for _trip in range(dice.choices([0, 1, 2, 7], [45, 30, 15, 10])[0]):
            first, shift = dice.randint(20, DAYS), dice.choice([0, 0, 0, 1, -1, 2, -5, -6, -8, 4, 7])
            network = self._within(self._network())
            for day in range(first, first + dice.randint(2, 8)):
                worker.trips[day] = (shift, network)

    def _days(self, worker: Worker) -> None:
        """Live the year: day by day, sign in from where one is, with what one has."""
        dice, version = self.dice, 120
        last = -1
        for day in range(worker.joined, worker.left):
            version = 120 + day // 30
            self._change_things(worker, day)
            if day in worker.away:
                if dice.random() < 0.04:  # a look at it from the beach
                    self._signs_in(
                        worker, day, dice.uniform(7, 23), self._within(self._network()), worker.phone, version
                    )
                continue
            if (START + day * DAY).weekday() not in worker.weekdays:
                if dice.random() < 0.02:
                    self._signs_in(worker, day, dice.uniform(8, 22), worker.home, worker.laptop, version)
                continue
            self._working_day(worker, day, version, after=day - last)
            last = day

    def _working_day(self, worker: Worker, day: int, version: int, *, after: int) -> None:
        dice = self.dice
        shift, hotel = worker.trips.get(day, (0, ""))
        times = int(worker.frequency) + (dice.random() < worker.frequency % 1)
        for turn in range(times):
            hour = dice.gauss(worker.hour + turn * 3.5, worker.spread) - shift
            if dice.random() < 0.02:
                hour = dice.uniform(worker.hour + 8, worker.hour + 15) - shift  # a deadline
            place, agent = self._place(worker, hotel), worker.laptop
            if worker.uses_phone and dice.random() < 0.2:
                agent, place = worker.phone, self._within(worker.carrier) if dice.random() < 0.6 else place
            forgets = 0.2 if after > 8 and not turn else 0.03
            failed = dice.choices([1, 2, 3, 5, 8], [55, 25, 12, 6, 2])[0] if dice.random() < forgets else 0
            self._signs_in(worker, day, hour, place, agent, version, failed=failed)

    def _place(self, worker: Worker, hotel: str) -> str:
        if hotel:
            return hotel if self.dice.random() < 0.8 else self._within(self._network())
        where = self.dice.random()
        if where < 0.55:
            return f"203.0.113.{worker.pk % 250 + 1}"
        return worker.home if where < 0.985 else self._within(self._network())

    def _change_things(self, worker: Worker, day: int) -> None:
        dice = self.dice
        if day % 7 == 0 and dice.random() < worker.renumbered:
            worker.home = self._within(worker.provider)
        if dice.random() < 0.3 / 365:
            worker.laptop = dice.choice(LAPTOPS)
        if dice.random() < 0.35 / 365:
            worker.phone, worker.uses_phone = dice.choice(PHONES), True
        if dice.random() < 0.06 / 365:  # moves house
            worker.provider = self._network()
            worker.home = self._within(worker.provider)

    def _signs_in(
        self, worker: Worker, day: int, hour: float, address: str, agent: str, version: int, *, failed: int = 0
    ) -> None:
        midnight = (START + day * DAY).replace(tzinfo=worker.zone)
        moment = (midnight + dt.timedelta(hours=hour)).astimezone(dt.UTC)
        agent = agent.format(version, version)
        for number in range(failed, 0, -1):
            self.fails(worker.pk, moment - number * self.dice.uniform(0.3, 2) * MINUTE, address, agent)
        self.signs_in(worker.pk, moment, address, agent)

    # --- Events -------------------------------------------------------------------------------------------------------
    def signs_in(self, pk: int, at: dt.datetime, address: str, agent: str, attack: Planted | None = None) -> None:
        """Somebody signs in."""
        what = {"name": "person.signed_in", "actor_id": pk, "target_kind": "person", "target_id": pk, "about_id": pk}
        self._drafts.append((at, f"person/{pk}", {**what, "address": address, "agent": agent}, attack))

    def fails(self, pk: int, at: dt.datetime, address: str, agent: str, attack: Planted | None = None) -> None:
        """A sign-in fails."""
        what = {"name": "person.sign_in_failed", "refused": True, "target_kind": "person", "target_id": pk}
        self._drafts.append((at, f"person/{pk}", {**what, "about_id": pk, "address": address, "agent": agent}, attack))

    def acts(self, name: str, by: int | None, at: dt.datetime, attack: Planted | None = None, **what: object) -> None:
        """Somebody acts in the account."""
        self._drafts.append((at, ACCOUNT, {"name": name, "actor_id": by, **what}, attack))

    def new_invitation(self) -> int:
        """Return the id of a new invitation."""
        self._invitation += 1
        return self._invitation

    def working_moment(self, pk: int, day: int) -> dt.datetime:
        """Return some moment of a person's working hours."""
        worker = self.workers[pk - 1]
        midnight = (START + day * DAY).replace(tzinfo=worker.zone)
        return (midnight + dt.timedelta(hours=worker.hour + self.dice.uniform(0.5, 7))).astimezone(dt.UTC)

    def _number(self) -> None:
        numbers: dict[str, int] = defaultdict(int)
        end = START + DAYS * DAY
        for at, chain, what, attack in sorted(self._drafts, key=lambda draft: draft[0]):
            if at >= end:
                continue
            numbers[chain] += 1
            event = Happened(chain=chain, number=numbers[chain], at=at, **what)
            self.events.append(event)
            if attack:
                attack.events.add(event.place)

    # --- The account --------------------------------------------------------------------------------------------------
    def _administration(self) -> None:
        """Administrators invite, change, suspend and offboard; some days they do a lot of it."""
        dice = self.dice
        for day in range(DAYS):
            for pk in self.administrators:
                if (START + day * DAY).weekday() < 5 and dice.random() < 0.18:
                    self._changes(pk, day, dice.choices([1, 2, 3, 5, 8], [50, 22, 15, 8, 5])[0], spread=90)
        for _onboarding in range(5):
            self._changes(dice.choice(self.administrators), dice.randint(5, 350), dice.randint(10, 40), spread=50)
        for _reorganisation in range(2):
            self._changes(dice.choice(self.administrators[:3]), dice.randint(5, 350), dice.randint(15, 30), spread=100)
        for _handover in range(2):  # one administrator goes, another came some days or weeks before
            day, old = dice.randint(40, 340), 100 + dice.randint(1, 90)
            new = old + 1
            self.acts("role.changed", 1, self.working_moment(1, day), about_id=new, before=EDITOR, after=ADMINISTRATOR)
            later = self.working_moment(1, day + dice.randint(2, 25))
            self.acts("member.offboarded", 1, later, about_id=old, before=ADMINISTRATOR)
        for worker in self.workers:
            if worker.left < DAYS:
                by = dice.choice(self.administrators)
                self.acts(
                    "member.offboarded", by, self.working_moment(by, worker.left), about_id=worker.pk, before=EDITOR
                )

    def _changes(self, pk: int, day: int, many: int, *, spread: int) -> None:
        moment = self.working_moment(pk, day)
        for _change in range(many):
            about = self.dice.randint(20, PEOPLE)
            name = self.dice.choice(["invitation.created", "role.changed", "grants.changed", "member.terms_changed"])
            what = {"target_kind": "membership", "target_id": about, "about_id": about}
            if name == "invitation.created":
                what = {"target_kind": "invitation", "target_id": self.new_invitation()}
            self.acts(name, pk, moment + self.dice.uniform(0, spread) * MINUTE, **what)

    def _exports(self) -> None:
        """Auditors export every month, and more at the end of a quarter; administrators now and then a list."""
        dice = self.dice
        for month in range(12):
            for pk in self.auditors:
                many = dice.randint(3, 5) if month % 3 == 2 else dice.choice([0, 1, 1, 2])
                moment = self.working_moment(pk, month * 30 + dice.randint(0, 6))
                for turn in range(many):
                    self.acts("audit.exported", pk, moment + turn * dice.uniform(3, 40) * MINUTE)
        for pk in self.administrators:
            for _list in range(dice.randint(0, 6)):
                moment, many = self.working_moment(pk, dice.randint(0, 360)), dice.choice([1, 1, 1, 2, 3])
                for turn in range(many):
                    self.acts("member.list_exported", pk, moment + turn * 5 * MINUTE)

    def _invitations(self) -> None:
        """People open an invitation while they are signed in under their other address; mostly once."""
        dice = self.dice
        for _slip in range(25):
            invitation, day, who = self.new_invitation(), dice.randint(0, 355), 1000 + dice.randint(0, 500)
            for turn in range(dice.choices([1, 2, 3], [85, 13, 2])[0]):
                moment = START + (day + turn) * DAY + dice.uniform(7, 20) * HOUR
                self.opened(invitation, who + turn, moment)

    def opened(self, invitation: int, who: int, at: dt.datetime, attack: Planted | None = None) -> None:
        """Somebody opens an invitation that is for another address."""
        self.acts("invitation.opened_by_other", who, at, attack, target_kind="invitation", target_id=invitation)


class Attacks:
    """The twenty attacks. Some are loud, some do what they can to look like everyday."""

    def __init__(self, year: Year) -> None:
        self.year, self.dice = year, year.dice

    def plant(self) -> None:
        """Plant them all, each on a day and a person of its own."""
        dice = self.dice
        steady = [w.pk for w in self.year.workers[11:] if not w.joined and w.left == DAYS and w.frequency > 0.5]
        self.victims = iter(dice.sample(steady, 20))
        self.rulers = iter(dice.sample(self.year.administrators[1:], 5))
        for number, attack in enumerate(
            [
                self.at_night_from_abroad, self.with_the_same_browser_then_changes, self.next_door_in_working_hours,
                self.while_the_person_works, self.by_day_on_a_night_worker, self.after_two_wrong_tries,
                self.guessing_fast, self.guessing_slowly, self.guessing_a_few,
                self.many_changes, self.some_changes, self.changes_by_an_insider,
                self.exports_in_an_evening, self.exports_over_a_day, self.exports_as_the_auditor,
                self.new_administrator_at_once, self.new_administrator_slowly,
                self.leaked_invitation, self.collected_invitations, self.waking_the_dormant,
            ]
        ):  # fmt: skip
            attack(95 + number * 13 + dice.randint(0, 6))

    def _begin(self, name: str, *people: int, day: int, days: float = 1) -> Planted:
        start = START + day * DAY
        planted = Planted(name, set(people), start - DAY, start + (days + 2) * DAY)
        self.year.attacks.append(planted)
        return planted

    def _present(self, pk: int, day: int) -> int:
        """Return the first day from `day` on at which a person works at home or in the office."""
        worker = self.year.workers[pk - 1]
        while day in worker.away or day in worker.trips or (START + day * DAY).weekday() not in worker.weekdays:
            day += 1
        return day

    def _local(self, pk: int, day: int, hour: float) -> dt.datetime:
        midnight = (START + day * DAY).replace(tzinfo=self.year.workers[pk - 1].zone)
        return (midnight + dt.timedelta(hours=hour)).astimezone(dt.UTC)

    def _strange(self) -> str:
        return self.dice.choice(STRANGE).format(131, 131)

    def _far(self) -> str:
        return self.year._within(self.year._network())

    def at_night_from_abroad(self, day: int) -> None:
        pk = next(self.victims)
        hour = (self.year.workers[pk - 1].hour + 14 + self.dice.uniform(0, 6)) % 24
        attack = self._begin("a stolen password, at night from abroad", pk, day=day)
        self.year.signs_in(pk, self._local(pk, day, hour), self._far(), self._strange(), attack)

    def with_the_same_browser_then_changes(self, day: int) -> None:
        pk = next(self.rulers)
        attack = self._begin("a stolen session’s browser copied, then 16 changes", pk, day=day)
        moment = self._local(pk, day, (self.year.workers[pk - 1].hour + 13) % 24)
        self.year.signs_in(pk, moment, self._far(), self.year.workers[pk - 1].laptop.format(131, 131), attack)
        self._burst(pk, moment + 5 * MINUTE, 16, 40, attack)

    def next_door_in_working_hours(self, day: int) -> None:
        pk = next(self.victims)
        day = self._present(pk, day)
        attack = self._begin("a stolen password, by a proxy of the same provider in working hours", pk, day=day)
        near = self.year._within(self.year.workers[pk - 1].provider)
        self.year.signs_in(pk, self.year.working_moment(pk, day), near, self._strange(), attack)

    def while_the_person_works(self, day: int) -> None:
        pk = next(self.victims)
        day = self._present(pk, day)
        attack = self._begin("a stolen password, from afar an hour after the person came", pk, day=day)
        worker, moment = self.year.workers[pk - 1], self.year.working_moment(pk, day)
        self.year.signs_in(pk, moment, worker.home, worker.laptop.format(131, 131))
        self.year.signs_in(pk, moment + 60 * MINUTE, self._far(), self._strange(), attack)

    def by_day_on_a_night_worker(self, day: int) -> None:
        nights = [w.pk for w in self.year.workers[11:] if w.hour > 19 or w.hour < 3]
        pk = self.dice.choice([pk for pk in nights if not self.year.workers[pk - 1].joined])
        attack = self._begin("a stolen password of a night worker, at noon", pk, day=day)
        hour = (self.year.workers[pk - 1].hour + 13) % 24
        self.year.signs_in(pk, self._local(pk, day, hour), self._far(), self._strange(), attack)

    def after_two_wrong_tries(self, day: int) -> None:
        pk = next(self.victims)
        attack = self._begin("a password from another leak, the third variant is right", pk, day=day)
        moment, place, agent = self.year.working_moment(pk, day), self._far(), self._strange()
        for number in (3, 2):
            self.year.fails(pk, moment - number * MINUTE, place, agent, attack)
        self.year.signs_in(pk, moment, place, agent, attack)

    def _guess(self, name: str, day: int, many: int, hours: float, networks: int) -> None:
        pk = next(self.victims)
        attack = self._begin(name, pk, day=day, days=2)
        moment, agent = self.year.working_moment(pk, day), self._strange()
        places = [self._far() for _network in range(networks)]
        for number in range(many):
            at = moment - (many - number) / many * hours * HOUR
            self.year.fails(pk, at, places[number % networks], agent, attack)
        self.year.signs_in(pk, moment, places[0], self.year.workers[pk - 1].laptop.format(131, 131), attack)

    def guessing_fast(self, day: int) -> None:
        self._guess("forty guesses in an hour", day, 40, 1, 2)

    def guessing_slowly(self, day: int) -> None:
        self._guess("nine guesses over 20 hours, from five networks", day, 9, 20, 5)

    def guessing_a_few(self, day: int) -> None:
        self._guess("seven guesses in three hours", day, 7, 3, 1)

    def _burst(self, pk: int, moment: dt.datetime, many: int, minutes: float, attack: Planted) -> None:
        for _change in range(many):
            about, name = self.dice.randint(20, PEOPLE), self.dice.choice(["role.changed", "grants.changed"])
            at = moment + self.dice.uniform(0, minutes) * MINUTE
            self.year.acts(name, pk, at, attack, target_kind="membership", target_id=about, about_id=about)

    def many_changes(self, day: int) -> None:
        pk = next(self.rulers)
        attack = self._begin("35 changes in 20 minutes", pk, day=day)
        self._burst(pk, self.year.working_moment(pk, day), 35, 20, attack)

    def some_changes(self, day: int) -> None:
        pk = next(self.rulers)
        attack = self._begin("22 changes in 50 minutes", pk, day=day)
        self._burst(pk, self.year.working_moment(pk, day), 22, 50, attack)

    def changes_by_an_insider(self, day: int) -> None:
        pk = next(self.victims)
        attack = self._begin("15 changes by somebody who was just given the right", pk, day=day)
        self._burst(pk, self.year.working_moment(pk, day), 15, 55, attack)

    def _take(self, name: str, pk: int, day: int, many: int, hours: float) -> None:
        attack, moment = self._begin(name, pk, day=day), self.year.working_moment(pk, day)
        for number in range(many):
            kind = self.dice.choice(["audit.exported", "member.list_exported"])
            self.year.acts(kind, pk, moment + number / many * hours * HOUR, attack)

    def exports_in_an_evening(self, day: int) -> None:
        self._take("seven exports in an evening", next(self.victims), day, 7, 3)

    def exports_over_a_day(self, day: int) -> None:
        self._take("five exports over ten hours", next(self.rulers), day, 5, 10)

    def exports_as_the_auditor(self, day: int) -> None:
        self._take("14 exports with an auditor’s sign-in", self.dice.choice(self.year.auditors), day, 14, 5)

    def _takes_over(self, name: str, day: int, days: int, act: str, after: dict) -> None:
        old, new = self.dice.choice(self.year.administrators[3:]), next(self.victims)
        attack, moment = self._begin(name, old, new, day=day, days=days), self.year.working_moment(1, day)
        self.year.acts("role.changed", 1, moment, attack, about_id=new, before=EDITOR, after=ADMINISTRATOR)
        self.year.acts(act, 1, moment + days * DAY, attack, about_id=old, before=ADMINISTRATOR, after=after)

    def new_administrator_at_once(self, day: int) -> None:
        self._takes_over("a new administrator, an older one offboarded the next day", day, 1, "member.offboarded", {})

    def new_administrator_slowly(self, day: int) -> None:
        self._takes_over("a new administrator, an older one made editor six days on", day, 6, "role.changed", EDITOR)

    def leaked_invitation(self, day: int) -> None:
        attack, invitation = (
            self._begin("an invitation’s link passed around", day=day, days=3),
            self.year.new_invitation(),
        )
        for turn in range(4):
            self.year.opened(invitation, 3000 + turn, START + (day + turn * 0.7) * DAY, attack)

    def collected_invitations(self, day: int) -> None:
        attack = self._begin("one stranger opens three people’s invitations", day=day, days=2)
        for turn in range(3):
            self.year.opened(self.year.new_invitation(), 4000, START + (day + turn * 0.5) * DAY, attack)

    def waking_the_dormant(self, day: int) -> None:
        pk = next(self.victims)
        dormant = self.year.workers[pk - 1]
        start = START + (day - 70) * DAY
        self.year._drafts = [
            draft
            for draft in self.year._drafts
            if draft[1] != f"person/{pk}" or not start <= draft[0] <= START + (day + 30) * DAY
        ]
        attack = self._begin("a sign-in that nobody used for 70 days, in working hours", pk, day=day)
        self.year.signs_in(dormant.pk, self.year.working_moment(pk, day), self._far(), self._strange(), attack)


class Memory:
    """The history of a year in memory: it answers as the log does."""

    def __init__(self, year: Year) -> None:
        self.year = year
        self._by: dict[tuple[str, str, int | None], tuple[list[dt.datetime], list[Happened]]] = defaultdict(
            lambda: ([], [])
        )

    def add(self, event: Happened) -> None:
        """Remember an event."""
        for by in {None, event.actor_id}:
            times, events = self._by[event.chain, event.name, by]
            times.append(event.at)
            events.append(event)

    def before(
        self,
        happened: Happened,
        names: Sequence[str],
        *,
        since: dt.datetime,
        by: int | None = None,
        most: int = 1_000,
        bare: bool = False,
    ) -> Sequence[Happened]:
        """Answer as `happenings.History` says; what was not added yet has not happened."""
        found: list[Happened] = []
        for name in names:
            times, events = self._by.get((happened.chain, name, by), ((), ()))
            found += events[bisect_left(times, since) : bisect_right(times, happened.at)]
        if len(names) > 1:
            found.sort(key=lambda event: (event.at, event.number))
        return found[-most:]

    def zone(self, person_id: int) -> zoneinfo.ZoneInfo:
        """Return where a person lives."""
        return self.year.workers[person_id - 1].zone if person_id <= PEOPLE else zoneinfo.ZoneInfo("UTC")


class Morning:
    """How the account stands on one morning, for the rules of every day."""

    leavers = ()
    record = ("good", "")

    def __init__(self, year: Year, memory: Memory, now: dt.datetime) -> None:
        self.year, self.memory, self.now = year, memory, now

    @cached_property
    def seats(self) -> list[Seat]:
        """Those who are there on this morning."""
        day = (self.now - START).days
        return [self._seat(worker) for worker in self.year.workers if worker.joined <= day < worker.left]

    def _seat(self, worker: Worker) -> Seat:
        holds = frozenset({MANAGE_TEAM} if worker.pk in self.year.administrators else ())
        times, _events = self.memory._by.get((f"person/{worker.pk}", "person.signed_in", None), ((), ()))
        used = [
            times[-1]
            for (chain, _name, by), (times, _events) in self.memory._by.items()
            if holds and chain == ACCOUNT and by == worker.pk
        ]
        return Seat(
            person_id=worker.pk,
            membership_id=worker.pk,
            since=START + worker.joined * DAY,
            seen_at=times[-1] if times else None,
            holds=holds | {MANAGE_BILLING} if worker.pk == 9 else holds,
            used={MANAGE_TEAM: max(used)} if used else {},
            is_owner=worker.pk == 1,
        )


@dataclass(frozen=True)
class Told:
    """One alert of the year."""

    rule: Rule
    finding: Finding


def alerts_of(year: Year) -> Iterator[Told]:
    """Live through the year as the engine does, event by event and day by day, with the rules as they come."""
    memory, quiet, windows = Memory(year), {}, set()
    morning = START + DAY
    for event in year.events:
        while event.at >= morning:
            for rule in LOOKING:
                for finding in rule.look(Morning(year, memory, morning), rule.usual()):
                    if (rule.code, finding.subject, finding.window) not in windows:
                        windows.add((rule.code, finding.subject, finding.window))
                        yield Told(rule, finding)
            morning += DAY
        for rule in hearing(event.chain.partition("/")[0], event.name):
            finding = rule.judge(event, memory, rule.usual())
            if finding and quiet.get((rule.code, finding.subject), START) <= finding.at:
                quiet[rule.code, finding.subject] = finding.at + rule.quiet
                yield Told(rule, finding)
        memory.add(event)


def attack_of(told: Told, year: Year) -> Planted | None:
    """Return the attack that an alert tells of, if it tells of one: by an event of it."""
    places = set(told.finding.events)
    return next((attack for attack in year.attacks if attack.events & places), None)


@dataclass(frozen=True)
class Outcome:
    """What came of a year: attacks caught and missed, alerts about nothing, and notes on what is true but no attack."""

    caught: list[str]
    missed: list[str]
    false: list[Told]
    housekeeping: list[Told]
    events: int

    @property
    def false_a_week(self) -> float:
        """False alarms in a week."""
        return len(self.false) / (DAYS / 7)


def outcome_of(seed: int) -> Outcome:
    """Make the year of a seed, let the rules read it, and hold what they say against what was planted."""
    year = Year(seed)
    told = list(alerts_of(year))
    found = [(one, attack_of(one, year)) for one in told]
    names = {attack.name for _one, attack in found if attack}
    looking = {rule.code for rule in LOOKING}
    return Outcome(
        caught=[attack.name for attack in year.attacks if attack.name in names],
        missed=[attack.name for attack in year.attacks if attack.name not in names],
        false=[one for one, attack in found if attack is None and one.rule.code not in looking],
        housekeeping=[one for one, _attack in found if one.rule.code in looking],
        events=len(year.events),
    )

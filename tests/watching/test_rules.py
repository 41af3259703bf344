"""Each rule by itself, on plain values: what makes it speak, and what it passes over."""

import datetime as dt
import zoneinfo
from dataclasses import replace

import pytest

from audit.events import act_named
from tests.watching.lives import ABROAD, HOME, LAPTOP, OFFICE, STRANGE
from watching.happenings import DAY, HOUR, Happened, Leaver, Seat
from watching.rules import HEARING, LOOKING, RULES, hearing
from watching.rules.taking_over import MADE, TAKEN
from watching.rules.wandering_invitation import OPENED_BY_OTHER

NOW = dt.datetime(2026, 3, 4, 9, 0, tzinfo=dt.UTC)  # a Wednesday
MINUTE = dt.timedelta(minutes=1)
ADMINISTRATOR, EDITOR = {"role": {"permissions": ["manage_team"]}}, {"role": {"permissions": ["publish_content"]}}


class Past:
    """Events in memory, as a rule asks for them."""

    def __init__(self, *events, zone="UTC"):
        self.events = [replace(event, number=number) for number, event in enumerate(sorted(events, key=_at), 1)]
        self._zone = zone

    def before(self, happened, names, *, since, by=None, most=1_000, bare=False):
        found = [event for event in self.events if event.name in names and since <= event.at <= happened.at]
        return [event for event in found if by is None or event.actor_id == by][-most:]

    def zone(self, person_id):
        return zoneinfo.ZoneInfo(self._zone)


def _at(event):
    return event.at


def happens(name, at=NOW, by=7, **more):
    return Happened(**{"chain": "account/1", "number": 9_999, "at": at, "name": name, "actor_id": by, **more})


def signs_in(at=NOW, address=HOME, agent=LAPTOP, name="person.signed_in", **more):
    given = {"chain": "person/7", "about_id": 7, "address": address, "agent": agent, **more}
    return happens(name, at, **given)


def weeks_of_work(weeks=8, hour=9):
    days = [NOW.replace(hour=hour) - day * DAY for day in range(1, weeks * 7)]
    return [signs_in(day, HOME if day.day % 2 else OFFICE) for day in days if day.weekday() < 5]


def judged(rule, event, *past, zone="UTC", **tuned):
    return RULES[rule].judge(event, Past(*past, zone=zone), RULES[rule].tuned(tuned))


class House:
    """How an account stands."""

    def __init__(self, *seats, leavers=(), record=("good", "2026-03-04 03:00")):
        self.now, self.seats, self.leavers, self.record = NOW, seats, leavers, record


def looked(rule, house, **tuned):
    return list(RULES[rule].look(house, RULES[rule].tuned(tuned)))


# --- The table --------------------------------------------------------------------------------------------------------
def test_every_rule_explains_itself_and_its_numbers_lie_within_their_bounds():
    for code, rule in RULES.items():
        assert code == rule.code
        assert len(str(rule.explains)) > 80
        assert rule.reasons
        assert rule.advice
        assert (rule.judge is None) != (rule.look is None)
        for tunable in rule.tunables:
            assert tunable.least <= tunable.usual <= tunable.most
    assert {rule.code for rule in (*HEARING, *LOOKING)} == set(RULES)


def test_the_names_that_rules_know_by_heart_are_acts_of_the_log():
    by_heart = [OPENED_BY_OTHER, *MADE, *TAKEN]

    for name in by_heart:
        assert name.endswith(".") or act_named(name), name


def test_numbers_out_of_bounds_are_brought_back_when_a_rule_is_asked():
    assert RULES["mass_export"].tuned({"exports": 10**9, "hours": -4}) == {"exports": 100, "hours": 1}


def test_no_rule_hears_of_alerts_so_none_can_raise_one_for_ever():
    for name in ("alert.raised", "alert.acknowledged", "watch.muted"):
        assert hearing("account", name) == []


# --- A sign-in unlike the person --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("at", "address", "agent", "fires"),
    [
        (NOW, HOME, LAPTOP, False),
        (NOW, HOME, LAPTOP.replace("142", "151"), False),  # an update
        (NOW, "203.0.113.250", STRANGE, False),  # another device at home
        (NOW, ABROAD, LAPTOP, False),  # a journey
        (NOW - 7 * HOUR, ABROAD, LAPTOP, False),  # a far one
        (NOW - 7 * HOUR, HOME, LAPTOP, False),  # a night at home
        (NOW, ABROAD, STRANGE, False),  # a new laptop in a café: what it does tells, other rules read that
        (NOW - 7 * HOUR, ABROAD, STRANGE, True),
        (NOW + 4 * DAY, ABROAD, STRANGE, True),  # on a Sunday
    ],
    ids=str,
)
def test_what_makes_a_sign_in_unusual(at, address, agent, fires):
    finding = judged("unusual_sign_in", signs_in(at, address, agent), *weeks_of_work())

    assert (finding is not None) == fires


def test_failed_tries_from_the_same_place_and_a_long_absence_add_to_it():
    tries = [signs_in(NOW - minute * MINUTE, ABROAD, STRANGE, "person.sign_in_failed", by=None) for minute in (3, 2)]
    new = signs_in(NOW, ABROAD, STRANGE)

    assert judged("unusual_sign_in", new, *weeks_of_work(), *tries).facts["failed"] == 2
    assert judged("unusual_sign_in", replace(new, at=NOW + 60 * DAY), *weeks_of_work()).facts["idle"] == 61


def test_the_hour_is_that_of_where_the_person_lives():
    night_worker = weeks_of_work(hour=1)

    finding = judged("unusual_sign_in", signs_in(NOW + HOUR, ABROAD, STRANGE), *night_worker, zone="Asia/Tokyo")

    assert finding.facts["hour"] == "19:00"
    assert judged("unusual_sign_in", signs_in(NOW - 8 * HOUR, HOME), *night_worker) is None


def test_hostile_places_break_nothing():
    for address in ("", "unknown", "999.1.1.1", "::ffff:192.0.2.1", "x" * 5_000, "fe80::1%eth0"):
        judged("unusual_sign_in", signs_in(NOW - 7 * HOUR, address, "\x00(" * 100), *weeks_of_work())
        judged("guessed_password", signs_in(NOW, address), *weeks_of_work(), failures=3)


# --- A guessed password -----------------------------------------------------------------------------------------------
def failed(count, address=ABROAD, minutes=10):
    return [
        signs_in(NOW - (number + 1) * minutes * MINUTE, address, name="person.sign_in_failed", by=None, refused=True)
        for number in range(count)
    ]


def test_six_failures_from_elsewhere_are_enough_and_eighteen_at_home():
    assert judged("guessed_password", signs_in(address=ABROAD), *weeks_of_work(), *failed(5)) is None
    assert judged("guessed_password", signs_in(address=ABROAD), *weeks_of_work(), *failed(6)).facts["failures"] == 6
    assert judged("guessed_password", signs_in(), *weeks_of_work(), *failed(17, HOME)) is None
    assert judged("guessed_password", signs_in(), *weeks_of_work(), *failed(18, HOME)) is not None


def test_a_sign_in_or_a_new_password_between_begins_the_count_anew():
    between = signs_in(NOW - 25 * MINUTE)
    reset = replace(between, name="person.password_reset")

    for event in (between, reset):
        assert judged("guessed_password", signs_in(address=ABROAD), *weeks_of_work(), *failed(7), event) is None


def test_what_failed_long_ago_is_forgotten():
    assert judged("guessed_password", signs_in(address=ABROAD), *failed(10, minutes=600)) is None


# --- A burst of changes -----------------------------------------------------------------------------------------------
def changes(count, start=NOW - 50 * MINUTE, **more):
    every = 40 * MINUTE / max(count, 1)
    return [happens("role.changed", start + number * every, about_id=100 + number, **more) for number in range(count)]


def test_a_burst_is_held_against_what_the_person_is_used_to():
    last = happens("grants.changed", about_id=3)
    busy = [change for week in range(1, 5) for change in changes(8, NOW - week * 7 * DAY)]

    assert judged("burst_of_changes", last, *changes(10)) is None
    assert judged("burst_of_changes", last, *changes(11)).facts["changes"] == 12
    assert judged("burst_of_changes", last, *busy, *changes(11)) is None
    assert judged("burst_of_changes", last, *busy, *changes(15)).facts["usual"] == 8


def test_one_big_day_does_not_hide_a_burst_for_months():
    assert judged("burst_of_changes", happens("role.changed"), *changes(60, NOW - 30 * DAY), *changes(20)) is not None


def test_what_others_did_what_was_refused_and_what_is_done_to_oneself_is_no_burst():
    last = happens("role.changed", about_id=3)

    assert judged("burst_of_changes", last, *changes(30, by=8)) is None
    assert judged("burst_of_changes", last, *changes(30, refused=True)) is None
    assert judged("burst_of_changes", replace(last, refused=True), *changes(30)) is None
    assert judged("burst_of_changes", replace(last, actor_id=None), *changes(30, by=None)) is None


# --- Many exports -----------------------------------------------------------------------------------------------------
def exports(count, start=NOW - 2 * HOUR):
    return [happens("audit.exported", start + number * MINUTE) for number in range(count)]


def test_exports_are_held_against_the_persons_own_year():
    last = happens("member.list_exported")
    quarter = exports(4, NOW - 90 * DAY)

    assert judged("mass_export", last, *exports(2)) is None
    assert judged("mass_export", last, *exports(3)).facts["new"]
    assert judged("mass_export", last, *quarter, *exports(4)) is None
    assert judged("mass_export", last, *quarter, *exports(5)).facts["usual"] == 4


# --- Taking over ------------------------------------------------------------------------------------------------------
def test_a_new_administrator_and_an_older_one_who_goes():
    made = happens("role.changed", NOW - 3 * DAY, about_id=20, before=EDITOR, after=ADMINISTRATOR)
    gone = happens("member.offboarded", about_id=30, before=ADMINISTRATOR)

    assert judged("taking_over", gone, made).facts["days"] == 3
    assert judged("taking_over", replace(gone, actor_id=20), made).facts["themselves"]
    assert judged("taking_over", gone, replace(made, at=NOW - 9 * DAY)) is None
    assert judged("taking_over", replace(gone, before=EDITOR), made) is None
    assert judged("taking_over", replace(gone, about_id=20), made) is None  # the new one goes again
    assert judged("taking_over", replace(gone, actor_id=30), made) is None  # leaving is no removal
    assert judged("taking_over", replace(gone, actor_id=None), made) is None  # nor is running out
    joined = happens("invitation.accepted", NOW - DAY, by=21, after=ADMINISTRATOR)
    less = happens("role.changed", about_id=30, before=ADMINISTRATOR, after=EDITOR)
    assert judged("taking_over", less, joined) is not None


def test_a_role_that_is_no_role_breaks_nothing():
    gone = happens("member.offboarded", about_id=30, before={"role": "x"}, after={"role": None})

    assert judged("taking_over", gone) is None


# --- Invitations ------------------------------------------------------------------------------------------------------
def opened(by, invitation=5, hours=0):
    return happens(OPENED_BY_OTHER, NOW - hours * HOUR, by=by, target_kind="invitation", target_id=invitation)


def test_an_invitation_that_wanders_and_a_person_who_collects():
    assert judged("wandering_invitation", opened(1), opened(2, hours=1)) is None
    assert judged("wandering_invitation", opened(1), opened(2, hours=1), opened(3, hours=2)).subject == "invitation/5"
    collected = judged("wandering_invitation", opened(1), opened(1, 6, hours=1), opened(1, 7, hours=2))
    assert collected.subject == "person/1"
    assert judged("wandering_invitation", opened(1), opened(2, 6, hours=1), opened(3, 7, hours=2)) is None
    assert judged("wandering_invitation", opened(1), opened(2, hours=200), opened(3, hours=300)) is None


# --- The rules of every day -------------------------------------------------------------------------------------------
def seat(**more):
    return Seat(**{"person_id": 7, "membership_id": 70, "since": NOW - 400 * DAY, "seen_at": NOW - DAY, **more})


def test_who_was_not_seen_for_long_is_told_once_for_each_absence():
    dormant = seat(seen_at=NOW - 91 * DAY)

    [finding] = looked("dormant_member", House(dormant, seat(), seat(seen_at=NOW - 91 * DAY, is_owner=True)))

    assert finding.facts["idle"] == 91
    [later] = looked("dormant_member", House(replace(dormant, since=NOW - 500 * DAY)))
    assert later.window == finding.window
    assert looked("dormant_member", House(seat(seen_at=None, since=NOW - 20 * DAY))) == []
    assert looked("dormant_member", House(seat(seen_at=None)))[0].facts["never"]
    assert looked("dormant_member", House(dormant), days=120) == []


def test_wide_powers_that_nobody_uses():
    holder = seat(holds=frozenset({"manage_team", "manage_billing"}))

    [finding] = looked("unused_powers", House(holder, seat(holds=frozenset({"publish_content"}))))

    assert finding.facts["powers"] == "manage the team, manage billing"
    assert looked("unused_powers", House(replace(holder, used={"manage_billing": NOW - 10 * DAY}))) == []
    assert looked("unused_powers", House(replace(holder, since=NOW - 10 * DAY))) == []
    assert looked("unused_powers", House(replace(holder, is_owner=True))) == []
    assert looked("unused_powers", House(replace(holder, seen_at=NOW - 200 * DAY))) == []  # another rule tells of it


def test_what_is_left_of_a_leaver():
    left = Leaver(7, 70, NOW - DAY, {"Open access requests": 2, "Memberships": 0})

    [finding] = looked("leavers_residue", House(leavers=[left, Leaver(8, 80, NOW, {})]))

    assert finding.facts["left"] == "Open access requests (2)"


@pytest.mark.parametrize(
    ("state", "fires"),
    [
        ("good", 0),
        ("never", 0),
        ("not_kept", 0),
        ("broken_here", 0),
        ("broken", 1),
        ("late", 1),
        ("checkpoint_late", 1),
    ],
)
def test_trouble_with_the_record(state, fires):
    assert len(looked("record_trouble", House(record=(state, "")))) == fires

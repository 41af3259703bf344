"""Random sequences of all commands, by anybody; after each step, what must always hold, holds.

The commands are drawn with their arguments: who acts may lack the right to, what it is about may have ended. After each
step the tables are asked by SQL of their own (`truth.py`). The draws are the same in every run; with
HYPOTHESIS_PROFILE=long they are many, and new ones each time.
"""

import contextlib
import datetime as dt
import json
import os
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import TOTP
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts import actions as accounts
from accounts.events import ACCOUNT_SETTINGS_CHANGED
from accounts.models import Asset, BusinessAccount, Person, SecurityPolicy
from accounts.permissions import ACCOUNT_PERMISSIONS, ASSET_CODES, PERMISSIONS
from audit.models import Chain
from audit.recording import SYSTEM, Refused, note, record_refusal
from audit.verification import verify
from invitations import actions as invitations
from invitations import fates
from invitations.actions.working import work_through
from invitations.models import Import, Invitation
from logins import actions as logins
from logins.models import Knower, SharedLogin
from logins.policies import statement_of_change, statement_of_retirement
from reviews import actions as reviews
from reviews.actions import starting
from reviews.actions.minding import mind_reviews
from reviews.models import Campaign, Decision, Every, Item, Rule, Schedule, Scope, Silence
from teams import actions as teams
from teams import engagements
from teams.models import (
    AccessRequest,
    AssetGrant,
    AssetGroup,
    EndedEngagement,
    Membership,
    OwnershipClaim,
    OwnershipOffer,
    PeopleGroup,
    Receipt,
    Role,
    Terms,
)
from teams.past import ON_ACCOUNT, account_at
from tests.factories import (
    TOTP_SECRET,
    AccessRequestFactory,
    AssetFactory,
    BusinessAccountFactory,
    InvitationFactory,
    KnowerFactory,
    MembershipFactory,
    PersonFactory,
    RoleFactory,
    SharedLoginFactory,
    aged,
    grant,
)
from tests.house import truth
from tests.house.test_every_act import ACTS

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
EXAMPLES, STEPS = (2_000, 80) if LONG else (12, 50)
MOST_ACCOUNTS = 5
TRIES = 6  # draws of a command until there is something to do it on
DAY = dt.timedelta(days=1)
ROLE_NAMES = ["Campaigns", "Night shift", "Deputies", "Numbers"]
SPANS = [None, DAY, 3 * DAY, 20 * DAY, -DAY]

# Acts by which one person gives another something: no more than they hold themselves (rule 2). No other act gives.
GIVING = {
    teams.change_role, teams.raise_role, teams.set_role_end, teams.set_grants, teams.confirm_role, teams.restore, teams.set_end, teams.change_terms,
    teams.bring_back, teams.bring_engagement_back, teams.approve_request, teams.edit_role, teams.retire_role, teams.change_policy,
    teams.undo_changes,
}  # fmt: skip
# What gives by another's decision: the inviter's, the owner's, the waiting time's; or gives what nobody held before.
GIVEN_OTHERWISE = {
    invitations.accept, teams.accept_ownership, teams.carry_out_claim, teams.open_account, accounts.add_asset,
    teams.restore_asset,
}  # fmt: skip
FREE_FOR_THE_OWNER = {teams.suspend, teams.offboard, teams.end_engagement, teams.undo_changes}
HANDS_OVER = {teams.accept_ownership, teams.carry_out_claim}
BESIDES = [
    "time_passes", "time_passes", "claims_have_waited", "worker_takes_a_turn", "reviews_are_minded",
    "reviews_are_carried_out",
]  # fmt: skip
# In a frozen account there is little to try, nor has a review in which nothing is decided much to do.
OFTEN = ["lift_freeze"] * 6 + ["decide"] * 4
OF_SECOND_PERSON = "nothing waits where nobody asked for it: tried in tests/teams/test_second_person.py"
LEFT_OUT = {
    teams.export_members: "it changes nothing",
    teams.erase_person: "the operator's, of who is gone; tried on the demo in tests/teams/test_erasing.py",
    teams.ask_for_reset: "the sequences have no second factors; tried in tests/teams/test_factor_resets.py",
    teams.refuse_reset: "as asking for it",
    teams.withdraw_reset: "as asking for it",
    teams.carry_out_reset: "as asking for it",
    teams.lapse_reset: "as asking for it",
    teams.ask_second_person: OF_SECOND_PERSON,
    teams.approve_act: OF_SECOND_PERSON,
    teams.cancel_act: OF_SECOND_PERSON,
    teams.fail_act: OF_SECOND_PERSON,
    teams.expire_act: OF_SECOND_PERSON,
    teams.change_second_person: OF_SECOND_PERSON,
    invitations.note_opening: "it changes nothing, and is not even refused",
    invitations.sign_up: "it makes a person, and is tried in tests/invitations/test_joining.py",
    invitations.answering.refuse_acceptance: "it writes down what another act was refused",
    invitations.finish_import: "a turn of the worker comes to it",
}
COMMANDS: dict[str, tuple[Callable[..., Any], Callable[..., dict[str, Any]]]] = {}


class Draw:
    """What a command is about, drawn from what there is. A draw from nothing leaves the command out."""

    def __init__(self, data: Any) -> None:
        self._data = data

    def of(self, choices: Any) -> Any:
        """Return one of these; raises LookupError where there is none."""
        choices = list(choices)
        if not choices:
            raise LookupError
        return self._data.draw(st.sampled_from(choices))

    def chance(self, of: int) -> bool:
        """Return a yes in one of so many cases."""
        return self._data.draw(st.integers(1, of)) == of

    def some(self, choices: Any) -> list[Any]:
        """Return some of these, or none."""
        return [choice for choice in sorted(choices) if self._data.draw(st.booleans())]

    def row(self, rows: Any) -> Any:
        """Return one of these rows."""
        return self.of(rows.order_by("pk"))

    def account(self, **given: Any) -> BusinessAccount:
        """Return an account, closed ones among them."""
        return self.row(BusinessAccount.objects.filter(**given))

    def person(self) -> Person:
        """Return anybody."""
        return self.row(Person.objects)

    def actor(self, account: BusinessAccount) -> Person:
        """Return who acts in an account: mostly who manages its team, sometimes another member, or anybody."""
        match self.of(["owner", "owner", "administrator", "administrator", "team", "anybody"]):
            case "owner":
                return account.owner
            case "administrator":
                rows = Membership.objects.current().filter(account=account).administering()
                return self.row(rows.exclude(person=account.owner)).person
            case "team":
                return self.row(Membership.objects.filter(account=account)).person
        return self.person()

    def member(self, **given: Any) -> Membership:
        """Return a membership, now and then one that has ended."""
        rows = Membership.objects.select_related("account", "person").filter(**given)
        return self.row(rows if self.chance(8) else rows.current())

    def role(self, account: BusinessAccount) -> Role:
        """Return a role: one that can be given in an account, one that can't, or one that administrators can't give."""
        if self.chance(3):
            return Role.objects.built_in("finance")
        return self.row(Role.objects.all() if self.chance(10) else Role.objects.of(account))

    def end(self) -> dt.datetime | None:
        """Return an end, near or far or past, or none."""
        span = self.of(SPANS)
        return span and timezone.now() + span

    def terms(self, account: BusinessAccount) -> Terms:
        """Return terms, sensible or not."""
        kind = self.of(["employee", "employee", "contractor", "agency"])
        seats = Membership.objects.filter(account=account).order_by("pk")
        sponsor = self.row(seats).person if self.chance(2) else None
        return Terms(kind, "Bright Ltd" if kind == "agency" else "", sponsor, self.end())

    def grants(self, account: BusinessAccount) -> dict[Asset, frozenset[str]]:
        """Return grants on at most one asset."""
        assets = list(Asset.objects.filter(account=account).order_by("pk"))
        return {self.of(assets): frozenset(self.some(ASSET_CODES))} if assets and self.chance(2) else {}

    def address(self) -> str:
        """Return the address of somebody of the cast, or of nobody."""
        return self.of([*Person.objects.order_by("pk").values_list("email", flat=True), "nobody@example.com"])


def _chosen_by_the_owner(campaign: Campaign) -> int | None:
    """Return the account whose owner chose what silence does in one of its reviews."""
    [found] = truth.rows(
        "SELECT a.id, a.owner_id = c.silence_by_id AS chosen FROM reviews_campaign c"
        " JOIN accounts_businessaccount a ON a.id = c.account_id WHERE c.id = %s",
        campaign.pk,
    )
    return found["id"] if found["chosen"] else None


def command(act: Callable[..., Any]) -> Callable[[Any], Any]:
    """Make a method, which draws the arguments of an act, one of the commands that a step tries."""

    def decorate(arguments: Callable[[Any, Draw], dict[str, Any]]) -> Any:
        COMMANDS[act.__name__] = (act, arguments)
        return arguments

    return decorate


class AnySequence(RuleBasedStateMachine):
    """Two business accounts and a standard one, seven people, and every command there is."""

    def __init__(self) -> None:
        super().__init__()
        self._example = transaction.savepoint()
        self._drawn = mock.patch.object(starting, "random", SimpleNamespace(SystemRandom=lambda: random.Random(1)))
        self._drawn.start()  # what a review draws as a sample is the same in every run
        self._travel = time_machine.travel(timezone.now())
        self._clock = self._travel.start()
        self._gone_by = dt.timedelta()
        olga, anna, bert, carla, *_others = [PersonFactory() for _number in range(7)]
        for person in (anna, bert):
            TOTP.activate(person, TOTP_SECRET)
        for kind in ("business", "business", "standard"):
            account = BusinessAccountFactory(kind=kind, owner=olga)
            asset = AssetFactory(account=account)
            KnowerFactory(login=SharedLoginFactory(account=account), address=bert.email)
            if kind == "standard":
                note(ACCOUNT_SETTINGS_CHANGED, by=SYSTEM, on=account)  # the log begins with what the factories made
                continue
            long_ago = {"account": account, "joined_at": timezone.now() - 60 * DAY}
            MembershipFactory(**long_ago, person=anna, holding="administrator")
            seat = MembershipFactory(**long_ago, person=bert)
            grant(seat, asset, "run_ads")
            InvitationFactory(account=account, address=carla.email, invited_by=anna)
            AccessRequestFactory(account=account, membership=seat, wanted="moderator")
            RoleFactory(account=account)
            note(ACCOUNT_SETTINGS_CHANGED, by=SYSTEM, on=account)
            reviews.start_campaign(account=account, name="Spring", by=olga)
        self._look()

    def teardown(self) -> None:
        """Check all chains once more, and leave nothing behind."""
        try:
            assert [verdict.broken for verdict in verify() if verdict.broken] == []
        finally:
            self._travel.stop()
            self._drawn.stop()
            transaction.savepoint_rollback(self._example)

    def _look(self) -> None:
        """Remember what is true now, to compare the next step with."""
        self._seen: str | None = None
        self.state, self.powers, self._looked_at = self._now(), truth.all_powers(), self._gone_by
        self.administrators = self._administrators()

    def _now(self) -> str:
        """Return the state of all tables, asked once after each step."""
        self._seen = self._seen or truth.state()
        return self._seen

    def _administrators(self) -> dict[int, int]:
        found = truth.rows(
            "SELECT m.account_id, count(*) FROM teams_membership m JOIN teams_role r"
            " ON r.id = CASE WHEN m.raised_until > %s THEN m.raised_to_id ELSE m.role_id END"
            " JOIN accounts_businessaccount a ON a.id = m.account_id WHERE m.state <> 'ended' AND"
            " a.owner_id <> m.person_id AND (r.account_id IS NULL AND r.code = 'administrator'"
            " OR 'manage_team' = ANY(r.held)) GROUP BY m.account_id",
            timezone.now(),
        )
        return {row["account_id"]: row["count"] for row in found}

    @rule(data=st.data())
    def something_happens(self, data: Any) -> None:
        """Somebody tries a command for which there is something to do it on; or time passes, or a worker works."""
        draw = Draw(data)
        for _try in range(TRIES):
            name = draw.of([*sorted(COMMANDS), *sorted(act.__name__ for act in GIVING) * 3, *BESIDES, *OFTEN])
            if name in BESIDES:
                self._seen = None
                getattr(self, f"_{name}")(draw)
                return
            act, arguments = COMMANDS[name]
            with contextlib.suppress(LookupError):
                self.attempt(act, arguments(self, draw))
                return

    @invariant()
    def what_must_always_hold_holds(self) -> None:
        """Look at everything after each step that changed something."""
        if (self._now(), self._gone_by) == (self.state, self._looked_at):
            return
        self._everybody_may_what_the_tables_say()
        self._every_account_has_one_owner_seated()
        self._administrators_keep_to_the_limit()
        assert truth.seats_of_unknown_age() == [], "nobody knows since when somebody manages the team"
        self._nobody_is_invited_who_is_a_member()
        self._roles_of_an_account_stay_in_it_and_never_own()
        self._the_end_of_a_role_gives_nothing()
        self._receipts_stand_in_the_log_and_who_is_gone_may_nothing()
        self._the_log_alone_tells_the_present()
        self._look()

    # --- One step ----------------------------------------------------------------------------------------------------
    def attempt(self, act: Callable[..., Any], given: dict[str, Any]) -> None:
        """Try an act, and check what it wrote: one event in each account it touched, or nothing but the refusal."""
        last, foreseen, bound = truth.last_event(), self._foreseen(act, given), truth.bound()
        self._seen = None
        try:
            answer = act(**given)
        except (Refused, PermissionDenied) as refusal:
            assert truth.last_event() == last, "a refused act wrote an event of its own"
            record_refusal(refusal)
            [event] = truth.events_after(last)
            assert (event["name"], event["result"]) == (act.act.name, "refused")
            assert self._now() == self.state, "a refused act changed something"
            return
        events = truth.events_after(last)
        touched = 1 + len(given.get("also", ())) if self._now() != self.state else 0
        assert [(event["name"], event["result"]) for event in events] == [(act.act.name, "done")] * touched
        assert len({event["chain_id"] for event in events}) == touched, "two events in one chain"
        self._no_power_from_nowhere(act, given)
        self._nobody_bound_gave_it(act, given["by"], bound)
        if act is teams.offboard:
            self._receipts_are_true(answer, foreseen)
        for chain in Chain.objects.filter(pk__in=[event["chain_id"] for event in events]):
            assert [verdict.broken for verdict in verify([chain]) if verdict.broken] == []

    def _foreseen(self, act: Callable[..., Any], given: dict[str, Any]) -> dict[int, Any]:
        if act is not teams.offboard:
            return {}
        seats = [given["membership"], *given["also"]]
        return {
            seat.account_id: (truth.held_by(seat.pk), truth.live_rows_of(seat.person, seat.account_id))
            for seat in seats
        }

    def _no_power_from_nowhere(self, act: Callable[..., Any], given: dict[str, Any]) -> None:
        """Rule 2: who gives holds it; who manages the team loses nothing by anybody but the owner."""
        now, by = truth.all_powers(), given["by"]
        giver = given["invitation"].invited_by if act is invitations.accept else by
        chosen = _chosen_by_the_owner(given["item"].campaign) if act is reviews.suspend_for_silence else None
        for person_id, account_id in {*now, *self.powers}:
            had = self.powers.get((person_id, account_id), truth.NOTHING)
            has = now.get((person_id, account_id), truth.NOTHING)
            if act in GIVING or act is invitations.accept:
                theirs = self.powers.get((getattr(giver, "pk", 0), account_id), truth.NOTHING)
                assert has.on_account - had.on_account <= theirs.on_account
                assert has.by_role - had.by_role <= theirs.by_role
                for asset, codes in has.on_assets.items():
                    gained = codes - had.on_assets.get(asset, frozenset())
                    assert gained <= theirs.by_role | theirs.on_assets.get(asset, frozenset())
            elif act not in GIVEN_OTHERWISE:
                assert has.on_account <= had.on_account
                assert all(codes <= had.on_assets.get(asset, frozenset()) for asset, codes in has.on_assets.items())
            owns = truth.EVERYTHING - truth.ON_ASSETS
            by_owner = self.powers.get((getattr(by, "pk", 0), account_id), truth.NOTHING).on_account == owns
            if "manage_team" in had.on_account and person_id != getattr(by, "pk", 0) and act not in HANDS_OVER:
                assert by_owner or chosen == account_id or had.on_account <= has.on_account, (
                    "only the owner takes from who manages the team"
                )

    def _nobody_bound_gave_it(self, act: Callable[..., Any], by: Any, bound: truth.Bound) -> None:
        """A freeze keeps all power as it is, but for what ends and what the owner takes; who is new raises nobody."""
        now = truth.all_powers()
        for person_id, account_id in {*now, *self.powers}:
            had = self.powers.get((person_id, account_id), truth.NOTHING)
            has = now.get((person_id, account_id), truth.NOTHING)
            if account_id in bound.frozen and by is not SYSTEM:
                taken_by_owner = act in FREE_FOR_THE_OWNER and by.pk == bound.frozen[account_id]
                assert has == had or taken_by_owner, "a freeze let something change"
            if "manage_team" in has.on_account - had.on_account and act in GIVING:
                assert (getattr(by, "pk", 0), account_id) not in bound.new, "somebody new made an administrator"

    def _receipts_are_true(self, act: Any, foreseen: dict[int, Any]) -> None:
        """Rule 13: a receipt says what the tables said before, and finds what they say afterwards: nothing."""
        receipts = {receipt.account_id: receipt for receipt in act.receipts.all()}
        assert set(receipts) == set(foreseen)
        for account_id, receipt in receipts.items():
            held, live = foreseen[account_id]
            ended = receipt.statement["ended"]
            assert (ended["role"]["code"], ended["state"]) == (held["code"], held["state"])
            ends = {
                (row["asset"], row["code"], row["ends_at"] and dt.datetime.fromisoformat(row["ends_at"]))
                for row in ended["grants"]
            }
            assert ends == held["grants"]
            assert ended["offers"] == live.get("offers", 0)
            said = {label: len(things) for label, things in ended["others"].items()}
            assert said == {what: count for what, count in live.items() if what[0].isupper()}
            assert truth.live_rows_of(act.person, account_id) == {}
            assert {row["found"] for row in receipt.statement["checked"]} == {0}

    # --- What always holds -------------------------------------------------------------------------------------------
    def _everybody_may_what_the_tables_say(self) -> None:
        """Rule 1: the check answers what the tables say, for everybody, everywhere; without a membership, no."""
        everything = truth.all_powers()
        accounts = list(BusinessAccount.objects.all())
        assets = list(Asset.objects.all())
        for person in Person.objects.all():  # fresh ones, which remember nothing
            for account in accounts:
                powers = everything.get((person.pk, account.pk), truth.NOTHING)
                allowed = {row.code for row in ACCOUNT_PERMISSIONS if person.has_perm(row.code, account)}
                assert allowed == powers.on_account
            for asset in assets:
                powers = everything.get((person.pk, asset.account_id), truth.NOTHING)
                allowed = {code for code in ASSET_CODES if person.has_perm(code, asset)}
                assert allowed == powers.on_assets.get(asset.pk, frozenset())

    def _every_account_has_one_owner_seated(self) -> None:
        """Rule 3, by the tables, and by the database's own check at the end of a transaction."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        for row in truth.rows(
            "SELECT a.owner_id, array_agg(m.person_id) AS seated FROM accounts_businessaccount a"
            " LEFT JOIN teams_membership m ON m.account_id = a.id AND m.state = 'active' AND m.ends_at IS NULL"
            " AND m.raised_to_id IS NULL AND m.role_id = (SELECT id FROM teams_role WHERE account_id IS NULL AND code = 'owner') GROUP BY a.id"
        ):
            assert row["seated"] == [row["owner_id"]]

    def _administrators_keep_to_the_limit(self) -> None:
        """Rule 5: above the limit nobody comes to be an administrator; a lowered limit leaves those who are."""
        for account_id, count in self._administrators().items():
            limit = truth.policy_of(account_id)["most_administrators"]
            assert count <= max(limit, self.administrators.get(account_id, 0))

    def _nobody_is_invited_who_is_a_member(self) -> None:
        """Rule 6."""
        found = truth.rows(
            "SELECT i.id FROM invitations_invitation i JOIN teams_membership m ON m.account_id = i.account_id"
            " AND m.state <> 'ended' JOIN accounts_person p ON p.id = m.person_id AND p.email = i.address"
            " WHERE i.state = 'open' AND i.expires_at > %s",
            timezone.now(),
        )
        assert found == []

    def _roles_of_an_account_stay_in_it_and_never_own(self) -> None:
        """No role that an account made holds the owner's power, or is held or offered elsewhere, or once retired."""
        for row in truth.rows("SELECT held FROM teams_role WHERE account_id IS NOT NULL"):
            assert set(row["held"]) <= truth.EVERYTHING - {"own_account"}
        for table, state in (
            ("teams_membership", "x.state <> 'ended'"),
            ("invitations_invitation", "x.state = 'open'"),
        ):
            assert truth.rows(
                f"SELECT x.id FROM {table} x JOIN teams_role r ON r.id = x.role_id WHERE {state}"
                " AND (r.account_id <> x.account_id OR r.retired_at IS NOT NULL)"
            ) == []  # fmt: skip

    def _the_end_of_a_role_gives_nothing(self) -> None:
        """A role for a time is one of the account in use, and holds all that the lasting one does."""
        for row in truth.rows(
            "SELECT m.account_id, t.account_id AS made_by, t.code, t.held, t.retired_at,"
            " r.account_id AS lasting_made_by, r.code AS lasting_code, r.held AS lasting_held"
            " FROM teams_membership m JOIN teams_role t ON t.id = m.raised_to_id JOIN teams_role r ON r.id = m.role_id"
            " WHERE m.state <> 'ended' AND m.raised_until > %s",
            timezone.now(),
        ):
            assert row["made_by"] in {None, row["account_id"]}
            assert row["retired_at"] is None
            raised = truth.ROLES[row["code"]] if row["made_by"] is None else set(row["held"])
            lasting = truth.ROLES[row["lasting_code"]] if row["lasting_made_by"] is None else set(row["lasting_held"])
            assert lasting <= raised

    def _the_log_alone_tells_the_present(self) -> None:
        """What is rebuilt from the log for now is what the tables say now, by a question of its own."""
        tables, told = truth.all_powers(whatever_the_policy=True), {}
        for account in BusinessAccount.objects.all():
            past = account_at(account, timezone.now())
            for seat in past.seats.values():
                if powers := past.powers_of(seat):
                    told[seat.person_id, account.pk] = powers
        assert told == {
            place: {(code, ON_ACCOUNT) for code in powers.on_account}
            | {(code, asset) for asset, codes in powers.on_assets.items() for code in codes}
            for place, powers in tables.items()
        }

    def _receipts_stand_in_the_log_and_who_is_gone_may_nothing(self) -> None:
        """Rule 13: each receipt's digest stands in its event, and without a new membership every answer is no."""
        powers = truth.all_powers()
        for receipt in Receipt.objects.select_related("membership"):
            kept = truth.one(
                "SELECT e.canonical FROM audit_event e JOIN audit_chain c ON c.id = e.chain_id"
                " WHERE c.kind = 'account' AND c.subject_id = %s AND e.number = %s",
                receipt.account_id, receipt.event_number,
            )  # fmt: skip
            assert json.loads(kept)[-1]["after"]["digest"] == receipt.digest
            person = receipt.membership.person
            seats = Membership.objects.current().filter(account_id=receipt.account_id, person=person)
            if not seats.exists():
                assert (person.pk, receipt.account_id) not in powers
                live = truth.live_rows_of(person, receipt.account_id)
                assert set(live) <= {"Invitations to the person", "Places on lists of people to invite",
                                     "Shared logins known to the person"}, live  # fmt: skip

    # --- Time, and the worker ----------------------------------------------------------------------------------------
    def _time_passes(self, draw: Draw) -> None:
        span = draw.of([dt.timedelta(hours=1), DAY, 4 * DAY, 16 * DAY])
        self._gone_by += span
        self._clock.shift(span)

    def _claims_have_waited(self, draw: Draw) -> None:
        """Let open claims be so old that their wait is over: they are held to the database's clock, not to ours."""
        more = draw.of([DAY, 15 * DAY])
        for claim in OwnershipClaim.objects.open().order_by("pk"):
            aged(claim, claim.ripe_at - timezone.now() + self._gone_by + more)

    def _worker_takes_a_turn(self, _draw: Draw) -> None:
        """Invite from all lists that are running; each invitation is an act of its own."""
        for listing in Import.objects.running().order_by("pk"):
            work_through(import_id=listing.pk)

    def _reviews_are_minded(self, _draw: Draw) -> None:
        """Start, remind of, settle and close the reviews that have come to it, each by an act of its own."""
        mind_reviews()

    def _reviews_are_carried_out(self, draw: Draw) -> None:
        """Let somebody carry out what a review decided: by the acts of the team, each allowed to them or noted."""
        for campaign in Campaign.objects.select_related("account").order_by("pk"):
            with contextlib.suppress(LookupError):
                reviews.carry_out_all(campaign=campaign, by=draw.actor(campaign.account))

    # --- Accounts ----------------------------------------------------------------------------------------------------
    @command(teams.open_account)
    def open_account(self, draw):
        if BusinessAccount.objects.count() > MOST_ACCOUNTS:
            raise LookupError
        return {"name": "Harbour", "kind": draw.of(["business", "standard"]), "by": draw.person()}

    @command(teams.close_account)
    def close_account(self, draw):
        if BusinessAccount.objects.open().count() < 3 or not draw.chance(3):
            raise LookupError
        account = draw.account()
        return {"account": account, "by": draw.actor(account)}

    @command(accounts.upgrade)
    def upgrade(self, draw):
        account = draw.account()
        return {"account": account, "by": draw.actor(account)}

    @command(accounts.change_settings)
    def change_settings(self, draw):
        account = draw.account()
        return {"account": account, "name": draw.of(["Harbour", "Lumen"]), "by": draw.actor(account)}

    @command(teams.change_policy)
    def change_policy(self, draw):
        account = draw.account()
        return {"account": account, "by": draw.actor(account), **self._policy(draw)}

    @command(teams.plan_policy)
    def plan_policy(self, draw):
        account = draw.account()
        starts_at = timezone.now() + draw.of([DAY / 2, 2 * DAY, 2 * DAY, 9 * DAY])
        return {"account": account, "starts_at": starts_at, "by": draw.actor(account), **self._policy(draw)}

    @command(teams.withdraw_plan)
    def withdraw_plan(self, draw):
        account = self._planned(draw)
        return {"account": account, "by": draw.actor(account)}

    @command(teams.remind_of_plan)
    def remind_of_plan(self, draw):
        account = self._planned(draw)
        return {"account": account, "by": draw.actor(account)}

    @command(teams.announce_plan)
    def announce_plan(self, draw):
        return {"account": self._planned(draw), "by": SYSTEM}

    @command(teams.start_plan)
    def start_plan(self, draw):
        return {"account": self._planned(draw), "by": SYSTEM}

    @command(teams.lapse_plan)
    def lapse_plan(self, draw):
        return {"account": self._planned(draw), "by": SYSTEM}

    def _planned(self, draw):
        return draw.row(BusinessAccount.objects.exclude(policy__planned={}))

    def _policy(self, draw):
        wanted = {
            "second_factor": draw.of(SecurityPolicy.SecondFactor.values),
            "second_factor_kinds": draw.of(["any", "any", "passkey"]),
            "domains": draw.of([[], [], ["example.com"], ["*.example.com", "example.org"]]),
            "member_days": draw.of([None, None, 30]),
            "confirmation": draw.of(SecurityPolicy.Confirmation.values),
            "most_administrators": draw.of([1, 2, 5]),
            "outside_days": draw.of([None, 10]),
            "probation_days": draw.of([0, 3]),
            "claim_days": draw.of([3, 14]),
        }
        chosen = draw.some(wanted)
        return {name: wanted[name] for name in chosen}

    @command(teams.freeze)
    def freeze(self, draw):
        account = draw.account()
        return {"account": account, "by": draw.actor(account)}

    @command(teams.lift_freeze)
    def lift_freeze(self, draw):
        account = draw.of(BusinessAccount.objects.frozen())
        return {"account": account, "by": draw.actor(account)}

    @command(teams.undo_changes)
    def undo_changes(self, draw):
        account = draw.account()
        return {"account": account, "person": draw.person(), "hours": 24, "by": draw.actor(account)}

    # --- Assets ------------------------------------------------------------------------------------------------------
    @command(accounts.add_asset)
    def add_asset(self, draw):
        account = draw.account()
        if account.assets.count() > 3:
            raise LookupError
        return {
            "account": account, "kind": "other", "name": draw.of(["One", "Two"]), "handle": "",
            "by": draw.actor(account),
        }  # fmt: skip

    @command(accounts.change_asset)
    def change_asset(self, draw):
        asset = draw.row(Asset.objects)
        return {
            "asset": asset, "kind": "other", "name": draw.of(["One", "Two"]), "handle": "",
            "by": draw.actor(asset.account),
        }  # fmt: skip

    @command(accounts.archive_asset)
    def archive_asset(self, draw):
        asset = draw.row(Asset.objects)
        return {"asset": asset, "by": draw.actor(asset.account)}

    @command(teams.restore_asset)
    def restore_asset(self, draw):
        asset = draw.row(Asset.objects.archived())
        return {"asset": asset, "by": draw.actor(asset.account)}

    # --- Members -----------------------------------------------------------------------------------------------------
    @command(teams.confirm_role)
    def confirm_role(self, draw):
        member = draw.member(confirmed_at=None)
        return {"membership": member, "by": draw.actor(member.account)}

    @command(teams.change_role)
    def change_role(self, draw):
        member = draw.member()
        return {"membership": member, "role": draw.role(member.account), "by": draw.actor(member.account)}

    @command(teams.raise_role)
    def raise_role(self, draw):
        member = draw.member()
        fitting = [
            role for role in Role.objects.of(member.account) if role.permissions > member.lasting_role.permissions
        ]
        role = draw.role(member.account) if draw.chance(3) else draw.of(fitting)
        until = timezone.now() + draw.of([DAY, 3 * DAY, 20 * DAY, -DAY])
        return {"membership": member, "role": role, "until": until, "by": draw.actor(member.account)}

    @command(teams.set_role_end)
    def set_role_end(self, draw):
        member = draw.member(raised_until__isnull=False)
        until = timezone.now() + draw.of([DAY, 3 * DAY, 20 * DAY, -DAY])
        return {"membership": member, "until": until, "by": draw.actor(member.account)}

    @command(teams.end_role)
    def end_role(self, draw):
        member = draw.member(raised_until__isnull=False)
        return {"membership": member, "by": draw.actor(member.account)}

    @command(teams.announce_role_end)
    def announce_role_end(self, draw):
        return {"membership": draw.member(raised_until__isnull=False), "by": SYSTEM}

    @command(teams.note_role_end)
    def note_role_end(self, draw):
        return {"membership": draw.member(raised_until__isnull=False), "by": SYSTEM}

    @command(teams.suspend)
    def suspend(self, draw):
        member = draw.member()
        return {"membership": member, "by": draw.actor(member.account)}

    @command(teams.end_sessions_of_member)
    def end_sessions_of_member(self, draw):
        member = draw.member()
        return {"membership": member, "by": draw.actor(member.account)}

    @command(teams.restore)
    def restore(self, draw):
        member = draw.member(state="suspended")
        return {"membership": member, "by": draw.actor(member.account)}

    @command(teams.leave)
    def leave(self, draw):
        member = draw.member()
        return {"membership": member, "by": draw.person() if draw.chance(8) else member.person}

    @command(teams.offboard)
    def offboard(self, draw):
        member = draw.member()
        others = Membership.objects.current().filter(person=member.person).exclude(account=member.account)
        also = [seat for seat in others.order_by("pk") if draw.chance(2)]
        return {"membership": member, "also": also, "by": draw.actor(member.account), "reason": "Left"}

    @command(teams.bring_back)
    def bring_back(self, draw):
        receipt = draw.row(Receipt.objects.with_all())
        others = Receipt.objects.with_all().filter(offboarding=receipt.offboarding).exclude(pk=receipt.pk)
        also = [row for row in others.order_by("pk") if draw.chance(2)]
        return {"receipt": receipt, "also": also, "by": draw.actor(receipt.account)}

    @command(teams.end_engagement)
    def end_engagement(self, draw):
        account = draw.account()
        engagement = engagements.engagement_of(account, engagements.key_of(draw.of(["Bright Ltd", "Nobody Ltd"])))
        return {
            "account": account, "key": engagement.key, "seen": engagement.fingerprint(), "reason": "It is over",
            "by": draw.actor(account),
        }  # fmt: skip

    @command(teams.bring_engagement_back)
    def bring_engagement_back(self, draw):
        act = draw.row(EndedEngagement.objects.select_related("account"))
        members = [row for row in act.members.order_by("pk") if not draw.chance(3)]
        return {"engagement": act, "members": members, "by": draw.actor(act.account)}

    @command(teams.make_asset_group)
    def make_asset_group(self, draw):
        account = draw.account()
        return {"account": account, **self._asset_group(draw, account), "by": draw.actor(account)}

    @command(teams.change_asset_group)
    def change_asset_group(self, draw):
        group = draw.row(AssetGroup.objects.select_related("account"))
        return {"group": group, **self._asset_group(draw, group.account), "by": draw.actor(group.account)}

    @command(teams.delete_asset_group)
    def delete_asset_group(self, draw):
        group = draw.row(AssetGroup.objects.select_related("account"))
        return {"group": group, "by": draw.actor(group.account)}

    @command(teams.make_people_group)
    def make_people_group(self, draw):
        account = draw.account()
        return {"account": account, **self._people_group(draw, account), "by": draw.actor(account)}

    @command(teams.change_people_group)
    def change_people_group(self, draw):
        group = draw.row(PeopleGroup.objects.select_related("account"))
        return {"group": group, **self._people_group(draw, group.account), "by": draw.actor(group.account)}

    @command(teams.delete_people_group)
    def delete_people_group(self, draw):
        group = draw.row(PeopleGroup.objects.select_related("account"))
        return {"group": group, "by": draw.actor(group.account)}

    def _asset_group(self, draw, account):
        assets = Asset.objects.filter(account=account).order_by("pk")
        return {"name": draw.of(ROLE_NAMES), "assets": [asset for asset in assets if draw.chance(2)]}

    def _people_group(self, draw, account):
        members = Membership.objects.filter(account=account).order_by("pk")
        return {"name": draw.of(ROLE_NAMES), "memberships": [member for member in members if draw.chance(2)]}

    @command(teams.set_grants)
    def set_grants(self, draw):
        member = draw.member()
        asset = draw.row(Asset.objects if draw.chance(8) else Asset.objects.filter(account=member.account))
        codes = draw.some(ASSET_CODES)
        actor = draw.actor(member.account)
        return {"membership": member, "asset": asset, "codes": codes, "ends_at": draw.end(), "by": actor}

    @command(teams.change_terms)
    def change_terms(self, draw):
        member = draw.member()
        return {"membership": member, "terms": draw.terms(member.account), "by": draw.actor(member.account)}

    @command(teams.set_end)
    def set_end(self, draw):
        member = draw.member()
        return {"membership": member, "ends_at": draw.end(), "by": draw.actor(member.account)}

    @command(teams.announce_end)
    def announce_end(self, draw):
        return {**self._ending(draw), "by": SYSTEM}

    @command(teams.note_end)
    def note_end(self, draw):
        return {**self._ending(draw), "by": SYSTEM}

    def _ending(self, draw):
        if draw.chance(2):
            return {"membership": draw.member(ends_at__isnull=False)}
        given = draw.row(AssetGrant.objects.exclude(ends_at=None).select_related("membership__account"))
        return {"membership": given.membership, "asset": given.content_object}

    # --- Roles -------------------------------------------------------------------------------------------------------
    @command(teams.create_role)
    def create_role(self, draw):
        account = draw.account()
        return {
            "account": account, "name": draw.of(ROLE_NAMES), "codes": draw.some(PERMISSIONS),
            "by": draw.actor(account),
        }  # fmt: skip

    @command(teams.edit_role)
    def edit_role(self, draw):
        role = draw.row(Role.objects.exclude(account=None))
        return {
            "role": role, "name": draw.of([role.name, *ROLE_NAMES]), "codes": draw.some(PERMISSIONS),
            "by": draw.actor(role.account),
        }  # fmt: skip

    @command(teams.retire_role)
    def retire_role(self, draw):
        role = draw.row(Role.objects.exclude(account=None))
        return {"role": role, "move_to": draw.role(role.account), "by": draw.actor(role.account)}

    # --- Requests ----------------------------------------------------------------------------------------------------
    @command(teams.ask_for_access)
    def ask_for_access(self, draw):
        member = draw.member()
        given = {"membership": member, "by": draw.person() if draw.chance(8) else member.person, "reason": "Cover"}
        if draw.chance(2):
            return {**given, "role": draw.role(member.account), "ends_at": draw.end()}
        asset = draw.row(Asset.objects.filter(account=member.account))
        return {**given, "asset": asset, "codes": draw.some(ASSET_CODES), "ends_at": draw.end()}

    @command(teams.approve_request)
    def approve_request(self, draw):
        wish = draw.row(AccessRequest.objects.with_all())
        given = {"request": wish, "by": draw.actor(wish.account), "ends_at": draw.end()}
        less = {"role": draw.role(wish.account)} if wish.role and draw.chance(3) else {"codes": draw.some(wish.codes)}
        return {**given, **less}

    @command(teams.refuse_request)
    def refuse_request(self, draw):
        wish = draw.row(AccessRequest.objects)
        return {"request": wish, "answer": "Not now", "by": draw.actor(wish.account)}

    @command(teams.withdraw_request)
    def withdraw_request(self, draw):
        wish = draw.row(AccessRequest.objects)
        return {"request": wish, "by": draw.person() if draw.chance(4) else wish.person}

    @command(teams.note_lapse)
    def note_lapse(self, draw):
        return {"request": draw.row(AccessRequest.objects), "by": SYSTEM}

    # --- Ownership ---------------------------------------------------------------------------------------------------
    @command(teams.offer_ownership)
    def offer_ownership(self, draw):
        account = draw.account()
        return {"account": account, "membership": draw.member(account=account), "by": draw.actor(account)}

    @command(teams.accept_ownership)
    def accept_ownership(self, draw):
        offer = draw.row(OwnershipOffer.objects)
        return {"offer": offer, "by": draw.person() if draw.chance(8) else offer.person}

    @command(teams.decline_ownership)
    def decline_ownership(self, draw):
        offer = draw.row(OwnershipOffer.objects)
        return {"offer": offer, "by": draw.person() if draw.chance(4) else offer.person}

    @command(teams.withdraw_offer)
    def withdraw_offer(self, draw):
        offer = draw.row(OwnershipOffer.objects)
        return {"offer": offer, "by": draw.actor(offer.account)}

    @command(teams.claim_ownership)
    def claim_ownership(self, draw):
        account = draw.account()
        shown = timezone.now() - draw.of([dt.timedelta(), dt.timedelta(hours=1)])
        return {"account": account, "reason": "Gone", "shown_at": shown, "by": draw.actor(account)}

    @command(teams.refuse_claim)
    def refuse_claim(self, draw):
        claim = draw.row(OwnershipClaim.objects)
        return {"claim": claim, "by": draw.actor(claim.account)}

    @command(teams.withdraw_claim)
    def withdraw_claim(self, draw):
        claim = draw.row(OwnershipClaim.objects)
        return {"claim": claim, "by": draw.person() if draw.chance(4) else claim.person}

    @command(teams.carry_out_claim)
    def carry_out_claim(self, draw):
        claim = draw.row(OwnershipClaim.objects)
        return {"claim": claim, "shown_at": timezone.now(), "by": draw.person() if draw.chance(8) else claim.person}

    @command(teams.remind_of_claim)
    def remind_of_claim(self, draw):
        return {"claim": draw.row(OwnershipClaim.objects), "by": SYSTEM}

    @command(teams.lapse_claim)
    def lapse_claim(self, draw):
        return {"claim": draw.row(OwnershipClaim.objects), "by": SYSTEM}

    @command(teams.name_successor)
    def name_successor(self, draw):
        account = draw.account()
        return {"account": account, "membership": draw.member(account=account), "by": draw.actor(account)}

    @command(teams.drop_successor)
    def drop_successor(self, draw):
        account = draw.account()
        return {"account": account, "by": draw.actor(account)}

    # --- Invitations -------------------------------------------------------------------------------------------------
    @command(invitations.invite)
    def invite(self, draw):
        account = draw.account()
        return {
            "account": account, "address": draw.address(), "role": draw.role(account), "by": draw.actor(account),
            "grants": draw.grants(account), "terms": draw.terms(account) if draw.chance(2) else Terms(),
        }  # fmt: skip

    @command(invitations.resend)
    def resend(self, draw):
        offer = draw.row(Invitation.objects)
        return {"invitation": offer, "by": draw.actor(offer.account)}

    @command(invitations.copy_link)
    def copy_link(self, draw):
        offer = draw.row(Invitation.objects)
        return {"invitation": offer, "by": draw.actor(offer.account)}

    @command(invitations.correct_address)
    def correct_address(self, draw):
        offer = draw.row(Invitation.objects)
        return {"invitation": offer, "address": draw.address(), "by": draw.actor(offer.account)}

    @command(invitations.change_offer)
    def change_offer(self, draw):
        offer = draw.row(Invitation.objects)
        account = offer.account
        return {
            "invitation": offer, "role": draw.role(account), "grants": draw.grants(account),
            "terms": draw.terms(account), "by": draw.actor(account),
        }  # fmt: skip

    @command(invitations.revoke)
    def revoke(self, draw):
        offer = draw.row(Invitation.objects)
        return {"invitation": offer, "by": draw.actor(offer.account)}

    @command(invitations.note_expiry)
    def note_expiry(self, draw):
        return {"invitation": draw.row(Invitation.objects), "by": SYSTEM}

    @command(invitations.accept)
    def accept(self, draw):
        offer = draw.row(Invitation.objects.unanswered().select_related("invited_by"))
        invited = Person.objects.filter(email=offer.address).first()
        return {"invitation": offer, "by": invited if invited and not draw.chance(8) else draw.person()}

    @command(invitations.decline)
    def decline(self, draw):
        offer = draw.row(Invitation.objects)
        return {"invitation": offer, "by": draw.person()}

    @command(invitations.upload_list)
    def upload_list(self, draw):
        account = draw.account(kind="business")
        rows = [(number, [draw.address(), draw.of(["Editor", "Administrator", "x"])]) for number in (2, 3)]
        return {
            "account": account, "file_name": "a.csv", "head": ["E-mail", "Role"], "rows": rows,
            "by": draw.actor(account),
        }  # fmt: skip

    @command(invitations.map_columns)
    def map_columns(self, draw):
        listing = draw.row(Import.objects)
        return {
            "listing": listing, "columns": {"address": 0, "role": draw.of([1, None]), "message": None},
            "role": draw.role(listing.account), "message": "", "by": draw.actor(listing.account),
        }  # fmt: skip

    @command(invitations.start_import)
    def start_import(self, draw):
        listing = draw.row(Import.objects.exclude(columns={}))
        by = draw.actor(listing.account)
        rows = fates.foresee(listing, listing.account, by=Person.objects.get(pk=by.pk))
        return {"listing": listing, "seen": fates.fingerprint(rows), "by": by}

    @command(invitations.stop_import)
    def stop_import(self, draw):
        listing = draw.row(Import.objects)
        return {"listing": listing, "by": draw.actor(listing.account)}

    # --- Shared logins -----------------------------------------------------------------------------------------------
    @command(logins.add_login)
    def add_login(self, draw):
        account = draw.account()
        label = draw.of(["TikTok", "Shop"])
        since = draw.of([None, dt.date(2026, 1, 1)])
        return {
            "account": account, "label": label, "platform": "tiktok.com", "username": "", "known_since": since,
            "by": draw.actor(account),
        }  # fmt: skip

    @command(logins.change_login)
    def change_login(self, draw):
        login = draw.row(SharedLogin.objects)
        label = draw.of(["TikTok", "Shop"])
        return {
            "login": login,
            "label": label,
            "platform": "b.example",
            "username": "",
            "by": draw.actor(login.account),
        }

    @command(logins.retire_login)
    def retire_login(self, draw):
        login = draw.row(SharedLogin.objects)
        by = draw.actor(login.account)
        return {"login": login, "statement": statement_of_retirement(by, login), "signature": by.name, "by": by}

    @command(logins.note_knower)
    def note_knower(self, draw):
        login = draw.row(SharedLogin.objects)
        return {"login": login, **self._knower(draw), "by": draw.actor(login.account)}

    @command(logins.correct_knower)
    def correct_knower(self, draw):
        knower = draw.row(Knower.objects)
        return {"knower": knower, **self._knower(draw), "by": draw.actor(knower.account)}

    @command(logins.note_gone)
    def note_gone(self, draw):
        knower = draw.row(Knower.objects)
        return {"knower": knower, "by": draw.actor(knower.account)}

    @command(logins.record_change)
    def record_change(self, draw):
        login = draw.row(SharedLogin.objects)
        by = draw.actor(login.account)
        told = [
            row for row in login.knowers.trusted().exclude(address=by.email).order_by("name", "pk") if draw.chance(2)
        ]
        at = timezone.now()
        statement = statement_of_change(by, login, at, told)
        return {
            "login": login, "changed_at": at, "told": told, "statement": statement, "signature": by.name, "by": by,
        }  # fmt: skip

    @command(logins.remind)
    def remind(self, draw):
        return {"account": draw.account(), "by": SYSTEM}

    def _knower(self, draw):
        return {
            "name": draw.of(["Marco", "Nina"]), "address": draw.of(["", draw.address()]), "told_by": "", "purpose": "",
            "since_on": dt.date(2026, 1, 1),
        }  # fmt: skip

    # --- Access reviews ----------------------------------------------------------------------------------------------
    @command(reviews.start_campaign)
    def start_campaign(self, draw):
        account, scope = draw.account(), draw.of(Scope.values)
        assets = Asset.objects if draw.chance(8) else Asset.objects.filter(account=account)
        return {
            "account": account, "name": draw.of(ROLE_NAMES), "scope": scope, "rule": draw.of(Rule.values),
            "role": draw.role(account) if scope == Scope.ROLE else None,
            "asset": draw.row(assets) if scope == Scope.ASSET else None,
            "silence": draw.of(Silence.values), "days": draw.of([1, 14]), "by": draw.actor(account),
        }  # fmt: skip

    @command(reviews.change_schedule)
    def change_schedule(self, draw):
        account = draw.account()
        return {
            "account": account, "every": draw.of(["", *Every.values]), "rule": draw.of(Rule.values),
            "silence": draw.of(Silence.values), "next_on": timezone.localdate() + draw.of([DAY, 9 * DAY]),
            "by": draw.actor(account),
        }  # fmt: skip

    @command(reviews.start_scheduled)
    def start_scheduled(self, draw):
        return {"schedule": draw.row(Schedule.objects.select_related("account")), "by": SYSTEM}

    @command(reviews.decide)
    def decide(self, draw):
        item = self._item(draw)
        account, decision = item.campaign.account, draw.of(Decision.values)
        less = draw.role(account) if decision == Decision.REDUCE else None
        return {"item": item, "decision": decision, "reduce_to": less, "by": self._reviewer(draw, item)}

    @command(reviews.pass_on)
    def pass_on(self, draw):
        item = self._item(draw)
        return {"item": item, "by": self._reviewer(draw, item)}

    @command(reviews.keep_rest)
    def keep_rest(self, draw):
        item = self._item(draw)
        return {"campaign": item.campaign, "reason": "All were asked", "by": self._reviewer(draw, item)}

    @command(reviews.reassign)
    def reassign(self, draw):
        item = self._item(draw)
        account = item.campaign.account
        return {"item": item, "reviewer": draw.member(account=account), "by": draw.actor(account)}

    @command(reviews.note_carried_out)
    def note_carried_out(self, draw):
        item = self._item(draw, Item.objects.to_carry_out())
        return {"item": item, "by": draw.actor(item.campaign.account)}

    @command(reviews.note_hindrance)
    def note_hindrance(self, draw):
        item = self._item(draw, Item.objects.to_carry_out())
        return {"item": item, "words": "It is needed", "by": draw.actor(item.campaign.account)}

    @command(reviews.remind_reviewers)
    def remind_reviewers(self, draw):
        return {"campaign": draw.row(Campaign.objects), "by": SYSTEM}

    @command(reviews.settle_silence)
    def settle_silence(self, draw):
        return {"campaign": draw.row(Campaign.objects), "by": SYSTEM}

    @command(reviews.suspend_for_silence)
    def suspend_for_silence(self, draw):
        return {"item": self._item(draw, Item.objects.exclude(decision="").filter(decided_by=None)), "by": SYSTEM}

    @command(reviews.close_campaign)
    def close_campaign(self, draw):
        campaign = draw.row(Campaign.objects)
        return {"campaign": campaign, "by": draw.actor(campaign.account)}

    def _item(self, draw, fitting=None):
        """An access under review, mostly one that fits: by default one that waits for its reviewer."""
        fitting = Item.objects.running().undecided() if fitting is None else fitting
        return draw.row(Item.objects.with_all() if draw.chance(3) else fitting.with_all())

    def _reviewer(self, draw, item):
        return draw.actor(item.campaign.account) if draw.chance(4) else item.reviewer


@pytest.mark.django_db
@pytest.mark.rule(1)
@pytest.mark.rule(2)
@pytest.mark.rule(3)
@pytest.mark.rule(5)
@pytest.mark.rule(12)
@pytest.mark.rule(13)
def test_whatever_people_do_in_whatever_order_the_rules_hold():
    quick = {"derandomize": not LONG, "max_examples": EXAMPLES, "stateful_step_count": STEPS}
    run_state_machine_as_test(
        AnySequence,
        settings=settings(**quick, deadline=None, database=None, suppress_health_check=list(HealthCheck)),
    )


def test_every_command_of_these_floors_is_among_the_steps():
    floors = ("teams.", "invitations.", "logins.", "reviews.")
    assert {act for act in ACTS if act.__module__.startswith(floors)} - set(LEFT_OUT) <= {
        act for act, _arguments in COMMANDS.values()
    }

"""Each act is one transaction with exactly one event; without its event it does not happen (rule 12, AU1, AU10)."""

import datetime as dt
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts import actions as accounts
from accounts.actions import mails
from accounts.models import BusinessAccount, OutgoingMail, Person
from accounts.sessions import SessionStore
from audit.models import Event
from audit.recording import SYSTEM, Refused, record_refusal
from invitations import actions as invitations
from invitations import fates
from invitations.actions.answering import refuse_acceptance
from logins import actions as logins
from logins.models import Knower
from logins.policies import statement_of_change, statement_of_retirement
from notices import actions as notices
from oversight import actions as oversight
from teams import actions as teams
from teams.engagements import engagement_of, key_of
from teams.models import Membership, Role, Terms
from tests.factories import (
    PASSWORD,
    AccessRequestFactory,
    AssetFactory,
    AssetGroupFactory,
    BusinessAccountFactory,
    ChangeTaskFactory,
    EndedEngagementFactory,
    ImportFactory,
    InvitationFactory,
    KnowerFactory,
    MembershipFactory,
    OwnershipClaimFactory,
    OwnershipOfferFactory,
    PeopleGroupFactory,
    PersonFactory,
    ReceiptFactory,
    RoleFactory,
    SharedLoginFactory,
    claimant_in,
    named_as_successor,
    owner_of,
)

pytestmark = pytest.mark.django_db


@dataclass
class House:
    """One account with its owner, and what the acts need."""

    account: BusinessAccount = field(default_factory=BusinessAccountFactory)

    @property
    def olga(self) -> Person:
        return self.account.owner

    def member(self, **given: Any) -> Membership:
        return MembershipFactory(account=self.account, **given)

    def invited(self, **given: Any) -> dict[str, Any]:
        invitation = InvitationFactory(account=self.account, **given)
        return {"invitation": invitation, "by": PersonFactory(email=invitation.address)}

    def role(self) -> Role:
        return RoleFactory(account=self.account)

    def mail(self) -> OutgoingMail:
        return OutgoingMail.objects.create(
            kind="invitation", account=self.account, about_kind="invitation", about_id=1, tries=1,
            address="a@example.com", message_id="<a@example.com>", state="sending",
        )  # fmt: skip


def in_days(days: float) -> dt.datetime:
    return timezone.now() + dt.timedelta(days=days)


def role(code: str) -> Role:
    return Role.objects.built_in(code)


# Each action with the arguments of one whole act. An action that is not here fails the test below.
ACTS: dict[Callable[..., Any], Callable[[House], dict[str, Any]]] = {
    accounts.change_settings: lambda h: {"account": h.account, "name": "Other", "by": h.olga},
    accounts.upgrade: lambda h: {"account": BusinessAccountFactory(kind="standard", owner=h.olga), "by": h.olga},
    teams.change_policy: lambda h: {"account": h.account, "by": h.olga, "invitation_days": 3},
    accounts.add_asset: lambda h: {"account": h.account, "kind": "other", "name": "A", "handle": "", "by": h.olga},
    accounts.change_asset: lambda h: {
        "asset": AssetFactory(account=h.account), "kind": "other", "name": "B", "handle": "", "by": h.olga,
    },
    accounts.archive_asset: lambda h: {"asset": AssetFactory(account=h.account), "by": h.olga},
    teams.restore_asset: lambda h: {
        "asset": AssetFactory(account=h.account, archived_at=timezone.now()), "by": h.olga,
    },
    accounts.change_profile: lambda h: {"person": h.olga, "name": "Other", "time_zone": "UTC", "by": h.olga},
    accounts.end_sessions: lambda h: {"person": h.olga, "keys": [_session_of(h.olga)], "by": h.olga},
    mails.settle_sent: lambda h: {"mail": h.mail(), "by": SYSTEM},
    mails.settle_delayed: lambda h: {"mail": h.mail(), "problem": "try later", "by": SYSTEM},
    mails.settle_parked: lambda h: {"mail": h.mail(), "problem": "no such address", "by": SYSTEM},
    teams.open_account: lambda h: {"name": "New", "kind": "business", "by": h.olga},
    teams.close_account: lambda h: {"account": h.account, "by": h.olga},
    teams.confirm_role: lambda h: {"membership": h.member(unconfirmed=True), "by": h.olga},
    teams.change_role: lambda h: {"membership": h.member(), "role": role("analyst"), "by": h.olga},
    teams.create_role: lambda h: {"account": h.account, "name": "Campaign lead", "codes": ["run_ads"], "by": h.olga},
    teams.edit_role: lambda h: {"role": h.role(), "name": "Other", "codes": ["run_ads"], "by": h.olga},
    teams.retire_role: lambda h: _held_role(h),
    teams.suspend: lambda h: {"membership": h.member(), "by": h.olga},
    teams.restore: lambda h: {"membership": h.member(suspended=True), "by": h.olga},
    teams.offboard: lambda h: {"membership": h.member(), "by": h.olga, "reason": "Left"},
    teams.bring_back: lambda h: {"receipt": ReceiptFactory(account=h.account), "by": h.olga},
    teams.end_engagement: lambda h: _engaged(h),
    teams.bring_engagement_back: lambda h: (lambda ended: {
        "engagement": ended, "members": list(ended.members.all()), "by": h.olga,
    })(EndedEngagementFactory(account=h.account)),
    teams.change_terms: lambda h: {"membership": h.member(), "terms": Terms(kind="contractor"), "by": h.olga},
    teams.set_end: lambda h: {"membership": h.member(), "ends_at": in_days(3), "by": h.olga},
    teams.announce_end: lambda h: {"membership": h.member(ends_at=in_days(3)), "by": SYSTEM},
    teams.note_end: lambda h: {"membership": h.member(ends_at=in_days(-1)), "by": SYSTEM},
    teams.ask_for_access: lambda h: (lambda member: {
        "membership": member, "by": member.person, "role": role("administrator"), "reason": "Cover for Anna",
    })(h.member()),
    teams.approve_request: lambda h: {"request": AccessRequestFactory(account=h.account), "by": h.olga},
    teams.refuse_request: lambda h: {
        "request": AccessRequestFactory(account=h.account), "answer": "Not now", "by": h.olga,
    },
    teams.withdraw_request: lambda h: (lambda wish: {"request": wish, "by": wish.person})(
        AccessRequestFactory(account=h.account)
    ),
    teams.note_lapse: lambda h: {
        "request": AccessRequestFactory(account=h.account, lapses_at=in_days(-1)), "by": SYSTEM,
    },
    teams.leave: lambda h: (lambda member: {"membership": member, "by": member.person})(h.member()),
    teams.set_grants: lambda h: {
        "membership": h.member(), "asset": AssetFactory(account=h.account), "codes": ["run_ads"], "by": h.olga,
    },
    teams.make_asset_group: lambda h: {
        "account": h.account, "name": "Profiles", "assets": [AssetFactory(account=h.account)], "by": h.olga,
    },
    teams.change_asset_group: lambda h: {
        "group": AssetGroupFactory(account=h.account), "name": "Profiles", "assets": [], "by": h.olga,
    },
    teams.delete_asset_group: lambda h: {"group": AssetGroupFactory(account=h.account), "by": h.olga},
    teams.make_people_group: lambda h: {
        "account": h.account, "name": "Night shift", "memberships": [h.member()], "by": h.olga,
    },
    teams.change_people_group: lambda h: {
        "group": PeopleGroupFactory(account=h.account), "name": "Night shift", "memberships": [], "by": h.olga,
    },
    teams.delete_people_group: lambda h: {"group": PeopleGroupFactory(account=h.account), "by": h.olga},
    teams.export_members: lambda h: {"account": h.account, "by": h.olga, "file": "CSV", "narrowed": {}},
    teams.offer_ownership: lambda h: {"account": h.account, "membership": h.member(), "by": h.olga},
    teams.accept_ownership: lambda h: _offered(h),
    teams.decline_ownership: lambda h: _offered(h),
    teams.withdraw_offer: lambda h: {"offer": OwnershipOfferFactory(account=h.account), "by": h.olga},
    teams.claim_ownership: lambda h: {
        "account": h.account, "reason": "Nobody hears of her", "shown_at": timezone.now(),
        "by": claimant_in(h.account).person,
    },
    teams.refuse_claim: lambda h: {"claim": OwnershipClaimFactory(account=h.account), "by": h.olga},
    teams.withdraw_claim: lambda h: _claimed(h),
    teams.carry_out_claim: lambda h: {**_claimed(h, days=15), "shown_at": timezone.now()},
    teams.remind_of_claim: lambda h: {"claim": OwnershipClaimFactory(account=h.account, days=13), "by": SYSTEM},
    teams.lapse_claim: lambda h: {"claim": OwnershipClaimFactory(account=h.account, days=30), "by": SYSTEM},
    teams.name_successor: lambda h: {"account": h.account, "membership": h.member(), "by": h.olga},
    teams.drop_successor: lambda h: {"account": named_as_successor(h.member()).account, "by": h.olga},
    invitations.invite: lambda h: {
        "account": h.account, "address": "new@example.com", "role": role("editor"), "by": h.olga,
    },
    invitations.resend: lambda h: {"invitation": InvitationFactory(account=h.account), "by": h.olga},
    invitations.copy_link: lambda h: {"invitation": InvitationFactory(account=h.account), "by": h.olga},
    invitations.correct_address: lambda h: {
        "invitation": InvitationFactory(account=h.account), "address": "right@example.com", "by": h.olga,
    },
    invitations.change_offer: lambda h: {
        "invitation": InvitationFactory(account=h.account), "role": role("analyst"), "grants": {},
        "terms": Terms(), "by": h.olga,
    },
    invitations.note_expiry: lambda h: {
        "invitation": InvitationFactory(account=h.account, expired=True), "by": SYSTEM,
    },
    invitations.revoke: lambda h: {"invitation": InvitationFactory(account=h.account), "by": h.olga},
    invitations.upload_list: lambda h: {
        "account": h.account, "file_name": "a.csv", "head": ["E-mail"], "rows": [(2, ["a@example.com"])], "by": h.olga,
    },
    invitations.map_columns: lambda h: {
        "listing": ImportFactory(account=h.account), "columns": {"address": 0}, "role": role("editor"), "message": "",
        "by": h.olga,
    },
    invitations.start_import: lambda h: _looked_at(h),
    invitations.stop_import: lambda h: {"listing": ImportFactory(account=h.account, state="running"), "by": h.olga},
    invitations.finish_import: lambda h: {
        "listing": ImportFactory(account=h.account, state="running", rows__fate="invited"), "by": SYSTEM,
    },
    invitations.accept: lambda h: h.invited(),
    invitations.decline: lambda h: h.invited(),
    invitations.note_opening: lambda h: h.invited(),
    invitations.sign_up: lambda h: {
        "invitation": InvitationFactory(account=h.account), "name": "New", "time_zone": "UTC", "password": PASSWORD,
        "by": AnonymousUser(),
    },
    logins.add_login: lambda h: {
        "account": _standard(h), "label": "TikTok", "platform": "tiktok.com", "username": "", "by": h.olga,
    },
    logins.change_login: lambda h: {
        "login": SharedLoginFactory(account=h.account), "label": "B", "platform": "b.example", "username": "", "by": h.olga,
    },
    logins.retire_login: lambda h: (lambda login: {
        "login": login, "statement": statement_of_retirement(h.olga, login), "signature": h.olga.name, "by": h.olga,
    })(SharedLoginFactory(account=h.account)),
    logins.note_knower: lambda h: {"login": SharedLoginFactory(account=h.account), **_KNOWER, "by": h.olga},
    logins.correct_knower: lambda h: {"knower": _knower(h), **_KNOWER, "by": h.olga},
    logins.note_gone: lambda h: {"knower": _knower(h), "by": h.olga},
    logins.record_change: lambda h: (lambda knower, at: {
        "login": knower.login, "changed_at": at, "told": [knower], "signature": h.olga.name,
        "statement": statement_of_change(h.olga, knower.login, at, [knower]), "by": h.olga,
    })(_knower(h), timezone.now()),
    logins.remind: lambda h: {
        "account": ChangeTaskFactory(login=SharedLoginFactory(account=h.account)).login.account, "by": SYSTEM,
    },
    notices.choose: lambda h: {"person": h.olga, "channels": {"joined": "inbox"}, "by": h.olga},
    refuse_acceptance: lambda h: {**h.invited(), "reason": "the inviter may not"},
    oversight.note_reading: lambda h: {"account": h.account, "by": h.olga},
    oversight.export_log: lambda h: {"account": h.account, "by": h.olga, "narrowed": {}},
}  # fmt: skip
# What the system does, and what is asked of nobody: no person can lack a permission for it.
FREE = {
    mails.settle_sent, mails.settle_delayed, mails.settle_parked, teams.open_account, accounts.change_profile,
    teams.announce_end, teams.note_end, teams.note_lapse, invitations.note_expiry,
    mails.settle_sent, mails.settle_delayed, mails.settle_parked, logins.remind, teams.open_account, accounts.change_profile,
    invitations.decline, invitations.note_opening, invitations.sign_up, refuse_acceptance, oversight.note_reading,
    invitations.finish_import,
    oversight.export_log,
    oversight.export_log, teams.remind_of_claim, teams.lapse_claim, notices.choose,
}  # fmt: skip
ONESELF = {teams.leave, teams.withdraw_request, accounts.end_sessions}  # what takes away from oneself needs no power


_KNOWER = {"name": "Marco", "address": "", "since_on": dt.date(2026, 1, 1), "told_by": "", "purpose": ""}


def _knower(house: House) -> Knower:
    return KnowerFactory(login=SharedLoginFactory(account=house.account))


def _standard(house: House) -> BusinessAccount:
    house.account.kind = BusinessAccount.Kind.STANDARD
    house.account.save(update_fields=["kind"])
    return house.account


def _session_of(person: Person) -> str:
    store = SessionStore()
    store[SESSION_KEY] = str(person.pk)
    store.create()
    return store.session_key


def _looked_at(house: House) -> dict[str, Any]:
    listing = ImportFactory(account=house.account)
    rows = fates.foresee(listing, house.account, by=house.olga)
    return {"listing": listing, "seen": fates.fingerprint(rows), "by": house.olga}


def _engaged(house: House) -> dict[str, Any]:
    key = key_of(house.member(kind="agency", organisation="Brightside").organisation)
    seen = engagement_of(house.account, key).fingerprint()
    return {"account": house.account, "key": key, "seen": seen, "reason": "It is over", "by": house.olga}


def _held_role(house: House) -> dict[str, Any]:
    made = house.role()
    house.member(role=made)
    InvitationFactory(account=house.account, role=made)
    return {"role": made, "move_to": role("editor"), "by": house.olga}


def _offered(house: House) -> dict[str, Any]:
    offer = OwnershipOfferFactory(account=house.account)
    return {"offer": offer, "by": offer.person}


def _claimed(house: House, **given: Any) -> dict[str, Any]:
    claim = OwnershipClaimFactory(account=house.account, **given)
    return {"claim": claim, "by": claim.person}


def _all_actions() -> set[Callable[..., Any]]:
    found = set()
    for app in settings.PROJECT_APPS:
        try:
            package = importlib.import_module(f"{app}.actions")
        except ModuleNotFoundError:
            continue
        inside = pkgutil.iter_modules(package.__path__) if hasattr(package, "__path__") else []
        for module in [package, *(importlib.import_module(f"{app}.actions.{entry.name}") for entry in inside)]:
            found |= {thing for thing in vars(module).values() if hasattr(thing, "act")}
    return found


def _everything() -> dict[str, list]:
    """Every row of every table but the record's, as text."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.app_label != "audit"]
    return {
        model._meta.label: sorted(map(str, model._base_manager.values_list()))
        for model in models
        if model._meta.managed
    }


def test_every_action_is_in_this_table():
    assert {act.__qualname__ for act in _all_actions()} == {act.__qualname__ for act in ACTS}
    assert _all_actions() == set(ACTS)


@pytest.mark.rule(12)
@pytest.mark.requirement("AU1")
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_an_act_writes_exactly_one_event(act):
    given = ACTS[act](House())

    act(**given)

    assert list(Event.objects.values_list("name", flat=True)) == [act.act.name]


@pytest.mark.rule(12)
@pytest.mark.requirement("AU10")
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_an_act_whose_event_cannot_be_written_changes_nothing(act, monkeypatch):
    given = ACTS[act](House())
    before = _everything()
    for written in ("_append", "_append_many"):
        monkeypatch.setattr(f"audit.recording.{written}", lambda *args: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        act(**given)

    assert _everything() == before


@pytest.mark.rule(1)
@pytest.mark.rule(12)
@pytest.mark.parametrize("act", [act for act in ACTS if act not in FREE], ids=lambda act: act.__name__)
def test_a_stranger_can_do_no_act_and_the_attempt_is_recorded(act):
    house = House()
    given = {**ACTS[act](house), "by": PersonFactory(name="Stella")}
    before = _everything()

    with pytest.raises((PermissionDenied, Refused)) as refusal:
        act(**given)
    record_refusal(refusal.value)

    assert _everything() == before
    assert list(Event.objects.values_list("name", "result")) == [(act.act.name, "refused")]


@pytest.mark.rule(1)
@pytest.mark.parametrize("act", [act for act in ACTS if act not in {*FREE, *ONESELF}], ids=lambda act: act.__name__)
def test_an_act_asks_the_database_again_and_not_what_the_request_remembers(act):
    """A person who is switched off after the page was opened does nothing any more, whatever the object remembers."""
    house = House()
    given = ACTS[act](house)
    actor = given["by"]
    actor.has_perm("view_account", given.get("account", house.account))  # remembered now
    Person.objects.filter(pk=actor.pk).update(is_active=False)

    with pytest.raises((PermissionDenied, Refused)):
        act(**given)


@pytest.mark.rule(3)
def test_the_owner_is_in_no_table_of_what_can_be_ended():
    house = House()
    anna = house.member(holding="administrator").person

    with pytest.raises(Refused):
        teams.suspend(membership=owner_of(house.account), by=anna)
    with pytest.raises(Refused):
        teams.offboard(membership=owner_of(house.account), by=anna, reason="x")
    with pytest.raises(Refused):
        teams.change_role(membership=owner_of(house.account), role=role("editor"), by=anna)
    with pytest.raises(Refused):
        teams.leave(membership=owner_of(house.account), by=house.olga)

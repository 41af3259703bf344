"""Each act is one transaction with exactly one event; without its event it does not happen (rule 12, AU1, AU10)."""

import datetime as dt
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.apps import apps
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts import actions as accounts
from accounts.actions import guessing, mails
from accounts.errors import Frozen
from accounts.events import LOG_KEPT, RECORD_BROKEN
from accounts.models import (
    BusinessAccount,
    KnownDevice,
    OutgoingMail,
    Person,
    RecoveryCode,
    SecurityPolicy,
    SignInAlarm,
)
from accounts.sessions import SessionStore
from audit.keeping import Found
from audit.models import Chain, Event
from audit.querysets import Narrowing
from audit.recording import SYSTEM, Refused, note, record_refusal
from audit.removing import Anchor
from audit.verification import Break
from invitations import actions as invitations
from invitations import fates
from invitations.actions.answering import refuse_acceptance
from logins import actions as logins
from logins.models import Knower
from logins.policies import statement_of_change, statement_of_retirement
from notices import actions as notices
from oversight import actions as oversight
from reviews import actions as reviews
from reviews.models import Item
from streams import actions as streams
from teams import actions as teams
from teams.engagements import engagement_of, key_of
from teams.events import ROLE_CHANGED
from teams.freezing import LEFT_TO_THE_OWNER
from teams.models import Membership, Role, Terms
from teams.packing import packed
from tests.factories import (
    PASSWORD,
    TOTP_SECRET,
    AccessRequestFactory,
    AlertFactory,
    AssetFactory,
    AssetGroupFactory,
    BusinessAccountFactory,
    CampaignFactory,
    ChangeTaskFactory,
    DeliveryFactory,
    EndedEngagementFactory,
    FactorResetFactory,
    ImportFactory,
    InvitationFactory,
    KnowerFactory,
    LogExportFactory,
    MembershipFactory,
    OwnershipClaimFactory,
    OwnershipOfferFactory,
    PendingActFactory,
    PeopleGroupFactory,
    PersonFactory,
    ReceiptFactory,
    ReviewItemFactory,
    ReviewScheduleFactory,
    RoleFactory,
    SavedViewFactory,
    SharedLoginFactory,
    StreamFactory,
    claimant_in,
    locked_out_in,
    named_as_successor,
    older,
    owner_of,
    with_factor,
    with_plan,
)
from tests.showing import code_of
from watching import actions as watching
from watching.happenings import Finding
from watching.models import Tuning

pytestmark = pytest.mark.django_db


def _has_app(person: Person) -> Person:
    TOTP.activate(person, TOTP_SECRET)
    return person


def _with_app(person: Person) -> dict[str, Any]:
    return {"person": _has_app(person), "code": code_of(TOTP_SECRET), "by": person}


def _with_codes(person: Person) -> dict[str, Any]:
    RecoveryCode.objects.create(person=person, digest=RecoveryCode.digest_of("abcd"))
    return {"person": person, "code": "ABCD", "by": person}


@dataclass
class House:
    """One account with its owner, and what the acts need."""

    account: BusinessAccount = field(default_factory=BusinessAccountFactory)

    @property
    def olga(self) -> Person:
        return self.account.owner

    def member(self, **given: Any) -> Membership:
        return MembershipFactory(account=self.account, **given)

    def raised(self, days: float) -> Membership:
        return self.member(holding="analyst", raised_to=role("editor"), raised_until=in_days(days))

    def invited(self, **given: Any) -> dict[str, Any]:
        invitation = InvitationFactory(account=self.account, **given)
        return {"invitation": invitation, "by": PersonFactory(email=invitation.address)}

    def role(self) -> Role:
        return RoleFactory(account=self.account)

    def planned(self, **given: Any) -> BusinessAccount:
        return with_plan(self.account, **given)

    def mail(self) -> OutgoingMail:
        return OutgoingMail.objects.create(
            kind="invitation", account=self.account, about_kind="invitation", about_id=1, tries=1,
            address="a@example.com", message_id="<a@example.com>", state="sending",
        )  # fmt: skip


def _frozen(house: House) -> BusinessAccount:
    account, account.frozen_at, account.frozen_by = house.account, timezone.now(), house.olga
    account.save()
    return account


def _who_changed(house: House) -> Person:
    """Return an administrator who has changed somebody's role, as tables and log tell it."""
    anna, member = house.member(holding="administrator"), house.member()
    before = member.role_as_event()
    member.take_role(role("analyst"))
    member.save()
    note(ROLE_CHANGED, by=anna.person, on=house.account, target=member, before=before, after=member.role_as_event())
    return anna.person


def in_days(days: float) -> dt.datetime:
    return timezone.now() + dt.timedelta(days=days)


def role(code: str) -> Role:
    return Role.objects.built_in(code)


# Each action with the arguments of one whole act. An action that is not here fails the test below.
ACTS: dict[Callable[..., Any], Callable[[House], dict[str, Any]]] = {
    accounts.change_settings: lambda h: {"account": h.account, "name": "Other", "by": h.olga},
    accounts.upgrade: lambda h: {"account": BusinessAccountFactory(kind="standard", owner=h.olga), "by": h.olga},
    teams.change_policy: lambda h: {"account": h.account, "by": h.olga, "invitation_days": 3},
    teams.plan_policy: lambda h: {
        "account": h.account, "by": h.olga, "starts_at": in_days(3), "reason": "A leak", "second_factor": "everyone",
    },
    teams.withdraw_plan: lambda h: {"account": h.planned(), "by": h.olga},
    teams.remind_of_plan: lambda h: {"account": h.planned(), "by": h.olga},
    teams.announce_plan: lambda h: {"account": h.planned(days=0.5), "by": SYSTEM},
    teams.start_plan: lambda h: {"account": h.planned(days=-1), "by": SYSTEM},
    teams.lapse_plan: lambda h: {"account": h.planned(planned_by=PersonFactory()), "by": SYSTEM},
    accounts.add_asset: lambda h: {"account": h.account, "kind": "other", "name": "A", "handle": "", "by": h.olga},
    accounts.change_asset: lambda h: {
        "asset": AssetFactory(account=h.account), "kind": "other", "name": "B", "handle": "", "by": h.olga,
    },
    accounts.archive_asset: lambda h: {"asset": AssetFactory(account=h.account), "by": h.olga},
    teams.restore_asset: lambda h: {
        "asset": AssetFactory(account=h.account, archived_at=timezone.now()), "by": h.olga,
    },
    accounts.change_billing: lambda h: {"account": h.account, "name": "Fiona", "by": h.olga},
    accounts.keep_log: lambda h: {"account": h.account, "years": 3, "by": h.olga},
    accounts.remove_old_events: lambda h: _has_old_events(h),
    accounts.change_plan: lambda h: {"account": h.account, "plan": "team", "by": h.olga},
    accounts.change_profile: lambda h: {"person": h.olga, "name": "Other", "time_zone": "UTC", "by": h.olga},
    accounts.stop_password: lambda h: {"tried": _hundredth(h.olga), "by": SYSTEM},
    accounts.note_place: lambda h: {**_from_elsewhere(h.olga), "by": h.olga},
    accounts.disown_sign_in: lambda h: {"alarm": _alarm_of(h.olga), "by": AnonymousUser()},
    accounts.end_sessions: lambda h: {"person": h.olga, "keys": [_session_of(h.olga)], "by": h.olga},
    mails.settle_sent: lambda h: {"mail": h.mail(), "by": SYSTEM},
    mails.settle_delayed: lambda h: {"mail": h.mail(), "problem": "try later", "by": SYSTEM},
    mails.settle_parked: lambda h: {"mail": h.mail(), "problem": "no such address", "by": SYSTEM},
    teams.open_account: lambda h: {"name": "New", "kind": "business", "by": h.olga},
    teams.close_account: lambda h: {"account": h.account, "by": h.olga},
    teams.freeze: lambda h: {"account": h.account, "by": h.olga},
    teams.lift_freeze: lambda h: {"account": _frozen(h), "by": h.olga},
    teams.undo_changes: lambda h: {"account": h.account, "person": _who_changed(h), "hours": 24, "by": h.olga},
    teams.confirm_role: lambda h: {"membership": h.member(unconfirmed=True), "by": h.olga},
    teams.change_role: lambda h: {"membership": h.member(), "role": role("analyst"), "by": h.olga},
    teams.raise_role: lambda h: {
        "membership": h.member(holding="analyst"), "role": role("editor"), "until": in_days(7), "by": h.olga,
    },
    teams.set_role_end: lambda h: {"membership": h.raised(3), "until": in_days(9), "by": h.olga},
    teams.end_role: lambda h: {"membership": h.raised(3), "by": h.olga},
    teams.announce_role_end: lambda h: {"membership": h.raised(3), "by": SYSTEM},
    teams.note_role_end: lambda h: {"membership": h.raised(-1), "by": SYSTEM},
    teams.create_role: lambda h: {"account": h.account, "name": "Campaign lead", "codes": ["run_ads"], "by": h.olga},
    teams.edit_role: lambda h: {"role": h.role(), "name": "Other", "codes": ["run_ads"], "by": h.olga},
    teams.retire_role: lambda h: _held_role(h),
    teams.suspend: lambda h: {"membership": h.member(), "by": h.olga},
    accounts.appoint: lambda h: {"person": PersonFactory(), "by": SYSTEM},
    accounts.dismiss: lambda h: {"person": PersonFactory(is_staff=True), "by": SYSTEM},
    accounts.look_into: lambda h: {"account": h.account, "reason": "Mails do not arrive", "by": _of_staff()},
    accounts.send_password_mail: lambda h: {
        "person": PersonFactory(), "reason": "Asked for it by phone", "by": _of_staff(),
    },
    accounts.show_time_code: lambda h: _with_app(h.olga),
    accounts.use_recovery_code: lambda h: _with_codes(h.olga),
    accounts.make_recovery_codes: lambda h: {"person": _has_app(h.olga), "by": h.olga},
    teams.end_sessions_of_member: lambda h: {"membership": h.member(), "by": h.olga},
    teams.restore: lambda h: {"membership": h.member(suspended=True), "by": h.olga},
    teams.offboard: lambda h: {"membership": h.member(), "by": h.olga, "reason": "Left"},
    teams.erase_person: lambda h: {"address": h.member(ended=True).person.email, "by": SYSTEM, "reason": "Asked"},
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
    teams.ask_for_reset: lambda h: _resettable(h),
    teams.refuse_reset: lambda h: _reset(h, by="person"),
    teams.withdraw_reset: lambda h: _reset(h, by="asked_by"),
    teams.carry_out_reset: lambda h: _reset(h, by="person", hours=49),
    teams.lapse_reset: lambda h: {**_reset(h, by="person", hours=48 + 15 * 24), "by": SYSTEM},
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
    teams.ask_second_person: lambda h: {
        "account": h.account, "act": "closing", "does": "close_account", "arguments": packed({"account": h.account}),
        "way": "approve", "hours": 24, "by": h.olga,
    },
    teams.approve_act: lambda h: {"pending": PendingActFactory(account=h.account), "by": h.olga},
    teams.cancel_act: lambda h: {"pending": PendingActFactory(account=h.account), "by": h.olga},
    teams.fail_act: lambda h: {"pending": PendingActFactory(account=h.account), "why": "No room", "by": SYSTEM},
    teams.expire_act: lambda h: {
        "pending": older(PendingActFactory(account=h.account), dt.timedelta(days=8)), "by": SYSTEM,
    },
    teams.change_second_person: lambda h: {
        "account": h.account, "rules": {"export": ["notify", 24]}, "by": h.olga,
    },
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
    reviews.start_campaign: lambda h: (lambda member: {"account": member.account, "name": "Autumn", "by": h.olga})(h.member()),
    reviews.start_scheduled: lambda h: {"schedule": ReviewScheduleFactory(account=h.account), "by": SYSTEM},
    reviews.change_schedule: lambda h: {"account": h.account, "every": "quarter", "by": h.olga},
    reviews.decide: lambda h: {"item": _item(h), "decision": "end", "by": h.olga},
    reviews.pass_on: lambda h: (h.member(holding="administrator"), {"item": _item(h), "by": h.olga})[1],
    reviews.keep_rest: lambda h: {"campaign": _item(h).campaign, "reason": "All were asked", "by": h.olga},
    reviews.reassign: lambda h: {"item": _item(h), "reviewer": h.member(), "by": h.olga},
    reviews.note_carried_out: lambda h: {
        "item": _item(h, membership=h.member(ended=True), decision="end", decided_by=h.olga), "by": h.olga,
    },
    reviews.note_hindrance: lambda h: {
        "item": _item(h, decision="end", decided_by=h.olga), "words": "Only the owner", "by": h.olga,
    },
    reviews.close_campaign: lambda h: {"campaign": CampaignFactory(account=h.account), "by": h.olga},
    reviews.remind_reviewers: lambda h: {"campaign": _item(h).campaign, "by": SYSTEM},
    reviews.settle_silence: lambda h: {"campaign": _item(h, campaign__overdue=True).campaign, "by": SYSTEM},
    reviews.suspend_for_silence: lambda h: {"item": _item(h, decision="suspend"), "by": SYSTEM},
    notices.choose: lambda h: {"person": h.olga, "channels": {"joined": "inbox"}, "by": h.olga},
    refuse_acceptance: lambda h: {**h.invited(), "reason": "the inviter may not"},
    accounts.note_check: lambda h: {"found": Found(10, 1, None, ()), "by": SYSTEM},
    accounts.note_break: lambda h: {
        "on": h.account, "place": Break(f"account/{h.account.pk}", 3, "event 3 is missing"), "by": SYSTEM,
    },
    accounts.note_silence: lambda h: {"what": "check", "since": in_days(-2), "by": SYSTEM},
    watching.raise_alert: lambda h: {
        "account": h.account, "rule": "mass_export", "by": SYSTEM,
        "finding": Finding(f"person/{h.olga.pk}", "account/1:7", timezone.now(), h.olga.pk, {"exports": 9, "hours": 24}),
    },
    watching.read_on: lambda h: {"chain_id": _broken_chain(h), "by": SYSTEM},
    watching.acknowledge: lambda h: {"alert": AlertFactory(account=h.account), "note": "It was her", "by": h.olga},
    watching.reopen: lambda h: {"alert": AlertFactory(account=h.account, acknowledged=True), "by": h.olga},
    watching.tune_rule: lambda h: {"account": h.account, "rule": "mass_export", "values": {"exports": 9}, "by": h.olga},
    watching.mute_rule: lambda h: {"account": h.account, "rule": "mass_export", "until": in_days(7), "by": h.olga},
    watching.unmute_rule: lambda h: {"account": _muting(h), "rule": "mass_export", "by": h.olga},
    oversight.note_reading: lambda h: {"account": h.account, "by": h.olga},
    oversight.export_log: lambda h: {"account": h.account, "by": h.olga, "narrowed": {}},
    oversight.ask_for_export: lambda h: {"account": h.account, "by": h.olga, "narrowed": {}, "wanted": Narrowing()},
    oversight.save_view: lambda h: {
        "account": h.account, "name": "Refused", "asks": {"result": "refused"}, "by": h.olga,
    },
    oversight.remove_view: lambda h: {"view": SavedViewFactory(account=h.account), "by": h.olga},
    oversight.finish_export: lambda h: {"export": LogExportFactory(account=h.account), "by": SYSTEM},
    oversight.fail_export: lambda h: {
        "export": LogExportFactory(account=h.account), "problem": "It was begun too often", "by": SYSTEM,
    },
    oversight.take_export: lambda h: {
        "export": LogExportFactory(account=h.account, state="ready", expires_at=in_days(1)), "by": h.olga,
    },
    streams.add_stream: lambda h: {
        "account": h.account, "label": "Logs", "kind": "webhook", "form": "json", "address": "https://logs.example.com/in",
        "by": h.olga,
    },
    streams.change_stream: lambda h: {
        "stream": StreamFactory(account=h.account), "label": "Logs", "form": "ocsf", "address": "https://x.example.com/",
        "by": h.olga,
    },
    streams.make_secret: lambda h: {"stream": StreamFactory(account=h.account), "by": h.olga},
    streams.test_stream: lambda h: {"stream": StreamFactory(account=h.account), "by": h.olga},
    streams.pause_stream: lambda h: {"stream": StreamFactory(account=h.account), "by": h.olga},
    streams.resume_stream: lambda h: {"stream": StreamFactory(account=h.account, state="paused"), "by": h.olga},
    streams.remove_stream: lambda h: {"stream": StreamFactory(account=h.account), "by": h.olga},
    streams.stop: lambda h: {"stream": StreamFactory(account=h.account), "problem": "It answered 500.", "by": SYSTEM},
    streams.park: lambda h: {
        "delivery": DeliveryFactory(stream=StreamFactory(account=h.account), state="waiting"), "turn": 0,
        "problem": "It answered 500.", "by": SYSTEM,
    },
    streams.send_again: lambda h: {
        "delivery": DeliveryFactory(stream=StreamFactory(account=h.account)), "by": h.olga,
    },
    streams.drop_batch: lambda h: {
        "delivery": DeliveryFactory(stream=StreamFactory(account=h.account)), "by": h.olga,
    },
}  # fmt: skip
# What the system does, and what is asked of nobody: no person can lack a permission for it.
FREE = {
    reviews.start_scheduled, reviews.remind_reviewers, reviews.settle_silence, reviews.suspend_for_silence,
    mails.settle_sent, mails.settle_delayed, mails.settle_parked, teams.open_account, accounts.change_profile,
    teams.announce_end, teams.note_end, teams.announce_role_end, teams.note_role_end, teams.note_lapse, invitations.note_expiry,
    teams.announce_plan, teams.start_plan, teams.lapse_plan,
    mails.settle_sent, mails.settle_delayed, mails.settle_parked, logins.remind, teams.open_account, accounts.change_profile,
    invitations.decline, invitations.note_opening, invitations.sign_up, refuse_acceptance, oversight.note_reading,
    invitations.finish_import,
    accounts.stop_password, accounts.note_place, accounts.disown_sign_in, oversight.export_log, teams.remind_of_claim,
    accounts.note_check, accounts.note_break, accounts.note_silence, teams.erase_person, accounts.remove_old_events,
    streams.stop, streams.park, watching.raise_alert, watching.read_on,
    oversight.ask_for_export, oversight.finish_export, oversight.fail_export,
    teams.lapse_claim, teams.lapse_reset, notices.choose, teams.fail_act, teams.expire_act, accounts.appoint, accounts.dismiss,
}  # fmt: skip
ONESELF = {
    *(teams.leave, teams.withdraw_request, accounts.end_sessions),
    *(teams.refuse_reset, teams.carry_out_reset, oversight.remove_view),
    *(accounts.show_time_code, accounts.use_recovery_code, accounts.make_recovery_codes),
}  # what takes away from oneself needs no power


_KNOWER = {"name": "Marco", "address": "", "since_on": dt.date(2026, 1, 1), "told_by": "", "purpose": ""}


def _item(house: House, **given: Any) -> Item:
    return ReviewItemFactory(campaign__account=house.account, **given)


def _of_staff() -> Person:
    return _has_app(PersonFactory(is_staff=True))


def _knower(house: House) -> Knower:
    return KnowerFactory(login=SharedLoginFactory(account=house.account))


def _broken_chain(house: House) -> int:
    note(RECORD_BROKEN, by=SYSTEM, on=house.account, after={"number": 3}, reason="event 3 is missing")
    return Chain.objects.get(kind="account", subject_id=house.account.pk).pk


def _muting(house: House) -> BusinessAccount:
    Tuning.objects.create(account=house.account, rule="mass_export", muted_until=in_days(7))
    return house.account


def _standard(house: House) -> BusinessAccount:
    house.account.kind = BusinessAccount.Kind.STANDARD
    house.account.save(update_fields=["kind"])
    return house.account


def _hundredth(person: Person) -> guessing.Try:
    return guessing.take_try(address=person.email, network="192.0.2.1")


def _from_elsewhere(person: Person) -> dict[str, Any]:
    KnownDevice.objects.create(person=person, digest="0" * 64)
    return {"person": person, "device": "another", "address": "192.0.2.1", "user_agent": "Firefox"}


def _alarm_of(person: Person) -> SignInAlarm:
    return SignInAlarm.objects.create(
        person=person,
        token_hash="0" * 64,
        device="Firefox",
        network="192.0.2.0/24",
        at=timezone.now(),
        expires_at=in_days(7),
    )


def _session_of(person: Person) -> str:
    store = SessionStore()
    store[SESSION_KEY] = str(person.pk)
    store.create()
    return store.session_key


def _looked_at(house: House) -> dict[str, Any]:
    listing = ImportFactory(account=house.account)
    rows = fates.foresee(listing, house.account, by=house.olga)
    return {"listing": listing, "seen": fates.fingerprint(rows), "by": house.olga}


def _has_old_events(house: House) -> dict[str, Any]:
    """Return what removes the account's first event, as if a checkpoint had seen it long ago."""
    account = house.account
    note(LOG_KEPT, by=SYSTEM, on=account)
    account.log_kept_years, account.log_kept_since = 1, in_days(-60)
    account.save()
    event = Event.objects.of(account).get()
    return {"account": account, "anchor": Anchor(1, bytes(event.hash), 7, in_days(-400)), "by": SYSTEM}


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


def _strict(house: House) -> BusinessAccount:
    """Let the account ask everybody in it for a second factor, and everybody have one."""
    SecurityPolicy.objects.filter(account=house.account).update(second_factor="everyone")
    for member in Membership.objects.filter(account=house.account):
        with_factor(member.person)
    return house.account


def _resettable(house: House) -> dict[str, Any]:
    member = locked_out_in(_strict(house))
    return {"membership": member, "reason": "Lost the phone", "shown_at": timezone.now(), "by": house.olga}


def _reset(house: House, *, by: str, hours: int = 0) -> dict[str, Any]:
    reset = FactorResetFactory(account=_strict(house), hours=hours)
    return {"reset": reset, "by": getattr(reset, by)}


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
            found |= {thing for thing in vars(module).values() if hasattr(thing, "act") and not isinstance(thing, type)}
    return found


def everything() -> dict[str, list]:
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
    newest = max(Event.objects.values_list("pk", flat=True), default=0)

    act(**given)

    written = Event.objects.filter(pk__gt=newest).order_by("pk")
    assert list(written.values_list("name", flat=True)) == [act.act.name]


@pytest.mark.rule(12)
@pytest.mark.requirement("AU10")
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_an_act_whose_event_cannot_be_written_changes_nothing(act, monkeypatch):
    given = ACTS[act](House())
    before = everything()
    for written in ("_append", "_append_many"):
        monkeypatch.setattr(f"audit.recording.{written}", lambda *args: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        act(**given)

    assert everything() == before


@pytest.mark.rule(1)
@pytest.mark.rule(12)
@pytest.mark.parametrize("act", [act for act in ACTS if act not in FREE], ids=lambda act: act.__name__)
def test_a_stranger_can_do_no_act_and_the_attempt_is_recorded(act):
    house = House()
    given = {**ACTS[act](house), "by": PersonFactory(name="Stella")}
    before, known = everything(), Event.objects.count()

    with pytest.raises((PermissionDenied, Refused)) as refusal:
        act(**given)
    record_refusal(refusal.value)

    assert everything() == before
    assert list(Event.objects.order_by("pk").values_list("name", "result")[known:]) == [(act.act.name, "refused")]


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


# What happens in a frozen account too: it gives nobody anything and takes nothing away, is the portal's own, or only the
# owner's (`freezing.LEFT_TO_THE_OWNER`); or is about a person or a new account, where nothing is frozen.
GOES_ON = {
    accounts.change_settings, accounts.upgrade, accounts.change_asset, accounts.change_profile, accounts.end_sessions,
    mails.settle_sent, mails.settle_delayed, mails.settle_parked, teams.open_account, teams.freeze, teams.lift_freeze,
    teams.announce_end, teams.note_end, teams.announce_role_end, teams.note_role_end, teams.note_lapse,
    teams.remind_of_claim, teams.lapse_claim,
    teams.ask_for_access, teams.refuse_request, teams.withdraw_request, teams.export_members,
    teams.decline_ownership, teams.withdraw_offer, teams.refuse_claim, teams.withdraw_claim,
    invitations.decline, invitations.note_opening, invitations.sign_up, invitations.note_expiry, refuse_acceptance,
    teams.withdraw_plan, teams.remind_of_plan, teams.announce_plan, teams.start_plan, teams.lapse_plan,
    teams.announce_role_end, teams.note_role_end, teams.refuse_reset, teams.withdraw_reset, teams.lapse_reset,
    teams.end_sessions_of_member, accounts.show_time_code, accounts.use_recovery_code, accounts.make_recovery_codes,
    accounts.stop_password, accounts.note_place, accounts.disown_sign_in, accounts.look_into, accounts.send_password_mail,
    accounts.note_check, accounts.note_break, accounts.note_silence, teams.erase_person,
    accounts.appoint, accounts.dismiss,
    invitations.upload_list, invitations.map_columns, invitations.stop_import, invitations.finish_import,
    accounts.change_billing, accounts.change_plan, accounts.keep_log, accounts.remove_old_events, teams.erase_person,
    teams.ask_second_person, teams.cancel_act, teams.fail_act, teams.expire_act,
    *(
        act for act in ACTS
        if act.__module__.startswith(("logins", "notices", "oversight", "reviews", "streams", "watching"))
    ),
}  # fmt: skip


def _freeze(house: House, given: dict[str, Any]) -> Person:
    """Freeze the account of an act by an administrator, and return another one who does what only the owner may not."""
    rows = [account for row in given.values() if isinstance(account := getattr(row, "account", None), BusinessAccount)]
    account = BusinessAccount.objects.get(pk=(rows[0] if rows else house.account).pk)
    anna, bert = (MembershipFactory(account=account, holding="administrator").person for _each in range(2))
    account.frozen_at, account.frozen_by = timezone.now(), anna
    account.save()
    return bert


@pytest.mark.parametrize("act", [act for act in ACTS if act not in GOES_ON], ids=lambda act: act.__name__)
def test_a_freeze_holds_for_every_act_that_changes_anybodys_access(act):
    house = House()
    given = ACTS[act](house)
    other = _freeze(house, given)
    if act.act in LEFT_TO_THE_OWNER:
        given["by"] = other
    before = everything()

    with pytest.raises(Frozen):
        act(**given)

    assert everything() == before


@pytest.mark.parametrize("act", [act for act in ACTS if act.act in LEFT_TO_THE_OWNER], ids=lambda act: act.__name__)
def test_in_a_freeze_the_owner_takes_power_all_the_same(act):
    house = House()
    given = ACTS[act](house)
    _freeze(house, given)

    act(**given)

    assert Event.objects.of(house.account).latest("number").name == act.act.name


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

"""What the people of the story do. Each verb is one act, done through the same command as on a page."""

import datetime as dt
from typing import Any

from allauth.account import signals as account_signals
from allauth.account.models import EmailAddress
from allauth.mfa import signals as factor_signals
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth import signals as auth_signals
from django.contrib.auth.models import AnonymousUser, update_last_login
from django.contrib.messages.storage.base import BaseStorage
from django.test import RequestFactory
from django.urls import resolve, reverse
from django.utils import timezone

import accounts.actions
import invitations.actions
import logins.actions
import notices.actions
import oversight.actions
import reviews.actions
import streams.actions
import teams.actions
import watching.actions
from accounts import receivers
from accounts.actions import mails
from accounts.models import Person
from audit.origin import Origin, stands_for
from audit.querysets import Narrowing
from audit.recording import SYSTEM, Refused, record_refusal
from invitations.errors import OfferLostItsGround
from invitations.fates import fingerprint, foresee
from invitations.models import Import
from logins.policies import statement_of_change
from streams.delivery import Outcome
from teams.engagements import engagement_of, key_of
from teams.models import OwnershipClaim, PendingAct, Terms
from watching.models import Alert

from .cast import CAST
from .stage import Grants, Stage, address_of


# --- People -----------------------------------------------------------------------------------------------------------
def sign_up(stage: Stage, who: str) -> None:
    """Make a sign-in with a confirmed address: the rows that allauth makes, and what it tells about them."""
    character = CAST[who]
    person = Person(
        email=character.address,
        name=character.name,
        time_zone=character.time_zone,
        password=stage.password,
        is_staff=character.staff,
        is_superuser=character.staff,
    )
    person.save()
    address = EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    stage.people[who] = person
    account_signals.user_signed_up.send(sender=Person, request=None, user=person)
    account_signals.email_confirmed.send(sender=EmailAddress, request=None, email_address=address)


def sign_in(stage: Stage, who: str) -> None:
    """Sign in. The signal itself would want a request and open a session."""
    update_last_login(Person, stage.people[who])
    receivers.note_sign_in(user=stage.people[who])


def sign_in_from(stage: Stage, who: str, address: str, browser: str) -> None:
    """Sign in from where the person never was, with what they never had: somebody else."""
    with stands_for(Origin(address=address, user_agent=browser)):
        receivers.note_sign_in(user=stage.people[who])


def sign_out(stage: Stage, who: str) -> None:
    """Sign out."""
    receivers.note_sign_out(user=stage.people[who])


def mistype_password(stage: Stage, who: str) -> None:
    """Fail to sign in; `who` may be an address that nobody has."""
    auth_signals.user_login_failed.send(sender=Person, credentials={"email": address_of(who)}, request=None)


def change_password(stage: Stage, who: str) -> None:
    """Set a new password (here the same one) by the mailed link."""
    account_signals.password_reset.send(sender=Person, request=None, user=stage.people[who])


def set_up_second_factor(stage: Stage, who: str) -> None:
    """Turn on time codes, with recovery codes."""
    person = stage.people[who]
    factor = TOTP.activate(person, CAST[who].factor_secret).instance
    factor_signals.authenticator_added.send(sender=Authenticator, request=None, user=person, authenticator=factor)
    accounts.actions.make_recovery_codes(person=person, by=person)


def change_profile(stage: Stage, who: str, time_zone: str) -> None:
    """Move to another time zone."""
    person = stage.people[who]
    accounts.actions.change_profile(person=person, name=person.name, time_zone=time_zone, by=person)


def read_inbox(stage: Stage, who: str) -> None:
    """Read all that stands in the inbox."""
    person = stage.people[who]
    newest = person.notices.order_by("-pk").first()
    if newest is not None:
        notices.actions.mark_all_read(Person.objects.get(pk=person.pk), up_to=newest.pk)


def choose_notices(stage: Stage, who: str, **channels: str) -> None:
    """Choose what comes by mail, and how often."""
    notices.actions.choose(person=stage.people[who], channels=channels, by=stage.people[who])


# --- Accounts and assets ----------------------------------------------------------------------------------------------
def open_account(stage: Stage, account: str, name: str, by: str, kind: str = "business") -> None:
    """Open an account."""
    stage.accounts[account] = teams.actions.open_account(name=name, kind=kind, by=stage.people[by])


def upgrade(stage: Stage, account: str, by: str) -> None:
    """Make it a business account."""
    stage.accounts[account] = accounts.actions.upgrade(account=stage.accounts[account], by=stage.people[by])


def close_account(stage: Stage, account: str, by: str) -> None:
    """Close it."""
    teams.actions.close_account(account=stage.accounts[account], by=stage.people[by])


def rules_watch(stage: Stage) -> None:
    """Let the rules read on in the log, as beat has them do every minute."""
    watching.actions.read_all()


def acknowledge_alert(stage: Stage, account: str, rule: str, note: str, by: str) -> None:
    """Say what came of an alert."""
    alert = Alert.objects.open().get(account=stage.accounts[account], rule=rule)
    watching.actions.acknowledge(alert=alert, note=note, by=stage.people[by])


def tune_rule(stage: Stage, account: str, rule: str, by: str, **values: int) -> None:
    """Set the numbers of a rule of watching."""
    watching.actions.tune_rule(account=stage.accounts[account], rule=rule, values=values, by=stage.people[by])


def mute_rule(stage: Stage, account: str, rule: str, days: int, by: str, reason: str) -> None:
    """Let a rule of watching say nothing for a while."""
    until = timezone.now() + dt.timedelta(days=days)
    watching.actions.mute_rule(
        account=stage.accounts[account], rule=rule, until=until, reason=reason, by=stage.people[by]
    )


def look_into(stage: Stage, account: str, by: str, reason: str) -> None:
    """Look into it as the platform's staff."""
    accounts.actions.look_into(account=stage.accounts[account], reason=reason, by=stage.people[by])


def rename_account(stage: Stage, account: str, name: str, by: str) -> None:
    """Give it another name."""
    stage.accounts[account] = accounts.actions.change_settings(
        account=stage.accounts[account], name=name, by=stage.people[by]
    )


def change_policy(stage: Stage, account: str, by: str, **wanted: Any) -> None:
    """Change the security policy."""
    teams.actions.change_policy(account=stage.accounts[account], by=stage.people[by], **wanted)


def plan_policy(stage: Stage, account: str, by: str, starts_at: dt.datetime, reason: str = "", **wanted: Any) -> None:
    """Plan another security policy."""
    teams.actions.plan_policy(
        account=stage.accounts[account], by=stage.people[by], starts_at=starts_at, reason=reason, **wanted
    )


def plans_are_minded(stage: Stage) -> None:
    """The portal tells of planned policies that come near, and writes down which count."""
    teams.actions.mind_plans()


def change_billing(stage: Stage, account: str, by: str, **contact: str) -> None:
    """Say whom the bills go to."""
    accounts.actions.change_billing(account=stage.accounts[account], by=stage.people[by], **contact)


def change_plan(stage: Stage, account: str, plan: str, by: str) -> None:
    """Choose another plan."""
    accounts.actions.change_plan(account=stage.accounts[account], plan=plan, by=stage.people[by])


def ask_for_second_person(stage: Stage, account: str, act: str, way: str, by: str, approved_by: str) -> None:
    """Ask for a second person before acts of a kind, which somebody else approves at once."""
    here = stage.accounts[account]
    try:
        teams.actions.change_second_person(account=here, rules={act: [way, 24]}, by=stage.people[by])
    except Refused as held_back:
        record_refusal(held_back)
    pending = PendingAct.objects.waiting().get(account=here)
    teams.actions.carry_out(teams.actions.approve_act(pending=pending, by=stage.people[approved_by]))


def add_asset(stage: Stage, account: str, kind: str, name: str, by: str, handle: str = "") -> None:
    """Add an asset."""
    accounts.actions.add_asset(
        account=stage.accounts[account], kind=kind, name=name, handle=handle, by=stage.people[by]
    )


def rename_asset(stage: Stage, account: str, name: str, to: str, by: str) -> None:
    """Give an asset another name."""
    asset = stage.asset(account, name)
    accounts.actions.change_asset(asset=asset, kind=asset.kind, name=to, handle=asset.handle, by=stage.people[by])


def archive_asset(stage: Stage, account: str, name: str, by: str) -> None:
    """Put an asset away."""
    accounts.actions.archive_asset(asset=stage.asset(account, name), by=stage.people[by])


def restore_asset(stage: Stage, account: str, name: str, by: str) -> None:
    """Bring an asset back."""
    teams.actions.restore_asset(asset=stage.asset(account, name), by=stage.people[by])


# --- The team ---------------------------------------------------------------------------------------------------------
def confirm_role(stage: Stage, account: str, who: str, by: str) -> None:
    """Confirm a role as intended."""
    teams.actions.confirm_role(membership=stage.member(account, who), by=stage.people[by])


def change_role(stage: Stage, account: str, who: str, role: str, by: str, reason: str = "") -> None:
    """Give another role."""
    teams.actions.change_role(
        membership=stage.member(account, who), role=stage.role(account, role), by=stage.people[by], reason=reason
    )


def raise_role(stage: Stage, account: str, who: str, role: str, days: int, by: str, reason: str = "") -> None:
    """Give a role for a time, until `days` from the present on."""
    teams.actions.raise_role(
        membership=stage.member(account, who),
        role=stage.role(account, role),
        until=stage.now + dt.timedelta(days=days),
        by=stage.people[by],
        reason=reason,
    )


def create_role(stage: Stage, account: str, name: str, codes: set[str], by: str, about: str = "") -> None:
    """Make a role of the account's own."""
    teams.actions.create_role(account=stage.accounts[account], name=name, codes=codes, by=stage.people[by], about=about)


def edit_role(stage: Stage, account: str, code: str, codes: set[str], by: str) -> None:
    """Let a role hold other permissions."""
    role = stage.role(account, code)
    teams.actions.edit_role(role=role, name=role.name, codes=codes, by=stage.people[by], about=role.about)


def retire_role(stage: Stage, account: str, code: str, move_to: str, by: str, reason: str) -> None:
    """Retire a role; who holds it moves to another."""
    role, instead = stage.role(account, code), stage.role(account, move_to)
    teams.actions.retire_role(role=role, move_to=instead, by=stage.people[by], reason=reason)


def make_asset_group(stage: Stage, account: str, name: str, assets: list[str], by: str) -> None:
    """Put assets together under one name."""
    teams.actions.make_asset_group(
        account=stage.accounts[account],
        name=name,
        assets=[stage.asset(account, asset) for asset in assets],
        by=stage.people[by],
    )


def make_people_group(stage: Stage, account: str, name: str, people: list[str], by: str) -> None:
    """Put members together under one name."""
    teams.actions.make_people_group(
        account=stage.accounts[account],
        name=name,
        memberships=[stage.member(account, who) for who in people],
        by=stage.people[by],
    )


def set_grants(
    stage: Stage, account: str, who: str, asset: str, codes: set[str], by: str, reason: str = "", days: int = 0
) -> None:
    """Make `codes` what someone is granted on an asset; `days` from the present on, or for good."""
    teams.actions.set_grants(
        membership=stage.member(account, who),
        asset=stage.asset(account, asset),
        codes=codes,
        ends_at=stage.now + dt.timedelta(days=days) if days else None,
        by=stage.people[by],
        reason=reason,
    )


def agree_on_terms(
    stage: Stage, account: str, who: str, by: str, kind: str, organisation: str, sponsor: str = "", days: int = 0
) -> None:
    """Say on what terms someone is here; `days` from the present on, or none for an access without an end."""
    ends_at = stage.now + dt.timedelta(days=days) if days else None
    answers = stage.people[sponsor] if sponsor else None
    terms = Terms(kind=kind, organisation=organisation, sponsor=answers, ends_at=ends_at)
    teams.actions.change_terms(membership=stage.member(account, who), terms=terms, by=stage.people[by])


def announce_end(stage: Stage, account: str, who: str) -> None:
    """Tell people that an access ends soon."""
    teams.actions.announce_end(membership=stage.member(account, who), by=SYSTEM)


def run_out(stage: Stage, account: str, who: str) -> None:
    """Write down that an access ran out."""
    teams.actions.note_end(membership=stage.member(account, who), by=SYSTEM)


def ask_for_role(stage: Stage, account: str, who: str, role: str, reason: str) -> None:
    """Ask for another role."""
    teams.actions.ask_for_access(
        membership=stage.member(account, who), role=stage.role(account, role), reason=reason, by=stage.people[who]
    )


def ask_on_asset(stage: Stage, account: str, who: str, asset: str, codes: set[str], reason: str, days: int = 0) -> None:
    """Ask for permissions on one asset; `days` from the present on, or for good."""
    ends_at = stage.now + dt.timedelta(days=days) if days else None
    teams.actions.ask_for_access(
        membership=stage.member(account, who), asset=stage.asset(account, asset), codes=codes, ends_at=ends_at,
        reason=reason, by=stage.people[who],
    )  # fmt: skip


def approve_request(stage: Stage, account: str, who: str, by: str, answer: str = "") -> None:
    """Give what someone asked for."""
    request = stage.request(account, who)
    teams.actions.approve_request(
        request=request, codes=request.codes, ends_at=request.ends_at, answer=answer, by=stage.people[by]
    )


def refuse_request(stage: Stage, account: str, who: str, by: str, answer: str) -> None:
    """Say no to what someone asked for."""
    teams.actions.refuse_request(request=stage.request(account, who), answer=answer, by=stage.people[by])


def suspend(stage: Stage, account: str, who: str, by: str, reason: str = "") -> None:
    """Stop someone's power for now."""
    teams.actions.suspend(membership=stage.member(account, who), by=stage.people[by], reason=reason)


def restore(stage: Stage, account: str, who: str, by: str) -> None:
    """Give it back."""
    teams.actions.restore(membership=stage.member(account, who), by=stage.people[by])


def offboard(stage: Stage, account: str, who: str, by: str, reason: str) -> None:
    """End all of a person's access to the account."""
    teams.actions.offboard(membership=stage.member(account, who), by=stage.people[by], reason=reason)


def end_engagement(stage: Stage, account: str, organisation: str, by: str, reason: str) -> None:
    """End the whole engagement of an organisation."""
    business, key = stage.accounts[account], key_of(organisation)
    seen = engagement_of(business, key).fingerprint()
    teams.actions.end_engagement(account=business, key=key, seen=seen, reason=reason, by=stage.people[by])


def leave(stage: Stage, account: str, who: str) -> None:
    """End one's own membership."""
    teams.actions.leave(membership=stage.member(account, who), by=stage.people[who])


def offer_ownership(stage: Stage, account: str, who: str, by: str) -> None:
    """Offer the ownership to a member."""
    teams.actions.offer_ownership(
        account=stage.accounts[account], membership=stage.member(account, who), by=stage.people[by]
    )


def accept_ownership(stage: Stage, account: str, who: str) -> None:
    """Take the ownership over."""
    stage.accounts[account] = teams.actions.accept_ownership(offer=stage.offer(account), by=stage.people[who])


def withdraw_offer(stage: Stage, account: str, by: str) -> None:
    """Take the offer of the ownership back."""
    teams.actions.withdraw_offer(offer=stage.offer(account), by=stage.people[by])


def decline_ownership(stage: Stage, account: str, who: str) -> None:
    """Say no to it."""
    teams.actions.decline_ownership(offer=stage.offer(account), by=stage.people[who])


def name_successor(stage: Stage, account: str, who: str, by: str) -> None:
    """Name a successor, under seal."""
    teams.actions.name_successor(
        account=stage.accounts[account], membership=stage.member(account, who), by=stage.people[by]
    )


def claim_ownership(stage: Stage, account: str, who: str, reason: str) -> None:
    """Claim the ownership, with the second factor shown a moment ago."""
    teams.actions.claim_ownership(
        account=stage.accounts[account], reason=reason, shown_at=timezone.now(), by=stage.people[who]
    )


def refuse_claim(stage: Stage, account: str, by: str) -> None:
    """Refuse the open claim."""
    claim = OwnershipClaim.objects.open().get(account=stage.accounts[account])
    teams.actions.refuse_claim(claim=claim, by=stage.people[by])


# --- Invitations and their mails --------------------------------------------------------------------------------------
def invite(
    stage: Stage, account: str, address: str, role: str, by: str, grants: Grants | None = None, message: str = ""
) -> None:
    """Offer a membership; the mail waits in the outbox."""
    invitations.actions.invite(
        account=stage.accounts[account],
        address=address_of(address),
        role=stage.role(account, role),
        grants=_on_assets(stage, account, grants),
        message=message,
        by=stage.people[by],
    )


def upload_list(stage: Stage, account: str, file: str, rows: list[list[str]], by: str) -> Import:
    """Upload a list of people to invite, and choose its columns: address and role."""
    person = stage.people[by]
    numbered = list(enumerate(rows, 2))
    listing = invitations.actions.upload_list(
        account=stage.accounts[account], file_name=file, head=["Name", "E-mail", "Role"], rows=numbered, by=person
    )
    columns = {"address": 1, "role": 2, "message": None}
    return invitations.actions.map_columns(listing=listing, columns=columns, role=None, message="", by=person)


def invite_from_list(stage: Stage, account: str, file: str, rows: list[list[str]], by: str) -> None:
    """Upload a list, start it, and work through it."""
    listing, person = upload_list(stage, account, file, rows, by), stage.people[by]
    seen = fingerprint(foresee(listing, listing.account, by=person))
    invitations.actions.start_import(listing=listing, seen=seen, by=person)
    invitations.actions.work_through(import_id=listing.pk)


def change_offer(stage: Stage, account: str, address: str, role: str, by: str, grants: Grants | None = None) -> None:
    """Change what an open invitation offers."""
    invitation = stage.invitation(account, address)
    invitations.actions.change_offer(
        invitation=invitation,
        role=stage.role(account, role),
        grants=_on_assets(stage, account, grants),
        terms=invitation.terms,
        by=stage.people[by],
    )


def resend(stage: Stage, account: str, address: str, by: str) -> None:
    """Send it again, by a new link."""
    invitations.actions.resend(invitation=stage.invitation(account, address), by=stage.people[by])


def copy_link(stage: Stage, account: str, address: str, by: str) -> None:
    """Make a link to hand over. Nobody of the story keeps it."""
    invitations.actions.copy_link(invitation=stage.invitation(account, address), by=stage.people[by])


def correct_address(stage: Stage, account: str, address: str, to: str, by: str) -> None:
    """Send it to another address."""
    invitations.actions.correct_address(
        invitation=stage.invitation(account, address), address=address_of(to), by=stage.people[by]
    )


def revoke(stage: Stage, account: str, address: str, by: str) -> None:
    """Take it back."""
    invitations.actions.revoke(invitation=stage.invitation(account, address), by=stage.people[by])


def open_link(stage: Stage, account: str, address: str, who: str = "") -> None:
    """Open the mailed link, signed in as someone or not."""
    by = stage.people[who] if who else AnonymousUser()
    invitations.actions.note_opening(invitation=stage.invitation(account, address), by=by)


def accept(stage: Stage, account: str, who: str) -> None:
    """Join."""
    invitations.actions.accept(invitation=stage.invitation(account, who), by=stage.people[who])


def decline(stage: Stage, account: str, address: str) -> None:
    """Say no."""
    invitations.actions.decline(invitation=stage.invitation(account, address), by=AnonymousUser())


def mail_goes_out(stage: Stage, account: str, address: str) -> None:
    """The mail server took the newest mail to an address."""
    mails.settle_sent(mail=_taken(stage, account, address), by=SYSTEM)


def mail_is_delayed(stage: Stage, account: str, address: str, problem: str) -> None:
    """The mail server did not take it yet."""
    mails.settle_delayed(mail=_taken(stage, account, address), problem=problem, by=SYSTEM)


def mail_fails(stage: Stage, account: str, address: str, problem: str) -> None:
    """The mail server refused it for good."""
    mails.settle_parked(mail=_taken(stage, account, address), problem=problem, by=SYSTEM)


def _taken(stage: Stage, account: str, address: str) -> Any:
    mail = mails.claim(stage.mail(account, address).pk)
    if mail is None:
        raise LookupError(f"no mail to {address} is due")
    return mail


def _on_assets(stage: Stage, account: str, grants: Grants | None) -> dict[Any, frozenset[str]]:
    return {stage.asset(account, name): frozenset(codes) for name, codes in (grants or {}).items()}


def accept_too_late(stage: Stage, account: str, who: str) -> None:
    """Try to join, when whoever invited may not give this any more: the owner is told, as by the page."""
    invitation, person = stage.invitation(account, who), stage.people[who]
    try:
        invitations.actions.accept(invitation=invitation, by=person)
    except OfferLostItsGround as refusal:
        invitations.actions.refuse_acceptance(invitation=invitation, reason=refusal.words, by=person)
    else:
        raise AssertionError(f"{who} was not refused")


# --- Shared logins ----------------------------------------------------------------------------------------------------
def add_login(stage: Stage, account: str, label: str, platform: str, username: str, by: str) -> None:
    """Put a shared login into the register; who does knows its password from that day on."""
    logins.actions.add_login(
        account=stage.accounts[account],
        label=label,
        platform=platform,
        username=username,
        known_since=timezone.localdate(),
        by=stage.people[by],
    )


def note_knower(
    stage: Stage, account: str, label: str, name: str, purpose: str, told_by: str, by: str, address: str = ""
) -> None:
    """Note that somebody was told its password that day."""
    logins.actions.note_knower(
        login=stage.shared_login(account, label),
        name=name,
        address=address,
        since_on=timezone.localdate(),
        told_by=told_by,
        purpose=purpose,
        by=stage.people[by],
    )


def note_gone(stage: Stage, account: str, label: str, name: str, by: str, reason: str) -> None:
    """Note that somebody who knows it is gone."""
    knower = stage.shared_login(account, label).knowers.trusted().get(name=name)
    logins.actions.note_gone(knower=knower, by=stage.people[by], reason=reason)


def sign_change(stage: Stage, account: str, label: str, told: set[str], by: str) -> None:
    """Sign that its password was changed just now, and who was told the new one."""
    login, person, now = stage.shared_login(account, label), stage.people[by], timezone.now()
    people = list(login.knowers.trusted().filter(name__in=told).order_by("name", "pk"))
    logins.actions.record_change(
        login=login,
        changed_at=now,
        told=people,
        statement=statement_of_change(person, login, now, people),
        signature=person.name,
        by=person,
    )


def is_reminded(stage: Stage, account: str) -> None:
    """The portal reminds the owner of passwords to change."""
    logins.actions.remind(account=stage.accounts[account], by=SYSTEM)


# --- Log streams ------------------------------------------------------------------------------------------------------
def send_log_on(stage: Stage, account: str, label: str, address: str, by: str) -> None:
    """Let the log be sent on to a webhook from now on."""
    stream = streams.actions.add_stream(
        account=stage.accounts[account],
        label=label,
        kind="webhook",
        form="json",
        address=address,
        by=stage.people[by],
    )
    streams.actions.make_secret(stream=stream, by=stage.people[by])


def log_system_answers(stage: Stage, account: str, label: str, problem: str = "") -> None:
    """A worker sends what there is; the log system takes it, or has a problem. Nothing leaves the stage."""
    while turn := streams.actions.claim(stage.stream(account, label).pk):
        if not streams.actions.settle(turn, Outcome(problem)):
            return


def pause_stream(stage: Stage, account: str, label: str, by: str) -> None:
    """Send nothing more for now."""
    streams.actions.pause_stream(stream=stage.stream(account, label), by=stage.people[by])


# --- The log ----------------------------------------------------------------------------------------------------------
# --- Access reviews ---------------------------------------------------------------------------------------------------
def start_review(stage: Stage, account: str, name: str, by: str, **how: Any) -> None:
    """Start a review of everybody."""
    reviews.actions.start_campaign(account=stage.accounts[account], name=name, by=stage.people[by], **how)


def decide(
    stage: Stage, account: str, who: str, decision: str, by: str, seconds: int, reason: str = "", to: str = ""
) -> None:
    """Decide on somebody's access in the newest review, after a look of so many seconds."""
    item = stage.review_item(account, who)
    role = stage.role(account, to) if to else None
    reviews.actions.decide(
        item=item, decision=decision, reduce_to=role, reason=reason, seconds=seconds, by=stage.people[by]
    )


def keep_rest(stage: Stage, account: str, reason: str, by: str) -> None:
    """Keep all that is left to decide in the newest review."""
    reviews.actions.keep_rest(campaign=stage.review(account), reason=reason, by=stage.people[by])


def carry_out_review(stage: Stage, account: str, by: str) -> None:
    """Carry out what was decided in the newest review."""
    reviews.actions.carry_out_all(campaign=stage.review(account), by=stage.people[by])


def close_review(stage: Stage, account: str, by: str) -> None:
    """Close the newest review, which writes its report."""
    reviews.actions.close_campaign(campaign=stage.review(account), by=stage.people[by])


def schedule_reviews(stage: Stage, account: str, by: str, next_on: dt.date) -> None:
    """Let a review start by itself every three months."""
    reviews.actions.change_schedule(
        account=stage.accounts[account], every="quarter", next_on=next_on, by=stage.people[by]
    )


def read_log(stage: Stage, account: str, by: str) -> None:
    """Look into the log."""
    oversight.actions.note_reading(account=stage.accounts[account], by=stage.people[by])


def export_log(stage: Stage, account: str, by: str, **narrowed: str) -> None:
    """Take a copy of it away."""
    oversight.actions.export_log(account=stage.accounts[account], by=stage.people[by], narrowed=narrowed)


def save_view(stage: Stage, account: str, by: str, name: str, **asks: str) -> None:
    """Save what somebody looks at again and again."""
    oversight.actions.save_view(account=stage.accounts[account], by=stage.people[by], name=name, asks=asks)


def export_in_background(stage: Stage, account: str, by: str) -> None:
    """Ask for a copy of it, to be made by a worker, which is done when the story ends."""
    oversight.actions.ask_for_export(
        account=stage.accounts[account], by=stage.people[by], narrowed={}, wanted=Narrowing(), kind="json"
    )


def export_members(stage: Stage, account: str, by: str) -> None:
    """Take the list of members away."""
    teams.actions.export_members(account=stage.accounts[account], by=stage.people[by], file="CSV", narrowed={})


# --- Refusals ---------------------------------------------------------------------------------------------------------
def is_refused(stage: Stage, tries: Any, by: str, **what: Any) -> None:
    """Try something that a rule refuses; the refusal is recorded as at the door of a page (rule 12)."""
    try:
        tries(stage, by=by, **what)
    except Refused as refusal:
        record_refusal(refusal)
    else:
        raise AssertionError(f"{by} was not refused: {tries.__name__}")


def open_page(stage: Stage, who: str, page: str, account: str) -> None:
    """Open a page of an account for which the person lacks the permission: the page itself writes it down."""
    path = reverse(page, args=[stage.accounts[account].slug])
    request = RequestFactory().get(path)
    request.user = Person.objects.get(pk=stage.people[who].pk)  # a fresh one, as in a request
    request.session, request._messages = {}, _NoMessages(request)  # type: ignore[assignment, attr-defined]  # stand-ins
    request.resolver_match = match = resolve(path)
    match.func(request, *match.args, **match.kwargs)


class _NoMessages(BaseStorage):
    """A page's message box that stays empty."""

    def _get(self, *_args: Any, **_more: Any) -> tuple[list[Any], bool]:
        return [], True

    def _store(self, messages: list[Any], *_args: Any, **_more: Any) -> list[Any]:
        return []

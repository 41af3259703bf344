"""What the people of the story do. Each verb is one act, done through the same command as on a page."""

from typing import Any

from allauth.account import signals as account_signals
from allauth.account.models import EmailAddress
from allauth.mfa import signals as factor_signals
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth import signals as auth_signals
from django.contrib.auth.models import AnonymousUser, update_last_login
from django.contrib.messages.storage.base import BaseStorage
from django.test import RequestFactory
from django.urls import resolve, reverse

import accounts.actions
import invitations.actions
import oversight.actions
import teams.actions
from accounts import receivers
from accounts.actions import mails
from accounts.models import Person
from audit.recording import SYSTEM, Refused, record_refusal
from invitations.errors import OfferLostItsGround

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
    codes = RecoveryCodes.activate(person).instance
    for authenticator in (factor, codes):
        factor_signals.authenticator_added.send(
            sender=Authenticator, request=None, user=person, authenticator=authenticator
        )


def change_profile(stage: Stage, who: str, time_zone: str) -> None:
    """Move to another time zone."""
    person = stage.people[who]
    accounts.actions.change_profile(person=person, name=person.name, time_zone=time_zone, by=person)


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


def rename_account(stage: Stage, account: str, name: str, by: str) -> None:
    """Give it another name."""
    stage.accounts[account] = accounts.actions.change_settings(
        account=stage.accounts[account], name=name, by=stage.people[by]
    )


def change_policy(stage: Stage, account: str, by: str, **wanted: Any) -> None:
    """Change the security policy."""
    teams.actions.change_policy(account=stage.accounts[account], by=stage.people[by], **wanted)


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


def set_grants(stage: Stage, account: str, who: str, asset: str, codes: set[str], by: str, reason: str = "") -> None:
    """Make `codes` what someone is granted on an asset."""
    teams.actions.set_grants(
        membership=stage.member(account, who),
        asset=stage.asset(account, asset),
        codes=codes,
        by=stage.people[by],
        reason=reason,
    )


def suspend(stage: Stage, account: str, who: str, by: str, reason: str = "") -> None:
    """Stop someone's power for now."""
    teams.actions.suspend(membership=stage.member(account, who), by=stage.people[by], reason=reason)


def restore(stage: Stage, account: str, who: str, by: str) -> None:
    """Give it back."""
    teams.actions.restore(membership=stage.member(account, who), by=stage.people[by])


def offboard(stage: Stage, account: str, who: str, by: str, reason: str) -> None:
    """End all of a person's access to the account."""
    teams.actions.offboard(membership=stage.member(account, who), by=stage.people[by], reason=reason)


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


def change_offer(stage: Stage, account: str, address: str, role: str, by: str, grants: Grants | None = None) -> None:
    """Change what an open invitation offers."""
    invitations.actions.change_offer(
        invitation=stage.invitation(account, address),
        role=stage.role(account, role),
        grants=_on_assets(stage, account, grants),
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


# --- The log ----------------------------------------------------------------------------------------------------------
def read_log(stage: Stage, account: str, by: str) -> None:
    """Look into the log."""
    oversight.actions.note_reading(account=stage.accounts[account], by=stage.people[by])


def export_log(stage: Stage, account: str, by: str, **narrowed: str) -> None:
    """Take a copy of it away."""
    oversight.actions.export_log(account=stage.accounts[account], by=stage.people[by], narrowed=narrowed)


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

"""Somebody of the platform's staff at work, and an account with something of everything in it."""

import time
from dataclasses import dataclass
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from django.urls import reverse

from accounts.actions import post
from accounts.models import BusinessAccount, OutgoingMail, Person
from audit.models import Event
from invitations import actions as invitations
from teams.models import Membership, Role
from tests.factories import (
    TOTP_SECRET,
    AssetFactory,
    BusinessAccountFactory,
    MembershipFactory,
    PersonFactory,
    RoleFactory,
    grant,
)

REASON = "The owner asked why mails do not arrive"
LISTS = ("members", "roles", "grants", "invitations", "policies", "events")  # of what lies inside an account
ALWAYS = ("accounts", "people", "mails")
PAGES = {
    "members": "member", "roles": "role", "grants": "grant", "invitations": "invitation", "policies": "policy",
    "events": "event",
}  # fmt: skip


def shows_factor(client: Client, person: Person) -> Client:
    """Let a session be one in which the second factor was shown."""
    session = client.session
    session["account_authentication_methods_user"] = str(person.pk)
    session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": time.time()}]
    session.save()
    return client


def staff(**given: Any) -> Person:
    """Return somebody of the staff with a second factor."""
    person = PersonFactory(**{"name": "Stefan", "is_staff": True, **given})
    TOTP.activate(person, TOTP_SECRET)
    return person


def signed_in(person: Person, *, shown: bool = False) -> Client:
    client = Client()
    client.force_login(person)
    return shows_factor(client, person) if shown else client


def at_the_desk(**given: Any) -> Client:
    """Return the browser of somebody of the staff who is let in."""
    return signed_in(staff(**given), shown=True)


def opens(client: Client, account: BusinessAccount, reason: str = REASON) -> Any:
    return client.post(reverse("staff_open", args=[account.pk]), {"reason": reason})


@dataclass
class Full:
    """An account with something of everything, each with a word that stands nowhere else."""

    account: BusinessAccount
    member: Membership
    things: dict[str, int]
    mail: OutgoingMail
    words: tuple[str, ...]


def full(word: str = "zebra") -> Full:
    account = BusinessAccountFactory(name=f"Account {word}")
    member = MembershipFactory(account=account, person__name=f"Member {word}", person__email=f"{word}@inside.example")
    role = RoleFactory(account=account, name=f"Role {word}")
    given = grant(member, AssetFactory(account=account, name=f"Asset {word}"), "run_ads")[0]
    invitation = invitations.invite(
        account=account,
        address=f"{word}.new@invited.example",
        role=Role.objects.built_in("editor"),
        by=account.owner,
    )
    mail = post(kind="wish", about=account, address=f"{word}@mailbox.example", account=account)
    things = {
        "members": member.pk,
        "roles": role.pk,
        "grants": given.pk,
        "invitations": invitation.pk,
        "policies": account.pk,
        "events": Event.objects.of(account).get().pk,
    }
    words = (f"Member {word}", f"Role {word}", f"Asset {word}", f"{word}.new@invited.example", f"{word}@inside.example")
    return Full(account, member, things, mail, words)

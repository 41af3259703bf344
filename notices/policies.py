"""Who is told of which act, in which words, and where it leads: one table, read by the one listener.

Nobody is told of their own act, but of changes to their way of signing in. One act makes one notice a person at most:
the first line of the table that fits.
"""

import enum
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import events as of_accounts
from accounts.permissions import MANAGE_TEAM, VIEW_ACCOUNT
from audit.events import Act
from audit.recording import Recorded
from invitations import events as of_invitations
from teams import events as of_teams

from . import kinds
from .kinds import Kind


class Group(enum.Enum):
    """Whom of an account a line tells, beside the people whom it names."""

    NOBODY = "nobody"
    MANAGERS = "managers"  # active members who manage the team, the owner among them
    MEMBERS = "members"  # all active members


@dataclass(frozen=True, slots=True)
class Telling:
    """One line: of which act (`when` it fits) whom it tells, with its words (the event's own, where it has none).

    `named` gives the ids of single people, `addresses` those who have these addresses. `needs` is the permission in the
    account without which the notice can't be read; none for what concerns the reader alone. `page` takes the account's
    slug and, where `subject` gives one, an id. `mailed`: the act itself sends a mail of it, so that no second one goes.
    """

    kind: Kind
    of: Act
    page: str
    words: str | Promise = ""
    group: Group = Group.NOBODY
    named: Callable[[Recorded], Collection[int | None]] = lambda done: ()
    addresses: Callable[[Recorded], Collection[str]] = lambda done: ()
    needs: str = ""
    subject: Callable[[Recorded], int | None] = lambda done: None
    when: Callable[[Recorded], bool] = lambda done: True
    mailed: Callable[[Recorded], bool] = lambda done: False
    tells_actor: bool = False


def tellings_of(done: Recorded) -> list[Telling]:
    """Return the lines that fit an act that was done."""
    return [telling for telling in TELLINGS if telling.of == done.of and telling.when(done)]


def heard() -> Iterable[Act]:
    """Return the acts of which anybody is told."""
    return dict.fromkeys(telling.of for telling in TELLINGS)


def _concerned(done: Recorded) -> Collection[int | None]:
    return [done.about]


def _target(done: Recorded) -> int | None:
    return done.target.pk


def _request(done: Recorded) -> int | None:
    return done.parts["after"]["request"]


def _always(_done: Recorded) -> bool:
    return True


def _administers(side: str) -> Callable[[Recorded], bool]:
    def answer(done: Recorded) -> bool:
        return MANAGE_TEAM in done.parts[side].get("role", {}).get("permissions", ())

    return answer


_administers_now = _administers("after")


def _became_administrator(done: Recorded) -> bool:
    return _administers_now(done) and not _administers("before")(done)


def _asks_something_else(done: Recorded) -> bool:
    return bool({"second_factor", "confirmation"} & set(done.parts["after"]))


def _holders(done: Recorded) -> Collection[int | None]:
    return [row["person_id"] for row in done.after.get("members", [])]


def _people(done: Recorded) -> Collection[int | None]:
    return [row["person_id"] for row in done.after["people"]]


def _of_whole_membership(done: Recorded) -> bool:
    return "asset" not in {**done.parts["before"], **done.parts["after"]}


def _former_owner(done: Recorded) -> Collection[int | None]:
    return [done.parts["before"]["owner_id"]]


def _to_person(kind: Kind, act: Act, words: Any = "", *, page: str = "account_home", **more: Any) -> Telling:
    """A line that tells the person whom an act concerns."""
    return Telling(kind, act, page, words, **{"named": _concerned, **more})


def _to_managers(kind: Kind, act: Act, words: Any = "", *, page: str = "team", **more: Any) -> Telling:
    """A line that tells whoever manages the team."""
    return Telling(kind, act, page, words, **{"group": Group.MANAGERS, "needs": MANAGE_TEAM, **more})


TELLINGS = [
    # Invited, and joined
    _to_person(
        kinds.INVITED,
        of_invitations.INVITED,
        _("{actor} invites you, as {after[role][name]}"),
        page="dashboard",
        named=lambda done: (),
        addresses=lambda done: [done.target.address],
        mailed=_always,
    ),
    _to_managers(
        kinds.NEW_ADMINISTRATOR,
        of_invitations.ACCEPTED,
        _("{actor} joined as {after[role][name]}, and manages the team now"),
        page="member",
        subject=lambda done: done.parts["after"]["membership"],
        when=_administers_now,
    ),
    _to_managers(
        kinds.JOINED,
        of_invitations.ACCEPTED,
        _("{actor} joined as {after[role][name]}"),
        page="member",
        subject=lambda done: done.parts["after"]["membership"],
    ),
    _to_managers(kinds.JOINED, of_invitations.DECLINED, page="invitation", subject=_target),
    # What one may do
    _to_person(
        kinds.CHANGED,
        of_teams.ROLE_CHANGED,
        _("{actor} changed your role from {before[role][name]} to {after[role][name]}"),
    ),
    _to_managers(
        kinds.NEW_ADMINISTRATOR,
        of_teams.ROLE_CHANGED,
        _("{actor} made {target} {after[role][name]}, who manages the team now"),
        page="member",
        subject=_target,
        when=_became_administrator,
    ),
    _to_person(kinds.CHANGED, of_teams.ROLE_CONFIRMED, _("{actor} confirmed your role: {after[role][name]}")),
    _to_person(kinds.CHANGED, of_teams.GRANTS_CHANGED, _("{actor} changed what you may do on {after[asset][name]}")),
    _to_person(
        kinds.CHANGED,
        of_teams.ROLE_EDITED,
        _("{actor} changed what your role {after[role][name]} holds"),
        named=_holders,
    ),
    _to_managers(
        kinds.NEW_ADMINISTRATOR,
        of_teams.ROLE_EDITED,
        _("{actor} changed the role {after[role][name]}: whoever holds it manages the team now"),
        page="roles",
        when=lambda done: _became_administrator(done) and bool(_holders(done)),
    ),
    _to_person(
        kinds.CHANGED,
        of_teams.ROLE_RETIRED,
        _("{actor} retired your role {target}. In its place: {after[instead]}"),
        named=_holders,
    ),
    _to_managers(
        kinds.NEW_ADMINISTRATOR,
        of_teams.ROLE_RETIRED,
        _("{actor} retired the role {target}: whoever held it is {after[instead]} now, and manages the team"),
        when=lambda done: _became_administrator(done) and bool(_holders(done)),
    ),
    _to_person(kinds.CHANGED, of_teams.RESTORED, _("{actor} gave you your access back")),
    _to_person(
        kinds.CHANGED,
        of_teams.BROUGHT_BACK,
        _("{actor} brought you back as {after[role][name]}"),
        mailed=_always,
    ),
    _to_managers(
        kinds.NEW_ADMINISTRATOR,
        of_teams.BROUGHT_BACK,
        _("{actor} brought {target} back as {after[role][name]}, who manages the team now"),
        page="member",
        subject=_target,
        when=_administers_now,
    ),
    _to_managers(kinds.JOINED, of_teams.BROUGHT_BACK, page="member", subject=_target),
    # Ends
    _to_person(kinds.ENDING, of_teams.END_ANNOUNCED, _("An access of yours ends soon"), mailed=_always),
    _to_managers(
        kinds.TEAM_ENDING,
        of_teams.END_ANNOUNCED,
        _("An access of {target} ends soon"),
        page="member",
        subject=_target,
        mailed=_always,
    ),
    Telling(
        kinds.TEAM_ENDING,
        of_teams.END_ANNOUNCED,
        "dashboard",
        _("An access of {target}, whom you answer for, ends soon"),
        named=lambda done: [done.target.sponsor_id],
        needs=VIEW_ACCOUNT,
        mailed=_always,
    ),
    _to_person(kinds.ENDED, of_teams.RAN_OUT, _("Your access has run out"), when=_of_whole_membership, mailed=_always),
    _to_person(kinds.ENDED, of_teams.RAN_OUT, _("What you were granted on {before[asset][name]} has run out")),
    _to_person(kinds.ENDED, of_teams.OFFBOARDED, _("{actor} ended your access"), mailed=_always),
    _to_person(kinds.ENDED, of_teams.SUSPENDED, _("{actor} suspended your access")),
    Telling(kinds.ENDED, of_teams.ACCOUNT_CLOSED, "account_home", group=Group.MEMBERS),
    _to_person(
        kinds.ENDED,
        of_teams.ENGAGEMENT_ENDED,
        _("{actor} ended the engagement of {target}, and your access with it"),
        named=_people,
        mailed=_always,
    ),
    _to_managers(kinds.TEAM_ENDED, of_teams.ENGAGEMENT_ENDED, page="engagements"),
    _to_person(
        kinds.CHANGED,
        of_teams.ENGAGEMENT_BROUGHT_BACK,
        _("{actor} brought you back"),
        named=_people,
        mailed=_always,
    ),
    _to_managers(kinds.JOINED, of_teams.ENGAGEMENT_BROUGHT_BACK, page="engagements"),
    *(
        _to_managers(kinds.TEAM_ENDED, act, page="member", subject=_target)
        for act in (of_teams.RAN_OUT, of_teams.OFFBOARDED, of_teams.SUSPENDED, of_teams.LEFT)
    ),
    # Requests
    _to_managers(kinds.REQUESTED, of_teams.REQUEST_MADE, page="access_request", subject=_request, mailed=_always),
    _to_person(
        kinds.DECIDED,
        of_teams.REQUEST_APPROVED,
        _("{actor} approved what you had asked for"),
        page="access_request",
        subject=_request,
        mailed=_always,
    ),
    _to_managers(
        kinds.NEW_ADMINISTRATOR,
        of_teams.REQUEST_APPROVED,
        _("{actor} approved that {target} is {after[role][name]}, who manages the team now"),
        page="member",
        subject=_target,
        when=_became_administrator,
    ),
    _to_person(
        kinds.DECIDED,
        of_teams.REQUEST_REFUSED,
        _("{actor} refused what you had asked for"),
        page="access_request",
        subject=_request,
        mailed=_always,
    ),
    _to_person(
        kinds.DECIDED,
        of_teams.REQUEST_LAPSED,
        _("Nobody decided in time on what you had asked for"),
        page="access_request",
        subject=_request,
        mailed=_always,
    ),
    # Ownership
    _to_person(
        kinds.OWNERSHIP,
        of_teams.OWNERSHIP_OFFERED,
        _("{actor} offers you the ownership"),
        page="ownership_offer",
        subject=_target,
        mailed=_always,
    ),
    _to_person(kinds.OWNERSHIP, of_teams.OWNERSHIP_WITHDRAWN, _("{actor} withdrew the offer of the ownership to you")),
    Telling(
        kinds.OWNERSHIP,
        of_teams.OWNERSHIP_ACCEPTED,
        "account_home",
        _("{actor} took over the ownership from you. You are {after[former]} now"),
        named=_former_owner,
    ),
    Telling(
        kinds.OWNERSHIP,
        of_teams.CLAIM_CARRIED_OUT,
        "account_home",
        _("{actor} took over the ownership from you by a claim that nobody refused. You are {after[former]} now"),
        named=_former_owner,
        mailed=_always,
    ),
    *(
        _to_managers(kinds.OWNERSHIP, act, page="account_home")
        for act in (
            of_teams.OWNERSHIP_OFFERED,
            of_teams.OWNERSHIP_WITHDRAWN,
            of_teams.OWNERSHIP_DECLINED,
            of_teams.OWNERSHIP_ACCEPTED,
        )
    ),
    *(
        _to_managers(kinds.OWNERSHIP, act, page="ownership_claim", subject=_target, mailed=_always)
        for act in (
            of_teams.CLAIM_MADE,
            of_teams.CLAIM_REFUSED,
            of_teams.CLAIM_WITHDRAWN,
            of_teams.CLAIM_LAPSED,
            of_teams.CLAIM_CARRIED_OUT,
        )
    ),
    *(  # a claimant who was named as successor need not manage the team
        _to_person(kinds.OWNERSHIP, act, words, mailed=_always)
        for act, words in (
            (of_teams.CLAIM_REFUSED, _("{actor} refused your claim of the ownership")),
            (of_teams.CLAIM_LAPSED, _("Your claim of the ownership lapsed: it was not carried out in time")),
        )
    ),
    # The policy, and signing in
    _to_managers(kinds.POLICY, of_accounts.POLICY_CHANGED, page="security_policy"),
    Telling(
        kinds.POLICY,
        of_accounts.POLICY_CHANGED,
        "account_home",
        group=Group.MEMBERS,
        needs="",
        when=_asks_something_else,
    ),
    *(
        _to_person(
            kinds.SIGNING_IN,
            act,
            page=page,
            named=lambda done: [done.on.pk],
            mailed=_always,  # by the sign-in library
            tells_actor=True,
        )
        for act, page in (
            (of_accounts.PASSWORD_CHANGED, "usersessions_list"),
            (of_accounts.PASSWORD_RESET, "usersessions_list"),
            (of_accounts.FACTOR_ADDED, "mfa_index"),
            (of_accounts.FACTOR_REMOVED, "mfa_index"),
            (of_accounts.FACTOR_RENEWED, "mfa_index"),
            (of_accounts.ADDRESS_CHANGED, "account_email"),
        )
    ),
]

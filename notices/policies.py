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
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM, RUN_REVIEWS, VIEW_ACCOUNT, VIEW_AUDIT
from audit.events import Act
from audit.models import Verification
from audit.recording import Recorded
from invitations import events as of_invitations
from reviews import events as of_reviews
from streams import events as of_streams
from teams import events as of_teams
from watching import events as of_watching
from watching.happenings import Severity

from . import kinds
from .kinds import Kind
from .models import Choice


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
    return bool({"second_factor", "second_factor_kinds", "domains", "confirmation"} & set(done.parts["after"]))


def _reviewers(done: Recorded) -> Collection[int | None]:
    return done.after["reviewers"]


def _new_reviewer(done: Recorded) -> Collection[int | None]:
    return [done.after["reviewer_id"]]


def _holders(done: Recorded) -> Collection[int | None]:
    return [row["person_id"] for row in done.after.get("members", [])]


def _people(done: Recorded) -> Collection[int | None]:
    return [row["person_id"] for row in done.after["people"]]


def _of_whole_membership(done: Recorded) -> bool:
    return "asset" not in {**done.parts["before"], **done.parts["after"]}


def _is_of_account(done: Recorded) -> bool:
    return isinstance(done.on, BusinessAccount)


def _found_a_break(done: Recorded) -> bool:
    return done.parts["after"]["outcome"] == Verification.Outcome.BROKEN


def _of_severity(severity: str) -> Callable[[Recorded], bool]:
    def answer(done: Recorded) -> bool:
        return bool(done.parts["after"]["severity"] == severity)

    return answer


def _staff(_done: Recorded) -> Collection[int | None]:
    return list(Person.objects.filter(is_staff=True, is_active=True).values_list("pk", flat=True))


def _who_keep_checkpoints(_done: Recorded) -> Collection[int | None]:
    """Those who own an account and chose to be mailed its checkpoint: they watch, so they learn of silence, too."""
    owners = BusinessAccount.objects.open().values("owner")
    return list(Choice.objects.for_checkpoints().filter(person__in=owners).values_list("person_id", flat=True))


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
    _to_person(
        kinds.CHANGED,
        of_teams.ROLE_RAISED,
        _("{actor} made you {after[role][name]} until {after[ends]}, then {after[then][name]}"),
    ),
    _to_managers(
        kinds.NEW_ADMINISTRATOR,
        of_teams.ROLE_RAISED,
        _("{actor} made {target} {after[role][name]} until {after[ends]}, who manages the team now"),
        page="member",
        subject=_target,
        when=_became_administrator,
    ),
    _to_person(
        kinds.CHANGED,
        of_teams.ROLE_END_CHANGED,
        _("{actor} changed until when you are {after[role][name]}: {after[ends]}"),
    ),
    _to_person(
        kinds.CHANGED,
        of_teams.ROLE_LOWERED,
        _("{actor} ended that you are {before[role][name]}: you are {after[role][name]} again"),
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
    _to_person(
        kinds.ENDING,
        of_teams.ROLE_END_ANNOUNCED,
        _("You are {after[role][name]} until {after[ends]} only"),
        mailed=_always,
    ),
    _to_managers(
        kinds.TEAM_ENDING,
        of_teams.ROLE_END_ANNOUNCED,
        _("{target} is {after[role][name]} until {after[ends]} only"),
        page="member",
        subject=_target,
        mailed=_always,
    ),
    Telling(
        kinds.TEAM_ENDING,
        of_teams.ROLE_END_ANNOUNCED,
        "dashboard",
        _("{target}, whom you answer for, is {after[role][name]} until {after[ends]} only"),
        named=lambda done: [done.target.sponsor_id],
        needs=VIEW_ACCOUNT,
        mailed=_always,
    ),
    _to_person(
        kinds.ENDED,
        of_teams.ROLE_RAN_OUT,
        _("Your role {before[role][name]} has run out: you are {after[role][name]} again"),
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
        for act in (of_teams.RAN_OUT, of_teams.ROLE_RAN_OUT, of_teams.OFFBOARDED, of_teams.SUSPENDED, of_teams.LEFT)
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
    # A freeze, and undoing
    _to_managers(kinds.FREEZE, of_teams.FROZEN, page="freeze_account"),
    _to_managers(kinds.FREEZE, of_teams.LIFTED, page="account_home"),
    _to_person(
        kinds.CHANGED,
        of_teams.CHANGES_UNDONE,
        _("{actor} undid changes of {target}, which concerned your access"),
        named=_people,
    ),
    _to_managers(kinds.FREEZE, of_teams.CHANGES_UNDONE, page="account_home"),
    # A second factor of somebody who is locked out
    _to_person(
        kinds.FACTOR_RESET,
        of_teams.RESET_ASKED,
        _("{actor} asked that your second factor ends. Refuse it, if you still have it"),
        page="dashboard",
        mailed=_always,
    ),
    _to_person(
        kinds.FACTOR_RESET,
        of_teams.RESET_CARRIED_OUT,
        _("Your second factor and your recovery codes ended. Set up a new one"),
        page="dashboard",
        tells_actor=True,
    ),
    *(
        _to_person(kinds.FACTOR_RESET, act, words, page="dashboard", tells_actor=act is not of_teams.RESET_WITHDRAWN)
        for act, words in (
            (of_teams.RESET_WITHDRAWN, _("{actor} withdrew the reset of your second factor")),
            (of_teams.RESET_LAPSED, _("The reset of your second factor lapsed")),
            (of_teams.RESET_REFUSED, _("You refused the reset of your second factor")),
            (of_teams.RESET_USED, _("You used your second factor, which ended its reset")),
        )
    ),
    *(
        _to_managers(kinds.FACTOR_RESET, act)
        for act in (
            of_teams.RESET_ASKED,
            of_teams.RESET_ELSEWHERE,
            of_teams.RESET_REFUSED,
            of_teams.RESET_USED,
            of_teams.RESET_WITHDRAWN,
            of_teams.RESET_CARRIED_OUT,
            of_teams.RESET_LAPSED,
        )
    ),
    # A second person
    Telling(
        kinds.SECOND_PERSON,
        of_teams.PENDING_ASKED,
        "pending_act",
        _("{actor} asks for a second person: {target}"),
        named=lambda done: done.after["told"],
        needs=VIEW_ACCOUNT,
        subject=_target,
        mailed=_always,
    ),
    *(
        _to_person(
            kinds.SECOND_PERSON, act, words, page="pending_act", needs=VIEW_ACCOUNT, subject=_target, mailed=_always
        )
        for act, words in (
            (of_teams.PENDING_APPROVED, _("{actor} approved what you asked for: {target}")),
            (of_teams.PENDING_CANCELLED, _("{actor} cancelled what you asked for: {target}")),
            (of_teams.PENDING_FAILED, _("What you asked for could not be done: {target}")),
            (of_teams.PENDING_EXPIRED, _("Nobody decided in time on what you asked for: {target}")),
        )
    ),
    _to_managers(kinds.POLICY, of_teams.SECOND_PERSON_CHANGED, page="second_person"),
    # Access reviews
    *(
        _to_person(kinds.REVIEW, act, words, page="my_reviews", named=named, needs=VIEW_ACCOUNT, tells_actor=True)
        for act, words, named in (
            (of_reviews.STARTED, _("You are asked to review accesses until {after[until]}: {target}"), _reviewers),
            (of_reviews.REMINDED, _("Accesses wait for your decision until {after[until]}: {target}"), _reviewers),
            (of_reviews.PASSED_ON, _("You are asked to review the access of {target}"), _new_reviewer),
            (of_reviews.REASSIGNED, _("{actor} asks you to review the access of {target}"), _new_reviewer),
        )
    ),
    Telling(
        kinds.REVIEW_CLOSED,
        of_reviews.CLOSED,
        "review",
        group=Group.MANAGERS,
        needs=RUN_REVIEWS,
        subject=_target,
    ),
    # The platform's staff
    Telling(
        kinds.STAFF_LOOKED,
        of_accounts.ACCOUNT_LOOKED_INTO,
        "event",
        _("{actor}, of the platform’s staff, looked into your account: {reason}"),
        named=lambda done: [done.on.owner_id],
        subject=lambda done: done.number,
    ),
    # The log, sent on
    *(
        _to_managers(kinds.STREAMS, act, page="stream", needs=VIEW_AUDIT, subject=_target)
        for act in (
            of_streams.STREAM_ADDED,
            of_streams.STREAM_CHANGED,
            of_streams.SECRET_MADE,
            of_streams.STREAM_PAUSED,
            of_streams.STREAM_RESUMED,
            of_streams.STREAM_STOPPED,
            of_streams.BATCH_PARKED,
            of_streams.BATCH_DROPPED,
        )
    ),
    _to_managers(kinds.STREAMS, of_streams.STREAM_REMOVED, page="streams", needs=VIEW_AUDIT),
    # The record itself
    Telling(
        kinds.RECORD,
        of_accounts.RECORD_BROKEN,
        "activity",
        _("The record of this account does not hold at event {after[number]}: {reason}"),
        named=lambda done: [done.on.owner_id],
        when=_is_of_account,
    ),
    _to_person(
        kinds.RECORD,
        of_accounts.RECORD_BROKEN,
        _("The record of your sign-in does not hold at event {after[number]}: {reason}"),
        page="my_activity",
    ),
    Telling(kinds.RECORD, of_accounts.RECORD_CHECKED, "staff", named=_staff, when=_found_a_break),
    Telling(kinds.RECORD, of_accounts.RECORD_SILENT, "staff", named=_staff),
    Telling(kinds.RECORD, of_accounts.RECORD_SILENT, "my_activity", named=_who_keep_checkpoints),
    # What the rules noticed
    *(
        _to_managers(
            kind,
            of_watching.ALERT_RAISED,
            "{after[words]}",
            page="alert",
            needs=VIEW_AUDIT,
            subject=_target,
            when=_of_severity(severity),
        )
        for severity, kind in (
            (Severity.HIGH, kinds.ALERT_HIGH),
            (Severity.MEDIUM, kinds.ALERT_MEDIUM),
            (Severity.LOW, kinds.ALERT_LOW),
        )
    ),
    _to_managers(kinds.ALERT_HIGH, of_watching.RULE_MUTED, page="watch_rules", needs=VIEW_AUDIT),
    _to_person(
        kinds.SIGNING_IN,
        of_accounts.PASSWORD_MAIL_SENT,
        _("{actor}, of the platform’s staff, sent you a mail to set a new password: {reason}"),
        page="my_activity",
        named=lambda done: [done.on.pk],
        mailed=_always,
    ),
    # The policy, and signing in
    _to_person(
        kinds.SIGNING_IN,
        of_teams.MEMBER_SESSIONS_ENDED,
        _("{actor} signed you out everywhere"),
        page="dashboard",
    ),
    _to_managers(kinds.POLICY, of_accounts.POLICY_CHANGED, page="security_policy"),
    _to_managers(kinds.POLICY, of_accounts.LOG_KEPT, page="activity"),
    Telling(
        kinds.POLICY,
        of_accounts.POLICY_CHANGED,
        "account_home",
        group=Group.MEMBERS,
        needs="",
        when=_asks_something_else,
    ),
    *(
        _to_managers(kinds.POLICY, act, page="security_policy")
        for act in (
            of_teams.POLICY_PLANNED,
            of_teams.PLAN_WITHDRAWN,
            of_teams.PLAN_STARTED,
            of_teams.PLAN_LAPSED,
        )
    ),
    Telling(
        kinds.POLICY,
        of_teams.POLICY_PLANNED,
        "account_home",
        _("{actor} planned another security policy, by which you would lose access from {after[day]}"),
        named=_people,
        mailed=_always,
    ),
    *(
        Telling(
            kinds.POLICY,
            act,
            "account_home",
            _("You will lose access by the planned security policy, if you don’t do what it asks"),
            named=_people,
            mailed=_always,
        )
        for act in (of_teams.PLAN_ANNOUNCED, of_teams.PLAN_REMINDED)
    ),
    Telling(
        kinds.POLICY,
        of_teams.PLAN_STARTED,
        "account_home",
        group=Group.MEMBERS,
        when=_asks_something_else,
    ),
    *(
        _to_person(
            kinds.SIGNING_IN,
            act,
            *words,
            page=page,
            named=lambda done: [done.on.pk],
            mailed=_always,  # by the sign-in library
            tells_actor=True,
        )
        for act, page, *words in (
            (
                of_accounts.PASSWORD_STOPPED,
                "usersessions_list",
                _("Your password stopped working after {after[failed]} failed tries in a row. Set a new one"),
            ),
            (of_accounts.PASSWORD_CHANGED, "usersessions_list"),
            (of_accounts.PASSWORD_RESET, "usersessions_list"),
            (of_accounts.FACTOR_ADDED, "mfa_index"),
            (of_accounts.FACTOR_REMOVED, "mfa_index"),
            (of_accounts.FACTOR_RENEWED, "mfa_index"),
            (of_accounts.RECOVERY_CODE_USED, "recovery_codes"),
            (of_accounts.ADDRESS_CHANGED, "account_email"),
        )
    ),
    *(
        _to_person(
            kinds.NEW_SIGN_IN,
            act,
            words,
            page="usersessions_list",
            named=lambda done: [done.on.pk],
            mailed=_always,
            tells_actor=True,
        )
        for act, words in (
            (
                of_accounts.SIGNED_IN_ELSEWHERE,
                _("You signed in from a new device or place: {after[device]}, {after[network]}"),
            ),
            (
                of_accounts.SIGN_IN_DISOWNED,
                _("You said that a sign-in wasn’t yours. All sessions and the password ended"),
            ),
        )
    ),
]

"""Acts that wait for a second person: asked for, approved, cancelled, done, failed, expired (AZ9, AZ10, AZ11)."""

import datetime as dt
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.actions import post
from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_SECURITY, MANAGE_TEAM, OWN_ACCOUNT, VIEW_ACCOUNT
from accounts.second_person import NeedsSecondPerson, act_of, doer
from accounts.sensitive import SensitiveAct
from audit.recording import SYSTEM, Refused, action, record, record_refusal

from .. import authority, policies
from ..events import (
    PENDING_APPROVED,
    PENDING_ASKED,
    PENDING_CANCELLED,
    PENDING_EXPIRED,
    PENDING_FAILED,
    SECOND_PERSON_CHANGED,
)
from ..freezing import refuse_in_a_freeze
from ..models import EXPIRES_AFTER, USABLE_FOR, Membership, PendingAct, SecondPerson, Way
from ..packing import packed, unpacked
from ..probation import kept_by_probation
from ..querysets import PendingActQuerySet
from ..seconding import approvers_of, kept_back, permission_for, rule_for

logger = logging.getLogger(__name__)
State = PendingAct.State
MOST_WAITING = 200  # acts of one account that wait at the same time
BY_OWNER_ONLY = {SensitiveAct.OWNERSHIP, SensitiveAct.CLOSING}  # whose rules the owner alone changes


def keep(
    act: SensitiveAct,
    account: BusinessAccount,
    *,
    by: Any,
    does: str,
    given: Mapping[str, Any],
    says: Sequence[str],
    adds: Iterable[str],
    approval: PendingAct | None,
    rule: SecondPerson | None = None,
) -> None:
    """Answer for `accounts.second_person.require`: let the act go on, use its approval up, or raise NeedsSecondPerson.

    `rule` is what is asked, where that is not what the account asks for this kind.
    """
    if by is SYSTEM:
        return
    rule = rule or rule_for(account, act)
    if approval is None and rule.way == Way.OFF:
        return
    wish = {
        "account": account,
        "act": act,
        "does": does,
        "arguments": packed(given),
        "says": [line[:300] for line in says],
        "adds": sorted(set(adds)),
    }
    if approval is not None:
        _use_up(approval, account, by=by, does=does, arguments=wish["arguments"])
    elif rule.way == Way.NOTIFY:
        _write_told(wish, by=by)
    else:
        _refuse_in_a_freeze(does, by, account)  # what could not be done now is not asked for either
        raise NeedsSecondPerson(_waits(rule), lambda: _asked(wish, rule, by=by))


@action(PENDING_ASKED)
def ask_second_person(
    *,
    account: BusinessAccount,
    act: str,
    does: str,
    arguments: Any,
    way: str,
    hours: int,
    by: Person,
    says: Sequence[str] = (),
    adds: Iterable[str] = (),
) -> PendingAct:
    """Let an act wait for a second person, or for its time, and return it; tell whoever can approve or cancel it.

    Where nobody else can approve it, it waits `hours` instead, and all who manage the team are told: the way out of an
    account that one person administers. What waits already is asked for once. Raises MissingPermission (no power here),
    PolicyViolation (very many wait).
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, VIEW_ACCOUNT, on=account)
    waiting = PendingAct.objects.waiting().filter(account=account)
    if same := waiting.filter(person=by, does=does, arguments=arguments).first():
        return same
    if waiting.count() >= MOST_WAITING:
        raise PolicyViolation(_("Very many acts wait for a second person already. Let some of them be decided first."))
    now = timezone.now()
    pending = PendingAct(account=account, act=act, person=by, does=does, arguments=arguments, asked_at=now)
    pending.says, pending.adds, pending.way = list(says), sorted(adds), way
    if way == Way.APPROVE and not approvers_of(pending):
        pending.way = Way.DELAY
    if pending.way == Way.DELAY:
        pending.ripe_at = now + dt.timedelta(hours=hours)
    pending.expires_at = (pending.ripe_at or now) + (
        USABLE_FOR if pending.is_export and pending.ripe_at else EXPIRES_AFTER
    )
    pending.save()
    _tell(policies.PENDING_MAIL, pending, _concerned(pending))
    told = [person.pk for person in approvers_of(pending)]
    record(PENDING_ASKED, by=by, on=account, target=pending, after={**pending.as_event(), "told": told})
    return pending


@action(PENDING_APPROVED)
def approve_act(*, pending: PendingAct, by: Person) -> PendingAct:
    """Approve what somebody else asked for, and return it; `carry_out` then does it (rule 2, AZ11).

    Needs the permission that the act itself asks for, and all that it would give; never for one's own, by no
    membership, and not in a freeze that stops the act. Raises MissingPermission, PolicyViolation (one's own, no
    approval is asked, probation), Frozen, ChangedMeanwhile (decided or expired since).
    """
    account, pending = _lock(pending, PendingAct.objects.waiting())
    if pending.person_id == by.pk:
        raise PolicyViolation(_("Nobody approves what they have asked for themselves. Somebody else has to."))
    authority.require(by, permission_for(pending.act), on=account, adding=pending.adds)
    if refusal := kept_back(Person.objects.get(pk=by.pk), pending):
        raise refusal
    if pending.way != Way.APPROVE:
        raise PolicyViolation(_("This waits for its time, not for an approval."))
    _refuse_in_a_freeze(pending.does, pending.person, account)
    pending.state, pending.approved_by, pending.approved_at = State.APPROVED, by, timezone.now()
    pending.save(update_fields=["state", "approved_by", "approved_at"])
    if pending.is_export:
        _tell(policies.PENDING_SETTLED_MAIL, pending, [pending.person.email])
    record(PENDING_APPROVED, by=by, on=account, target=pending, after=pending.as_event())
    return pending


@action(PENDING_CANCELLED)
def cancel_act(*, pending: PendingAct, by: Person, reason: str = "") -> PendingAct:
    """Cancel what waits, and return it: who asked, who could approve it, and of what is delayed any administrator.

    Raises MissingPermission, ChangedMeanwhile (decided or expired since).
    """
    account, pending = _lock(pending, PendingAct.objects.open())
    if pending.person_id == by.pk:
        authority.require(by, VIEW_ACCOUNT, on=account)
    elif pending.way != Way.DELAY or not Person.objects.get(pk=by.pk).has_perm(MANAGE_TEAM, account):
        authority.require(by, permission_for(pending.act), on=account)
    _end(pending, State.CANCELLED, by=by)
    _tell(policies.PENDING_SETTLED_MAIL, pending, [pending.person.email] if pending.person_id != by.pk else [])
    record(PENDING_CANCELLED, by=by, on=account, target=pending, after=pending.as_event(), reason=reason)
    return pending


@action(PENDING_FAILED)
def fail_act(*, pending: PendingAct, why: str, by: Any) -> PendingAct:
    """Write down that an act could not be done when its time had come, and why. Raises ChangedMeanwhile."""
    account = BusinessAccount.objects.open().lock(pending.account_id)
    pending = PendingAct.objects.open().select_related("person").lock(pending.pk)
    pending.account, pending.why = account, why[:500]
    _end(pending, State.FAILED, by=by)
    _tell(policies.PENDING_SETTLED_MAIL, pending, [pending.person.email])
    record(PENDING_FAILED, by=by, on=account, target=pending, after=pending.as_event(), reason=why)
    return pending


@action(PENDING_EXPIRED)
def expire_act(*, pending: PendingAct, by: Any) -> PendingAct:
    """Write down that nobody decided in time. Raises ChangedMeanwhile (decided since, or it has time left)."""
    account = BusinessAccount.objects.open().lock(pending.account_id)
    pending = PendingAct.objects.open().select_related("person").lock(pending.pk)
    pending.account = account
    if not pending.is_expired:
        raise ChangedMeanwhile(_("It still has time."))
    _end(pending, State.EXPIRED, by=by)
    _tell(policies.PENDING_SETTLED_MAIL, pending, [pending.person.email])
    record(PENDING_EXPIRED, by=by, on=account, target=pending, after=pending.as_event())
    return pending


@action(SECOND_PERSON_CHANGED)
def change_second_person(
    *,
    account: BusinessAccount,
    rules: Mapping[str, Sequence[Any]],
    by: Person,
    approval: PendingAct | None = None,
) -> list[SecondPerson]:
    """Make `rules` (way and hours, by kind of act) what the account asks, and return those that changed.

    A sensitive act itself: it obeys the stricter of what was asked and what would be, so that nobody switches off what
    they are about to need. What is asked for the ownership and for closing is the owner's to change, and nobody on
    probation changes any of it. Raises MissingPermission, PolicyViolation, NeedsSecondPerson.
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, MANAGE_SECURITY, on=account)
    changed: list[SecondPerson] = []
    before: dict[str, tuple[str, int]] = {}
    for act, (way, hours) in rules.items():
        rule = rule_for(account, SensitiveAct(act))
        waits = rule.hours if way in {Way.OFF, Way.NOTIFY} else hours  # where nothing waits, its time stays
        if (rule.way, rule.hours) != (way, waits):
            before[act] = (str(rule.way), rule.hours)
            rule.way, rule.hours = Way(way), waits
            changed.append(rule)
    if not changed:
        return []
    if refusal := kept_by_probation(by, account):
        raise refusal
    if BY_OWNER_ONLY & {SensitiveAct(rule.act) for rule in changed}:
        authority.require(by, OWN_ACCOUNT, on=account)
    after = {str(rule.act): (str(rule.way), rule.hours) for rule in changed}
    strict = SecondPerson(account=account, act=SensitiveAct.POLICY)
    strict.way = max((Way(way) for way, _hours in [*before.values(), *after.values()]), key=lambda way: way.rank)
    strict.hours = max(hours for _way, hours in [*before.values(), *after.values()])
    says = [
        _("%(act)s: %(before)s → %(after)s")
        % {"act": rule.get_act_display(), "before": Way(before[rule.act][0]).label, "after": rule.get_way_display()}
        for rule in changed
    ]
    given = {"account": account, "rules": {act: list(rule) for act, rule in rules.items()}}
    keep(
        SensitiveAct.POLICY, account, by=by, does="change_second_person", given=given, says=says, adds=(),
        approval=approval, rule=strict,
    )  # fmt: skip
    for rule in changed:
        rule.save()
    record(SECOND_PERSON_CHANGED, by=by, on=account, before={"asked": before}, after={"asked": after})
    return changed


def carry_out(pending: PendingAct) -> tuple[bool, str]:
    """Do an act whose time has come, by who asked for it, with everything checked anew; once, whoever calls it.

    Returns whether it is done and, where it is not, why. What a rule refuses by now, a freeze among them, has failed;
    what another worker is doing has not.
    """
    row = PendingAct.objects.open().filter(pk=pending.pk).first()
    if row is None:
        return False, _("It has come to its end already.")
    if row.state != State.APPROVED and not PendingAct.objects.ripe().filter(pk=pending.pk).exists():
        return False, _("Its time has not come yet.")
    try:
        given = unpacked(pending.arguments)
        doer(pending.does)(**given, by=Person.objects.get(pk=pending.person_id), approval=pending)
    except ChangedMeanwhile as refusal:
        if not PendingAct.objects.open().filter(pk=pending.pk).exists():
            return False, refusal.words
        return False, _failed(pending, refusal)
    except Refused as refusal:
        record_refusal(refusal)
        return False, _failed(pending, refusal)
    if PendingAct.objects.open().filter(pk=pending.pk).exists():
        return False, _failed(pending, ChangedMeanwhile(_("Nothing of it was left to do.")))
    return True, ""


def mind_pending_acts() -> int:
    """Do what is approved or ripe, end what expired, and return how many it was. A file waits for who asked for it."""
    minded = 0
    rows = PendingAct.objects.open().filter(account__closed_at=None).select_related("account").order_by("pk")
    ripe = set(PendingAct.objects.ripe().values_list("pk", flat=True))
    for pending in rows:
        if pending.is_expired:
            try:
                expire_act(pending=pending, by=SYSTEM)
            except Refused as refusal:  # somebody decided it at this very moment
                logger.info("pending act %s: %s", pending.pk, refusal.words)
                continue
        elif not pending.is_export and (pending.state == State.APPROVED or pending.pk in ripe):
            carry_out(pending)
        else:
            continue
        minded += 1
    return minded


def _refuse_in_a_freeze(does: str, by: Person, account: BusinessAccount) -> None:
    """Refuse to ask for, or to approve, what `by` could not do while the account is frozen. Raises Frozen."""
    if act := act_of(does):
        refuse_in_a_freeze(act, by, [account])


def _failed(pending: PendingAct, refusal: Refused) -> str:
    try:
        fail_act(pending=pending, why=refusal.words, by=SYSTEM)
    except ChangedMeanwhile as ended:
        logger.info("pending act %s: %s", pending.pk, ended.words)
    return refusal.words


def _use_up(approval: PendingAct, account: BusinessAccount, *, by: Person, does: str, arguments: Any) -> None:
    """Mark an act that waited as done, in the transaction of the act itself: so it is done once, and as it was asked.

    Raises ChangedMeanwhile: used up, cancelled, expired, not ripe, or the approval of something else.
    """
    pending = PendingAct.objects.open().lock(approval.pk)
    mine = (pending.account_id, pending.person_id, pending.does, pending.arguments)
    if mine != (account.pk, by.pk, does, arguments):
        raise ChangedMeanwhile(_("What was approved is something else."))
    ready = pending.state == State.APPROVED or PendingAct.objects.ripe().filter(pk=pending.pk).exists()
    if not ready or pending.is_expired:
        raise ChangedMeanwhile(_("Its time has not come, or is over."))
    pending.state, pending.answered_at = State.DONE, timezone.now()
    pending.save(update_fields=["state", "answered_at"])
    _tell(policies.PENDING_SETTLED_MAIL, pending, [by.email])


def _write_told(wish: Mapping[str, Any], *, by: Person) -> None:
    """Write a row of an act that is done at once and told to others: who could approve it, and who manages the team."""
    now = timezone.now()
    pending = PendingAct(**wish, person=by, way=Way.NOTIFY, state=State.DONE, asked_at=now)
    pending.expires_at, pending.answered_at = now + EXPIRES_AFTER, now
    pending.save()
    _tell(policies.PENDING_MAIL, pending, _concerned(pending) - {by.email})


def _asked(wish: Mapping[str, Any], rule: SecondPerson, *, by: Person) -> tuple[str, str]:
    """Make an act that was held back one that waits; return how that goes on, in words, and its page."""
    try:
        pending = ask_second_person(**wish, way=rule.way, hours=rule.hours, by=by)
    except Refused as refusal:
        record_refusal(refusal)
        return refusal.words, ""
    return _goes_on(pending), reverse("pending_act", args=[pending.account.slug, pending.pk])


def _goes_on(pending: PendingAct) -> str:
    if pending.ripe_at is None:
        return _("This waits for somebody else to approve it. They are told by mail.")
    return _("This waits until %(at)s UTC, and can be cancelled until then. Others are told by mail.") % {
        "at": f"{pending.ripe_at:%Y-%m-%d %H:%M}"
    }


def _waits(rule: SecondPerson) -> str:
    if rule.way == Way.APPROVE:
        return _("Somebody else has to approve this.")
    words = ngettext("This waits for %(hours)d hour.", "This waits for %(hours)d hours.", rule.hours)
    return words % {"hours": rule.hours}


def _concerned(pending: PendingAct) -> set[str]:
    """Return the addresses of who is told: whoever could approve it; of a delayed one all who could cancel it, too."""
    addresses = {person.email for person in approvers_of(pending)}
    if pending.way != Way.APPROVE:
        managing = Membership.objects.active().filter(account=pending.account).administering()
        addresses |= {*managing.values_list("person__email", flat=True), pending.person.email}
    return addresses


def _lock(pending: PendingAct, among: PendingActQuerySet) -> tuple[BusinessAccount, PendingAct]:
    """Lock the account first, always, then the act, which must be one of these and have time left."""
    account = BusinessAccount.objects.open().lock(pending.account_id)
    pending = among.select_related("person").lock(pending.pk)
    pending.account = account
    if pending.is_expired:
        raise ChangedMeanwhile(_("Its time is over."))
    return account, pending


def _end(pending: PendingAct, state: str, *, by: Any) -> None:
    pending.state, pending.answered_at = state, timezone.now()
    pending.answered_by = None if by is SYSTEM else by
    pending.save(update_fields=["state", "answered_at", "answered_by", "why"])


def _tell(kind: str, pending: PendingAct, addresses: Iterable[str]) -> None:
    for address in sorted(set(addresses)):
        post(kind=kind, about=pending, address=address, account=pending.account)

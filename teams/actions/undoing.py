"""Undoing what one person changed lately in an account, as one act (rules 2, 12)."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import Asset, BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM, words_for
from accounts.second_person import NeedsSecondPerson
from audit.canonical import instant
from audit.models import Event
from audit.recording import Refused, action, record

from .. import authority
from ..events import CHANGES_UNDONE
from ..models import AssetGrant, Membership, Receipt, Role, Terms
from ..returning import given_back, what_returns
from ..undoing import HOURS, Change, Lately, Outcome, Part, Told, fingerprint, lately
from . import seating
from .grants import CODE_AND_END, give
from .members import give_role, rest, wake
from .offboarding import give_back, require_for_who_returns
from .raising import give_for_a_time, lower
from .terms import settle

SUSPENDED_NOW, ACTIVE_NOW, GONE, THERE = "suspended", "active", "gone", "there"


@action(CHANGES_UNDONE)
def undo_changes(
    *, account: BusinessAccount, person: Person, hours: int, by: Person, reason: str = "", seen: str | None = None
) -> list[Outcome]:
    """Put back what `person` changed in the account within the last `hours` (one of HOURS); return what became of each.

    Each thing passes the rules of changing it anew (rules 2, 3, 5), from the newest back; what they refuse, or what
    somebody else has changed since, stays and is named; so does what would wait for a second person. `seen` is the
    fingerprint of what a page showed. Raises MissingPermission, PolicyViolation (no such span, too much in it, nothing
    to put back), ChangedMeanwhile (not what was `seen`).
    """
    account = BusinessAccount.objects.open().select_related("policy").lock(account.pk)
    authority.require(by, MANAGE_TEAM, on=account)
    if hours not in HOURS:
        raise PolicyViolation(_("Choose how far back."))
    outcomes = [_one_back(account, change, by=by) for change in lately(account, person, hours).changes]
    if seen is not None and seen != fingerprint(outcomes):
        raise ChangedMeanwhile(_("Something has changed since you looked. Look again, then confirm."))
    done = [row.change for row in outcomes if not row.problem]
    if not done:
        raise PolicyViolation(_("There is nothing that you could put back."))
    concerned = {someone.pk: someone for change in done if (someone := change.part.concerns(change.key))}
    after = {
        "hours": hours,
        "undone": [_said(account, change) for change in done],
        "left": [{**_said(account, row.change), "why": row.problem} for row in outcomes if row.problem],
        "people": [{"person": str(someone), "person_id": pk} for pk, someone in concerned.items()],
    }
    record(CHANGES_UNDONE, by=by, on=account, target=person, after=after, reason=reason)
    return outcomes


def what_would_be_undone(account: BusinessAccount, found: Lately, *, by: Person) -> list[Outcome]:
    """Return what `undo_changes` would do now with what was found: it is done, and taken back.

    Raises ChangedMeanwhile (closed since).
    """
    with transaction.atomic():  # noqa: TID251  # a dry run: nothing of it stays
        account = BusinessAccount.objects.open().select_related("policy").lock(account.pk)
        outcomes = [_one_back(account, change, by=by) for change in found.changes]
        transaction.set_rollback(True)
    return outcomes


def _one_back(account: BusinessAccount, change: Change, *, by: Person) -> Outcome:
    now = change.part.now(account, change.key)
    if now == change.before:
        return Outcome(change, _("It is as it was already."))
    if now != change.after:
        return Outcome(change, _("Somebody else has changed it since."))
    try:
        with transaction.atomic():  # noqa: TID251  # a part of the act: what is refused half-way leaves nothing
            change.part.put_back(account, change, by)
    except NeedsSecondPerson:
        words = _("It would make an administrator again, which takes a second person here. Do it on its own page.")
        return Outcome(change, words)
    except Refused as refusal:
        return Outcome(change, refusal.words)
    return Outcome(change)


def _as_undone(member: Membership) -> dict[str, Any]:
    """Return what a change within the act says of itself: it waits for nobody, and what would have to, stays."""
    return {"does": "undo_changes", "given": {"membership": member}}


def _said(account: BusinessAccount, change: Change) -> dict[str, str]:
    part = change.part
    return {
        "what": str(part.label),
        "whose": change.title,
        "from": part.words(account, change.after),
        "to": part.words(account, change.before),
    }


# --- What can be put back -----------------------------------------------------------------------------------------
def _current(account: BusinessAccount, pk: int) -> Membership | None:
    rows = Membership.objects.current().filter(account=account, pk=pk).with_roles("person", "sponsor")
    return rows.first()


def _locked(account: BusinessAccount, pk: int) -> Membership:
    row = _current(account, pk)
    if row is None:
        raise ChangedMeanwhile(_("The membership has ended."))
    _account, member = seating.lock_member(row)
    return member


def _person_of(key: tuple[int, ...]) -> Person | None:
    return Person.objects.filter(memberships=key[0]).first()


def _person_of_receipt(key: tuple[int, ...]) -> Person | None:
    return Person.objects.filter(memberships__receipts=key[0]).first()


def _of_member(event: Event, before: Any, after: Any, *more: int) -> Iterator[Told]:
    if event.target_id is not None:
        yield Told((event.target_id, *more), event.target, before, after)


def _held_as(told: dict[str, Any]) -> list[str | None]:
    """Return the roles that an event tells, by their codes: the lasting one, one for a time, and until when."""
    code = told["role"]["code"]
    return [told["then"]["code"], code, told["until"]] if "until" in told else [code, None, None]


def _told_of_role(event: Event) -> Iterator[Told]:
    before, after = event.parts["before"], event.parts["after"]
    if "role" in before and "role" in after:
        yield from _of_member(event, _held_as(before), _held_as(after))


def _role_now(account: BusinessAccount, key: tuple[int, ...]) -> Any:
    member = _current(account, key[0])
    return _held_as(member.role_as_event()) if member else None


def _role_back(account: BusinessAccount, change: Change, by: Person) -> None:
    lasting, raised, until = change.before
    member, end = _locked(account, change.key[0]), dt.datetime.fromisoformat(until) if until else None
    if member.lasting_role.code != lasting:
        give_role(account, member, _role_of(account, lasting), by=by, **_as_undone(member))
    if raised and end and end > timezone.now():
        give_for_a_time(account, member, _role_of(account, raised), end, by=by, **_as_undone(member))
    elif member.is_raised:
        lower(account, member, by=by)


def _role_of(account: BusinessAccount, code: str) -> Role:
    role = Role.objects.of(account).filter(code=code).first()
    if role is None:
        raise ChangedMeanwhile(_("The role of that time is gone."))
    return role


def _role_words(account: BusinessAccount, held: list[str | None]) -> str:
    lasting, raised, until = (held[0] or "", held[1], held[2])
    names = {role.code: str(role) for role in Role.objects.ever_of(account)}
    if raised and until:
        words = {"role": names.get(raised, raised), "day": until[:10], "then": names.get(lasting, lasting)}
        return _("%(role)s until %(day)s, then %(then)s") % words
    return names.get(lasting, lasting)


Held = list[list[str | None]]  # codes with their ends, as an event keeps them


def _held_in(told: dict[str, Any]) -> Held:
    ends = told.get("ends", {})
    return [[code, ends.get(code)] for code in sorted(told["grants"])]


def _told_of_grants(event: Event) -> Iterator[Told]:
    before, after = event.parts["before"], event.parts["after"]
    if "grants" in before and "grants" in after and "asset" in after:
        yield from _of_member(event, _held_in(before), _held_in(after), after["asset"]["id"])


def _grants_now(account: BusinessAccount, key: tuple[int, ...]) -> Any:
    if _current(account, key[0]) is None:
        return None
    rows = AssetGrant.objects.filter(membership_id=key[0], content_object_id=key[1]).values_list(*CODE_AND_END)
    return [[code, instant(end) if end else None] for code, end in sorted(rows)]


def _grants_back(account: BusinessAccount, change: Change, by: Person) -> None:
    asset = Asset.objects.in_use().filter(account=account).lock(change.key[1])
    ends = {code: dt.datetime.fromisoformat(end) if end else None for code, end in change.before}
    wanted = {code: end for code, end in ends.items() if end is None or end > timezone.now()}
    give(account, _locked(account, change.key[0]), asset, wanted, by=by)


def _grants_words(_account: BusinessAccount, held: Held) -> str:
    return ", ".join(words_for(code) for code, _end in held if code) or _("nothing")


def _told_of_state(before: str, after: str) -> Any:
    return lambda event: _of_member(event, before, after)


def _state_now(account: BusinessAccount, key: tuple[int, ...]) -> Any:
    member = _current(account, key[0])
    return str(member.state) if member else None


def _state_back(account: BusinessAccount, change: Change, by: Person) -> None:
    member = _locked(account, change.key[0])
    if change.before == SUSPENDED_NOW:
        rest(account, member, by=by)
    else:
        wake(account, member, by=by, **_as_undone(member))


def _state_words(_account: BusinessAccount, state: str) -> str:
    return str(Membership.State(state).label)


def _told_of_terms(event: Event) -> Iterator[Told]:
    before, after = (json.dumps(event.parts[side], sort_keys=True) for side in ("before", "after"))
    yield from _of_member(event, before, after)


def _terms_now(account: BusinessAccount, key: tuple[int, ...]) -> Any:
    member = _current(account, key[0])
    return json.dumps(member.terms.as_event(), sort_keys=True) if member else None


def _terms_back(account: BusinessAccount, change: Change, by: Person) -> None:
    was = json.loads(change.before)
    ends_at = dt.datetime.fromisoformat(was["ends_at"]) if was["ends_at"] else None
    sponsor = Person.objects.filter(pk=was["sponsor_id"]).first()
    settle(account, _locked(account, change.key[0]), Terms(was["kind"], was["organisation"], sponsor, ends_at), by=by)


def _terms_words(_account: BusinessAccount, terms: str) -> str:
    was = json.loads(terms)
    end = _("until %(day)s") % {"day": was["ends_at"][:10]} if was["ends_at"] else _("without an end")
    return ", ".join(filter(None, [was["kind"], was["organisation"], was["sponsor"], end]))


def _told_of_end(event: Event) -> Iterator[Told]:
    yield Told((event.parts["after"]["receipt"],), event.target, THERE, GONE)


def _access_now(account: BusinessAccount, key: tuple[int, ...]) -> Any:
    receipt = Receipt.objects.filter(account=account, pk=key[0]).first()
    return None if receipt is None else THERE if receipt.brought_back_at else GONE


def _access_back(account: BusinessAccount, change: Change, by: Person) -> None:
    receipt = Receipt.objects.with_all().filter(account=account).lock(change.key[0])
    receipt.account = account
    returning = given_back(what_returns([receipt], by=by))
    require_for_who_returns(returning, by=by, does="undo_changes", given={"receipt": receipt})
    give_back(returning, by=by)
    receipt.brought_back_at, receipt.brought_back_by = timezone.now(), by
    receipt.save(update_fields=["brought_back_at", "brought_back_by"])


def _access_words(_account: BusinessAccount, state: str) -> str:
    return _("a member") if state == THERE else _("offboarded")


PARTS = [
    Part(
        "access",
        gettext_lazy("Access"),
        {"member.offboarded": _told_of_end},
        _access_now,
        _access_back,
        _access_words,
        _person_of_receipt,
    ),
    Part(
        "state",
        gettext_lazy("State"),
        {
            "member.suspended": _told_of_state(ACTIVE_NOW, SUSPENDED_NOW),
            "member.restored": _told_of_state(SUSPENDED_NOW, ACTIVE_NOW),
        },
        _state_now,
        _state_back,
        _state_words,
        _person_of,
    ),
    Part(
        "role",
        gettext_lazy("Role"),
        dict.fromkeys(
            ("role.changed", "role.raised", "role.end_changed", "role.lowered", "request.approved"), _told_of_role
        ),
        _role_now,
        _role_back,
        _role_words,
        _person_of,
    ),
    Part(
        "grants",
        gettext_lazy("Grants"),
        {"grants.changed": _told_of_grants, "request.approved": _told_of_grants},
        _grants_now,
        _grants_back,
        _grants_words,
        _person_of,
    ),
    Part(
        "terms",
        gettext_lazy("Terms"),
        {"member.terms_changed": _told_of_terms, "member.end_changed": _told_of_terms},
        _terms_now,
        _terms_back,
        _terms_words,
        _person_of,
    ),
]

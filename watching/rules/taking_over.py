"""A new administrator, and soon after an older one goes: how an account is taken over."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.permissions import MANAGE_TEAM
from teams.events import (
    BROUGHT_BACK,
    OFFBOARDED,
    OWNERSHIP_ACCEPTED,
    REQUEST_APPROVED,
    ROLE_CHANGED,
    ROLE_RAISED,
    SUSPENDED,
)

from ..happenings import DAY, Finding, Happened, History, Rule, Severity, Tunable, Tuned, named, places_of

ACCEPTED = "invitation.accepted"  # of an app beside this one
MADE = [ACCEPTED, ROLE_CHANGED.name, ROLE_RAISED.name, REQUEST_APPROVED.name, BROUGHT_BACK.name]
TAKEN = [OFFBOARDED.name, SUSPENDED.name, ROLE_CHANGED.name]


def judge(happened: Happened, history: History, tuned: Tuned) -> Finding | None:
    """Of the removal of an administrator: find the administrators who came shortly before it."""
    gone = happened.about_id
    if gone is None or happened.refused or happened.actor_id in {None, gone} or not _loses(happened):
        return None
    since = happened.at - tuned["days"] * DAY
    came = [event for event in history.before(happened, MADE, since=since) if _gains(event)]
    fresh = {_who(event): event for event in came if _who(event) != gone}
    if not fresh or any(_who(event) == gone for event in came):
        return None
    newest = max(fresh.values(), key=lambda event: event.at)
    facts: dict[str, Any] = {"days": max((happened.at - newest.at).days, 0), "limit": tuned["days"]}
    if happened.actor_id in fresh:
        facts["themselves"] = True
    if history.before(happened, [OWNERSHIP_ACCEPTED.name], since=since):
        facts["owner"] = True
    window = f"{happened.chain}:{happened.number}"
    events = places_of([*sorted(fresh.values(), key=lambda event: event.at), happened])
    return Finding(f"person/{gone}", window, happened.at, gone, facts, events)


def _who(event: Happened) -> int | None:
    """Return whom a role came to; who accepts an invitation is the actor."""
    return event.actor_id if event.name == ACCEPTED else event.about_id


def _administers(side: Mapping[str, Any]) -> bool:
    role = side.get("role")
    return isinstance(role, Mapping) and MANAGE_TEAM in role.get("permissions", ())


def _gains(event: Happened) -> bool:
    return not event.refused and _administers(event.after) and not _administers(event.before)


def _loses(event: Happened) -> bool:
    """Say whether an administrator goes by it: suspended or offboarded, or made something less."""
    if event.name == ROLE_CHANGED.name:
        return _administers(event.before) and not _administers(event.after)
    return _administers(event.before)


TAKING_OVER = Rule(
    code="taking_over",
    name=_("A new administrator, then an older one goes"),
    explains=_(
        "When an administrator is suspended, offboarded or made something less, it looks whether another one came "
        "shortly before. So an account is taken over; so does a handover look, too: that is a matter of one glance."
    ),
    severity=Severity.MEDIUM,
    title=_("{person} lost the administration shortly after somebody else got it"),
    reasons=(
        ("limit", _("Another administrator came {days} days before; up to {limit} days make an alert.")),
        ("themselves", _("The one who removed them is the new administrator.")),
        ("owner", _("The ownership changed hands in the same time.")),
    ),
    advice=(
        _("Ask the person who is gone and the owner, each by another way than mail, whether it was meant."),
        _("If not: freeze the account, and undo what was changed."),
    ),
    tunables=(Tunable("days", _("Within days"), _("After the new administrator came."), usual=7, least=1, most=90),),
    hears=named(*TAKEN),
    judge=judge,
    quiet=7 * DAY,
)

"""What an access is at the start of a campaign: all that a reviewer needs, and why it has to be decided.

The number of queries is the same for any number of members.
"""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts.models import BusinessAccount
from accounts.permissions import ASSET_CODES
from audit.canonical import instant
from audit.models import Event
from teams.models import AssetGrant, Membership, Role
from teams.permissions import WIDE
from teams.uses import GIVING, JOINED
from teams.using import using_of

from . import policies
from .models import Decision, Item, Why


@dataclass(frozen=True, slots=True)
class Seen:
    """One access as it was seen: what a reviewer is shown, why it must be decided, and what is suggested."""

    membership: Membership
    snapshot: dict[str, Any]
    why: list[str]
    suggestion: Decision
    suggested_role: Role | None
    suggestion_reason: str

    @property
    def is_unused(self) -> bool:
        """Whether all of it, or a power of it, is not used."""
        return Why.UNUSED in self.why

    @property
    def is_wide(self) -> bool:
        """Whether it holds wide powers."""
        return Why.WIDE in self.why

    def works_on(self, asset_id: int | None) -> bool:
        """Say whether it gives anything on an asset."""
        grants = {grant["asset"] for grant in self.snapshot["grants"]}
        return bool(ASSET_CODES & set(self.snapshot["role"]["permissions"])) or asset_id in grants


def see(account: BusinessAccount, members: Sequence[Membership]) -> list[Seen]:
    """Return what these members hold, who come with person, sponsor and role, and with `has_second_factor`."""
    now = timezone.now()
    ids = [member.person_id for member in members]
    grants, given = _grants(members), _given(account, ids)
    acts, using = Event.objects.newest_acts(account, ids), using_of(account, members)
    roles, before = list(Role.objects.of(account)), _before(members)
    everybody = Membership.objects.current().filter(account=account).with_roles()
    peers = Counter((row.kind, str(row.role)) for row in everybody)
    found = []
    for member in members:
        did, uses = acts[member.person_id], using[member.pk]
        snapshot = {
            "person": policies.named(member.person),
            **member.role_as_event(),
            "kind": member.kind,
            "organisation": member.organisation,
            "sponsor": str(member.sponsor) if member.sponsor else "",
            "state": str(member.state),
            "joined_at": instant(member.joined_at),
            "ends_at": instant(member.ends_at) if member.ends_at else None,
            "grants": grants.get(member.pk, []),
            "given": given.get(member.person_id, {}),
            "last_sign_in": instant(member.person.last_login) if member.person.last_login else None,
            "last_act": instant(max(did.values())) if did else None,
            "second_factor": member.has_second_factor,  # type: ignore[attr-defined]  # annotated
            "used": {code: instant(at) for code, at in sorted(uses.last.items())},
            "unused": sorted(uses.unused),
            "peers": _peers(peers, member),
        }
        found.append(_judged(member, snapshot, before.get(member.pk), roles, now))
    return found


def _judged(
    member: Membership, snapshot: dict[str, Any], before: Item | None, roles: Sequence[Role], now: dt.datetime
) -> Seen:
    """Say of what was seen why it has to be decided, and what is suggested."""
    held = member.role.permissions
    quiet = _is_quiet(member, now)
    signs = {
        Why.NEW: before is None or _has_changed(before.snapshot, snapshot),
        Why.WIDE: bool(held & WIDE),
        Why.NO_FACTOR: not snapshot["second_factor"],
        Why.NO_SPONSOR: member.is_from_outside and member.sponsor is None,
        Why.NO_END: member.is_from_outside and member.ends_at is None,
        Why.UNUSED: quiet or bool(snapshot["unused"]),
        Why.ENDING: member.next_end is not None and member.next_end <= now + policies.ENDS_SOON,
    }
    suggestion, role, reason = policies.suggestion_for(
        held, snapshot["unused"], roles, run_out=member.is_expired, quiet=quiet
    )
    return Seen(member, snapshot, [str(why) for why, holds in signs.items() if holds], suggestion, role, reason)


def _is_quiet(member: Membership, now: dt.datetime) -> bool:
    since = now - policies.QUIET_AFTER
    seen = member.person.last_login
    return member.joined_at < since and (seen is None or seen < since)


def _has_changed(before: dict[str, Any], now: dict[str, Any]) -> bool:
    return any(before.get(key) != now[key] for key in ("role", "grants", "kind"))


def _grants(members: Sequence[Membership]) -> dict[int, list[dict[str, Any]]]:
    """Return what is granted on single assets in use, by membership, asset by asset."""
    found: dict[int, dict[Any, dict[str, Any]]] = {}
    rows = AssetGrant.objects.of_each(members).lasting().filter(content_object__archived_at=None)
    for row in rows.order_by("content_object_id", "permission__codename", "pk"):
        ends = instant(row.ends_at) if row.ends_at else None
        on_asset = found.setdefault(row.membership_id, {}).setdefault(
            (row.content_object_id, ends),
            {"asset": row.content_object_id, "name": row.content_object.name, "codes": [], "ends_at": ends},
        )
        on_asset["codes"].append(row.permission.codename)
    return {pk: list(assets.values()) for pk, assets in found.items()}


def _given(account: BusinessAccount, people: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return by person how they came to the role: when, by whose decision, why, and by which event of the log."""
    rows = Event.objects.in_chain_of(account).named(*GIVING).filter(result=Event.Result.DONE)
    mine = rows.filter(about_id__in=people) | rows.filter(name=JOINED, actor_id__in=people)
    found: dict[int, dict[str, Any]] = {}
    for event in mine.order_by("number"):
        joined = event.name == JOINED
        person = event.actor_id if joined else event.about_id
        found[person or 0] = {
            "at": instant(event.at),
            "by": event.parts["after"].get("invited_by", event.actor) if joined else event.actor,
            "act": event.name,
            "reason": event.parts["reason"],
            "number": event.number,
        }
    return found


def _before(members: Sequence[Membership]) -> dict[int, Item]:
    """Return by membership what was seen of it in the last campaign that was closed."""
    return {row.membership_id: row for row in Item.objects.last_of_each(members)}


def _peers(everybody: Counter[tuple[str, str]], member: Membership) -> list[dict[str, Any]]:
    """Return which roles the others of the same kind hold, the most frequent first."""
    others = Counter({role: many for (kind, role), many in everybody.items() if kind == member.kind})
    others[str(member.role)] -= 1
    return [{"role": role, "many": many} for role, many in sorted(others.items(), key=_most) if many > 0]


def _most(row: tuple[str, int]) -> tuple[int, str]:
    return -row[1], row[0]

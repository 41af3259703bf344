"""What is true, asked of the tables by SQL of its own: nothing here is shared with the code that decides or ends.

The property test compares this with what the portal says.
"""

import datetime as dt
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

ON_ASSETS = {"view_analytics", "draft_content", "publish_content", "reply_comments", "run_ads"}
ADMINISTRATOR = {
    "view_account", "manage_team", "manage_roles", "manage_assets", "manage_security", "run_reviews", "view_audit",
    *ON_ASSETS,
}  # fmt: skip
ROLES = {  # design.md, section 3, written down a second time
    "owner": ADMINISTRATOR | {"manage_billing", "own_account"},
    "administrator": ADMINISTRATOR,
    "editor": {"view_account", "view_analytics", "draft_content", "publish_content"},
    "moderator": {"view_account", "view_analytics", "reply_comments"},
    "analyst": {"view_account", "view_analytics"},
    "finance": {"view_account", "manage_billing"},
    "auditor": {"view_account", "view_audit"},
    "member": {"view_account"},
}
EVERYTHING = ROLES["owner"]


@dataclass(frozen=True)
class Powers:
    """What one person may do in one account: on it, by role on its assets, and on each asset in use."""

    on_account: frozenset[str] = frozenset()
    by_role: frozenset[str] = frozenset()
    on_assets: Mapping[int, frozenset[str]] = frozenset()  # type: ignore[assignment]  # never asked when empty


NOTHING = Powers(on_assets={})


def rows(question: str, *values: Any) -> list[dict[str, Any]]:
    """Return the answers of the database, each by the names of its columns."""
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def one(question: str, *values: Any) -> Any:
    """Return the single value that the database answers."""
    [row] = rows(question, *values)
    [value] = row.values()
    return value


def all_powers(*, whatever_the_policy: bool = False) -> dict[tuple[int, int], Powers]:
    """Return what each person may do in each account, where that is anything at all (rule 1).

    `whatever_the_policy`: also where the account's policy keeps the person out now.
    """
    assets: dict[int, list[int]] = {}
    for row in rows("SELECT account_id, id FROM accounts_asset WHERE archived_at IS NULL"):
        assets.setdefault(row["account_id"], []).append(row["id"])
    granted: dict[tuple[int, int], set[str]] = {}
    for row in rows(
        "SELECT g.membership_id, g.content_object_id AS asset, q.codename FROM teams_assetgrant g"
        " JOIN auth_permission q ON q.id = g.permission_id WHERE g.ends_at IS NULL OR g.ends_at > %s",
        timezone.now(),
    ):
        granted.setdefault((row["membership_id"], row["asset"]), set()).add(row["codename"])
    found = {}
    for seat in rows(
        "SELECT m.*, r.account_id AS made_by, r.code, r.held, u.email, to_jsonb(p) AS policy,"
        " ARRAY(SELECT f.type FROM mfa_authenticator f"
        "   WHERE f.user_id = m.person_id AND f.type <> 'recovery_codes') AS factors"
        " FROM teams_membership m JOIN teams_role r ON r.id = CASE WHEN m.raised_until > %s THEN m.raised_to_id"
        "   ELSE m.role_id END"
        " JOIN accounts_businessaccount a ON a.id = m.account_id AND a.closed_at IS NULL"
        " JOIN accounts_securitypolicy p ON p.account_id = a.id"
        " JOIN accounts_person u ON u.id = m.person_id AND u.is_active"
        " WHERE m.state = 'active' AND (m.ends_at IS NULL OR m.ends_at > %s)",
        timezone.now(),
        timezone.now(),
    ):
        holds = ROLES[seat["code"]] if seat["made_by"] is None else set(seat["held"])
        if not whatever_the_policy and _is_kept_out(seat, holds):
            continue
        by_role = frozenset(holds & ON_ASSETS)
        on_assets = {pk: by_role | granted.get((seat["id"], pk), set()) for pk in assets.get(seat["account_id"], [])}
        assert (seat["person_id"], seat["account_id"]) not in found, "two active memberships"
        found[seat["person_id"], seat["account_id"]] = Powers(frozenset(holds - ON_ASSETS), by_role, on_assets)
    return found


@dataclass(frozen=True)
class Bound:
    """What binds at a moment: frozen accounts with their owners, and who is new at managing the team, and where."""

    frozen: Mapping[int, int]
    new: frozenset[tuple[int, int]]


_SEATS_THAT_MANAGE = (
    "SELECT m.*, a.owner_id, to_jsonb(p) AS policy FROM teams_membership m"
    " JOIN teams_role r ON r.id = CASE WHEN m.raised_until > %s THEN m.raised_to_id ELSE m.role_id END"
    " JOIN accounts_businessaccount a ON a.id = m.account_id JOIN accounts_securitypolicy p ON p.account_id = a.id"
    " WHERE m.state <> 'ended' AND (r.account_id IS NULL AND r.code IN ('owner', 'administrator')"
    " OR 'manage_team' = ANY(r.held))"
)


def bound() -> Bound:
    """Return what binds people now, beside what they hold."""
    frozen = rows("SELECT id, owner_id FROM accounts_businessaccount WHERE frozen_at IS NOT NULL")
    now = timezone.now()
    seats = rows(f"{_SEATS_THAT_MANAGE} AND a.owner_id <> m.person_id AND m.administers_since IS NOT NULL", now)
    return Bound(
        {row["id"]: row["owner_id"] for row in frozen},
        frozenset(
            (row["person_id"], row["account_id"])
            for row in seats
            if row["administers_since"] + dt.timedelta(days=_as_it_counts(row["policy"])["probation_days"]) > now
        ),
    )


def seats_of_unknown_age() -> list[int]:
    """Return the seats that manage the team without saying since when."""
    return [row["id"] for row in rows(f"{_SEATS_THAT_MANAGE} AND m.administers_since IS NULL", timezone.now())]


def policy_of(account_id: int) -> dict[str, Any]:
    """Return the security policy of an account as it counts now."""
    return _as_it_counts(one("SELECT to_jsonb(p) FROM accounts_securitypolicy p WHERE account_id = %s", account_id))


def _as_it_counts(stored: str) -> dict[str, Any]:
    policy = json.loads(stored)
    begun = policy["planned_from"] and dt.datetime.fromisoformat(policy["planned_from"]) <= timezone.now()
    return {**policy, **policy["planned"]} if begun else policy


def _is_kept_out(seat: Mapping[str, Any], holds: Collection[str]) -> bool:
    """Say whether the account's policy keeps somebody out: as it is stored, or as it was planned to be by now."""
    policy = _as_it_counts(seat["policy"])
    asked = {"nobody": False, "everyone": True, "administrators": "manage_team" in holds}[policy["second_factor"]]
    count = [kind for kind in seat["factors"] if kind == "webauthn" or policy["second_factor_kinds"] == "any"]
    _local, _at, domain = seat["email"].rpartition("@")
    above = [f"*.{domain.split('.', cut)[cut]}" for cut in range(1, domain.count(".") + 1)]
    foreign = policy["domains"] and not {domain, *above} & set(policy["domains"])
    owns = seat["made_by"] is None and seat["code"] == "owner"
    unconfirmed = policy["confirmation"] == "before" and not seat["confirmed_at"]
    return bool(unconfirmed or (asked and not count) or (foreign and not owns))


def state() -> str:
    """Return one short text for all rows of all tables but the record's."""
    tables = [
        row["tablename"]
        for row in rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'audit%%'")
    ]
    texts = ", ".join(
        f"coalesce((SELECT string_agg(t::text, '' ORDER BY t::text) FROM \"{table}\" t), '')"
        for table in sorted(tables)
    )
    return one(f"SELECT md5(concat_ws('|', {texts}))")  # names of our tables


def last_event() -> int:
    """Return the id of the newest event."""
    return one("SELECT coalesce(max(id), 0) FROM audit_event")


def events_after(last: int) -> list[dict[str, Any]]:
    """Return the events written after the one with an id."""
    return rows(
        "SELECT e.id, e.chain_id, e.name, e.result, e.canonical FROM audit_event e WHERE e.id > %s ORDER BY e.id", last
    )


def live_rows_of(person: Any, account_id: int) -> dict[str, int]:
    """Return how much in an account still names a person and gives power, or waits for one; only what there is."""
    now = timezone.now()
    address, pk = person.email, person.pk
    questions = {
        "memberships": ("teams_membership WHERE person_id = %s AND account_id = %s AND state <> 'ended'", pk),
        "grants": (
            ("teams_assetgrant g JOIN accounts_asset a ON a.id = g.content_object_id"
            " WHERE g.user_id = %s AND a.account_id = %s"), pk,
        ),
        "offers": ("teams_ownershipoffer WHERE person_id = %s AND account_id = %s AND state = 'open'", pk),
        "Claims of the ownership": (
            "teams_ownershipclaim WHERE person_id = %s AND account_id = %s AND state = 'open'", pk,
        ),
        "Accesses to review": (
            ("reviews_item i JOIN reviews_campaign c ON c.id = i.campaign_id JOIN accounts_businessaccount a"
            " ON a.id = c.account_id WHERE i.reviewer_id = %s AND c.account_id = %s AND c.state = 'running'"
            " AND i.must_decide AND i.decision = '' AND a.closed_at IS NULL"), pk,
        ),
        "Open access requests": (
            "teams_accessrequest WHERE person_id = %s AND account_id = %s AND state = 'open' AND lapses_at > %s", pk, now,
        ),
        "Planned security policies": (
            "accounts_securitypolicy WHERE planned_by_id = %s AND account_id = %s AND planned_from > %s", pk, now,
        ),
        "Left without anyone who answers for them": (
            "teams_membership WHERE sponsor_id = %s AND account_id = %s AND state <> 'ended'", pk,
        ),
        "Invitations to the person": (
            "invitations_invitation WHERE address = %s AND account_id = %s AND state = 'open' AND expires_at > %s",
            address, now,
        ),
        "Invitations sent by the person": (
            ("invitations_invitation WHERE invited_by_id = %s AND account_id = %s AND state = 'open'"
            " AND expires_at > %s"), pk, now,
        ),
        "Invitations left without anyone who answers for them": (
            "invitations_invitation WHERE sponsor_id = %s AND account_id = %s AND state = 'open'", pk,
        ),
        "Lists of people that the person is inviting": (
            "invitations_import WHERE by_id = %s AND account_id = %s AND state = 'running'", pk,
        ),
        "Places on lists of people to invite": (
            ("invitations_importrow r JOIN invitations_import i ON i.id = r.source_id AND i.state = 'running'"
            " WHERE r.address = %s AND i.account_id = %s AND r.fate = 'waiting'"), address,
        ),
        "Shared logins known to the person": (
            ("logins_knower k JOIN logins_sharedlogin l ON l.id = k.login_id"
            " WHERE k.address = %s AND l.account_id = %s AND k.gone_at IS NULL AND k.cleared_at IS NULL"), address,
        ),
    }  # fmt: skip
    counts = {
        what: one(f"SELECT count(*) FROM {question}", subject, account_id, *more)  # texts of this file
        for what, (question, subject, *more) in questions.items()
    }
    return {what: count for what, count in counts.items() if count}


def held_by(membership_id: int) -> dict[str, Any]:
    """Return role, state and grants of a membership, as they stand in the tables."""
    [seat] = rows(
        "SELECT r.code, m.state FROM teams_membership m JOIN teams_role r"
        " ON r.id = CASE WHEN m.raised_until > %s THEN m.raised_to_id ELSE m.role_id END WHERE m.id = %s",
        timezone.now(),
        membership_id,
    )
    grants = rows(
        "SELECT g.content_object_id AS asset, q.codename, g.ends_at FROM teams_assetgrant g"
        " JOIN auth_permission q ON q.id = g.permission_id WHERE g.membership_id = %s",
        membership_id,
    )
    return {**seat, "grants": {(row["asset"], row["codename"], row["ends_at"]) for row in grants}}

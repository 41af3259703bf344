"""How seats, roles, assets and the account stand after an act, for its event: the past is told from it (`teams.past`).

The database notes what a transaction touched, on every path; here it is asked, by SQL of its own, as the event is
written. An entry holds ids, codes and times alone: nothing of it is about a person's words.
"""

import json
from collections.abc import Collection
from typing import Any

from django.db import connection

_TOUCHED = "SELECT coalesce(current_setting('accessportal.touched', true), '')"
_LEFT = "SELECT set_config('accessportal.touched', %s, true)"
_SEATS = """
SELECT m.id, m.account_id, jsonb_build_object(
    'seat', m.id, 'person', m.person_id, 'role', m.role_id, 'raised', m.raised_to_id, 'until', m.raised_until,
    'state', m.state, 'confirmed', m.confirmed_at IS NOT NULL, 'ends', m.ends_at,
    'grants', coalesce((
        SELECT jsonb_agg(jsonb_build_array(g.content_object_id, p.codename, g.ends_at)
                         ORDER BY g.content_object_id, p.codename)
        FROM teams_assetgrant g JOIN auth_permission p ON p.id = g.permission_id WHERE g.membership_id = m.id
    ), '[]'))
FROM teams_membership m WHERE m.id = ANY(%s) AND m.account_id = ANY(%s) ORDER BY m.id
"""
_ROLES = """
SELECT id, account_id, jsonb_build_object('role', id, 'code', code, 'name', name, 'held', to_jsonb(held))
FROM teams_role WHERE id = ANY(%s) AND account_id = ANY(%s) ORDER BY id
"""
_ASSETS = """
SELECT id, account_id, jsonb_build_object('asset', id, 'archived', archived_at IS NOT NULL)
FROM accounts_asset WHERE id = ANY(%s) AND account_id = ANY(%s) ORDER BY id
"""
_ACCOUNTS = """
SELECT id, id, jsonb_build_object('account', id, 'closed', closed_at IS NOT NULL)
FROM accounts_businessaccount WHERE id = ANY(%s) AND id = ANY(%s)
"""
_QUESTIONS = {"s": _SEATS, "r": _ROLES, "a": _ASSETS, "b": _ACCOUNTS}


def imprints(account_ids: Collection[int]) -> dict[int, list[dict[str, Any]]]:
    """Return how what was touched in these accounts stands now, by account; what lies in others stays noted."""
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED)
        (noted,) = cursor.fetchone()
        if not noted:
            return {}
        touched: dict[str, set[int]] = {kind: set() for kind in _QUESTIONS}
        for each in noted.rstrip(",").split(","):
            touched[each[0]].add(int(each[1:]))
        found: dict[int, list[dict[str, Any]]] = {}
        for kind, question in _QUESTIONS.items():
            if not touched[kind]:
                continue
            cursor.execute(question, [list(touched[kind]), list(account_ids)])
            for pk, account_id, entry in cursor.fetchall():
                found.setdefault(account_id, []).append(entry if isinstance(entry, dict) else json.loads(entry))
                touched[kind].discard(pk)
        if found:
            cursor.execute(_LEFT, ["".join(f"{kind}{pk}," for kind, ids in touched.items() for pk in sorted(ids))])
    return found

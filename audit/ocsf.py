"""Events in the form of the Open Cybersecurity Schema Framework, which log systems of others read (schema.ocsf.io).

What is about somebody's access is *User Access Management* (3005), all else *Entity Management* (3004). What the schema
has no place for stands under `unmapped`; `raw_data` is the canonical text, so that the chain can be checked here, too.
"""

from typing import Any

from .canonical import instant
from .events import act_named
from .models import Event

SCHEMA = "1.3.0"
CATEGORY, CATEGORY_NAME = 3, "Identity & Access Management"
ENTITY, ACCESS = (3004, "Entity Management"), (3005, "User Access Management")
ABOUT_ACCESS = frozenset({"grants", "member", "role"})  # groups of acts; each of them is about one person, save these:
THINGS = frozenset({"role.created", "role.edited", "role.retired", "member.list_exported"})
CREATE, READ, UPDATE, DELETE = (1, "Create"), (2, "Read"), (3, "Update"), (4, "Delete")
ASSIGN, REVOKE, ASSIGN_ROLE, REMOVE_ROLE = (
    (1, "Assign Privileges"),
    (2, "Revoke Privileges"),
    (3, "Assign Role"),
    (4, "Remove Role"),
)
VERBS = {  # the last word of an act's name, where it isn't a change
    **dict.fromkeys(("added", "asked", "claimed", "created", "made", "offered", "uploaded"), CREATE),
    **dict.fromkeys(("exported", "list_exported", "looked_into", "opened_by_other", "read"), READ),
    **dict.fromkeys(("closed", "declined", "deleted", "ended", "expired", "lapsed", "retired", "revoked"), DELETE),
    "withdrawn": DELETE,
}
EXACTLY = {"account.opened": CREATE, "invitation.opened": READ, "access.refused": READ}
ROLE_GONE = frozenset({"suspended", "offboarded", "left", "ran_out", "lowered"})
ROLE_GIVEN = frozenset({"changed", "raised", "confirmed", "restored", "brought_back"})
INFORMATIONAL, LOW = (1, "Informational"), (2, "Low")
USER, SYSTEM, OTHER = (1, "User"), (3, "System"), (99, "Other")
KINDS = {"person": USER, "system": SYSTEM}


def as_ocsf(event: Event) -> dict[str, Any]:
    """Return one event as an OCSF event, plain JSON. Empty attributes are left out, as the schema wants it."""
    parts, concerns_access = event.parts, _concerns_access(event)
    (class_uid, class_name), (activity, activity_name) = (ACCESS if concerns_access else ENTITY), _activity(event)
    severity, severity_name = LOW if event.refused else INFORMATIONAL
    kind, kind_name = KINDS.get(event.actor_kind, OTHER)
    origin, act = parts["origin"], act_named(event.name)
    written = {
        "class_uid": class_uid,
        "class_name": class_name,
        "category_uid": CATEGORY,
        "category_name": CATEGORY_NAME,
        "activity_id": activity,
        "activity_name": activity_name,
        "type_uid": class_uid * 100 + activity,
        "type_name": f"{class_name}: {activity_name}",
        "severity_id": severity,
        "severity": severity_name,
        "status_id": 2 if event.refused else 1,
        "status": "Failure" if event.refused else "Success",
        "status_detail": parts["reason"] if event.refused else "",
        "time": int(event.at.timestamp() * 1000),
        "message": event.sentence,
        "metadata": {
            "version": SCHEMA,
            "product": {"name": "AccessPortal", "vendor_name": "AccessPortal"},
            "uid": f"{parts['chain']}/{event.number}",
            "sequence": event.number,
            "event_code": event.name,
            "log_name": parts["chain"],
            "original_time": instant(event.at),
        },
        "actor": {
            "user": {
                "uid": _text(event.actor_id),
                "name": event.actor,
                "type_id": kind,
                "type": kind_name,
                "org": {"name": event.behalf},
            },
            "session": {"uid": origin["session"]},
        },
        "src_endpoint": {"ip": origin["address"]},
        "http_request": {"user_agent": origin["agent"], "uid": origin["request"]},
        "raw_data": event.canonical,
        "unmapped": {
            "act": str(act.label) if act else "",
            "before": parts["before"],
            "after": parts["after"],
            "reason": parts["reason"],
            "digest": bytes(event.digest).hex(),
            "previous_hash": bytes(event.previous).hex(),
            "hash": bytes(event.hash).hex(),
            "actor_words": event.actor_words,
            "target_words": event.target_words,
        },
    }
    if concerns_access:
        user = {"uid": _text(event.about_id), "name": event.target}
        written |= {"user": user, "privileges": _privileges(parts)}
    else:
        entity = {"uid": _text(event.target_id), "name": event.target, "type": event.target_kind}
        written |= {"entity": entity, "comment": parts["reason"]}
    return _without_empty(written)


def _concerns_access(event: Event) -> bool:
    group, _dot, _verb = event.name.partition(".")
    return group in ABOUT_ACCESS and event.name not in THINGS and event.about_id is not None


def _activity(event: Event) -> tuple[int, str]:
    verb = event.name.partition(".")[2]
    if not _concerns_access(event):
        return EXACTLY.get(event.name) or VERBS.get(verb) or VERBS.get(verb.rpartition("_")[2]) or UPDATE
    if event.name == "grants.changed":
        before, after = (set(event.parts[side].get("grants", ())) for side in ("before", "after"))
        return REVOKE if after < before else ASSIGN
    return ASSIGN_ROLE if verb in ROLE_GIVEN else REMOVE_ROLE if verb in ROLE_GONE else OTHER


def _privileges(parts: dict[str, Any]) -> list[str]:
    """The permissions that an act gave, where it says them: on one asset, or by a role."""
    given = parts["after"].get("grants") or parts["after"].get("role", {}).get("permissions")
    return [str(code) for code in given] if isinstance(given, list) else []


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def _without_empty(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    kept = {key: item if key == "unmapped" else _without_empty(item) for key, item in value.items()}
    return {key: item for key, item in kept.items() if item not in (None, "", {}, [])}

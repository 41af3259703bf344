"""What an event says about people, kept beside the text that is hashed, so that it can be emptied (erasure by law).

The canonical text holds the SHA-256 of two *words*: those about who acted (name, address, device), and those about the
target (name, reason, and what before and after say of people). Each is JSON with a salt, since a name can be guessed
from its bare hash. Where words are emptied, text and chain still hold, and nothing can be put in their place.
"""

import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from .canonical import as_json

SALT_BYTES = 16
# What before and after may say in the hashed text: numbers, times, and the words under these keys. They name roles,
# permissions, things of the account, states and choices. All else counts as words about a person.
PLAIN = frozenset({
    "act", "anchor", "asked", "asset", "code", "columns", "confirmation", "digest", "does", "domains", "emptied",
    "format", "former", "grants", "instead", "joined", "kept", "kind", "kinds", "mail", "outcome", "page", "password",
    "permission", "permissions", "plan", "result", "role", "second_factor", "second_factor_kinds", "state",
    "team_ending", "then", "way", "what",
})  # fmt: skip
TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z| UTC)?)?")


def fresh_salt() -> str:
    """Return a salt that nobody guesses, in hexadecimal."""
    return secrets.token_hex(SALT_BYTES)


def words_of(said: Mapping[str, Any]) -> str:
    """Return words as they are kept and hashed: JSON of a fresh salt and what is said, without what is empty."""
    return as_json([fresh_salt(), {key: value for key, value in said.items() if value}])


def apart(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the hashed text may hold of before or after, and what is about people. Both keep the structure."""
    plain: dict[str, Any] = {}
    personal: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping) and key not in PLAIN:
            plain[key], inside = apart(value)
            if inside:
                personal[key] = inside
        elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
            pairs = [apart(item) for item in value]
            plain[key] = [one for one, _other in pairs]
            if any(other for _one, other in pairs):
                personal[key] = [other for _one, other in pairs]
        elif key in PLAIN or _says_nobody(value):
            plain[key] = value
        else:
            personal[key] = value
    return plain, personal


def together(plain: Mapping[str, Any], personal: Mapping[str, Any]) -> dict[str, Any]:
    """Return before or after as it was, from what `apart` made of it."""
    whole = dict(plain)
    for key, value in personal.items():
        beside = whole.get(key)
        if isinstance(value, Mapping) and isinstance(beside, Mapping):
            whole[key] = together(beside, value)
        elif isinstance(value, list) and isinstance(beside, list):
            whole[key] = [together(one, other) for one, other in zip(beside, value, strict=True)]
        else:
            whole[key] = value
    return whole


def parts_of(text: str, actor_words: str | None, target_words: str | None) -> dict[str, Any]:
    """Read an event: its parts by name, actor and target as kind, id and label. None stands for words emptied."""
    chain, at, name, result, actor_kind, actor_id, target_kind, target_id, about, _own, _others, rest = json.loads(text)
    actor, target = (_read(words) for words in (actor_words, target_words))
    return {
        "v": rest["v"],
        "chain": chain,
        "at": at,
        "name": name,
        "result": result,
        "about": about,
        "actor": {"kind": actor_kind, "id": actor_id, "label": actor.get("label", "")},
        "behalf": actor.get("behalf", ""),
        "target": {"kind": target_kind, "id": target_id, "label": target.get("label", "")},
        "before": together(rest["before"], target.get("before", {})),
        "after": together(rest["after"], target.get("after", {})),
        "access": rest.get("access", []),
        "stood": rest.get("stood", []),
        "reason": target.get("reason", ""),
        "origin": {"address": actor.get("address", ""), "agent": actor.get("agent", ""), **rest["origin"]},
    }


def _read(words: str | None) -> dict[str, Any]:
    return {"label": gettext("(erased)")} if words is None else json.loads(words)[1]


def _says_nobody(value: Any) -> bool:
    if isinstance(value, str):
        return not value or bool(TIME.fullmatch(value))
    if isinstance(value, list):
        return all(_says_nobody(item) for item in value)
    return True

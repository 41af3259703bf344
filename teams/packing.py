"""The arguments of an act that waits, as they are kept: rows by their ids, to be found anew when it is done (AZ9)."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.utils.translation import gettext as _

from accounts.errors import ChangedMeanwhile

from .models import Terms

KIND = "$"  # the key that says what a packed value is


def packed(value: Any) -> Any:
    """Return a value as JSON keeps it. Raises TypeError for what an act can't be asked with."""
    match value:
        case None | bool() | int():
            return value
        case str():
            return str(value)  # a lazy or enumerated one, too
        case Model():
            return {KIND: value._meta.label, "pk": value.pk}
        case dt.datetime():
            return {KIND: "instant", "at": value.isoformat()}
        case Terms():
            fields = (value.kind, value.organisation, value.sponsor, value.ends_at)
            return {KIND: "terms", "fields": [packed(field) for field in fields]}
        case Mapping():
            rows = [[packed(key), packed(held)] for key, held in value.items()]
            return {KIND: "map", "items": sorted(rows, key=repr)}
        case set() | frozenset():
            return {KIND: "set", "items": sorted((packed(one) for one in value), key=repr)}
        case list() | tuple():
            return [packed(one) for one in value]
    raise TypeError(f"an act that waits can't be asked with {type(value).__name__}")


def unpacked(value: Any) -> Any:
    """Return what was packed, each row as it is now. Raises ChangedMeanwhile for a row that is not there any more."""
    if isinstance(value, list):
        return [unpacked(one) for one in value]
    if not isinstance(value, dict):
        return value
    match value[KIND]:
        case "instant":
            return dt.datetime.fromisoformat(value["at"])
        case "terms":
            return Terms(*(unpacked(field) for field in value["fields"]))
        case "map":
            return {unpacked(key): unpacked(held) for key, held in value["items"]}
        case "set":
            return frozenset(unpacked(one) for one in value["items"])
    row = apps.get_model(value[KIND])._base_manager.filter(pk=value["pk"]).first()
    if row is None:
        raise ChangedMeanwhile(_("Something that this is about is not there any more."))
    return row

"""The register of acts: every app names its events here, with the sentence that a person reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Act:
    """One kind of act: its name in the log, its words for lists ("change a role"), and its sentences: done, refused.

    `changes_access` is no only of an act that gives nobody anything and takes nothing from anybody.
    """

    name: str
    label: str | Promise
    sentence: str | Promise
    refusal: str | Promise
    changes_access: bool = True

    @property
    def group(self) -> str:
        """The part before the dot: what the act is about."""
        return self.name.partition(".")[0]


_register: dict[str, Act] = {}
REFUSAL = _("{actor} was refused: {label}. {reason}")


def register(
    name: str,
    label: str | Promise,
    sentence: str | Promise,
    *,
    refusal: str | Promise = REFUSAL,
    changes_access: bool = True,
) -> Act:
    """Add an act and return it. The sentences may use {actor}, {target}, {reason}, {before[…]} and {after[…]}.

    Raises ValueError when the name is taken: a name means one thing for ever.
    """
    if name in _register:
        raise ValueError(f"the act {name!r} is registered twice")
    _register[name] = act = Act(name, label, sentence, refusal, changes_access)
    return act


def all_acts() -> list[Act]:
    """Return every registered act, by name."""
    return [_register[name] for name in sorted(_register)]


def act_named(name: str) -> Act | None:
    """Return the act of this name, or None for one that no app registers (any more)."""
    return _register.get(name)


class _Words(dict[str, Any]):
    """Before or after, for a sentence: what is missing reads as a dash instead of failing the page."""

    def __missing__(self, key: str) -> str:
        return "–"


def sentence_for(name: str, *, refused: bool, parts: Mapping[str, Any]) -> str:
    """Return the sentence of one event from its canonical `parts`; an unknown name is shown as it is."""
    act = _register.get(name)
    if act is None:
        return name
    if refused:
        return str(act.refusal).format(label=act.label, **{**_words(parts), "reason": parts["reason"]}).rstrip()
    return filled(act.sentence, parts)


def filled(sentence: str | Promise, parts: Mapping[str, Any]) -> str:
    """Return a sentence with what an event's `parts` say in place of {actor}, {after[…]} and so on."""
    return str(sentence).format(**_words(parts))


def _words(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "actor": parts["actor"]["label"] or gettext("Someone"),
        "target": parts["target"]["label"],
        "reason": parts["reason"] or "–",
        "before": _nested(parts["before"]),
        "after": _nested(parts["after"]),
    }


def _nested(values: Mapping[str, Any]) -> _Words:
    return _Words({key: _nested(item) if isinstance(item, Mapping) else _listed(item) for key, item in values.items()})


def _listed(value: Any) -> Any:
    return (", ".join(str(item) for item in value) or "–") if isinstance(value, list) else value


CHECKPOINTS_ANEW = register(
    "record.checkpoints_anew",
    _("begin the checkpoints anew"),
    _("The operator began the checkpoints anew, with number {after[number]}: it extends none of the earlier ones"),
    changes_access=False,
)
ERASED = register(
    "record.erased",
    _("erase what the log says about a person"),
    _("The operator erased what {after[count]} events here said about one person. Reason: {reason}"),
    changes_access=False,
)
REMOVED = register(
    "record.removed",
    _("remove old events"),
    _("Old events were removed, up to no. {after[up_to]}: checkpoint {after[checkpoint]} is their anchor"),
    changes_access=False,
)
EXPORTED = register(
    "audit.exported", _("export the log"), _("{actor} exported the log ({after[format]})"), changes_access=False
)
ACCESS_REFUSED = register(
    "access.refused",
    _("open a page without the permission"),
    _("{actor} was refused {after[permission]}"),
    refusal=_("{actor} was refused: open a page. {reason}"),
    changes_access=False,
)

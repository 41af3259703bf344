"""Where a person's name and address stand outside of the record, found by walking all tables (erasure by law).

What is the person's alone is deleted. In what belongs to an account, such as a receipt or a reason, name and address
are struck out, and the rest stays. A table that comes later is walked, too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import CASCADE, Field, ForeignKey, Model, Q, TextField
from django.db.models.functions import Cast

from accounts.models import BusinessAccount, Person

ERASED = "(erased)"
TEXT = {"CharField", "TextField", "EmailField", "JSONField", "ArrayField"}
ELSEWHERE = {"audit", "auth", "contenttypes", "guardian", "sessions"}  # the record itself, and tables without our words


@dataclass(frozen=True, slots=True)
class Erasure:
    """Whom to forget: the person, None for who never had a sign-in; addresses and names, also earlier ones.

    Names are looked for only in what names the person, and in the accounts where the person was.
    """

    person: Person | None
    addresses: tuple[str, ...]
    names: tuple[str, ...]
    account_ids: frozenset[int]

    @property
    def address_instead(self) -> str:
        """The address that stands there afterwards: nobody's, and no two the same."""
        return f"erased-{self.person.pk if self.person else 0}@erased.invalid"

    def struck(self, value: Any) -> Any:
        """Return a value without name and address."""
        if isinstance(value, str):
            instead = dict.fromkeys(self.addresses, self.address_instead) | dict.fromkeys(self.names, ERASED)
            for words, other in instead.items():
                value = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", other, value, flags=re.IGNORECASE)
            return value
        if isinstance(value, list):
            return [self.struck(item) for item in value]
        if isinstance(value, dict):
            return {self.struck(key): self.struck(item) for key, item in value.items()}
        return value


def delete_own(person: Person) -> None:
    """Delete what is the person's alone: every row that would go when the person went."""
    for model in _models():
        for column in _keys(model, Person):
            if column.remote_field.on_delete is CASCADE:
                model._base_manager.filter(**{column.name: person}).delete()


def strike_out(erasure: Erasure) -> int:
    """Strike name and address out of every text of every table; return how many rows were changed."""
    changed = 0
    for model in _models():
        columns = [column for column in model._meta.concrete_fields if type(column).__name__ in TEXT]
        if columns and model is not Person:
            changed += sum(_strike_row(row, columns, erasure) for row in _rows(model, columns, erasure))
    return changed


def _strike_row(row: Model, columns: list[Field], erasure: Erasure) -> bool:
    was = {column.attname: getattr(row, column.attname) for column in columns}
    now = {name: erasure.struck(value) for name, value in was.items()}
    fresh: dict[str, Any] = {name: value for name, value in now.items() if value != was[name]}
    for column in columns:
        if column.attname in fresh and isinstance(fresh[column.attname], str) and column.max_length:
            fresh[column.attname] = fresh[column.attname][: column.max_length]
    proven = getattr(row, "proven_by_digest", "")
    if proven in fresh:
        fresh[proven]["erased"] = True  # so that it is not taken for a forged one
    if fresh:
        type(row)._base_manager.filter(pk=row.pk).update(**fresh)
    return bool(fresh)


def _rows(model: type[Model], columns: list[Field], erasure: Erasure) -> Any:
    """Return the rows that hold the address, and those near the person that hold the name."""
    texts = {f"text_of_{column.name}": Cast(column.name, TextField()) for column in columns}
    addressed, named = Q(), Q()
    for text in texts:
        for address in erasure.addresses:
            addressed |= Q(**{f"{text}__icontains": address})
        for name in erasure.names:
            named |= Q(**{f"{text}__icontains": name})
    wanted = addressed | (named & _near(model, erasure)) if erasure.names else addressed
    return model._base_manager.alias(**texts).filter(wanted)


def _near(model: type[Model], erasure: Erasure) -> Q:
    """Rows that name the person, or lie in an account where the person was: elsewhere the name is a namesake's."""
    near = Q(pk__in=[])
    for path in _paths(model):
        near |= Q(**{f"{path}__in": erasure.account_ids})
    for column in _keys(model, Person):
        near |= Q(**{column.name: erasure.person})
    return near


def _paths(model: type[Model]) -> Iterator[str]:
    """Yield the ways from a row to its account: its own column, or one key further."""
    if model is BusinessAccount:
        yield "pk"
    yield from (column.name for column in _keys(model, BusinessAccount))
    for key in _keys(model):
        if key.related_model not in {Person, BusinessAccount}:
            yield from (f"{key.name}__{column.name}" for column in _keys(key.related_model, BusinessAccount))


def _keys(model: Any, to: type[Model] | None = None) -> list[Any]:
    keys = [column for column in model._meta.concrete_fields if isinstance(column, ForeignKey)]
    return [column for column in keys if to is None or column.related_model is to]


def _models() -> list[type[Model]]:
    models = (model for model in apps.get_models() if model._meta.app_label not in ELSEWHERE and model._meta.managed)
    return sorted(models, key=lambda model: model._meta.label)

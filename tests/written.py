"""All that stands in the record, as text: what must not be in it is looked for there."""

from typing import Any

from django.db.models import TextField, Value
from django.db.models.functions import Coalesce, Concat

from audit.models import Event

WORDS = [Coalesce(column, Value(""), output_field=TextField()) for column in ("actor_words", "target_words")]


def written(events: Any = None) -> list[str]:
    """Return the text of each event (of all), with its words about people."""
    rows = Event.objects.all() if events is None else events
    return list(rows.order_by("pk").values_list(Concat("canonical", *WORDS), flat=True))

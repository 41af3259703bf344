"""What a person changes about themselves."""

from collections.abc import Sequence

from django.db.models import F

from audit.recording import action, record

from ..events import PROFILE_CHANGED
from ..models import Person


def outdate_reset_links(people: Sequence[Person]) -> None:
    """Make earlier links for a new password useless: another is asked for (MF9), or all sessions end (SE5).

    Where nobody has the address, nobody's are, by the same statements (GU4).
    """
    rows = Person.objects.filter(pk__in=[person.pk for person in people] or [0])
    rows.update(reset_links=F("reset_links") + 1)
    counts = dict(rows.values_list("pk", "reset_links"))
    for person in people:
        person.reset_links = counts[person.pk]


@action(PROFILE_CHANGED)
def change_profile(*, person: Person, name: str, time_zone: str, by: Person) -> Person:
    """Change the own name and time zone and return the person; nothing changed writes no event."""
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    before, after = {"name": person.name, "time_zone": person.time_zone}, {"name": name, "time_zone": time_zone}
    if before == after:
        return person
    person.name, person.time_zone = name, time_zone
    person.save(update_fields=["name", "time_zone"])
    record(PROFILE_CHANGED, by=by, on=person, before=before, after=after)
    return person

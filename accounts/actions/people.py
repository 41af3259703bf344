"""What a person changes about themselves."""

from audit.recording import action, record

from ..events import PROFILE_CHANGED
from ..models import Person


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

"""Choosing what comes by mail, and how often."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import Person
from audit.recording import action, record

from ..access import channels_of
from ..events import NOTICES_CHOSEN
from ..kinds import CHOOSABLE, KINDS
from ..models import Choice


@action(NOTICES_CHOSEN)
def choose(*, person: Person, channels: Mapping[str, str], by: Person) -> dict[str, str]:
    """Choose how the kinds that are named reach oneself; return what holds for every kind now.

    Nothing changed writes no event. Raises PolicyViolation (another person's, a security notice, no such kind or way),
    ChangedMeanwhile (switched off since).
    """
    if person.pk != by.pk:
        raise PolicyViolation(_("Everybody chooses for themselves."))
    if not Person.objects.select_for_update(no_key=True).filter(pk=person.pk, is_active=True).exists():
        raise ChangedMeanwhile(_("This sign-in is switched off."))
    for code, channel in channels.items():
        if code in KINDS and code not in CHOOSABLE:
            raise PolicyViolation(_("“%(kind)s” can’t be turned off.") % {"kind": KINDS[code].label})
        if code not in CHOOSABLE or channel not in CHOOSABLE[code].ways:
            raise PolicyViolation(_("Choose one of the ways that are offered."))
    before = channels_of(person)
    after = {**before, **{code: str(channel) for code, channel in channels.items()}}
    changed = {code: after[code] for code in CHOOSABLE if after[code] != before[code]}
    if not changed:
        return after
    Choice.objects.bulk_create(
        [Choice(person=person, kind=code, channel=channel) for code, channel in changed.items()],
        update_conflicts=True,
        unique_fields=["person", "kind"],
        update_fields=["channel"],
    )
    record(NOTICES_CHOSEN, by=by, on=person, before={code: before[code] for code in changed}, after=changed)
    return after

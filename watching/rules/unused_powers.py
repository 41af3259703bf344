"""Wide powers that were not used for a long time."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from accounts.permissions import PERMISSIONS, words_for
from teams.permissions import WIDE
from teams.uses import TRACED

from ..happenings import DAY, Finding, Rule, Severity, Standing, Tunable, Tuned

WATCHED = [code for code in PERMISSIONS if code in WIDE & TRACED]


def look(standing: Standing, tuned: Tuned) -> Iterator[Finding]:
    """Find who holds wide powers since long, and used none of them; once for each time without use."""
    limit = standing.now - tuned["days"] * DAY
    for seat in standing.seats:
        held = [code for code in WATCHED if code in seat.holds]
        last = max([seat.since, *(seat.used[code] for code in held if code in seat.used)])
        is_there = max(seat.since, seat.seen_at or seat.since) > limit  # who is not, is told of by another rule
        if held and is_there and not seat.is_owner and last <= limit:
            facts = {
                "powers": ", ".join(words_for(code) for code in held),
                "days": (standing.now - last).days,
                "last": f"{last:%Y-%m-%d}",
            }
            window = f"{seat.membership_id}/{last:%Y-%m-%d}"
            yield Finding(f"person/{seat.person_id}", window, standing.now, seat.person_id, facts)


UNUSED_POWERS = Rule(
    code="unused_powers",
    name=_("Powers that nobody uses"),
    explains=_(
        "Looks every day for members who may manage the team, roles, the security policy or billing, and did nothing "
        "of that kind for a long time; the owner aside. Such a power serves only who steals it."
    ),
    severity=Severity.LOW,
    title=_("{person} has not used wide powers for {days} days"),
    reasons=(
        ("powers", _("Held, and not used: {powers}.")),
        ("last", _("Last used, or given, on {last}.")),
    ),
    advice=(_("Give a smaller role. A larger one can be given for a time, when it is needed."),),
    tunables=(Tunable("days", _("Days"), _("Without use."), usual=90, least=14, most=730),),
    look=look,
    quiet=30 * DAY,
)

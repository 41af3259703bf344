"""A member who has not been seen for a long time: a door that nobody watches."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from ..happenings import DAY, Finding, Rule, Severity, Standing, Tunable, Tuned


def look(standing: Standing, tuned: Tuned) -> Iterator[Finding]:
    """Find who has power and did not sign in for so many days; once for each absence."""
    limit = standing.now - tuned["days"] * DAY
    for seat in standing.seats:
        last = max(seat.since, seat.seen_at or seat.since)
        if last <= limit and not seat.is_owner:
            facts = {"idle": (standing.now - last).days, "last": f"{last:%Y-%m-%d}"}
            facts["seen" if seat.seen_at else "never"] = True
            window = f"{seat.membership_id}/{last:%Y-%m-%d}"
            yield Finding(f"person/{seat.person_id}", window, standing.now, seat.person_id, facts)


DORMANT_MEMBER = Rule(
    code="dormant_member",
    name=_("A member who is not there any more"),
    explains=_(
        "Access that nobody uses is missed by nobody when somebody else does. Every day it looks for members who can "
        "enter, and have not signed in for a long time; the owner aside. Each absence is told once."
    ),
    severity=Severity.LOW,
    title=_("{person} has not signed in for {idle} days"),
    reasons=(
        ("seen", _("The last sign-in was on {last}.")),
        ("never", _("They joined on {last} and never signed in since.")),
    ),
    advice=(
        _("Ask whether the person still needs the access. Suspend it for now, or end it: both can be taken back."),
    ),
    tunables=(Tunable("days", _("Days"), _("Without a sign-in."), usual=90, least=14, most=730),),
    look=look,
    quiet=30 * DAY,
)

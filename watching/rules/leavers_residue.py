"""Something that a leaver still holds, or that still waits for them."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from ..happenings import DAY, Finding, Rule, Severity, Standing, Tuned


def look(standing: Standing, _tuned: Tuned) -> Iterator[Finding]:
    """Find who left lately, and has anything left in the account."""
    for leaver in standing.leavers:
        left = [f"{label} ({many})" for label, many in leaver.left.items() if many]
        if left:
            facts = {"left": ", ".join(left), "day": f"{leaver.ended_at:%Y-%m-%d}"}
            window = f"membership/{leaver.membership_id}"
            yield Finding(f"person/{leaver.person_id}", window, standing.now, leaver.person_id, facts)


LEAVERS_RESIDUE = Rule(
    code="leavers_residue",
    name=_("Something is left of a leaver"),
    explains=_(
        "Every day it looks at everybody whose access ended in the last 30 days, with the queries by which receipts "
        "are made, which share nothing with those that end access: grants, invitations, requests, claims, shared "
        "logins. Nothing should be left."
    ),
    severity=Severity.HIGH,
    title=_("Something is left of the access of {person}, who is gone"),
    reasons=(
        ("day", _("The access ended on {day}.")),
        ("left", _("Still there: {left}.")),
    ),
    advice=(
        _("Open the receipt of the offboarding, and end what is left by hand."),
        _("Then tell who runs the portal: by its own rules this should not be possible."),
    ),
    look=look,
    quiet=30 * DAY,
)

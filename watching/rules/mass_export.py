"""One person takes out much more than they ever do: logs and lists of members."""

from django.utils.translation import gettext_lazy as _

from audit.events import EXPORTED
from teams.events import LIST_EXPORTED

from ..happenings import DAY, HOUR, Finding, Happened, History, Rule, Severity, Tunable, Tuned, named, places_of

LEARNED_FROM = 365 * DAY
NAMES = [EXPORTED.name, LIST_EXPORTED.name]


def judge(happened: Happened, history: History, tuned: Tuned) -> Finding | None:
    """Count the exports of one person within some hours, against the most in as many hours of the year before."""
    actor = happened.actor_id
    if actor is None or happened.refused:
        return None
    length = tuned["hours"] * HOUR
    start = happened.at - length
    past = history.before(happened, NAMES, since=happened.at - LEARNED_FROM, by=actor, bare=True)
    done = [event for event in past if not event.refused]
    lately = [*(event for event in done if event.at >= start), happened]
    if len(lately) < tuned["exports"]:
        return None
    earlier = [event.at for event in done if event.at < start]
    usual = max((sum(at <= other <= at + length for other in earlier) for at in earlier), default=0)
    if len(lately) < usual * 1.5:
        return None
    facts = {"exports": len(lately), "hours": tuned["hours"], "usual": usual}
    facts["new" if not usual else "more"] = True
    window = f"{happened.chain}:{happened.number}"
    return Finding(f"person/{actor}", window, happened.at, actor, facts, places_of(lately))


MASS_EXPORT = Rule(
    code="mass_export",
    name=_("Many exports"),
    explains=_(
        "Counts how often one person exports the log or the list of members within a day. It is an alert from a number "
        "on, and only if it is well above what the same person took in any such time of the year before: an auditor "
        "at the end of the quarter is expected."
    ),
    severity=Severity.HIGH,
    title=_("{person} exported {exports} times within {hours} hours"),
    reasons=(
        ("exports", _("{exports} exports within {hours} hours.")),
        ("more", _("In the year before, this person exported {usual} times at most in as many hours.")),
        ("new", _("In the year before, this person exported nothing.")),
    ),
    advice=(
        _("Ask the person what it was for."),
        _("What has left can’t be called back. Suspend who is not trusted with it, and look at what the files hold."),
    ),
    tunables=(
        Tunable("exports", _("Exports"), _("From so many on."), usual=4, least=2, most=100),
        Tunable("hours", _("Within hours"), _("Older exports are not counted."), usual=24, least=1, most=168),
    ),
    hears=named(*NAMES),
    judge=judge,
)

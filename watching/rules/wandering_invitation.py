"""An invitation that is opened under other addresses again and again: a link that went further than it should."""

from django.utils.translation import gettext_lazy as _

from ..happenings import DAY, Finding, Happened, History, Rule, Severity, Tunable, Tuned, named, places_of

OPENED_BY_OTHER = "invitation.opened_by_other"  # of an app beside this one; it is written once a person and sending


def judge(happened: Happened, history: History, tuned: Tuned) -> Finding | None:
    """Count how often one invitation was opened under another address, and how many one person opened."""
    since = happened.at - tuned["days"] * DAY
    past = [*history.before(happened, [OPENED_BY_OTHER], since=since), happened]
    same = [event for event in past if event.target_id == happened.target_id]
    mine = {event.target_id: event for event in past if event.actor_id == happened.actor_id}
    if len(same) >= tuned["times"]:
        facts = {"times": len(same), "people": len({event.actor_id for event in same}), "days": tuned["days"]}
        subject, events = f"invitation/{happened.target_id}", same
    elif happened.actor_id is not None and len(mine) >= tuned["times"]:
        facts = {"invitations": len(mine), "days": tuned["days"], "times": len(mine)}
        subject, events = f"person/{happened.actor_id}", list(mine.values())
    else:
        return None
    return Finding(subject, f"{happened.chain}:{happened.number}", happened.at, None, facts, places_of(events))


WANDERING_INVITATION = Rule(
    code="wandering_invitation",
    name=_("Invitations opened under other addresses"),
    explains=_(
        "An invitation works for its own address only. When its link is opened again and again by people signed in "
        "under others, or one person opens several that are not theirs, the link went further than it should."
    ),
    severity=Severity.MEDIUM,
    title=_("Invitations were opened under another address {times} times"),
    reasons=(
        (
            "people",
            _("The link of one invitation was opened by {people} people who are signed in under other addresses."),
        ),
        ("invitations", _("One person opened {invitations} invitations that are for other addresses.")),
        ("days", _("All of it within {days} days. None of them could join by it.")),
    ),
    advice=(
        _("Revoke the invitation, and send a new one to the right address."),
        _("Ask the invited person where the link has been: forwarded, or read by somebody else."),
    ),
    tunables=(
        Tunable("times", _("Times"), _("From so many on."), usual=3, least=2, most=50),
        Tunable("days", _("Within days"), _("What is older is not counted."), usual=7, least=1, most=90),
    ),
    hears=named(OPENED_BY_OTHER),
    judge=judge,
    quiet=7 * DAY,
)

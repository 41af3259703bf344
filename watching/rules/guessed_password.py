"""Many failed tries, and then a sign-in: a password that was guessed."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.events import PASSWORD_RESET, SIGN_IN_FAILED, SIGNED_IN
from accounts.places import network_of

from ..happenings import DAY, HOUR, Finding, Happened, History, Rule, Severity, Tunable, Tuned, named, places_of

LEARNED_FROM = 90 * DAY
FAMILIAR = 3  # earlier sign-ins that make a network this person's own
OWN_NETWORK = 3  # times as many failures there as elsewhere: people mistype at home


def judge(happened: Happened, history: History, tuned: Tuned) -> Finding | None:
    """Count the failures since the last sign-in or new password; those from the person's own networks weigh less."""
    since = happened.at - tuned["hours"] * HOUR
    earlier = history.before(happened, [SIGN_IN_FAILED.name, SIGNED_IN.name, PASSWORD_RESET.name], since=since)
    run: list[Happened] = []
    for event in earlier:
        run = [*run, event] if event.name == SIGN_IN_FAILED.name else []
    if happened.actor_id is None or len(run) < tuned["failures"]:
        return None
    past = history.before(happened, [SIGNED_IN.name], since=happened.at - LEARNED_FROM, most=200)
    networks = [_network(event) for event in past]
    familiar = {network for network in networks if networks.count(network) >= FAMILIAR}
    weight = sum(1 if _network(event) in familiar else OWN_NETWORK for event in run)
    if weight < tuned["failures"] * OWN_NETWORK:
        return None
    places = {_network(event) for event in run}
    facts: dict[str, Any] = {"failures": len(run), "hours": tuned["hours"], "networks": len(places)}
    if _network(happened) not in familiar:
        facts["unknown"] = _network(happened)
    subject, window = f"person/{happened.actor_id}", f"{happened.chain}:{happened.number}"
    return Finding(subject, window, happened.at, happened.actor_id, facts, places_of([*run, happened]))


def _network(event: Happened) -> str:
    return network_of(event.address, four=24, six=48)


GUESSED_PASSWORD = Rule(
    code="guessed_password",
    name=_("Many failed tries, then a sign-in"),
    explains=_(
        "Counts the tries that failed between two sign-ins of a person. Tries from networks that the person uses "
        "themselves count a third: people mistype at home. A new password, set by mail, begins the count anew."
    ),
    severity=Severity.HIGH,
    title=_("A sign-in as {person} followed {failures} failed tries"),
    reasons=(
        ("failures", _("{failures} tries failed within {hours} hours, from {networks} networks; then one was right.")),
        ("unknown", _("The one that was right came from {unknown}, which is not among this person’s own networks.")),
    ),
    advice=(
        _("Ask the person, by another way than mail, whether it was them."),
        _("If not: end their sessions, let them set a new password, and ask for a second factor in the policy."),
    ),
    tunables=(
        Tunable("failures", _("Failed tries"), _("So many, or more, before a sign-in."), usual=6, least=3, most=50),
        Tunable("hours", _("Within hours"), _("Older failures are not counted."), usual=24, least=1, most=168),
    ),
    chain="person",
    hears=named(SIGNED_IN.name),
    judge=judge,
    quiet=DAY,
)

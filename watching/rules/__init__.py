"""The rules, one a file. This table is all that the engine, the pages and the measurements read."""

from ..happenings import Rule
from .burst_of_changes import BURST_OF_CHANGES
from .dormant_member import DORMANT_MEMBER
from .guessed_password import GUESSED_PASSWORD
from .leavers_residue import LEAVERS_RESIDUE
from .mass_export import MASS_EXPORT
from .record_trouble import RECORD_BROKEN_HERE, RECORD_TROUBLE
from .taking_over import TAKING_OVER
from .unused_powers import UNUSED_POWERS
from .unusual_sign_in import UNUSUAL_SIGN_IN
from .wandering_invitation import WANDERING_INVITATION

RULES: dict[str, Rule] = {
    rule.code: rule
    for rule in (
        UNUSUAL_SIGN_IN,
        GUESSED_PASSWORD,
        BURST_OF_CHANGES,
        MASS_EXPORT,
        TAKING_OVER,
        WANDERING_INVITATION,
        LEAVERS_RESIDUE,
        RECORD_BROKEN_HERE,
        RECORD_TROUBLE,
        UNUSED_POWERS,
        DORMANT_MEMBER,
    )
}
HEARING = tuple(rule for rule in RULES.values() if rule.judge)
LOOKING = tuple(rule for rule in RULES.values() if rule.look)


def hearing(chain: str, name: str) -> list[Rule]:
    """Return the rules that are asked of an event of this name in a chain of this kind."""
    return [rule for rule in HEARING if rule.chain == chain and rule.hears(name)]

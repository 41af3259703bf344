"""Which permissions an act of the log uses: the one table by which a power counts as used, or as unused."""

import datetime as dt

from accounts.permissions import (
    MANAGE_ASSETS,
    MANAGE_BILLING,
    MANAGE_ROLES,
    MANAGE_SECURITY,
    MANAGE_TEAM,
    OWN_ACCOUNT,
    RUN_REVIEWS,
    VIEW_AUDIT,
)
from audit.events import all_acts

UNUSED_AFTER = dt.timedelta(days=90)

# The permissions whose every use leaves an event. Of the others nothing can say that they were not used: content is
# published on the platform, and of what reads only the log of activity notes its readers.
TRACED = frozenset(
    {MANAGE_TEAM, MANAGE_ROLES, MANAGE_ASSETS, MANAGE_SECURITY, RUN_REVIEWS, MANAGE_BILLING, OWN_ACCOUNT}
)
# The acts by which somebody comes to a role. The one of the invitations stands on a floor above.
JOINED = "invitation.accepted"
GIVING = (
    JOINED,
    "role.changed",
    "role.raised",
    "role.confirmed",
    "request.approved",
    "member.brought_back",
    "ownership.accepted",
)
CHANGING = ("role.edited", "role.retired")  # by these a role gives its holders something else
RESTORED = "member.restored"  # nobody used anything while suspended

_NONE: frozenset[str] = frozenset()
_TEAM, _SECURITY, _OWN = frozenset({MANAGE_TEAM}), frozenset({MANAGE_SECURITY}), frozenset({OWN_ACCOUNT})
# By the group of an act. What may ask for two permissions counts for both: nothing that is needed is called unused.
BY_GROUP = {
    "access": _NONE,
    "account": _NONE,
    "alert": _TEAM,
    "asset": frozenset({MANAGE_ASSETS}),
    "asset_group": frozenset({MANAGE_ASSETS}),
    "audit": frozenset({VIEW_AUDIT}),
    "billing": frozenset({MANAGE_BILLING}),
    "engagement": _TEAM,
    "factor_reset": _NONE,
    "grants": _TEAM,
    "invitation": _TEAM,
    "login": _TEAM,
    "mail": _NONE,
    "member": _TEAM,
    "ownership": _NONE,
    "people_group": _TEAM,
    "person": _NONE,
    "policy": _SECURITY,
    "record": _NONE,
    "request": _TEAM,
    "review": frozenset({RUN_REVIEWS}),
    "role": _TEAM,
    "second_person": _NONE,  # what an approval uses stands with the act that waited
    "stream": frozenset({MANAGE_SECURITY, VIEW_AUDIT}),
    "watch": _SECURITY,
}
# What differs from its group. What everybody may do about themselves shows no power, nor what a reviewer does.
BY_NAME = {
    "account.changes_undone": _TEAM,
    "account.closed": _OWN,
    "account.freeze_lifted": _TEAM,
    "account.frozen": _TEAM,
    "account.log_kept": _OWN,
    "account.policy_changed": _SECURITY,
    "account.settings_changed": _SECURITY,
    "account.upgraded": _OWN,
    "factor_reset.asked": _TEAM,
    "factor_reset.withdrawn": _TEAM,
    "invitation.accepted": _NONE,
    "invitation.declined": _NONE,
    "invitation.opened": _NONE,
    "invitation.opened_by_other": _NONE,
    "member.left": _NONE,
    "ownership.claim_refused": _OWN,
    "ownership.offered": _OWN,
    "ownership.successor_dropped": _OWN,
    "ownership.successor_named": _OWN,
    "ownership.withdrawn": _OWN,
    "request.made": _NONE,
    "request.withdrawn": _NONE,
    "review.carried_out": _TEAM,
    "review.decided": _NONE,
    "review.hindered": _TEAM,
    "review.kept_rest": _NONE,
    "review.passed_on": _NONE,
    "review.schedule_changed": frozenset({RUN_REVIEWS, MANAGE_TEAM}),
    "review.started": frozenset({RUN_REVIEWS, MANAGE_TEAM}),
    "role.created": frozenset({MANAGE_ROLES}),
    "role.edited": frozenset({MANAGE_ROLES, MANAGE_TEAM}),
    "role.retired": frozenset({MANAGE_ROLES, MANAGE_TEAM}),
    "second_person.changed": _SECURITY,
}


def permissions_used_by(act: str) -> frozenset[str]:
    """Return the codes of the permissions that an act of this name uses; none where it shows no power."""
    return BY_NAME.get(act, BY_GROUP.get(act.partition(".")[0], _NONE))


def acts_using(code: str) -> list[str]:
    """Return the names of the acts that use a permission."""
    return [act.name for act in all_acts() if code in permissions_used_by(act.name)]

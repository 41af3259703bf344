"""The table of roles (design.md 3): which permissions each built-in role holds. Everything reads this table."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.permissions import (
    ASSET_CODES,
    DRAFT_CONTENT,
    MANAGE_BILLING,
    MANAGE_ROLES,
    MANAGE_SECURITY,
    MANAGE_TEAM,
    OWN_ACCOUNT,
    PERMISSIONS,
    PUBLISH_CONTENT,
    REPLY_COMMENTS,
    VIEW_ACCOUNT,
    VIEW_ANALYTICS,
    VIEW_AUDIT,
)
from accounts.sensitive import SensitiveAct

OWNER = "owner"
ADMINISTRATOR = "administrator"
EDITOR = "editor"
MODERATOR = "moderator"
ANALYST = "analyst"
FINANCE = "finance"
AUDITOR = "auditor"
MEMBER = "member"


@dataclass(frozen=True, slots=True)
class BuiltInRole:
    """A role that every account has: its name, whom it is for, and what it holds."""

    code: str
    name: str | Promise
    purpose: str | Promise
    holds: frozenset[str]


BUILT_IN = {
    role.code: role
    for role in (
        BuiltInRole(OWNER, _("Owner"), _("Answers for the account. One person."), frozenset(PERMISSIONS)),
        BuiltInRole(
            ADMINISTRATOR,
            _("Administrator"),
            _("Runs team, roles, assets and security. Does not hold billing."),
            frozenset(PERMISSIONS) - {MANAGE_BILLING, OWN_ACCOUNT},
        ),
        BuiltInRole(
            EDITOR,
            _("Editor"),
            _("Drafts, schedules and publishes content."),
            frozenset({VIEW_ACCOUNT, VIEW_ANALYTICS, DRAFT_CONTENT, PUBLISH_CONTENT}),
        ),
        BuiltInRole(
            MODERATOR,
            _("Moderator"),
            _("Answers comments and messages."),
            frozenset({VIEW_ACCOUNT, VIEW_ANALYTICS, REPLY_COMMENTS}),
        ),
        BuiltInRole(ANALYST, _("Analyst"), _("Reads the numbers."), frozenset({VIEW_ACCOUNT, VIEW_ANALYTICS})),
        BuiltInRole(FINANCE, _("Finance"), _("Looks after billing."), frozenset({VIEW_ACCOUNT, MANAGE_BILLING})),
        BuiltInRole(AUDITOR, _("Auditor"), _("Reads the audit log."), frozenset({VIEW_ACCOUNT, VIEW_AUDIT})),
        BuiltInRole(MEMBER, _("Member"), _("Holds only what is granted on single assets."), frozenset({VIEW_ACCOUNT})),
    )
}
ADMINISTERS = frozenset({MANAGE_TEAM})  # who holds this acts on others, and only the owner acts on them (rule 2)
WIDE = frozenset({MANAGE_TEAM, MANAGE_ROLES, MANAGE_SECURITY, MANAGE_BILLING, OWN_ACCOUNT})  # a confirmation warns
NEEDED_FOR = {  # which permission an act asks for that can wait for a second person
    SensitiveAct.BILLING: MANAGE_BILLING,
    SensitiveAct.OWNERSHIP: OWN_ACCOUNT,
    SensitiveAct.CLOSING: OWN_ACCOUNT,
    SensitiveAct.POLICY: MANAGE_SECURITY,
    SensitiveAct.ADMINISTRATOR: MANAGE_TEAM,
    SensitiveAct.OFFBOARDING: MANAGE_TEAM,
    SensitiveAct.EXPORT: VIEW_AUDIT,
}
# What is granted on a single asset by one word: what the role of that name holds on assets.
PRESETS = {code: BUILT_IN[code].holds & ASSET_CODES for code in (ANALYST, MODERATOR, EDITOR)}


def preset_of(codes: frozenset[str]) -> BuiltInRole | None:
    """Return the role whose preset is exactly these permissions on an asset, or None."""
    return next((BUILT_IN[code] for code, held in PRESETS.items() if held == codes), None)

"""The names of permissions: what each one lets a person do, on what, and whether it is sensitive (design.md 3)."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACCOUNT, ASSET = "account", "asset"

VIEW_ACCOUNT = "view_account"
MANAGE_TEAM = "manage_team"
MANAGE_ROLES = "manage_roles"
MANAGE_ASSETS = "manage_assets"
MANAGE_SECURITY = "manage_security"
RUN_REVIEWS = "run_reviews"
VIEW_AUDIT = "view_audit"
MANAGE_BILLING = "manage_billing"
OWN_ACCOUNT = "own_account"
VIEW_ANALYTICS = "view_analytics"
DRAFT_CONTENT = "draft_content"
PUBLISH_CONTENT = "publish_content"
REPLY_COMMENTS = "reply_comments"
RUN_ADS = "run_ads"


@dataclass(frozen=True, slots=True)
class Permission:
    """One named act on an account or on an asset. The words read after "may"."""

    code: str
    words: str | Promise
    on: str
    sensitive: bool = False


PERMISSIONS = {
    permission.code: permission
    for permission in (
        Permission(VIEW_ACCOUNT, _("view the account and your own access"), ACCOUNT),
        Permission(MANAGE_TEAM, _("manage the team"), ACCOUNT),
        Permission(MANAGE_ROLES, _("manage roles"), ACCOUNT),
        Permission(MANAGE_ASSETS, _("manage assets"), ACCOUNT),
        Permission(MANAGE_SECURITY, _("manage security policy"), ACCOUNT, sensitive=True),
        Permission(RUN_REVIEWS, _("run access reviews"), ACCOUNT),
        Permission(VIEW_AUDIT, _("view the audit log"), ACCOUNT),
        Permission(MANAGE_BILLING, _("manage billing"), ACCOUNT, sensitive=True),
        Permission(OWN_ACCOUNT, _("transfer ownership and close the account"), ACCOUNT, sensitive=True),
        Permission(VIEW_ANALYTICS, _("view analytics"), ASSET),
        Permission(DRAFT_CONTENT, _("draft content"), ASSET),
        Permission(PUBLISH_CONTENT, _("schedule and publish content"), ASSET),
        Permission(REPLY_COMMENTS, _("reply to comments and messages"), ASSET),
        Permission(RUN_ADS, _("run ads"), ASSET),
    )
}
ACCOUNT_PERMISSIONS = [permission for permission in PERMISSIONS.values() if permission.on == ACCOUNT]
ASSET_PERMISSIONS = [permission for permission in PERMISSIONS.values() if permission.on == ASSET]
ASSET_CODES = frozenset(permission.code for permission in ASSET_PERMISSIONS)


def words_for(code: str) -> str:
    """Return the words of a permission, such as "manage the team". Raises KeyError for a name not in the table."""
    return str(PERMISSIONS[code].words)

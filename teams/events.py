"""The acts of the team's floor, with the words in which the log tells them."""

from django.utils.translation import gettext_lazy as _

from audit.events import register

ACCOUNT_OPENED = register("account.opened", _("open an account"), _("{actor} opened the account {target}"))
ACCOUNT_CLOSED = register("account.closed", _("close the account"), _("{actor} closed the account {target}"))
OWNERSHIP_OFFERED = register(
    "ownership.offered", _("offer the ownership"), _("{actor} offered the ownership to {target}")
)
OWNERSHIP_ACCEPTED = register(
    "ownership.accepted",
    _("take over the ownership"),
    _("{actor} took over the ownership from {before[owner]}, who is now {after[former]}"),
)
OWNERSHIP_DECLINED = register("ownership.declined", _("decline the ownership"), _("{actor} declined the ownership"))
OWNERSHIP_WITHDRAWN = register(
    "ownership.withdrawn",
    _("withdraw the offer of ownership"),
    _("{actor} withdrew the offer of ownership to {target}"),
)
ROLE_CREATED = register("role.created", _("make a role"), _("{actor} made the role {target}"))
ROLE_EDITED = register("role.edited", _("edit a role"), _("{actor} edited the role {before[role][name]}"))
ROLE_RETIRED = register(
    "role.retired", _("retire a role"), _("{actor} retired the role {target}. In its place: {after[instead]}")
)
ROLE_CONFIRMED = register("role.confirmed", _("confirm a role"), _("{actor} confirmed {target} as {after[role][name]}"))
ROLE_CHANGED = register(
    "role.changed",
    _("change a role"),
    _("{actor} changed the role of {target} from {before[role][name]} to {after[role][name]}"),
)
GRANTS_CHANGED = register(
    "grants.changed", _("change asset grants"), _("{actor} changed what {target} may do on {after[asset][name]}")
)
SUSPENDED = register("member.suspended", _("suspend a member"), _("{actor} suspended {target}"))
RESTORED = register("member.restored", _("restore a member"), _("{actor} restored {target}"))
OFFBOARDED = register("member.offboarded", _("offboard a member"), _("{actor} offboarded {target}"))
BROUGHT_BACK = register(
    "member.brought_back", _("bring back a member"), _("{actor} brought {target} back as {after[role][name]}")
)
LEFT = register("member.left", _("leave the account"), _("{actor} left the account"))

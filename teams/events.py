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
CLAIM_MADE = register(
    "ownership.claimed",
    _("claim the ownership"),
    _("{actor} claimed the ownership, which the owner can refuse until {after[until]}"),
)
CLAIM_REFUSED = register(
    "ownership.claim_refused",
    _("refuse a claim of the ownership"),
    _("{actor} refused the claim of the ownership by {target}"),
)
CLAIM_WITHDRAWN = register(
    "ownership.claim_withdrawn",
    _("withdraw a claim of the ownership"),
    _("{actor} withdrew the claim of the ownership"),
)
CLAIM_CARRIED_OUT = register(
    "ownership.claim_carried_out",
    _("carry out a claim of the ownership"),
    _("{actor} took over the ownership from {before[owner]} by a claim that nobody refused"),
)
CLAIM_REMINDED = register(
    "ownership.claim_reminded",
    _("remind of a claim of the ownership"),
    _("{actor} reminded the owner of the claim of the ownership by {target}"),
)
CLAIM_LAPSED = register(
    "ownership.claim_lapsed",
    _("end a claim of the ownership"),
    _("The claim of the ownership by {target} lapsed: it was not carried out in time"),
)
SUCCESSOR_NAMED = register(
    "ownership.successor_named", _("name a successor"), _("{actor} named a successor, under seal")
)
SUCCESSOR_DROPPED = register(
    "ownership.successor_dropped", _("drop the named successor"), _("{actor} dropped the named successor")
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
TERMS_CHANGED = register(
    "member.terms_changed", _("change the terms of a member"), _("{actor} changed the terms of {target}")
)
END_CHANGED = register(
    "member.end_changed", _("change when an access ends"), _("{actor} changed when the access of {target} ends")
)
END_ANNOUNCED = register(
    "member.end_announced", _("announce an end"), _("{actor} announced the end of an access of {target}")
)
RAN_OUT = register("member.ran_out", _("end what ran out"), _("An access of {target} ran out"))
REQUEST_MADE = register("request.made", _("ask for access"), _("{actor} asked for more access"))
REQUEST_APPROVED = register(
    "request.approved", _("approve a request"), _("{actor} approved what {target} had asked for")
)
REQUEST_REFUSED = register("request.refused", _("refuse a request"), _("{actor} refused what {target} had asked for"))
REQUEST_WITHDRAWN = register("request.withdrawn", _("withdraw a request"), _("{actor} withdrew a request for access"))
REQUEST_LAPSED = register("request.lapsed", _("let a request lapse"), _("A request of {target} lapsed undecided"))
LIST_EXPORTED = register(
    "member.list_exported", _("export the list of members"), _("{actor} exported the list of members ({after[format]})")
)
ENGAGEMENT_ENDED = register(
    "engagement.ended",
    _("end an engagement"),
    _("{actor} ended the engagement of {target}"),
)
ENGAGEMENT_BROUGHT_BACK = register(
    "engagement.brought_back",
    _("bring an engagement back"),
    _("{actor} brought people of {target} back"),
)
LEFT = register("member.left", _("leave the account"), _("{actor} left the account"))
ASSET_GROUP_MADE = register(
    "asset_group.made", _("make a group of assets"), _("{actor} made the group of assets {target}")
)
ASSET_GROUP_CHANGED = register(
    "asset_group.changed", _("change a group of assets"), _("{actor} changed the group of assets {before[name]}")
)
ASSET_GROUP_DELETED = register(
    "asset_group.deleted", _("delete a group of assets"), _("{actor} deleted the group of assets {target}")
)
PEOPLE_GROUP_MADE = register(
    "people_group.made", _("make a group of people"), _("{actor} made the group of people {target}")
)
PEOPLE_GROUP_CHANGED = register(
    "people_group.changed", _("change a group of people"), _("{actor} changed the group of people {before[name]}")
)
PEOPLE_GROUP_DELETED = register(
    "people_group.deleted", _("delete a group of people"), _("{actor} deleted the group of people {target}")
)

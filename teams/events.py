"""The acts of the team's floor, with the words in which the log tells them."""

from django.utils.translation import gettext_lazy as _

from audit.events import register

ACCOUNT_OPENED = register("account.opened", _("open an account"), _("{actor} opened the account {target}"))
ACCOUNT_CLOSED = register("account.closed", _("close the account"), _("{actor} closed the account {target}"))
FROZEN = register(
    "account.frozen",
    _("freeze the account"),
    _("{actor} froze the account: nobody’s access changes"),
    changes_access=False,
)
LIFTED = register("account.freeze_lifted", _("lift the freeze"), _("{actor} lifted the freeze"), changes_access=False)
CHANGES_UNDONE = register(
    "account.changes_undone",
    _("undo somebody’s changes"),
    _("{actor} undid what {target} had changed in the last {after[hours]} h"),
)
OWNERSHIP_OFFERED = register(
    "ownership.offered", _("offer the ownership"), _("{actor} offered the ownership to {target}")
)
OWNERSHIP_ACCEPTED = register(
    "ownership.accepted",
    _("take over the ownership"),
    _("{actor} took over the ownership from {before[owner]}, who is now {after[former]}"),
)
OWNERSHIP_DECLINED = register(
    "ownership.declined", _("decline the ownership"), _("{actor} declined the ownership"), changes_access=False
)
OWNERSHIP_WITHDRAWN = register(
    "ownership.withdrawn",
    _("withdraw the offer of ownership"),
    _("{actor} withdrew the offer of ownership to {target}"),
    changes_access=False,
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
    changes_access=False,
)
CLAIM_WITHDRAWN = register(
    "ownership.claim_withdrawn",
    _("withdraw a claim of the ownership"),
    _("{actor} withdrew the claim of the ownership"),
    changes_access=False,
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
    changes_access=False,
)
CLAIM_LAPSED = register(
    "ownership.claim_lapsed",
    _("end a claim of the ownership"),
    _("The claim of the ownership by {target} lapsed: it was not carried out in time"),
    changes_access=False,
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
ROLE_RAISED = register(
    "role.raised",
    _("give a role for a time"),
    _("{actor} made {target} {after[role][name]} until {after[ends]}, then {after[then][name]}"),
)
ROLE_END_CHANGED = register(
    "role.end_changed",
    _("change until when a role is held"),
    _("{actor} changed until when {target} is {after[role][name]}: {after[ends]}, then {after[then][name]}"),
)
ROLE_LOWERED = register(
    "role.lowered",
    _("end a role for a time"),
    _("{actor} ended that {target} is {before[role][name]}: {after[role][name]} again"),
)
ROLE_END_ANNOUNCED = register(
    "role.end_announced",
    _("announce the end of a role"),
    _("{actor} announced that {target} is {after[role][name]} until {after[ends]} only"),
    changes_access=False,
)
ROLE_RAN_OUT = register(
    "role.ran_out",
    _("end a role that ran out"),
    _("The role {before[role][name]} of {target} ran out: {after[role][name]} again"),
)
GRANTS_CHANGED = register(
    "grants.changed", _("change asset grants"), _("{actor} changed what {target} may do on {after[asset][name]}")
)
SUSPENDED = register("member.suspended", _("suspend a member"), _("{actor} suspended {target}"))
RESET_ASKED = register(
    "factor_reset.asked",
    _("ask for the reset of a second factor"),
    _("{actor} asked that the second factor of {target} ends, which {target} can refuse until {after[until]}"),
)
RESET_ELSEWHERE = register(
    "factor_reset.elsewhere",
    _("reset a second factor elsewhere"),
    _("The reset of the second factor of {target} was asked for, or carried out, in another account"),
    changes_access=False,
)
RESET_REFUSED = register(
    "factor_reset.refused",
    _("refuse the reset of a second factor"),
    _("{actor} refused the reset of their second factor"),
    changes_access=False,
)
RESET_USED = register(
    "factor_reset.used",
    _("end the reset of a second factor by using it"),
    _("{actor} used the second factor, which ended its reset"),
    changes_access=False,
)
RESET_WITHDRAWN = register(
    "factor_reset.withdrawn",
    _("withdraw the reset of a second factor"),
    _("{actor} withdrew the reset of the second factor of {target}"),
    changes_access=False,
)
RESET_CARRIED_OUT = register(
    "factor_reset.carried_out",
    _("carry out the reset of a second factor"),
    _("The second factor of {target} ended, as was asked for"),
)
RESET_LAPSED = register(
    "factor_reset.lapsed",
    _("end the reset of a second factor"),
    _("The reset of the second factor of {target} lapsed: nobody signed in in time"),
    changes_access=False,
)
MEMBER_SESSIONS_ENDED = register(
    "member.sessions_ended",
    _("end a member’s sessions"),
    _("{actor} signed {target} out everywhere"),
    changes_access=False,
)
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
    "member.end_announced",
    _("announce an end"),
    _("{actor} announced the end of an access of {target}"),
    changes_access=False,
)
RAN_OUT = register("member.ran_out", _("end what ran out"), _("An access of {target} ran out"))
REQUEST_MADE = register("request.made", _("ask for access"), _("{actor} asked for more access"), changes_access=False)
REQUEST_APPROVED = register(
    "request.approved", _("approve a request"), _("{actor} approved what {target} had asked for")
)
REQUEST_REFUSED = register(
    "request.refused", _("refuse a request"), _("{actor} refused what {target} had asked for"), changes_access=False
)
REQUEST_WITHDRAWN = register(
    "request.withdrawn", _("withdraw a request"), _("{actor} withdrew a request for access"), changes_access=False
)
REQUEST_LAPSED = register(
    "request.lapsed", _("let a request lapse"), _("A request of {target} lapsed undecided"), changes_access=False
)
LIST_EXPORTED = register(
    "member.list_exported",
    _("export the list of members"),
    _("{actor} exported the list of members ({after[format]})"),
    changes_access=False,
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
PENDING_ASKED = register(
    "second_person.asked",
    _("ask for a second person"),
    _("{actor} asked for a second person: {target}"),
    changes_access=False,
)
PENDING_APPROVED = register(
    "second_person.approved",
    _("approve as the second person"),
    _("{actor} approved what somebody else had asked for: {target}"),
    changes_access=False,
)
PENDING_CANCELLED = register(
    "second_person.cancelled",
    _("cancel an act that waits"),
    _("{actor} cancelled an act that waited: {target}"),
    changes_access=False,
)
PENDING_FAILED = register(
    "second_person.failed",
    _("do an act that waited"),
    _("An act that waited could not be done ({target}): {reason}"),
    changes_access=False,
)
PENDING_EXPIRED = register(
    "second_person.expired",
    _("let an act that waits expire"),
    _("Nobody decided in time: {target}"),
    changes_access=False,
)
SECOND_PERSON_CHANGED = register(
    "second_person.changed",
    _("change what is asked of a second person"),
    _("{actor} changed for which acts the account asks for a second person"),
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
POLICY_PLANNED = register(
    "policy.planned",
    _("plan another security policy"),
    _("{actor} planned another security policy of {target}, from {after[day]}"),
)
PLAN_WITHDRAWN = register(
    "policy.plan_withdrawn",
    _("withdraw a planned security policy"),
    _("{actor} withdrew the planned security policy of {target}"),
    changes_access=False,
)
PLAN_REMINDED = register(
    "policy.reminded",
    _("remind of a planned security policy"),
    _("{actor} reminded people of the planned security policy of {target}"),
    changes_access=False,
)
PLAN_ANNOUNCED = register(
    "policy.announced",
    _("tell of a planned security policy"),
    _("Who would lose access was told of the planned security policy of {target}"),
    changes_access=False,
)
PLAN_STARTED = register(
    "policy.started",
    _("start a planned security policy"),
    _("The security policy of {target} that {after[planner]} had planned counts"),
)
PLAN_LAPSED = register(
    "policy.plan_lapsed",
    _("end a planned security policy"),
    _("The planned security policy of {target} ended: {before[planner]} has no right to it any more"),
    changes_access=False,
)

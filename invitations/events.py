"""The acts of an invitation's life, with the words in which the log tells them."""

from django.utils.translation import gettext_lazy as _

from audit.events import register

INVITED = register("invitation.created", _("invite"), _("{actor} invited {target} as {after[role][name]}"))
RESENT = register("invitation.resent", _("resend an invitation"), _("{actor} sent the invitation to {target} again"))
LINK_COPIED = register(
    "invitation.link_copied", _("copy an invitation link"), _("{actor} made a new link for {target}, to hand over")
)
ADDRESS_CORRECTED = register(
    "invitation.address_corrected",
    _("correct an invited address"),
    _("{actor} corrected the invited address from {before[address]} to {after[address]}"),
)
INVITATION_CHANGED = register(
    "invitation.changed",
    _("change an open invitation"),
    _("{actor} changed the invitation of {target} from {before[role][name]} to {after[role][name]}"),
)
REVOKED = register("invitation.revoked", _("revoke an invitation"), _("{actor} revoked the invitation of {target}"))
RAN_OUT = register("invitation.ran_out", _("end an invitation that ran out"), _("The invitation of {target} ran out"))
OPENED = register(
    "invitation.opened", _("open an invitation"), _("The link for {target} was opened"), changes_access=False
)
OPENED_BY_OTHER = register(
    "invitation.opened_by_other",
    _("open another’s invitation"),
    _("The link for {target} was opened by {actor}, who is signed in under another address"),
    changes_access=False,
)
UNPROVEN_REMOVED = register(
    "person.unproven_removed",
    _("remove an unproven sign-in"),
    _("{actor} came by a mailed link to {after[address]}; the sign-in {target}, which never proved it, was removed"),
)
ACCEPTED = register(
    "invitation.accepted", _("accept an invitation"), _("{actor} accepted the invitation as {after[role][name]}")
)
DECLINED = register(
    "invitation.declined",
    _("decline an invitation"),
    _("The invitation of {target} was declined"),
    changes_access=False,
)
LIST_UPLOADED = register(
    "invitation.list_uploaded",
    _("upload a list of people to invite"),
    _("{actor} uploaded {target}, a list of {after[rows]} people to invite"),
    changes_access=False,
)
LIST_MAPPED = register(
    "invitation.list_mapped",
    _("choose the columns of a list"),
    _("{actor} chose what is read from which column of {target}"),
    changes_access=False,
)
LIST_STARTED = register(
    "invitation.list_started",
    _("start inviting a list"),
    _("{actor} started to invite {after[to_invite]} people from {target}"),
)
LIST_STOPPED = register(
    "invitation.list_stopped", _("stop inviting a list"), _("{actor} stopped the list {target}"), changes_access=False
)
LIST_DONE = register(
    "invitation.list_done",
    _("finish a list"),
    _("The list {target} is done: {after[invited]} people were invited"),
    changes_access=False,
)

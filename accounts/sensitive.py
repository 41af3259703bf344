"""The one list of sensitive acts: their kinds, and the pages by which they are done (AZ11, MF11).

Each of these pages takes what is sent only from who has just shown the strongest factor they have. Where only a part of
what can be sent is sensitive, such as a role that administers, the view says so by `is_sensitive`.
"""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class SensitiveAct(TextChoices):
    """A kind of sensitive act."""

    BILLING = "billing", _("change the billing contact or the plan")
    OWNERSHIP = "ownership", _("hand over or claim the ownership, or name a successor")
    CLOSING = "closing", _("close the account")
    POLICY = "policy", _("change the security policy")
    ADMINISTRATOR = "administrator", _("make somebody an administrator")
    OFFBOARDING = "offboarding", _("offboard several people at once")
    EXPORT = "export", _("export the log")


PAGES: dict[str, SensitiveAct | None] = {  # by the name of the address
    "billing": SensitiveAct.BILLING,
    "change_plan": SensitiveAct.BILLING,
    "ownership": SensitiveAct.OWNERSHIP,
    "answer_ownership": SensitiveAct.OWNERSHIP,
    "name_successor": SensitiveAct.OWNERSHIP,
    "drop_successor": SensitiveAct.OWNERSHIP,
    "claim_ownership": SensitiveAct.OWNERSHIP,
    "claim_as_successor": SensitiveAct.OWNERSHIP,
    "carry_out_claim": SensitiveAct.OWNERSHIP,
    "close_account": SensitiveAct.CLOSING,
    "security_policy": SensitiveAct.POLICY,
    "withdraw_plan": SensitiveAct.POLICY,
    "keep_log": SensitiveAct.POLICY,
    "change_role": SensitiveAct.ADMINISTRATOR,
    "change_role_of_many": SensitiveAct.ADMINISTRATOR,
    "extend_role": SensitiveAct.ADMINISTRATOR,
    "undo_changes": SensitiveAct.ADMINISTRATOR,  # what somebody took from an administrator comes back by it
    "confirm_role": SensitiveAct.ADMINISTRATOR,
    "restore_member": SensitiveAct.ADMINISTRATOR,
    "bring_back": SensitiveAct.ADMINISTRATOR,
    "bring_engagement_back": SensitiveAct.ADMINISTRATOR,
    "access_request": SensitiveAct.ADMINISTRATOR,
    "edit_role": SensitiveAct.ADMINISTRATOR,
    "retire_role": SensitiveAct.ADMINISTRATOR,
    "invite": SensitiveAct.ADMINISTRATOR,
    "change_invitation": SensitiveAct.ADMINISTRATOR,
    "correct_invitation": SensitiveAct.ADMINISTRATOR,
    "copy_invitation_link": SensitiveAct.ADMINISTRATOR,
    "resend_invitation": SensitiveAct.ADMINISTRATOR,
    "start_import": SensitiveAct.ADMINISTRATOR,
    "offboard_many": SensitiveAct.OFFBOARDING,
    "carry_out_review": SensitiveAct.OFFBOARDING,
    "end_engagement": SensitiveAct.OFFBOARDING,
    "export_activity": SensitiveAct.EXPORT,
    "evidence_pack": SensitiveAct.EXPORT,
    "add_stream": SensitiveAct.POLICY,
    "change_stream": SensitiveAct.POLICY,
    "stream_secret": SensitiveAct.POLICY,
    "pause_stream": SensitiveAct.POLICY,
    "remove_stream": SensitiveAct.POLICY,
    "second_person": SensitiveAct.POLICY,
    "tune_rule": SensitiveAct.POLICY,  # whoever wants not to be seen mutes what would see them
    "mute_rule": SensitiveAct.POLICY,
    "pending_act": None,  # approving, or doing, what waits: of any kind
}

"""What an account demands of its team, and from when."""

from django.utils.translation import gettext_lazy as _

from accounts.forms import PolicyForm

from .reasons import ReasonField
from .terms import UNTIL, EndField

STARTS = {"": _("At once"), "3": _("In 3 days"), "7": _("In a week"), "30": _("In 30 days"), UNTIL: _("From")}


class PlanPolicyForm(PolicyForm):
    """The policy; without a start it changes at once, which it can where nobody loses access by it."""

    starts_at = EndField(
        spans=STARTS,
        label=_("Counts"),
        help_text=_("What would take access from somebody needs a day: at least one ahead, so that they can be told."),
    )
    reason = ReasonField(help_text=_("It stands in the log, and in the mails to those who would lose access."))

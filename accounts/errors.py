"""The few ways in which an act can be refused. Each carries the words for the person."""

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from audit.recording import Refused

from .permissions import words_for

if TYPE_CHECKING:  # the models raise these errors
    from .models import BusinessAccount


class PolicyViolation(Refused):
    """A rule or a policy of the account does not allow it, whoever asks."""


class ChangedMeanwhile(Refused):
    """What the act is about has changed or gone since the person saw it."""


class MissingPermission(Refused, PermissionDenied):
    """The actor lacks a permission on an account: `code` and `account` name both (rule 4)."""

    def __init__(self, code: str, account: "BusinessAccount", words: str = "") -> None:
        super().__init__(words or _("You need the permission to %(act)s.") % {"act": words_for(code)})
        self.code = code
        self.account = account


class Frozen(PolicyViolation):
    """Nobody's access changes in the account until its freeze is lifted."""

    def __init__(self, account: "BusinessAccount") -> None:
        words = _("%(account)s is frozen: nobody’s access changes until somebody lifts it.")
        super().__init__(words % {"account": account})


class NotFromHere(MissingPermission):
    """The actor holds the permission, but the account allows it from certain network addresses only."""

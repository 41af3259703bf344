"""How much may be taken out of an account within an hour."""

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _

from audit.events import Act
from audit.models import Event

from ..errors import PolicyViolation
from ..models import BusinessAccount, Person

MOST_EXPORTS = 20  # of one kind, by one person, in one account, within an hour


def require_exports_left(act: Act, account: BusinessAccount, *, by: Person) -> None:
    """Demand that a person has not taken too much out of a locked account lately (IO9). Raises PolicyViolation."""
    since = timezone.now() - dt.timedelta(hours=1)
    exports = Event.objects.in_chain_of(account).named(act.name).between(since, None).done_by(by.pk)
    if exports.filter(result=Event.Result.DONE).count() >= MOST_EXPORTS:
        words = _("You have exported %(many)s times within an hour. Use the files that you have, or try again later.")
        raise PolicyViolation(words % {"many": MOST_EXPORTS})

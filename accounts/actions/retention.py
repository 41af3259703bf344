"""How long an account keeps its log, and removing what is older, up to a checkpoint."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from audit import removing
from audit.canonical import instant
from audit.events import REMOVED
from audit.models import Chain
from audit.recording import action, record
from audit.removing import Anchor

from .. import authority, retention, second_person
from ..errors import ChangedMeanwhile, PolicyViolation
from ..events import LOG_KEPT
from ..models import BusinessAccount, Person
from ..permissions import OWN_ACCOUNT
from ..sensitive import SensitiveAct


@action(LOG_KEPT)
def keep_log(*, account: BusinessAccount, years: int | None, by: Person, approval: Any = None) -> BusinessAccount:
    """Let an account keep its log for so many years, None for ever, and return it. Nothing is removed for 30 days.

    Raises MissingPermission, NeedsSecondPerson, PolicyViolation (a time that is not offered).
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, OWN_ACCOUNT, on=account)
    if years is not None and years not in retention.YEARS:
        raise PolicyViolation(_("Choose one of the times that are offered."))
    if years == account.log_kept_years:
        return account
    was, now = (retention.in_words(choice) for choice in (account.log_kept_years, years))
    given = {"account": account, "years": years}
    says = _("Keep the log: %(was)s → %(now)s") % {"was": was, "now": now}
    second_person.require(
        SensitiveAct.POLICY, account, by=by, does="keep_log", given=given, says=[says], approval=approval
    )
    account.log_kept_years, account.log_kept_since = years, timezone.now() if years else None
    account.save(update_fields=["log_kept_years", "log_kept_since"])
    record(LOG_KEPT, by=by, on=account, before={"kept": was}, after={"kept": now})
    return account


@action(REMOVED)
def remove_old_events(*, account: BusinessAccount, anchor: Anchor, by: Any) -> int:
    """Remove what an account keeps no longer, up to the anchor of a checkpoint, and return how many events went.

    Raises PolicyViolation (the account keeps them), ChangedMeanwhile (another removed them already), and
    ProgrammingError for any role but the owner of the tables.
    """
    account = BusinessAccount.objects.lock(account.pk)
    before = retention.kept_from(account, timezone.now())
    if before is None or anchor.at > before:
        raise PolicyViolation(_("The account keeps these events."))
    if Chain.objects.has_removed(account, anchor.number):
        raise ChangedMeanwhile(_("These events were removed already."))
    stood = removing.stood_at(account, anchor)
    count = removing.remove(account, anchor)
    after = {
        "up_to": anchor.number,
        "anchor": anchor.hash.hex(),
        "checkpoint": anchor.checkpoint,
        "at": instant(anchor.at),
        "count": count,
    }
    record(REMOVED, by=by, on=account, after=after, stood=stood)
    return count

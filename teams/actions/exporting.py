"""Taking the list of members away as a file: an act too, since who holds a copy is part of the record (rule 18)."""

from collections.abc import Mapping

from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from accounts.policies import require_exports_left
from audit.recording import action, record

from .. import authority
from ..events import LIST_EXPORTED


@action(LIST_EXPORTED)
def export_members(*, account: BusinessAccount, by: Person, file: str, narrowed: Mapping[str, str]) -> int:
    """Write down that the list is exported, as which kind of file and how narrowed; return the event's number.

    Raises MissingPermission, PolicyViolation (too often), ChangedMeanwhile (closed since).
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, MANAGE_TEAM, on=account)
    require_exports_left(LIST_EXPORTED, account, by=by)
    return record(LIST_EXPORTED, by=by, on=account, after={"format": file, "narrowed": dict(narrowed)})

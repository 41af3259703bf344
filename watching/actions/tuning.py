"""What an account sets about a rule: its numbers, and that it is to be silent for a while."""

import datetime as dt
from collections.abc import Mapping

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import authority
from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_SECURITY
from audit.canonical import instant
from audit.recording import action, record

from ..events import RULE_MUTED, RULE_TUNED, RULE_UNMUTED
from ..happenings import Rule
from ..models import Tuning, tuned_of
from ..policies import LONGEST_MUTE
from ..rules import RULES


@action(RULE_TUNED)
def tune_rule(*, account: BusinessAccount, rule: str, values: Mapping[str, int], by: Person) -> Tuning:
    """Set the numbers of a rule in an account, and return what is set.

    Raises MissingPermission, PolicyViolation (no such number, or out of its bounds).
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, MANAGE_SECURITY, on=account)
    table, tuning = RULES[rule], _tuning(account, rule)
    _require_in_bounds(table, values)
    before, after = tuned_of(table, tuning), table.tuned({**tuning.values, **values})
    if before == after:
        return tuning
    usual = table.usual()
    tuning.values = {code: value for code, value in after.items() if value != usual[code]}
    tuning.save()
    record(RULE_TUNED, by=by, on=account, before={**before}, after={**after, **_named(table)})
    return tuning


@action(RULE_MUTED)
def mute_rule(*, account: BusinessAccount, rule: str, until: dt.datetime, by: Person, reason: str = "") -> Tuning:
    """Let a rule say nothing in an account until a moment, and return what is set.

    What happens meanwhile is not told of afterwards, and a mute is not made longer but begun anew. Raises
    MissingPermission, PolicyViolation (no end ahead, or too far ahead), ChangedMeanwhile (muted already).
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, MANAGE_SECURITY, on=account)
    now = timezone.now()
    if until <= now:
        raise PolicyViolation(_("The end of it must lie ahead."))
    if until > now + LONGEST_MUTE:
        raise PolicyViolation(_("A rule can be muted for %(days)d days at most.") % {"days": LONGEST_MUTE.days})
    tuning = _tuning(account, rule)
    if tuning.is_muted(now):
        raise ChangedMeanwhile(_("This rule is muted already."))
    tuning.muted_until = until
    tuning.save()
    after = {**_named(RULES[rule]), "until": instant(until), "ends": f"{until.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"}
    record(RULE_MUTED, by=by, on=account, after=after, reason=reason)
    return tuning


@action(RULE_UNMUTED)
def unmute_rule(*, account: BusinessAccount, rule: str, by: Person) -> Tuning:
    """Let a muted rule speak again, and return what is set. Raises MissingPermission, ChangedMeanwhile (not muted)."""
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, MANAGE_SECURITY, on=account)
    tuning = _tuning(account, rule)
    if not tuning.is_muted() or tuning.muted_until is None:
        raise ChangedMeanwhile(_("This rule is not muted any more."))
    before, tuning.muted_until = {"until": instant(tuning.muted_until)}, None
    tuning.save()
    record(RULE_UNMUTED, by=by, on=account, before=before, after=_named(RULES[rule]))
    return tuning


def _tuning(account: BusinessAccount, rule: str) -> Tuning:
    """Return the row of a rule as it is under the account's lock; a new one that is not saved, where there is none."""
    return Tuning.objects.filter(account=account, rule=rule).first() or Tuning(account=account, rule=rule)


def _require_in_bounds(rule: Rule, values: Mapping[str, int]) -> None:
    bounds = {tunable.code: tunable for tunable in rule.tunables}
    for code, value in values.items():
        tunable = bounds.get(code)
        if tunable is None:
            raise PolicyViolation(_("This rule has no such number."))
        if not tunable.least <= value <= tunable.most:
            words = _("%(label)s: from %(least)d to %(most)d.")
            raise PolicyViolation(words % {"label": tunable.label, "least": tunable.least, "most": tunable.most})


def _named(rule: Rule) -> dict[str, str]:
    return {"rule": rule.code, "name": str(rule.name)}

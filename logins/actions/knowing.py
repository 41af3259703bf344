"""Who knows a shared login: noted, corrected, gone."""

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from accounts import authority
from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from audit.recording import action, record

from .. import policies
from ..events import KNOWER_CORRECTED, KNOWER_GONE, KNOWER_NOTED
from ..models import Knower, SharedLogin
from .exposing import expose


@action(KNOWER_NOTED)
def note_knower(
    *,
    login: SharedLogin,
    name: str,
    address: str,
    since_on: dt.date,
    told_by: str,
    purpose: str,
    by: Person,
) -> Knower:
    """Note that somebody knows the password of a login, and return the entry.

    Raises MissingPermission, PolicyViolation (noted already; too many; a password stands in it), ChangedMeanwhile (the
    login is retired).
    """
    account, login = _lock(login)
    authority.require(by, MANAGE_TEAM, on=account)
    policies.require_no_secret(name, told_by, purpose)
    _require_new(login, name, address)
    if login.knowers.knowing().count() >= policies.MOST_KNOWERS:
        raise PolicyViolation(
            _("%(count)d people know it already, which is the most. Change the password.")
            % {"count": policies.MOST_KNOWERS}
        )
    knower = Knower.objects.create(
        login=login, name=name, address=address, since_on=since_on, told_by=told_by, purpose=purpose
    )
    record(KNOWER_NOTED, by=by, on=account, target=login, after={**_form(knower), "knower": knower.pk})
    return knower


@action(KNOWER_CORRECTED)
def correct_knower(
    *,
    knower: Knower,
    name: str,
    address: str,
    since_on: dt.date,
    told_by: str,
    purpose: str,
    by: Person,
) -> Knower:
    """Correct what stands about somebody who knows a login and is not gone, and return the entry.

    Raises MissingPermission, PolicyViolation (another entry has that name or address; a password stands in it),
    ChangedMeanwhile (gone since, or the password was changed).
    """
    account, login = _lock(knower.login)
    knower = Knower.objects.trusted().filter(login=login).lock(knower.pk)
    authority.require(by, MANAGE_TEAM, on=account)
    policies.require_no_secret(name, told_by, purpose)
    _require_new(login, name, address, besides=knower)
    before = _form(knower)
    knower.name, knower.address, knower.since_on = name, address, since_on
    knower.told_by, knower.purpose = told_by, purpose
    if before == _form(knower):
        return knower
    knower.save(update_fields=["name", "address", "since_on", "told_by", "purpose"])
    after = {**_form(knower), "knower": knower.pk}
    record(KNOWER_CORRECTED, by=by, on=account, target=login, before=before, after=after)
    return knower


@action(KNOWER_GONE)
def note_gone(*, knower: Knower, by: Person, reason: str = "") -> Knower:
    """Note that somebody should not know a login any more, which opens the task to change its password.

    Where the task is open already, it stays that one. Raises MissingPermission, PolicyViolation (a password stands in
    the reason), ChangedMeanwhile (gone already, or the password was changed since).
    """
    account, login = _lock(knower.login)
    knower = Knower.objects.trusted().filter(login=login).lock(knower.pk)
    authority.require(by, MANAGE_TEAM, on=account)
    policies.require_no_secret(reason)
    knower.login = login
    login.account = account
    opened = expose([knower], reason=reason)
    before = {"name": knower.name, "knower": knower.pk}
    after = {"task": opened[0].pk} if opened else {}
    record(KNOWER_GONE, by=by, on=account, target=login, before=before, after=after, reason=reason)
    return knower


def _lock(login: SharedLogin) -> tuple[BusinessAccount, SharedLogin]:
    """Lock the account first, always, then the login in use."""
    account = BusinessAccount.objects.open().select_related("owner").lock(login.account_id)
    return account, SharedLogin.objects.in_use().lock(login.pk)


def _require_new(login: SharedLogin, name: str, address: str, besides: Knower | None = None) -> None:
    same = login.knowers.knowing().same_person(name, address)
    if besides is not None:
        same = same.exclude(pk=besides.pk)
    found = same.first()
    if found is None:
        return
    words = {"person": found.name}
    if found.gone_at:
        raise PolicyViolation(
            _("%(person)s is noted as gone. Change the password first; then note who is told the new one.") % words
        )
    raise PolicyViolation(_("%(person)s is in the register of this login already.") % words)


def _form(knower: Knower) -> dict[str, Any]:
    return {
        "name": knower.name,
        "address": knower.address,
        "since": knower.since_on.isoformat(),
        "told_by": knower.told_by,
        "purpose": knower.purpose,
    }

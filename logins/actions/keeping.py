"""Adding a shared login, and correcting what stands about it."""

import datetime as dt

from django.utils.translation import gettext as _

from accounts import authority
from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from audit.recording import action, record

from .. import policies
from ..events import LOGIN_ADDED, LOGIN_CHANGED
from ..models import Knower, SharedLogin


@action(LOGIN_ADDED)
def add_login(
    *,
    account: BusinessAccount,
    label: str,
    platform: str,
    username: str,
    by: Person,
    known_since: dt.date | None = None,
) -> SharedLogin:
    """Add a shared login to the register of a standard account, and return it.

    `known_since`: since when the actor knows its password; None where the actor doesn't. Raises MissingPermission,
    PolicyViolation (a business account; the name is taken; too many; a password stands in it).
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, MANAGE_TEAM, on=account)
    if account.is_business:
        raise PolicyViolation(_("A business account needs no new shared login: invite each person instead."))
    policies.require_no_secret(label, platform, username)
    _require_free_name(account, label)
    if SharedLogin.objects.in_use().filter(account=account).count() >= policies.MOST_LOGINS:
        raise PolicyViolation(
            _("There are %(count)d logins already, which is the most.") % {"count": policies.MOST_LOGINS}
        )
    login = SharedLogin.objects.create(account=account, label=label, platform=platform, username=username)
    if known_since is not None:
        Knower.objects.create(login=login, name=str(by)[:100], address=by.email, since_on=known_since)
    after = {**_form(login), "known_since": known_since.isoformat() if known_since else None}
    record(LOGIN_ADDED, by=by, on=account, target=login, after=after)
    return login


@action(LOGIN_CHANGED)
def change_login(*, login: SharedLogin, label: str, platform: str, username: str, by: Person) -> SharedLogin:
    """Correct name, place and user name of a login in use, and return it.

    Raises MissingPermission, PolicyViolation (the name is taken, a password stands in it), ChangedMeanwhile (retired).
    """
    account = BusinessAccount.objects.open().lock(login.account_id)
    login = SharedLogin.objects.in_use().lock(login.pk)
    authority.require(by, MANAGE_TEAM, on=account)
    policies.require_no_secret(label, platform, username)
    _require_free_name(account, label, besides=login)
    before = _form(login)
    login.label, login.platform, login.username = label, platform, username
    if before == _form(login):
        return login
    login.save(update_fields=["label", "platform", "username"])
    record(LOGIN_CHANGED, by=by, on=account, target=login, before=before, after=_form(login))
    return login


def _require_free_name(account: BusinessAccount, label: str, besides: SharedLogin | None = None) -> None:
    same = SharedLogin.objects.in_use().filter(account=account).named(label)
    if besides is not None:
        same = same.exclude(pk=besides.pk)
    if same.exists():
        raise PolicyViolation(_("There is a login named “%(name)s” already.") % {"name": label})


def _form(login: SharedLogin) -> dict[str, str]:
    return {"name": login.label, "platform": login.platform, "username": login.username}

"""The answer to "may this person do that here?", and why (rule 1). The one place where it is decided."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from accounts.access import Answer, Standing
from accounts.models import Asset, BusinessAccount, Person
from accounts.permissions import ASSET_CODES, PERMISSIONS

from .holdings import access_of, read_many
from .models import Membership

_STANDING_WORDS = {
    Standing.ENDED: lambda: _("The membership has ended."),
    Standing.CLOSED: lambda: _("The account is closed."),
    Standing.SUSPENDED: lambda: _("The membership is suspended."),
    Standing.EXPIRED: lambda: _("The membership has run out."),
    Standing.UNCONFIRMED: lambda: _("The role still waits for an administrator to confirm it."),
    Standing.NO_SECOND_FACTOR: lambda: _("The account asks for a second factor, and none is set up."),
}


def explain(person: Any, code: str, obj: Any) -> Answer:
    """Answer whether a person may do `code` on an account or an asset, and say why (rule 1).

    Raises ValueError for a name that is not in the table, or one that is asked on the wrong kind of thing: a bug must
    not read as a "no".
    """
    asset = _asset_asked(code, obj)
    if not isinstance(person, Person) or not person.is_active:
        return Answer(False, Standing.STRANGER, lambda: _("Nobody is signed in, or the sign-in is switched off."))
    access = access_of(person, asset.account_id if asset else obj.pk)
    if access is None:
        return Answer(False, Standing.STRANGER, lambda: _("Not a member of this account."))
    standing, since = access.standing
    if standing is not Standing.ACTIVE:
        return Answer(False, standing, _STANDING_WORDS[standing], since)
    if asset and asset.archived_at:
        return Answer(False, standing, lambda: _("The asset is archived."), asset.archived_at)
    if code in access.role_permissions:
        return Answer(True, standing, lambda: _("By the role %(role)s.") % {"role": access.role_name})
    if asset and code in access.granted(asset.pk):
        return Answer(True, standing, lambda: _("By a grant on %(asset)s.") % {"asset": asset})
    return Answer(False, standing, lambda: _("Not in the role %(role)s, and not granted.") % {"role": access.role_name})


def standing_of(membership: Membership) -> Standing:
    """Return how the person of a membership stands by it: the word that a list shows beside the role."""
    if not membership.is_current:
        return Standing.ENDED
    access = access_of(membership.person, membership.account_id)
    return access.standing[0] if access else Standing.STRANGER


def under_another_policy(
    memberships: Iterable[Membership], account: BusinessAccount, *, second_factor: str, confirmation: str
) -> tuple[list[Membership], list[Membership]]:
    """Return the members who would lose all power under another policy, and those who would get theirs.

    Who loses it gets it back by doing what the policy asks.
    """
    rows = list(memberships)
    read_many(rows, account)
    losing, gaining = [], []
    for row in rows:
        now = access_of(row.person, account.pk)
        if now is None:
            continue
        then = replace(now, second_factor_policy=second_factor, confirmation_policy=confirmation)
        then.__dict__["details"] = now.details  # the same person: no need to ask again
        had, has = (access.standing[0] is Standing.ACTIVE for access in (now, then))
        if had and not has:
            losing.append(row)
        elif has and not had:
            gaining.append(row)
    return losing, gaining


def _asset_asked(code: str, obj: Any) -> Asset | None:
    """Return the asset that is asked about, None for an account. Raises ValueError for a question without sense."""
    permission = PERMISSIONS.get(code)
    if permission is None or not isinstance(obj, BusinessAccount | Asset):
        raise ValueError(f"{code!r} cannot be asked on {obj!r}")
    asset = obj if isinstance(obj, Asset) else None
    if (asset is None) == (code in ASSET_CODES):
        raise ValueError(f"{code!r} is asked on an {permission.on}, not on {obj!r}")
    return asset

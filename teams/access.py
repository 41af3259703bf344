"""The answer to "may this person do that here?", and why (rule 1). The one place where it is decided."""

from dataclasses import replace
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.access import Answer, Standing
from accounts.models import Asset, BusinessAccount, Person, SecurityPolicy
from accounts.normalising import in_ranges
from accounts.permissions import ASSET_CODES, MANAGE_SECURITY, PERMISSIONS
from audit.origin import origin_of_this_request

from .holdings import Access, Demands, Held, access_of
from .models import Membership, in_words

_STANDING_WORDS = {
    Standing.ENDED: lambda: _("The membership has ended."),
    Standing.CLOSED: lambda: _("The account is closed."),
    Standing.SUSPENDED: lambda: _("The membership is suspended."),
    Standing.EXPIRED: lambda: _("The membership has run out."),
    Standing.WRONG_DOMAIN: lambda: _(
        "The account takes addresses of certain domains only, and this one is of another."
    ),
    Standing.UNCONFIRMED: lambda: _("The role still waits for an administrator to confirm it."),
    Standing.NO_SECOND_FACTOR: lambda: _("The account asks for a second factor, and none that counts is set up."),
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
    if code in access.role_permissions and _is_elsewhere(person, code, access):
        words = _("It is allowed from certain network addresses only, and %(address)s is none of them.")
        address = origin_of_this_request().address or _("yours, which is unknown,")
        return Answer(False, standing, lambda: words % {"address": address}, elsewhere=True)
    if code in access.role_permissions:
        return Answer(True, standing, lambda: by_role(access.role))
    if asset and code in access.granted(asset.pk):
        return Answer(True, standing, lambda: _("By a grant on %(asset)s.") % {"asset": asset})
    return Answer(False, standing, lambda: _("Not in the role %(role)s, and not granted.") % {"role": access.role.name})


def by_role(role: Held) -> str:
    """Return the reason that a role is for what somebody may do; of one that is held for a time, until when."""
    if role.until is None:
        return _("By the role %(role)s.") % {"role": role.name}
    return _("By the role %(role)s, until %(end)s.") % {"role": role.name, "end": in_words(role.until)}


def standing_of(membership: Membership) -> Standing:
    """Return how the person of a membership stands by it: the word that a list shows beside the role."""
    if not membership.is_current:
        return Standing.ENDED
    access = access_of(membership.person, membership.account_id)
    return access.standing[0] if access else Standing.STRANGER


def standing_under(policy: SecurityPolicy, membership: Membership) -> Standing:
    """Return how the person of a current membership would stand under another policy of the account."""
    access = access_of(membership.person, membership.account_id)
    if access is None:
        return Standing.STRANGER
    then = replace(access, demands=Demands.of(policy))
    then.__dict__["details"] = access.details  # the same person: no need to ask again
    return then.standing[0]


def way_to_mend(standing: Standing, policy: SecurityPolicy) -> str:
    """Return the path of the page where one does what a policy asks for; empty where somebody else has to."""
    match standing:
        case Standing.NO_SECOND_FACTOR:
            return reverse("mfa_add_webauthn" if policy.second_factor_kinds == policy.Kinds.PASSKEY else "mfa_index")
        case Standing.WRONG_DOMAIN:
            return reverse("account_email")
    return ""


def _is_elsewhere(person: Person, code: str, access: Access) -> bool:
    """Say whether a sensitive act is asked about from a network address that the account's policy doesn't allow.

    Only the address of whoever asks counts, and only for themselves; where a request doesn't say who that is, for
    everybody. Outside of requests there is none. The owner manages the policy from everywhere, or a new connection at
    home would shut the owner out for good (rule 3); what can be changed from there waits a day.
    """
    ranges = access.demands.sensitive_ranges
    if not ranges or not PERMISSIONS[code].sensitive or (access.is_owner and code == MANAGE_SECURITY):
        return False
    origin = origin_of_this_request()
    asks = bool(origin.request_id) and origin.person_id in {None, person.pk}
    return asks and not in_ranges(origin.address, ranges)


def _asset_asked(code: str, obj: Any) -> Asset | None:
    """Return the asset that is asked about, None for an account. Raises ValueError for a question without sense."""
    permission = PERMISSIONS.get(code)
    if permission is None or not isinstance(obj, BusinessAccount | Asset):
        raise ValueError(f"{code!r} cannot be asked on {obj!r}")
    asset = obj if isinstance(obj, Asset) else None
    if (asset is None) == (code in ASSET_CODES):
        raise ValueError(f"{code!r} is asked on an {permission.on}, not on {obj!r}")
    return asset

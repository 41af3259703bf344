"""The roles that an account makes itself: made, edited, retired. An edit reaches everybody who holds the role (rule 2).

*Manage roles* alone makes and names roles. What changes the power of people needs *manage the team* beside it, like
every other act on them.
"""

from collections.abc import Iterable
from copy import copy
from typing import Any

from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.errors import ChangedMeanwhile, MissingPermission, PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.normalising import name_key
from accounts.permissions import MANAGE_ROLES, MANAGE_TEAM, OWN_ACCOUNT, PERMISSIONS, VIEW_ACCOUNT
from audit.recording import action, record

from .. import authority, policies
from ..events import ROLE_CREATED, ROLE_EDITED, ROLE_RETIRED
from ..models import ROLE_FIELDS, Membership, Role
from ..permissions import ADMINISTERS, BUILT_IN
from ..reach import Reach, fingerprint, move_offers, reach_of
from ..seconding import require_for_new_administrator

MOST_ROLES = 50  # that one account may have made: more than any team tells apart
RESERVED_CODES = {"new", "compare"}  # other pages live at these addresses


@action(ROLE_CREATED)
def create_role(*, account: BusinessAccount, name: str, codes: Iterable[str], by: Person, about: str = "") -> Role:
    """Make a role with these permissions, and the one to view the account, and return it (rule 2).

    Raises MissingPermission for what the maker doesn't hold, PolicyViolation (the name is taken, no such permission,
    the owner's own, too many roles).
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    held = whole(codes)
    authority.require(by, MANAGE_ROLES, on=account, adding=held)
    if Role.objects.made_by(account).count() >= MOST_ROLES:
        raise PolicyViolation(_("This account has %(count)d roles of its own, the most.") % {"count": MOST_ROLES})
    _require_free_name(account, name)
    code = _free_code(account, name)
    role = Role.objects.create(account=account, code=code, name=name, about=about, held=sorted(held))
    record(ROLE_CREATED, by=by, on=account, target=role, after={"role": role.as_event(), "about": about})
    return role


@action(ROLE_EDITED)
def edit_role(
    *,
    role: Role,
    name: str,
    codes: Iterable[str],
    by: Person,
    about: str = "",
    seen: str | None = None,
    approval: Any = None,
) -> Role:
    """Give a role another name, other words and other permissions, for all who hold it, and return it (rules 2, 5).

    `seen` is the fingerprint of role and reach where a page showed them: nobody agrees to what they have not seen.
    Raises MissingPermission, PolicyViolation (see `require_editable`; the name is taken), NeedsSecondPerson,
    ChangedMeanwhile.
    """
    account, role, reach = _lock(role, seen)
    held, had = whole(codes), role.permissions
    require_editable(account, role, held, reach, by=by)
    _require_free_name(account, name, besides=role)
    if reach.members:
        _require_for_administrators(
            account, Role(account=account, name=name, held=sorted(held)), role, reach, by=by, does="edit_role",
            given={"role": role, "name": name, "codes": sorted(held), "about": about, "seen": seen}, approval=approval,
        )  # fmt: skip
    before = {"role": role.as_event(), "about": role.about}
    role.name, role.about, role.held = name, about, sorted(held)
    after = {"role": role.as_event(), "about": about}
    if before == after:
        return role
    role.save(update_fields=["name", "about", "held"])
    for member in reach.members:  # which know the role as it was
        lasting, raised = (role if one == role else one for one in (member.lasting_role, member.raised_to))
        member.hold(lasting or role, raised, member.raised_until)
    Membership.objects.bulk_update(reach.members, ROLE_FIELDS)
    touched = reach if held != had else Reach()
    record(ROLE_EDITED, by=by, on=account, target=role, before=before, after={**after, **touched.as_event()})
    return role


@action(ROLE_RETIRED)
def retire_role(
    *,
    role: Role,
    by: Person,
    move_to: Role | None = None,
    reason: str = "",
    seen: str | None = None,
    approval: Any = None,
) -> Role:
    """Retire a role once all who hold it, and all offers of it, have moved to another, and return it (rules 2, 5).

    Each member passes the rules of a change of role; one that still waits for a confirmation goes on waiting. Who holds
    it for a time holds the other until the same end, or the lasting role where that one doesn't fit on top of it. Where
    nobody holds or is offered the role, none needs to take its place. Raises MissingPermission, PolicyViolation (see
    `require_retirable`), NeedsSecondPerson, ChangedMeanwhile (retired since, or not what was `seen`).
    """
    account, role, reach = _lock(role, seen)
    instead = Role.objects.of(account).now(move_to.pk) if move_to else None
    require_retirable(account, role, instead, reach, by=by)
    if instead is not None and reach.members:
        _require_for_administrators(
            account, instead, role, reach, by=by, does="retire_role",
            given={"role": role, "move_to": move_to, "reason": reason, "seen": seen}, approval=approval,
        )  # fmt: skip
    before = {"role": role.as_event()}
    moved: dict[str, Any] = reach.as_event()
    if instead is not None and reach:
        for member, entry in zip(reach.members, moved["members"], strict=True):
            after_retiring(member, role, instead)
            if member.is_raised or member.role != instead:
                entry["holds"] = member.role_as_event()
        Membership.objects.bulk_update(reach.members, ROLE_FIELDS)
        move_offers(role, instead)
        moved |= {"role": instead.as_event(), "instead": str(instead)}
    role.retired_at = timezone.now()
    role.save(update_fields=["retired_at"])
    record(ROLE_RETIRED, by=by, on=account, target=role, before=before, after=moved, reason=reason)
    return role


def require_editable(account: BusinessAccount, role: Role, held: frozenset[str], reach: Reach, *, by: Person) -> None:
    """Demand that `by` may make `held` what a role gives, now, to all it reaches (rules 2, 5).

    What is added must be the actor's own, and the actor must have a right over all it reaches. Raises
    MissingPermission, PolicyViolation.
    """
    authority.require(by, MANAGE_ROLES, on=account, adding=held - role.permissions)
    if held == role.permissions:
        return
    require_right_over(account, reach, holding=held | role.permissions, by=by)
    edited = Role(account=account, code=role.code, name=role.name, held=sorted(held))
    for member in reach.members:
        if member.is_raised and member.raised_to is not None:
            lasting, raised = (edited if held_now == role else held_now for held_now in _roles_of(member))
            _require_nothing_given_at_the_end(member, lasting, raised)
    policies.require_room(account, edited, seats=sum(not member.role.administers for member in reach.members))


def require_right_over(account: BusinessAccount, reach: Reach, *, holding: frozenset[str], by: Person) -> None:
    """Demand that `by` may change what a role gives to all it reaches, who hold `holding` before or after (rule 2).

    Nobody changes the role they hold. Who holds one that manages the team, or would, is the owner's to change. Raises
    MissingPermission, PolicyViolation.
    """
    if not reach:
        return
    if any(row.person_id == by.pk for row in reach.members):
        raise PolicyViolation(_("You hold this role. Nobody changes their own role. Ask the owner."))
    authority.require(by, MANAGE_TEAM, on=account)
    managing = ADMINISTERS & holding or any(row.role.administers for row in reach.members)
    if reach.members and managing and by.pk != account.owner_id:
        words = _("Who holds this role manages the team, or would. Only the owner can do this.")
        raise MissingPermission(OWN_ACCOUNT, account, words)


def require_retirable(account: BusinessAccount, role: Role, instead: Role | None, reach: Reach, *, by: Person) -> None:
    """Demand that `by` may retire a role now, and move all it reaches to `instead` (rules 2, 5).

    Raises MissingPermission, PolicyViolation.
    """
    authority.require(by, MANAGE_ROLES, on=account)
    if not reach:
        return
    authority.require(by, MANAGE_TEAM, on=account)
    for member in reach.members:
        if refusal := authority.obstacle(by, account, member):
            raise refusal
    if instead is None or instead == role:
        raise PolicyViolation(_("Choose the role that takes its place."))
    if instead.is_owner:
        raise PolicyViolation(_("Ownership moves by a transfer only."))
    authority.require(by, MANAGE_TEAM, on=account, adding=instead.permissions - role.permissions)
    require_place(account, role, instead, reach)


def require_place(account: BusinessAccount, role: Role, instead: Role, reach: Reach) -> None:
    """Demand that all whom a role reaches can move to another, leaving the actor aside (rule 5).

    Raises PolicyViolation: no room for so many administrators, or the end of a role for a time would give something.
    """
    seats = 0
    for member in reach.members:
        moved = after_retiring(copy(member), role, instead)
        seats += moved.role.administers - member.role.administers
        if moved.is_raised:
            _require_nothing_given_at_the_end(moved, *_roles_of(moved))
    policies.require_room(account, instead, seats=max(seats, 0))


def after_retiring(member: Membership, role: Role, instead: Role) -> Membership:
    """Give a member that holds `role` the one that takes its place, and return the member; saving is the caller's.

    Held for a time, it is moved until the same end, where the other fits on top of the lasting role; else it ends.
    """
    lasting = instead if member.lasting_role == role else member.lasting_role
    raised, until = member.raised_to, member.raised_until
    if member.is_raised and raised == role and not policies.unfit_for_a_time(lasting, instead):
        raised = instead
    elif member.is_raised and raised in (role, lasting):
        raised = until = None
    member.hold(lasting, raised, until)
    return member


def _roles_of(member: Membership) -> tuple[Role, Role]:
    """Return the lasting role, and the one that counts now."""
    return member.lasting_role, member.role


def _require_nothing_given_at_the_end(member: Membership, lasting: Role, raised: Role) -> None:
    """Demand that a role for a time still holds all of the lasting one, so that its end only takes away."""
    if lasting.permissions <= raised.permissions:
        return
    words = _(
        "%(person)s is %(raised)s for a time, and %(lasting)s afterwards, which would hold more. "
        "When a role for a time ends, nothing may be added: end that one first."
    )
    raise PolicyViolation(words % {"person": member, "raised": raised, "lasting": lasting})


def _require_for_administrators(
    account: BusinessAccount, role: Role, had: Role, reach: Reach, *, by: Person, **waiting: Any
) -> None:
    """Demand the second person that is asked for where those whom a role reaches would become administrators."""
    says = [
        _("%(person)s: %(before)s → %(after)s") % {"person": row.person, "before": had, "after": role.name or role}
        for row in reach.members
    ]
    require_for_new_administrator(account, role, had=had, by=by, says=says, **waiting)


def _lock(role: Role, seen: str | None) -> tuple[BusinessAccount, Role, Reach]:
    """Lock the account, then the role it made; demand that both are as they were `seen`."""
    if role.is_built_in:
        raise PolicyViolation(_("This role is built in. Copy it to make one of your own."))
    account = BusinessAccount.objects.open().select_related("policy").lock(role.account_id)
    role = Role.objects.made_by(account).lock(role.pk)
    reach = reach_of(role)
    if seen is not None and seen != fingerprint(role, reach):
        raise ChangedMeanwhile(_("The role, or who holds it, has changed since you looked. Look again, then confirm."))
    return account, role, reach


def whole(codes: Iterable[str]) -> frozenset[str]:
    """Return the permissions of a role of these codes. Raises PolicyViolation for what no such role can hold."""
    held = frozenset(codes) | {VIEW_ACCOUNT}
    if not held <= frozenset(PERMISSIONS):
        raise PolicyViolation(_("There is no such permission."))
    if OWN_ACCOUNT in held:
        raise PolicyViolation(_("Ownership moves by a transfer only."))
    return held


def _require_free_name(account: BusinessAccount, name: str, besides: Role | None = None) -> None:
    """Demand a name that no other role of the account has, nor a built-in one: compared by letters and digits alone."""
    wanted = name_key(name) or name
    if wanted in {name_key(words) for role in BUILT_IN.values() for words in (str(role.name), role.code)}:
        raise PolicyViolation(_("A built-in role is called so. Choose another name."))
    others = Role.objects.made_by(account)
    if besides is not None:
        others = others.exclude(pk=besides.pk)
    if any((name_key(other) or other) == wanted for other in others.values_list("name", flat=True)):
        raise PolicyViolation(_("There is a role named “%(name)s” already.") % {"name": name})


def _free_code(account: BusinessAccount, name: str) -> str:
    """Return the address of a role: made from its name, and no other role's of the account, retired ones among them."""
    base = slugify(name)[:32].strip("-_") or "role"
    taken = {*RESERVED_CODES, *BUILT_IN, *Role.objects.ever_of(account).values_list("code", flat=True)}
    number, code = 1, base
    while code in taken:
        number += 1
        code = f"{base}-{number}"
    return code

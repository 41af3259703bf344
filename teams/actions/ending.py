"""What ends with a person's access, whichever act ends it (rule 13). Writes no event: the act does."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.actions.devices import forget_places
from accounts.actions.sessions import drop_sessions
from accounts.models import Person
from audit.canonical import instant

from .. import offboarding, policies
from ..models import AssetGrant, Membership
from . import seating


@dataclass(frozen=True, slots=True)
class Ended:
    """What ended of one person: by account what the membership gave, as a receipt and as the event keep it."""

    said: Mapping[int, dict[str, Any]]  # for the receipt: `ended` of its statement
    before: Mapping[int, dict[str, Any]]
    own: dict[str, Any]  # sessions and password, which are the person's own


def end_access(members: Sequence[Membership]) -> Ended:
    """End one person's memberships and all that hangs on them; the accounts and the memberships are locked.

    All sessions end; the password is reset where no membership is left elsewhere. The number of statements is the same
    for any number of memberships.
    """
    person, ids = members[0].person, [member.account_id for member in members]
    held, others = _held(members), offboarding.what_ends(person, ids)
    before = seating.end(members, of=person)
    offboarding.end(person, ids)
    forget_places(person)
    own = {"sessions": drop_sessions(person), "password": _reset_password_unless_needed(person)}
    counts = {pk: {label: len(things) for label, things in others[pk].items()} for pk in ids}
    return Ended(
        said={pk: {**held[pk], "offers": before[pk]["offers"], "others": others[pk], **own} for pk in ids},
        before={pk: {**before[pk], "others": counts[pk]} for pk in ids},
        own=own,
    )


def named(person: Person) -> dict[str, Any]:
    """Return a person as a receipt names them."""
    return {"id": person.pk, "name": str(person), "address": person.email}


def _held(members: Collection[Membership]) -> dict[int, dict[str, Any]]:
    """Return by account what each membership gives, as a receipt keeps it, so that it can be brought back as it was."""
    grants: dict[int, list[dict[str, Any]]] = {member.pk: [] for member in members}
    rows = AssetGrant.objects.filter(membership__in=members).select_related("content_object", "permission")
    for grant in rows.order_by("content_object_id", "pk"):
        grants[grant.membership_id].append(
            {
                "asset": grant.content_object_id,
                "name": grant.content_object.name,
                "code": grant.permission.codename,
                "ends_at": instant(grant.ends_at) if grant.ends_at else None,
            }
        )
    return {
        member.account_id: {
            **member.role_as_event(),
            "state": str(member.state),
            "joined_at": instant(member.joined_at),
            "ends_at": instant(member.ends_at) if member.ends_at else None,
            "grants": grants[member.pk],
        }
        for member in members
    }


def _reset_password_unless_needed(person: Person) -> str:
    """Make the password unusable where no membership is left, and say what was done with it: reset, or kept.

    Under a lock on the person: of two acts in two accounts at once, the second sees what the first ended.
    """
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if Membership.objects.held_by(person).exists():
        return policies.PASSWORD_KEPT
    person.set_unusable_password()
    person.save(update_fields=["password"])
    return policies.PASSWORD_RESET

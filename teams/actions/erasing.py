"""Erasing a person where law asks: what the record and the tables say about them goes, the chain stays whole."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import drop_sessions
from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount, OutgoingMail, Person
from audit import emptying
from audit.canonical import Snapshot
from audit.events import ERASED as RECORD_ERASED
from audit.models import Chain
from audit.recording import Entry, action, record_many

from .. import offboarding
from ..models import Membership
from . import forgetting


@action(RECORD_ERASED)
def erase_person(*, address: str, by: Any, reason: str, also: Sequence[str] = ()) -> dict[str, int]:
    """Erase the person with this address, and return how many events and rows were emptied, and in how many chains.

    `also` are earlier addresses and names of the same person. Every chain that said something gets one event: how many
    of its events, which, and the reason. Of the person there stays a row without name and address, since memberships
    and receipts hang on it. Raises PolicyViolation (access is left, something still waits for the person, staff, nobody
    known by that address), and ProgrammingError for any role but the one that owns the tables.
    """
    person = Person.objects.select_for_update().filter(email=address).first()
    erasure = _erasure_of(person, [address, *also])
    if person:
        _require_gone(person)
    person_id = person.pk if person else None
    found = emptying.words_about(person_id, addresses=erasure.addresses, names=erasure.names)
    OutgoingMail.objects.unsettled().filter(address__in=erasure.addresses).update(
        state=OutgoingMail.State.DROPPED, sealed=""
    )
    rows = forgetting.strike_out(erasure)
    if not found and not rows and person is None:
        raise PolicyViolation(_("Nothing here names %(address)s.") % {"address": address})
    if person:
        _forget(person, erasure)
    emptying.empty(found)
    chains = emptying.by_chain(found)
    if person:
        chains.setdefault((Chain.Kind.PERSON, person.pk), emptying.InOneChain())
    target = Snapshot("person", person_id, forgetting.ERASED)
    entries = [
        Entry(_Place(kind, subject_id), target, after=here.as_event()) for (kind, subject_id), here in chains.items()
    ]
    record_many(RECORD_ERASED, by=by, entries=entries, reason=reason)
    return {"events": len(found), "chains": len(chains), "rows": rows}


class _Place:
    """A chain as something that events stand on."""

    def __init__(self, kind: str, subject_id: int) -> None:
        self.audit_kind, self.pk = Chain.Kind(kind), subject_id


def _erasure_of(person: Person | None, spellings: Sequence[str]) -> forgetting.Erasure:
    """Return whom to forget. A name of one word is not looked for unless it was told: others bear it, too."""
    addresses = tuple(words for words in spellings if "@" in words)
    names = {words for words in spellings if "@" not in words}
    if person and " " in person.name.strip():
        names.add(person.name)
    accounts = Membership.objects.filter(person=person).values_list("account_id", flat=True) if person else []
    return forgetting.Erasure(person, addresses, tuple(sorted(names)), frozenset(accounts))


def _require_gone(person: Person) -> None:
    """Raises PolicyViolation while anything of the person's gives access, or waits."""
    left = Membership.objects.filter(person=person, account__closed_at=None).exclude(state=Membership.State.ENDED)
    if names := sorted(row.account.name for row in left.select_related("account")):
        raise PolicyViolation(
            _("Offboard the person first, or transfer the ownership: access is left in %(accounts)s.")
            % {"accounts": ", ".join(names)}
        )
    if person.is_staff:
        raise PolicyViolation(_("Take the person from the platform’s staff first."))
    everywhere = list(BusinessAccount.objects.values_list("pk", flat=True))
    waiting = sorted({str(row.reference.label) for row in offboarding.residue(person, everywhere) if row.found})
    if waiting:
        raise PolicyViolation(_("End this first: %(what)s.") % {"what": ", ".join(waiting)})


def _forget(person: Person, erasure: forgetting.Erasure) -> None:
    """Take away all that is the person's own, and leave a row that names nobody."""
    drop_sessions(person)
    forgetting.delete_own(person)
    person.email, person.name, person.time_zone = erasure.address_instead, forgetting.ERASED, "UTC"
    person.is_active, person.erased_at = False, timezone.now()
    person.set_password(None)
    person.save()

"""Shared logins that a person knows, for the register of offboarding (rule 13)."""

from collections.abc import Collection, Iterator

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from teams.offboarding import Found, Reference, Trace, addresses_of

from .actions.exposing import expose_for_departure, known_to


def _words(people: Collection[Person], account_ids: Collection[int]) -> Iterator[Found]:
    whose = addresses_of(people)
    for knower in known_to(whose, account_ids):
        words = _("%(login)s is exposed until its password is changed") % {"login": knower.login}
        for person_id in whose[knower.address]:
            yield Found(person_id, knower.login.account_id, words)


KNOWN_LOGINS = Trace(
    gettext_lazy("Shared logins known to the person"), _words, expose_for_departure, whenever_away=True
)
REFERENCES = [
    Reference(
        "logins.Knower.address",
        gettext_lazy("Shared logins known to the person, without a task to change the password"),
        lambda: Q(gone_at=None, cleared_at=None),
        "login__account",
        by_address=True,
    ),
    Reference("logins.SharedLogin.changed_by"),
    Reference("logins.Signature.signed_by"),
]

"""What a policy would do to people before it counts: who loses access, who gets it, and what nobody could do then."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import BusinessAccount, SecurityPolicy
from accounts.permissions import PERMISSIONS, Permission

from .coverage import SingleHanded, left_after, left_to_nobody
from .models import Kind, Membership
from .querysets import MembershipQuerySet

NAMED_ACTS = 3  # in the sentence; the page lists all of them


@dataclass(frozen=True)
class DryRun:
    """A policy tried on an account's team, as it would count at a time; asked of the database when first looked at."""

    account: BusinessAccount
    then: SecurityPolicy
    at: dt.datetime | None = None

    @property
    def losing(self) -> MembershipQuerySet:
        """Those who have power now and would lose it, by name."""
        return self._there().shut_out_by(self.then, self.account.policy).order_by("person__name", "pk")

    @property
    def gaining(self) -> MembershipQuerySet:
        """Those who have none now and would get it, by name."""
        return self._there().shut_out_by(self.account.policy, self.then).order_by("person__name", "pk")

    @cached_property
    def losing_ids(self) -> list[int]:
        """The ids of the people who would lose their power."""
        return [person_id for person_id, _kind in self._losing]

    @cached_property
    def gaining_count(self) -> int:
        """How many would get power."""
        return self.gaining.count()

    @cached_property
    def nobody(self) -> list[Permission]:
        """What nobody could do any more, until somebody does what is asked."""
        return left_to_nobody(self.account, losing=self.losing_ids) if self.losing_ids else []

    @cached_property
    def alone(self) -> list[SingleHanded]:
        """What one person only could do."""
        ids = self.losing_ids
        return left_after(self.account, losing=dict.fromkeys(PERMISSIONS, ids)) if ids else []

    @property
    def words(self) -> str:
        """The number of those who lose access and whence they are, in a sentence; empty where nobody does."""
        count = len(self.losing_ids)
        if not count:
            return ""
        if self.at is None:
            told = ngettext("%(count)d person would lose access", "%(count)d people would lose access", count)
        else:
            told = ngettext(
                "From %(day)s %(count)d person loses access", "From %(day)s %(count)d people lose access", count
            )
        day = date_format(timezone.localtime(self.at), "j F Y") if self.at else ""
        kinds = [kind for _person, kind in self._losing]
        parts = [
            told % {"count": count, "day": day},
            *_shares(kinds),
            *([_("among them the last who can %(acts)s") % {"acts": _in_a_row(self.nobody)}] if self.nobody else []),
        ]
        return ", ".join(parts) + "."

    @cached_property
    def _losing(self) -> list[tuple[int, str]]:
        return list(self.losing.values_list("person_id", "kind"))

    def _there(self) -> MembershipQuerySet:
        rows = Membership.objects.active().filter(account=self.account)
        return rows.active(at=self.at) if self.at else rows


def _in_a_row(acts: list[Permission]) -> str:
    """Return the words of the first few acts, and how many there are beside them."""
    words = [str(act.words) for act in acts[:NAMED_ACTS]]
    if more := len(acts) - len(words):
        words.append(ngettext("%(count)d more", "%(count)d more", more) % {"count": more})
    return get_text_list(words, _("and"))


def _shares(kinds: list[str]) -> Iterator[str]:
    """Return how many are from outside, for each kind that there is."""
    if agency := kinds.count(Kind.AGENCY):
        yield _("%(count)d of them agency") % {"count": agency}
    if contractors := kinds.count(Kind.CONTRACTOR):
        words = ngettext("%(count)d of them a contractor", "%(count)d of them contractors", contractors)
        yield words % {"count": contractors}

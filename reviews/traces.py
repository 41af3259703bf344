"""What somebody has to review, for the register of offboarding (rule 13)."""

from collections.abc import Collection, Iterator

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from teams.offboarding import Found, Reference, Trace

from .actions.duties import hand_over_duties
from .reviewers import duties_of


def _words(people: Collection[Person], account_ids: Collection[int]) -> Iterator[Found]:
    for item in duties_of(people, account_ids):
        words = _("%(person)s, in %(review)s: somebody else reviews it") % {"person": item, "review": item.campaign}
        yield Found(item.reviewer_id, item.campaign.account_id, words)


REVIEW_DUTIES = Trace(gettext_lazy("Accesses to review"), _words, hand_over_duties, whenever_away=True)
REFERENCES = [
    Reference(
        "reviews.Item.reviewer",
        gettext_lazy("Accesses that the person is to review"),
        lambda: Q(must_decide=True, decision="", campaign__state="running"),
        "campaign__account",
    ),
    Reference("reviews.Item.decided_by"),
    Reference("reviews.Campaign.started_by"),
    Reference("reviews.Campaign.silence_by"),
    Reference("reviews.Schedule.set_by"),
    Reference("reviews.Campaign.closed_by"),
]

"""Views of a log that a reader saves for themselves."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from accounts import authority
from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import VIEW_AUDIT
from audit.recording import action, record

from ..events import VIEW_REMOVED, VIEW_SAVED
from ..models import SavedView

MOST_VIEWS = 20  # of one person in one account: they stand in a row


@action(VIEW_SAVED)
def save_view(*, account: BusinessAccount, name: str, asks: Mapping[str, str], by: Person) -> SavedView:
    """Save under a name what somebody wants to see again of an account's log, and return it.

    Raises MissingPermission, PolicyViolation (nothing is asked, the name is taken, too many).
    """
    account = BusinessAccount.objects.lock(account.pk)
    authority.require(by, VIEW_AUDIT, on=account)
    views = SavedView.objects.of(account, by)
    if not asks:
        raise PolicyViolation(_("Narrow the log first: a view is what you narrowed it to."))
    if views.filter(name__iexact=name).exists():
        raise PolicyViolation(_("You have a view of this name already. Choose another name."))
    if views.count() >= MOST_VIEWS:
        raise PolicyViolation(_("You have %(most)d views here. Remove one first.") % {"most": MOST_VIEWS})
    view = SavedView.objects.create(account=account, person=by, name=name, asks=dict(asks))
    record(VIEW_SAVED, by=by, on=by, target=view, after={"of": str(account), "asks": dict(asks)})
    return view


@action(VIEW_REMOVED)
def remove_view(*, view: SavedView, by: Person) -> None:
    """Remove one of one's own views. Raises ChangedMeanwhile where it is gone already, or is another person's."""
    mine = SavedView.objects.filter(person=by, pk=view.pk)
    found = mine.select_for_update(of=("self",)).select_related("account").first()
    if found is None:
        raise ChangedMeanwhile(_("This view is gone already."))
    before = {"of": str(found.account), "asks": found.asks}
    record(VIEW_REMOVED, by=by, on=by, target=found, before=before)
    found.delete()

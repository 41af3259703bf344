"""What ends invitations as a part of another act. Writes no event: that act's own tells it."""

from django.utils import timezone
from django.utils.translation import gettext as _

from ..models import Import, ImportRow, Invitation
from ..querysets import ImportQuerySet, ImportRowQuerySet, InvitationQuerySet


def revoke_all(rows: InvitationQuerySet) -> None:
    """Revoke open invitations; their links stop working at once, and mails that wait are dropped."""
    rows.update(state=Invitation.State.REVOKED, answered_at=timezone.now())


def release(rows: InvitationQuerySet) -> None:
    """Leave invitations without anyone who would answer for the person."""
    rows.update(sponsor=None)


def stop_all(lists: ImportQuerySet) -> None:
    """Stop lists that are being worked through; nobody more is invited from them."""
    lists.update(state=Import.State.STOPPED, ended_at=timezone.now(), paused_until=None)


def strike_out(rows: ImportRowQuerySet) -> None:
    """Take rows off lists that are being worked through: their person has left meanwhile."""
    ids = list(rows.values_list("pk", flat=True))  # the condition is on the list, which an UPDATE can't join
    words = _("The person’s access was ended while the list was under way.")
    ImportRow.objects.filter(pk__in=ids).update(fate=ImportRow.Fate.REFUSED, problem=words)

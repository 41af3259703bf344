"""What ends invitations as a part of another act. Writes no event: that act's own tells it."""

from django.utils import timezone

from ..models import Invitation
from ..querysets import InvitationQuerySet


def revoke_all(rows: InvitationQuerySet) -> None:
    """Revoke open invitations; their links stop working at once, and mails that wait are dropped."""
    rows.update(state=Invitation.State.REVOKED, answered_at=timezone.now())


def release(rows: InvitationQuerySet) -> None:
    """Leave invitations without anyone who would answer for the person."""
    rows.update(sponsor=None)

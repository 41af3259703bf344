"""What a browser remembers of an invitation between opening its link and answering it: its id and sending, no token.

The session lies in the database, which must not hold a link that works (rule 8): the link is made again from these.
"""

from django.http import HttpRequest

from .models import Invitation

KEY = "invitation"


def remember(request: HttpRequest, invitation: Invitation) -> None:
    """Keep which invitation this browser is about to answer."""
    request.session[KEY] = [invitation.pk, invitation.sending]


def remembered(request: HttpRequest) -> Invitation | None:
    """Return that invitation while it is open and its link is still the one that was opened; None otherwise."""
    kept = request.session.get(KEY)
    if not kept:
        return None
    pk, sending = kept
    return Invitation.objects.open().filter(pk=pk, sending=sending).select_related("account").first()


def forget(request: HttpRequest) -> None:
    """Forget the invitation, and a sign-up or sign-in that was left half done: it would come first."""
    request.session.pop(KEY, None)
    request.session.pop("account_login", None)  # where the sign-in library stashes it

"""The invited person's pages. Opening the link changes nothing; only a POST answers (rule 7)."""

from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import decorator_from_middleware, method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from accounts.access import Standing, explain
from accounts.errors import ChangedMeanwhile
from accounts.models import Person
from accounts.normalising import masked
from accounts.permissions import VIEW_ACCOUNT
from accounts.views import TokenCheck, for_this_reader_alone
from audit.recording import Refused, record_refusal
from teams.models import Membership

from .. import actions, policies
from ..errors import OfferLostItsGround
from ..models import Invitation
from ..querysets import unproven
from ..remembering import forget, remember, remembered
from ..tokens import hash_of


@method_decorator([csrf_exempt, decorator_from_middleware(TokenCheck)], name="dispatch")
class TokenView(View):
    """A page behind the link. Nothing of it may be kept, and no address of it be handed on (IN8)."""

    invitation: Invitation

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Find the open invitation of the link; for every other link the one neutral page (IN3)."""
        found = self._find(kwargs.get("token", ""))
        if found is None:
            response = self.dead_link()
        else:
            self.invitation = found
            response = cast("HttpResponse", super().dispatch(request, *args, **kwargs))
        return for_this_reader_alone(response)

    def dead_link(self) -> HttpResponse:
        """Answer for a link that is not open: to the invited person what became of it, else the neutral page (IN3)."""
        ended = _ended(self.request, self.kwargs["token"])
        if ended is None:
            return _neutral(self.request)
        fate = _fate(ended, self.request.user)
        if fate == "left":
            return HttpResponseRedirect(ended.account.get_absolute_url())  # which says since when, and whom to ask
        can_send = policies.may_give(ended.account, ended.invited_by, ended.role)
        ask = ended.invited_by if can_send else ended.account.owner
        context = {"invitation": ended, "situation": fate, "ask": ask}
        return render(self.request, "invitations/offer.html", context, status=200 if fate == "member" else 410)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead back to the offer from the address of an act, such as after a reload: only a POST acts."""
        return self.offer_page()

    def _find(self, token: str) -> Invitation | None:
        rows = Invitation.objects.open().filter(token_hash=hash_of(token))
        return rows.select_related("account", "account__policy", "account__owner", "role", "invited_by").first()

    def situation(self) -> str:
        """Return which of the pages it is: closed, member, other, unverified, ready, sign_in or new."""
        account, person = self.invitation.account, self.request.user
        if account.closed_at or not account.is_business:
            return "closed"
        if not person.is_authenticated:
            return "sign_in" if self.proves_mailbox and _signs_in(self.invitation.address) else "new"
        if person.email != self.invitation.address:
            return "other"
        if Membership.objects.current().filter(account=account, person=person).exists():
            return "member"
        return "ready" if _is_verified(person) else "unverified"

    @property
    def proves_mailbox(self) -> bool:
        """Whether the link came by mail: then its holder may know whether the address has a sign-in (GU4)."""
        return self.invitation.channel == Invitation.Channel.MAIL

    def page(self, *, status: int = 200, problem: str = "", template: str = "invitations/offer.html") -> HttpResponse:
        """Render the page of the present situation. It shows inviter, account, role and permissions before it asks."""
        invitation, grants = self.invitation, self.invitation.offered_grants()
        context = {
            "invitation": invitation,
            "situation": self.situation(),
            "offer": policies.summary(invitation.role, grants),
            "seen": policies.fingerprint(invitation),
            "masked": masked(invitation.address),
            "by_mail": self.proves_mailbox,
            "problem": problem,
            "here": "" if self._is_offer_page() else "../",  # by which a page leads to others without naming the token
        }
        return render(self.request, template, context, status=status)

    def _is_offer_page(self) -> bool:
        match = self.request.resolver_match
        return match is not None and match.url_name == "invitation_offer"

    def offer_page(self) -> HttpResponse:
        """Go to the page of the link."""
        return HttpResponseRedirect(reverse("invitation_offer", args=[self.kwargs["token"]]))


class OfferPage(TokenView):
    """What the link opens."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the offer. That a person looked is written down once; a prefetch is nobody looking."""
        if request.method == "GET" and not _prefetches(request):
            actions.note_opening(invitation=self.invitation, by=request.user)
        return self.page()


class AcceptInvitation(TokenView):
    """Join. The only thing that makes a membership."""

    def dead_link(self) -> HttpResponse:
        """Lead whoever has joined by this very link on: the second click of two is no dead link."""
        if self.request.method == "POST" and self.request.user.is_authenticated:
            used = Invitation.objects.answered(Invitation.State.ACCEPTED)
            used = used.filter(token_hash=hash_of(self.kwargs["token"]), membership__person=self.request.user)
            joined = used.select_related("account").first()
            if joined:
                return HttpResponseRedirect(joined.account.get_absolute_url())
        return super().dead_link()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Accept what the page showed, or say why not."""
        if not request.user.is_authenticated:
            return self.offer_page()
        try:
            membership = actions.accept(
                invitation=self.invitation, by=request.user, seen=request.POST.get("seen", "")[:64]
            )
        except OfferLostItsGround as refusal:
            return self._lost_its_ground(refusal, by=request.user)
        except ChangedMeanwhile as refusal:
            return self._changed(refusal)
        except Refused as refusal:
            record_refusal(refusal)
            return self.page(status=422, problem=refusal.words)
        forget(request)
        account, role = membership.account, membership.role
        begun = explain(request.user, VIEW_ACCOUNT, account).standing is Standing.ACTIVE
        welcome = _("Welcome to %(account)s. You are %(role)s.")
        words = welcome if begun else _("You have accepted: you will be %(role)s in %(account)s.")
        messages.success(request, words % {"account": account, "role": role})
        return HttpResponseRedirect(account.get_absolute_url())

    def _lost_its_ground(self, refusal: OfferLostItsGround, *, by: Person) -> HttpResponse:
        """Write down why, which tells the owner, and say it; unless the invitation itself went meanwhile."""
        try:
            actions.refuse_acceptance(invitation=self.invitation, reason=refusal.words, by=by)
        except ChangedMeanwhile as change:
            return self._changed(change)
        return self.page(status=422, problem=refusal.words)

    def _changed(self, refusal: ChangedMeanwhile) -> HttpResponse:
        """Answer who lost a race: to oneself, which is no refusal; to an answer or a new link; to a changed offer."""
        now = Invitation.objects.select_related("membership").get(pk=self.invitation.pk)
        if now.membership and now.membership.person_id == self.request.user.pk:
            return HttpResponseRedirect(self.invitation.account.get_absolute_url())
        record_refusal(refusal)
        found = self._find(self.kwargs["token"])
        if found is None:
            return _neutral(self.request)
        self.invitation = found
        return self.page(status=409, problem=refusal.words)


class DeclineInvitation(TokenView):
    """Say no, after being asked once more."""

    http_method_names = ["get", "post", "head", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask whoever may answer; others see what the link shows them."""
        if self.situation() in {"closed", "other", "member"}:
            return self.offer_page()
        return self.page(template="invitations/decline.html")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Decline."""
        try:
            actions.decline(invitation=self.invitation, by=request.user)
        except Refused as refusal:
            record_refusal(refusal)
            return self.page(status=409 if isinstance(refusal, ChangedMeanwhile) else 422, problem=refusal.words)
        forget(request)
        return render(request, "invitations/declined.html", {"invitation": self.invitation})


class EnterInvitation(TokenView):
    """Go on as the invited person: to signing in, or to making a sign-in. Signs another person out first."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Remember the invitation in the session, and lead to the right door.

        Only a link that came by mail proves the address; one that was handed over leaves that to a mailed code, and
        tells nobody whether the address has a sign-in: there the person chooses the door.
        """
        if request.user.is_authenticated:
            if request.user.email == self.invitation.address:
                return self.offer_page()
            get_adapter(request).logout(request)
        forget(request)
        remember(request, self.invitation)
        signs_in = request.POST.get("door") == "sign_in" or (self.proves_mailbox and _signs_in(self.invitation.address))
        door = "account_login" if signs_in else "account_signup"
        return HttpResponseRedirect(f"{reverse(door)}?next={reverse('invitation_continue')}")


class ContinueInvitation(View):
    """Back from signing in: the link is made again from what the session remembers (rule 8)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Go to the offer, or home where it is not open any more."""
        invitation = remembered(request)
        try:
            token = invitation.present_token() if invitation else ""
        except LookupError:  # the key that made the link has been taken away since
            token = ""
        if not token:
            forget(request)
            messages.info(request, _("The invitation is not open any more. Ask whoever invited you for a new one."))
            return HttpResponseRedirect(reverse("dashboard"))
        return for_this_reader_alone(HttpResponseRedirect(reverse("invitation_offer", args=[token])))


class NoInvitation(View):
    """Whatever else stands behind /invitations/: the same neutral page as for a dead link (IN3)."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it."""
        return for_this_reader_alone(_neutral(request))


def _neutral(request: HttpRequest) -> HttpResponse:
    return render(request, "invitations/none.html", status=404)


def _ended(request: HttpRequest, token: str) -> Invitation | None:
    """Return the invitation of a link that is not open any more; only to whoever it was for, with a proven address."""
    if not request.user.is_authenticated or not _is_verified(request.user):
        return None
    rows = Invitation.objects.filter(token_hash=hash_of(token), address=request.user.email)
    return rows.select_related("account", "account__owner", "role", "invited_by").first()


def _fate(invitation: Invitation, person: Any) -> str:
    """Return what became of an invitation, for whoever it was for: closed, member, left, replaced, or how it ended."""
    account = invitation.account
    if account.closed_at or not account.is_business:
        return "closed"
    if Membership.objects.current().filter(account=account, person=person).exists():
        return "member"
    if invitation.state == Invitation.State.ACCEPTED:
        return "left"
    if Invitation.objects.open().filter(account=account, address=invitation.address).exists():
        return "replaced"
    return "expired" if invitation.is_expired else invitation.state


def _is_verified(person: Any) -> bool:
    return EmailAddress.objects.filter(user=person, email=person.email, verified=True).exists()


def _signs_in(address: str) -> bool:
    """Whether the address has a sign-in. One that was typed by anybody and never proved is none."""
    return Person.objects.filter(email=address).exclude(pk__in=unproven(address)).exists()


def _prefetches(request: HttpRequest) -> bool:
    said = " ".join(request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz", "X-Purpose"))
    return "prefetch" in said.lower() or "preview" in said.lower()

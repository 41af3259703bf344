"""The transfer of ownership: offering and withdrawing by the owner, answering by the one it is offered to."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from accounts.models import SecurityPolicy
from accounts.permissions import OWN_ACCOUNT, VIEW_ACCOUNT
from accounts.views import AccountFormView, AccountView

from .. import actions
from ..forms import MOST_CHOICES, HeirFilterForm, OfferOwnershipForm
from ..holdings import access_of
from ..models import Membership, OwnershipClaim, OwnershipOffer, Succession


class OwnershipPage(AccountFormView):
    """Offer the ownership or see the open offer; an open claim; the named successor."""

    permission = OWN_ACCOUNT
    form_class = OfferOwnershipForm
    template_name = "teams/ownership.html"

    def load(self) -> None:
        """Read what the choice is narrowed to."""
        self.search = HeirFilterForm(self.request.GET)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Offer the active members to choose from, narrowed to those that are searched for."""
        return {**super().get_form_kwargs(), "account": self.account, "search": self.search.wanted()["q"]}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the open offer, and whether there is anybody to choose."""
        offers = OwnershipOffer.objects.filter(account=self.account).select_related("person", "offered_by")
        heirs = Membership.objects.heirs(self.account).count()
        past = offers.exclude(state=OwnershipOffer.State.OPEN).order_by("-pk")[:10]
        search = self.search if heirs > MOST_CHOICES else None
        claims = OwnershipClaim.objects.with_all().filter(account=self.account)
        return super().get_context_data(
            offer=offers.open().first(),
            past=past,
            heirs=heirs,
            search=search,
            claim=claims.open().first(),
            earlier=claims.exclude(state=OwnershipClaim.State.OPEN).order_by("-pk")[:10],
            **self._succession(),
            **kwargs,
        )

    def _succession(self) -> dict[str, Any]:
        """Return who is named as successor, opened for the owner's eyes, and whether that person is still there."""
        row = Succession.objects.filter(account=self.account).first()
        named = row.opened(self.account) if row else None
        return {
            "succession": row,
            "successor": Membership.objects.heirs(self.account).filter(person=named).first() if named else None,
        }

    def form_valid(self, form: OfferOwnershipForm) -> HttpResponse:
        """Offer it."""
        offer = actions.offer_ownership(account=self.account, by=self.me, **form.cleaned_data)
        message = _("The ownership is offered to %(person)s, who has been sent a mail.") % {"person": offer.person}
        return self.done(message, to=reverse("ownership", args=[self.account.slug]))


class WithdrawOffer(AccountFormView):
    """Take the offer back."""

    permission = OWN_ACCOUNT
    template_name = "teams/withdraw_ownership.html"

    def load(self) -> None:
        """Find the offer; one that is answered is told by the action."""
        rows = OwnershipOffer.objects.select_related("person")
        self.offer = get_object_or_404(rows, account=self.account, pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the offer."""
        return super().get_context_data(offer=self.offer, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Withdraw it."""
        actions.withdraw_offer(offer=self.offer, by=self.me)
        return self.done(_("The offer is withdrawn."), to=reverse("ownership", args=[self.account.slug]))


class _OfferView(AccountView):
    """A page for the one to whom the ownership is offered; for everybody else it does not exist (rule 4)."""

    abstract = True
    permission = VIEW_ACCOUNT

    def load(self) -> None:
        """Find the offer among those made to the reader."""
        rows = OwnershipOffer.objects.select_related("offered_by").filter(person=self.me)
        self.offer = get_object_or_404(rows, account=self.account, pk=self.kwargs["pk"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the offer."""
        return super().get_context_data(offer=self.offer, **kwargs)


class OwnershipOfferPage(_OfferView, TemplateView):
    """What the ownership brings, and the two answers."""

    permission = VIEW_ACCOUNT
    template_name = "teams/ownership_offer.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Warn of the second factor that the account would ask of its new owner."""
        access = access_of(self.me, self.account.pk)
        nobody = SecurityPolicy.SecondFactor.NOBODY
        lacks = access is not None and self.account.policy.second_factor != nobody and not access.has_factor_that_counts
        return super().get_context_data(lacks_second_factor=lacks, **kwargs)


class AnswerOffer(_OfferView, AccountFormView):
    """Accept or decline. Only POST: the page of the offer asks."""

    permission = VIEW_ACCOUNT
    template_name = "teams/ownership_offer.html"
    http_method_names = ["post", "options"]

    def is_sensitive(self) -> bool:
        """Say whether it is taken over: declining needs nothing."""
        return self.kwargs["answer"] == "accept"

    def way_back(self) -> str:
        """Return the page of the offer, which asks."""
        return reverse("ownership_offer", args=[self.account.slug, self.offer.pk])

    def form_valid(self, form: Any) -> HttpResponse:
        """Answer as the address says."""
        if self.kwargs["answer"] == "accept":
            account = actions.accept_ownership(offer=self.offer, by=self.me)
            return self.done(_("You own %(account)s now.") % {"account": account})
        if self.kwargs["answer"] == "decline":
            actions.decline_ownership(offer=self.offer, by=self.me)
            return self.done(_("You have declined the ownership."))
        raise Http404

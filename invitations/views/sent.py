"""The invitations of an account: the list, inviting, one invitation and what is done with it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from accounts.letters import absolute
from accounts.models import OutgoingMail
from accounts.permissions import MANAGE_TEAM
from accounts.second_person import NeedsSecondPerson
from accounts.views import AccountFormView, AccountView, chips_of, page_of
from audit.recording import Refused, record_refusal

from .. import actions, policies
from ..delivery import hints, present_mail, refused_for_its_inviter, timeline
from ..forms import STATES, CorrectAddressForm, InvitationFilterForm, InviteForm, OfferForm, offer_initial
from ..models import Invitation


class InvitationList(AccountView, TemplateView):
    """All invitations of the account, the open ones first."""

    permission = MANAGE_TEAM
    template_name = "invitations/invitations.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Filter, count for the chips, and page."""
        form = InvitationFilterForm(self.request.GET, account=self.account)
        wanted = form.wanted()
        found = Invitation.objects.filter(account=self.account).matching(wanted["q"])
        if wanted["role"]:
            found = found.filter(role=wanted["role"])
        counts = found.state_counts()
        rows = found.in_state(wanted["state"]).for_list()
        page = page_of(rows, self.request, count=counts[wanted["state"] or "open"])
        return super().get_context_data(
            form=form,
            page_obj=page,
            chips=chips_of(self.request, STATES, {**counts, "": counts["open"]}, wanted["state"]),
            state=wanted["state"],
            filtered=bool(wanted["q"] or wanted["role"]),
            any_at_all=sum(counts.values()) > 0 or bool(wanted["q"] or wanted["role"]),
            **kwargs,
        )


class OfferFormView(AccountFormView):
    """A form that composes an offer: only roles that the reader can give."""

    abstract = True
    permission = MANAGE_TEAM

    def get_form_kwargs(self) -> dict[str, Any]:
        """Offer the roles that the reader holds all of, and the assets in use."""
        self.roles = policies.offerable_roles(self.account, self.me)
        return {**super().get_form_kwargs(), "account": self.account, "roles": self.roles}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Lay out the roles with what each gives."""
        context = super().get_context_data(**kwargs)
        chosen = context["form"]["role"].value()
        choices = [
            {"role": role, "offer": policies.summary(role, {}), "chosen": role.code == chosen} for role in self.roles
        ]
        return {**context, "choices": choices}


class InvitePeople(OfferFormView):
    """Invite one or several people. Each address is an act of its own: one that is refused undoes no other."""

    form_class = InviteForm
    template_name = "invitations/invite.html"

    def is_sensitive(self) -> bool:
        """Say whether the role administers."""
        role = self.sent("role")
        return role is not None and role.administers

    def form_valid(self, form: InviteForm) -> HttpResponse:
        """Invite each; what was refused stays in the form, with the reason."""
        sent, refused = [], {}
        for entry in form.cleaned_data["addresses"]:
            if entry.problem:
                refused[entry.typed] = entry.problem
                continue
            try:
                sent.append(self._invite(form, entry.address))
            except NeedsSecondPerson as held_back:
                record_refusal(held_back)
                messages.info(self.request, _about(entry.address, held_back.words))
            except Refused as refusal:
                record_refusal(refusal)
                refused[entry.typed] = refusal.words
        if sent:
            words = ngettext("%(addresses)s is invited.", "%(addresses)s are invited.", len(sent))
            messages.success(self.request, words % {"addresses": ", ".join(sent)})
        if not refused:
            return HttpResponseRedirect(reverse("invitations", args=[self.account.slug]))
        left = self.request.POST.copy()
        left["addresses"] = "\n".join(refused)
        form.data = left
        form.add_error("addresses", [_about(typed, words) for typed, words in refused.items()])
        return self.form_invalid(form)

    def _invite(self, form: InviteForm, address: str) -> str:
        given = form.cleaned_data
        invitation = actions.invite(
            account=self.account,
            address=address,
            role=given["role"],
            grants=form.offered_grants(),
            terms=form.terms(),
            expires_at=given["expires_at"],
            message=given["message"],
            by=self.me,
        )
        return invitation.address


class InvitationView(AccountView):
    """A page about one invitation of the account."""

    abstract = True
    permission = MANAGE_TEAM
    invitation: Invitation

    def load(self) -> None:
        """Find the invitation."""
        rows = Invitation.objects.select_related("role", "invited_by", "membership", "sponsor")
        self.invitation = get_object_or_404(rows, account=self.account, pk=self.kwargs["pk"])
        self.invitation.account = self.account

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the invitation, and whether the reader could give what it offers."""
        may_give = policies.may_give(self.account, self.me, self.invitation.role)
        return super().get_context_data(invitation=self.invitation, may_give=may_give, **kwargs)

    def here(self) -> str:
        """Return the path of the invitation's page."""
        return reverse("invitation", args=[self.account.slug, self.invitation.pk])


class InvitationPage(InvitationView, TemplateView):
    """What it offers, what happened to it, why it may not have arrived, and what can be done."""

    permission = MANAGE_TEAM
    template_name = "invitations/invitation.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add offer, timeline and help."""
        mail = present_mail(self.invitation)
        return super().get_context_data(
            offer=policies.summary(self.invitation.role, self.invitation.offered_grants()),
            steps=timeline(self.invitation),
            hints=hints(self.invitation) if self.invitation.state == Invitation.State.OPEN else [],
            mail=mail,
            lost_ground=refused_for_its_inviter(self.invitation),
            failed=bool(mail and mail.state == OutgoingMail.State.PARKED and self.invitation.is_open),
            **kwargs,
        )


class InvitationFormView(InvitationView, AccountFormView):
    """One act on one unanswered invitation. Where it was answered meanwhile, the action says so."""

    abstract = True
    permission = MANAGE_TEAM

    def is_sensitive(self) -> bool:
        """Say whether the invitation makes an administrator of whoever accepts it."""
        return self.invitation.role.administers

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask; of an answered invitation only the history is left to see."""
        if self.invitation.state != Invitation.State.OPEN:
            words = _("The invitation is %(state)s. Nothing can be changed about it.")
            messages.info(request, words % {"state": self.invitation.get_state_display()})
            return HttpResponseRedirect(self.here())
        return super().get(request, *args, **kwargs)


class ResendInvitation(InvitationFormView):
    """Send it again, with a new link."""

    template_name = "invitations/resend.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Send it."""
        invitation = actions.resend(invitation=self.invitation, by=self.me)
        return self.done(
            _("A new mail to %(address)s is on its way.") % {"address": invitation.address}, to=self.here()
        )


class CopyInvitationLink(InvitationFormView):
    """Make a fresh link, to be handed over by another channel; it is shown once."""

    template_name = "invitations/copy_link.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Make the link and show it: it stands nowhere else."""
        token = actions.copy_link(invitation=self.invitation, by=self.me)
        link = absolute(reverse("invitation_offer", args=[token]))
        response = self.render_to_response(self.get_context_data(form=form, link=link))
        response["Cache-Control"] = "no-store"
        return response


class CorrectInvitation(InvitationFormView):
    """Correct the address in one step: the mail goes there at once."""

    form_class = CorrectAddressForm
    template_name = "invitations/correct.html"

    def get_initial(self) -> dict[str, Any]:
        """Begin with the address as it is."""
        return {"address": self.invitation.address}

    def form_valid(self, form: CorrectAddressForm) -> HttpResponse:
        """Correct and send."""
        invitation = actions.correct_address(invitation=self.invitation, by=self.me, **form.cleaned_data)
        return self.done(
            _("The invitation is on its way to %(address)s.") % {"address": invitation.address}, to=self.here()
        )


class ChangeInvitation(InvitationFormView, OfferFormView):
    """Change what an open invitation offers; its link stays."""

    permission = MANAGE_TEAM
    form_class = OfferForm
    template_name = "invitations/change.html"

    def get_initial(self) -> dict[str, Any]:
        """Begin with the offer as it is."""
        return offer_initial(self.invitation)

    def is_sensitive(self) -> bool:
        """Say whether the new role administers."""
        role = self.sent("role")
        return role is not None and role.administers

    def form_valid(self, form: OfferForm) -> HttpResponse:
        """Change it."""
        actions.change_offer(
            invitation=self.invitation,
            role=form.cleaned_data["role"],
            grants=form.offered_grants(),
            terms=form.terms(),
            by=self.me,
        )
        return self.done(_("The invitation offers this now; the link stays the same."), to=self.here())


class RevokeInvitation(InvitationFormView):
    """Take it back."""

    template_name = "invitations/revoke.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Revoke it."""
        invitation = actions.revoke(invitation=self.invitation, by=self.me)
        return self.done(
            _("The invitation of %(address)s is revoked.") % {"address": invitation.address}, to=self.here()
        )


def _about(typed: str, words: str) -> str:
    return words if typed in words else f"{typed}: {words}"

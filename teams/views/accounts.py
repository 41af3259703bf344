"""Opening and closing an account."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import FormView

from accounts.forms import CloseAccountForm, OpenAccountForm
from accounts.models import Asset
from accounts.permissions import OWN_ACCOUNT
from accounts.views import AccountFormView, SignedInMixin
from audit.recording import Refused, record_refusal

from .. import actions
from ..models import Membership


class OpenAccount(SignedInMixin, FormView):
    """Open an account of one's own."""

    template_name = "accounts/open_account.html"
    form_class = OpenAccountForm

    def form_valid(self, form: OpenAccountForm) -> HttpResponse:
        """Open it, and go on to its overview."""
        try:
            account = actions.open_account(by=self.me, **form.cleaned_data)
        except Refused as refusal:
            record_refusal(refusal)
            form.add_error(None, refusal.words)
            return self.form_invalid(form)
        messages.success(self.request, _("%(account)s is open. You own it.") % {"account": account})
        return HttpResponseRedirect(account.get_absolute_url())

    def form_invalid(self, form: OpenAccountForm) -> HttpResponse:
        """Show the form again with what is wrong."""
        return self.render_to_response(self.get_context_data(form=form), status=422)


class CloseAccount(AccountFormView):
    """Close the account: the owner types its name."""

    permission = OWN_ACCOUNT
    form_class = CloseAccountForm
    template_name = "accounts/close_account.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Tell the form which name must be typed."""
        return {**super().get_form_kwargs(), "account": self.account}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say what ends."""
        members = Membership.objects.current().filter(account=self.account).exclude(person=self.account.owner).count()
        assets = Asset.objects.of(self.account).in_use().count()
        effects = [
            ngettext("%(count)d member loses all access.", "%(count)d members lose all access.", members)
            % {"count": members},
            ngettext(
                "%(count)d asset can’t be used here any more.", "%(count)d assets can’t be used here any more.", assets
            )
            % {"count": assets},
            _("Open invitations stop working."),
            _("You can’t open it again yourself."),
        ]
        keeps = [_("The log stays, and can still be verified.")]
        return super().get_context_data(effects=effects, keeps=keeps, **kwargs)

    def form_valid(self, form: CloseAccountForm) -> HttpResponse:
        """Close it, and go home."""
        account = actions.close_account(account=self.account, by=self.me)
        return self.done(_("%(account)s is closed.") % {"account": account}, to=reverse("dashboard"))

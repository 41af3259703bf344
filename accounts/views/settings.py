"""The account's settings, and its upgrade."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from .. import actions
from ..forms import AccountSettingsForm
from ..permissions import MANAGE_SECURITY, OWN_ACCOUNT, VIEW_ACCOUNT
from .base import AccountFormView


class AccountSettings(AccountFormView):
    """The account's name, and the ways to upgrade, hand over, leave and close it. Every member can look."""

    permission = VIEW_ACCOUNT
    form_class = AccountSettingsForm
    template_name = "accounts/settings.html"

    def get_initial(self) -> dict[str, Any]:
        """Fill in the name as it is."""
        return {"name": self.account.name}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say whether the reader may change the name; who may not sees it only."""
        may_change = self.me.has_perm(MANAGE_SECURITY, self.account)
        return super().get_context_data(may_change=may_change, **kwargs)

    def form_valid(self, form: AccountSettingsForm) -> HttpResponse:
        """Change the name; the action asks for the permission that this takes."""
        account = actions.change_settings(account=self.account, by=self.me, **form.cleaned_data)
        return self.done(_("The settings are saved."), to=reverse("account_settings", args=[account.slug]))


class UpgradeAccount(AccountFormView):
    """Make a standard account a business account."""

    permission = OWN_ACCOUNT
    template_name = "accounts/upgrade.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say what changes; a business account has nothing to upgrade."""
        if self.account.is_business:
            messages.info(request, _("This is a business account already."))
            return HttpResponseRedirect(reverse("account_settings", args=[self.account.slug]))
        return super().get(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Upgrade it, and go on to its team."""
        account = actions.upgrade(account=self.account, by=self.me)
        return self.done(
            _("%(account)s has a team now.") % {"account": account}, to=reverse("team", args=[account.slug])
        )

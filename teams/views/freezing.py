"""Freezing an account, and lifting it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from accounts.access import who_can_give
from accounts.permissions import MANAGE_TEAM
from accounts.views import AccountFormView

from .. import actions
from ..forms import ReasonForm
from ..freezing import hindrance_to_lift


class FreezeAccount(AccountFormView):
    """Stop every change of access in the account, and later lift it: one page for both."""

    permission = MANAGE_TEAM
    form_class = ReasonForm
    template_name = "teams/freeze.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say what rests, and who can lift it; a standard account has nothing to freeze."""
        if not self.account.is_business:
            messages.info(request, _("A standard account has no team whose access could change."))
            return HttpResponseRedirect(self.account.get_absolute_url())
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Name who else could lift it: before the yes, and while it lasts."""
        account, freezer = self.account, self.account.frozen_by_id or self.me.pk
        managing = who_can_give(MANAGE_TEAM, account)
        lifters = [person for person in managing if person.pk != freezer or freezer == account.owner_id]
        refusal = hindrance_to_lift(account, self.me) if account.frozen_at else None
        rests = [
            _("Invite anybody, or accept an invitation"),
            _("Change, confirm, suspend, restore or end anybody’s access, by role, grant or request"),
            _("Change roles, assets, the policy or the ownership"),
        ]
        return super().get_context_data(lifters=lifters, refusal=refusal, rests=rests, **kwargs)

    def form_valid(self, form: ReasonForm) -> HttpResponse:
        """Freeze, or lift, as the button says that was shown."""
        if "lift" in self.request.POST:
            account = actions.lift_freeze(account=self.account, by=self.me, **form.cleaned_data)
            return self.done(_("The freeze is lifted: access can be changed again."))
        account = actions.freeze(account=self.account, by=self.me, **form.cleaned_data)
        return self.done(_("%(account)s is frozen: nobody’s access changes.") % {"account": account})

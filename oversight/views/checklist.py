"""The security checklist of one account: how it stands, and the way to each fix."""

from typing import Any

from django.views.generic import TemplateView

from accounts.permissions import MANAGE_SECURITY
from accounts.views import AccountView

from ..checklist import checklist_of


class SecurityChecklist(AccountView, TemplateView):
    """Every line of the checklist, for whoever sees the policy. Looking writes no event."""

    permission = MANAGE_SECURITY
    template_name = "oversight/security_checklist.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Ask how it stands now."""
        return super().get_context_data(checklist=checklist_of(self.account, reader=self.me), **kwargs)

"""What the account switch in the head of every page finds while somebody types (rule 4: one's own accounts only)."""

from typing import Any

from django.views.generic import TemplateView

from accounts.views import SignedInMixin

from ..forms import SearchForm
from ..navigation import switch_of


class SwitchAccounts(SignedInMixin, TemplateView):
    """The lines of the switch for a search: a part of a page, which replaces the lines that are there."""

    template_name = "oversight/account_switch_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Find the accounts, and mark the one the reader is in."""
        form = SearchForm(self.request.GET)
        return super().get_context_data(
            switch=switch_of(self.me, form.text()), here=self.request.GET.get("here", ""), **kwargs
        )

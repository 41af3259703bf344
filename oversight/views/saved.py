"""Views of the log that the reader saved: saving one, their list, and removing one."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from accounts.permissions import VIEW_AUDIT
from accounts.views import AccountFormView, AccountView

from .. import actions
from ..forms import ActivityFilter, SaveViewForm
from ..models import SavedView


class SavedViews(AccountView, TemplateView):
    """The reader's own views of this account's log; nobody else's."""

    permission = VIEW_AUDIT
    template_name = "oversight/saved_views.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Tell of each what it asks, in words."""
        views = SavedView.objects.of(self.account, self.me)
        rows = [(view, ActivityFilter(view.asks, account=self.account).in_words()) for view in views]
        return super().get_context_data(rows=rows, **kwargs)


class SaveView(AccountFormView):
    """A name for what the log is narrowed to."""

    permission = VIEW_AUDIT
    template_name = "oversight/save_view.html"
    form_class = SaveViewForm

    def load(self) -> None:
        """Read what the page was narrowed to from the query."""
        self.filter = ActivityFilter(self.request.GET, account=self.account)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Tell what the view will ask."""
        asks = self.filter.asks()
        back = f"{reverse('activity', args=[self.account.slug])}?{urlencode(asks)}"
        return super().get_context_data(asks=asks, words=self.filter.in_words(), back=back, **kwargs)

    def form_valid(self, form: SaveViewForm) -> HttpResponse:
        """Save it, and show it."""
        view = actions.save_view(
            account=self.account, name=form.cleaned_data["name"], asks=self.filter.asks(), by=self.me
        )
        words = _("“%(name)s” is saved. It stands above the log, for you alone.") % {"name": view.name}
        return self.done(words, to=f"{reverse('activity', args=[self.account.slug])}?{view.query}")


class RemoveView(AccountFormView):
    """Taking a saved view away; what it asked for can be asked again."""

    permission = VIEW_AUDIT
    http_method_names = ["post", "options"]

    def load(self) -> None:
        """Find it among the reader's own."""
        self.view = get_object_or_404(SavedView.objects.of(self.account, self.me), pk=self.kwargs["pk"])

    def form_valid(self, form: Any) -> HttpResponse:
        """Remove it."""
        actions.remove_view(view=self.view, by=self.me)
        words = _("“%(name)s” is removed.") % {"name": self.view.name}
        return self.done(words, to=reverse("saved_views", args=[self.account.slug]))

"""What the pages about one login share."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.permissions import MANAGE_TEAM
from accounts.views import AccountFormView, AccountView

from ..models import SharedLogin


class LoginView(AccountView):
    """A page about one login of the account."""

    abstract = True
    permission = MANAGE_TEAM
    login: SharedLogin

    def load(self) -> None:
        """Find the login, retired ones too."""
        rows = SharedLogin.objects.with_standing()
        self.login = get_object_or_404(rows, account=self.account, pk=self.kwargs["pk"])
        self.login.account = self.account

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the login."""
        return super().get_context_data(login=self.login, **kwargs)


class LoginFormView(LoginView, AccountFormView):
    """One act on a login. Where it is retired meanwhile, the action says so."""

    abstract = True

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask; about a retired login nothing is left to do."""
        if words := self.hindrance():
            messages.info(request, words)
            return HttpResponseRedirect(login_page(self.login))
        return super().get(request, *args, **kwargs)

    def hindrance(self) -> str:
        """Return why there is nothing to ask, or an empty text; the action asks again."""
        return _("This login is retired. Nothing can be changed about it.") if self.login.retired_at else ""

    def back(self, message: str, **words: Any) -> HttpResponse:
        """Go back to the login's page."""
        return self.done(message % {"login": self.login, **words}, to=login_page(self.login))


def login_page(login: SharedLogin) -> str:
    """Return the path of a login's page."""
    return reverse("shared_login", args=[login.account.slug, login.pk])

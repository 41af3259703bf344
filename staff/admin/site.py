"""The site of the staff area: its addresses are the overview, a list and a page for each model, and three acts."""

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path

from accounts.models import BusinessAccount, OutgoingMail, Person
from audit import keeping

from ..views import CloseAgain, OpenAccount, SendPasswordMail, frame_of, is_let_in, turn_away


class StaffSite(AdminSite):
    """Django's admin without its ways in: nobody signs in here, and whoever isn't staff finds nothing."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Say whether the area is open to this request."""
        return is_let_in(request)

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Return a page that lets the staff in only; what is read only takes no other method than a GET."""

        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            turned = turn_away(request)
            if turned is not None:
                return turned
            if request.method == "OPTIONS":
                return HttpResponse(headers={"Allow": "GET, HEAD, OPTIONS"})
            if request.method not in ("GET", "HEAD"):
                return HttpResponse(status=405, headers={"Allow": "GET, HEAD, OPTIONS"})
            return view(request, *args, **kwargs)

        return guarded

    def get_urls(self) -> list[URLPattern]:  # type: ignore[override]  # no included lists here
        """Return every address of the area: Django's pages to sign in, add, change, delete and look up don't exist."""
        pages = [row for admin in self._registry.values() for row in admin.get_urls()]
        return [
            path("", self.admin_view(self.overview), name="staff"),
            *pages,
            path("accounts/<int:pk>/open/", OpenAccount.as_view(), name="staff_open"),
            path("accounts/<int:pk>/close/", CloseAgain.as_view(), name="staff_close"),
            path("people/<int:pk>/password-mail/", SendPasswordMail.as_view(), name="staff_password_mail"),
        ]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what every page shows around its content."""
        return frame_of(request)

    def overview(self, request: HttpRequest) -> HttpResponse:
        """Show how large the portal is, how its mails fare, and which accounts are open."""
        mails = OutgoingMail.objects.all()
        context = {
            **frame_of(request, "staff"),
            "accounts": BusinessAccount.objects.open().count(),
            "people": Person.objects.filter(is_active=True).count(),
            "waiting": mails.unsettled().count(),
            "parked": mails.parked().count(),
            "record": self._record(),
        }
        return render(request, "staff/overview.html", context)

    def _record(self) -> dict[str, Any]:
        """Return how the record stands: its last check, and where it found breaks."""
        state, last = keeping.state_of()
        return {"state": str(state), "last": last, "problems": last.problems if last else []}


site = StaffSite(name="staff")

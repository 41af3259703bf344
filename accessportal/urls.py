"""Every address of the site. What lies inside an account is mounted here, under its address."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from accessportal.headers import REPORTS
from accessportal.reports import csp_report
from accounts import urls as accounts
from invitations import urls as invitations
from logins import urls as logins
from notices import urls as notices
from oversight import urls as oversight
from reviews import urls as reviews
from staff.admin import site as staff
from streams import urls as streams
from teams import urls as teams
from watching import urls as watching

inside_an_account = [
    *oversight.inside_an_account,
    *invitations.inside_an_account,
    *logins.inside_an_account,
    *streams.inside_an_account,
    *watching.inside_an_account,
    *reviews.inside_an_account,
    *teams.inside_an_account,
    *accounts.inside_an_account,
]
urlpatterns: list[URLPattern | URLResolver] = [
    *oversight.urlpatterns,
    *notices.urlpatterns,
    *invitations.urlpatterns,  # its sign-up page stands before the sign-in library's own
    *accounts.urlpatterns,  # some of its pages stand in place of the sign-in library's
    path("auth/", include("allauth.urls")),
    path(REPORTS.removeprefix("/"), csp_report, name="csp_report"),
    *teams.urlpatterns,
    path("staff/", include(staff.get_urls())),
    path("accounts/<slug:slug>/", include(inside_an_account)),
]
handler500 = "accessportal.failures.server_error"
if settings.EMBEDDED:
    from . import dev_urls  # a page that shows mails must not even be importable by accident elsewhere

    urlpatterns += [path("dev/", include(dev_urls))]

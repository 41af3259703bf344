"""Every address of the site. What lies inside an account is mounted here, under its address."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from accounts import urls as accounts
from invitations import urls as invitations
from logins import urls as logins
from notices import urls as notices
from oversight import urls as oversight
from teams import urls as teams

inside_an_account = [
    *oversight.inside_an_account,
    *invitations.inside_an_account,
    *logins.inside_an_account,
    *teams.inside_an_account,
    *accounts.inside_an_account,
]
urlpatterns: list[URLPattern | URLResolver] = [
    *oversight.urlpatterns,
    *notices.urlpatterns,
    *invitations.urlpatterns,  # its sign-up page stands before the sign-in library's own
    path("auth/", include("allauth.urls")),
    *teams.urlpatterns,
    *accounts.urlpatterns,
    path("accounts/<slug:slug>/", include(inside_an_account)),
]
if settings.EMBEDDED:
    from . import dev_urls  # a page that shows mails must not even be importable by accident elsewhere

    urlpatterns += [path("dev/", include(dev_urls))]

"""Every address of the site."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from accounts import views as accounts

urlpatterns: list[URLPattern | URLResolver] = [
    path("auth/", include("allauth.urls")),
    path("profile/", accounts.ProfileView.as_view(), name="profile"),
]
if settings.EMBEDDED:
    from . import dev_urls

    urlpatterns += [path("dev/", include(dev_urls))]

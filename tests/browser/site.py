"""The site's addresses, with what only a local portal shows, and pages that fail on purpose."""

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path
from redis.exceptions import ConnectionError as RedisConnectionError

from accessportal import dev_urls
from accessportal.urls import urlpatterns as of_the_site


def fail(request: HttpRequest, status: int) -> HttpResponse:
    if status == 400:
        raise SuspiciousOperation("on purpose")
    if status == 429:
        return render(request, "429.html", status=429)  # as the sign-in library answers
    raise RedisConnectionError("on purpose") if status == 503 else RuntimeError("on purpose")


urlpatterns = [path("dev/", include(dev_urls)), path("failing/<int:status>/", fail), *of_the_site]

"""The site with pages that break in every way a page can."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from accessportal.urls import handler500
from accessportal.urls import urlpatterns as everywhere

__all__ = ["handler500", "urlpatterns"]


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("secret-detail")


def broken_query(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret-detail FROM accounts_person")
    return HttpResponse()


def broken_template(request: HttpRequest) -> HttpResponse:
    return render(request, "no-such-template-secret-detail.html")


urlpatterns = [
    path("broken/", broken),
    path("broken-query/", broken_query),
    path("broken-template/", broken_template),
    *everywhere,
]
